/* A directory for each test, removed after it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "store/store.h"

static inline int scratch_make(void **state)
{
        char *directory = xstrdup("/tmp/amid-store-XXXXXX");

        *state = directory;
        return mkdtemp(directory) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
        static const char *const names[] = { "amid.db", "amid.db-wal", "amid.db-shm", "amid.db.new",
                                             "amid.db.new-journal" };
        char *directory = *state;

        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_free_ char *path = xasprintf("%s/%s", directory, names[i]);

                unlink(path);
        }
        rmdir(directory);
        free(directory);
        return 0;
}

static inline struct store *scratch_open(const char *directory)
{
        _cleanup_free_ char *error = NULL;
        struct store *store = NULL;

        if (store_open(directory, &store, &error) < 0)
                fail_msg("store_open: %s", error);
        return store;
}

/* A run with values in most fields. Strings are literals: do not free it. */
static inline struct store_run scratch_run(const char *id, const char *schedule, sec_t firing,
                                           enum outcome outcome)
{
        return (struct store_run){
                .id = (char *)(uintptr_t)id,
                .kind = (char *)(uintptr_t) "backup",
                .schedule = (char *)(uintptr_t)schedule,
                .firing = firing,
                .trigger = (char *)(uintptr_t) "schedule",
                .phase = (char *)(uintptr_t) "images",
                .outcome = outcome,
                .started = firing + 1,
                .finished = outcome == OUTCOME_OPEN ? SEC_NONE : firing + 60,
        };
}

static inline struct store_task scratch_task(const char *run, const char *subject)
{
        return (struct store_task){
                .run = (char *)(uintptr_t)run,
                .kind = (char *)(uintptr_t) "image",
                .account = (char *)(uintptr_t) "default",
                .region = (char *)(uintptr_t) "eu-west-1",
                .subject = (char *)(uintptr_t)subject,
                .step = (char *)(uintptr_t) "",
                .entered = SEC_NONE,
                .downed = SEC_NONE,
                .returned = SEC_NONE,
                .finished = SEC_NONE,
        };
}
