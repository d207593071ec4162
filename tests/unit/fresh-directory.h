/* A fresh directory as the current one of a test, so that messages hold short paths; removed with
 * all that is in it. For set_up() and tear_down() of one test at a time. */
#pragma once

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char fresh_directory[] = "/tmp/amid-test-XXXXXX";

static inline int fresh_directory_remove_one(const char *path, const struct stat *st, int type,
                                             struct FTW *ftw)
{
        (void)st;
        (void)type;
        (void)ftw;
        return remove(path);
}

/* *state is where the process was before. */
static inline int fresh_directory_make(void **state)
{
        *state = getcwd(NULL, 0);
        memcpy(fresh_directory + sizeof(fresh_directory) - 7, "XXXXXX", 6);
        return *state && mkdtemp(fresh_directory) && chdir(fresh_directory) == 0 ? 0 : -1;
}

static inline int fresh_directory_remove(void **state)
{
        int r = *state ? chdir(*state) : -1;

        free(*state);
        if (r < 0)
                return -1;
        return nftw(fresh_directory, fresh_directory_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
