/* A database on disk, its bytes, and checks of refusals. */
#pragma once

#include "unit/store/scratch.h"

#include <errno.h>
#include <sqlite3.h>

static inline char *database_of(void **state)
{
        return xasprintf("%s/amid.db", (const char *)*state);
}

static inline void slurp(const char *path, char **ret, size_t *ret_size)
{
        _cleanup_fclose_ FILE *file = fopen(path, "r");
        char *data = NULL;
        size_t size = 0;
        int c;

        assert_non_null(file);
        while ((c = fgetc(file)) != EOF)
                *append(data, size) = (char)c;
        *ret = data;
        *ret_size = size;
}

static inline void spill(const char *path, const char *data, size_t size)
{
        _cleanup_fclose_ FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, size, file), size);
}

static inline void sql(const char *path, const char *statements)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

/* Makes a database with rows, and closes it. */
static inline void make_database(const char *directory)
{
        _cleanup_(store_closep) struct store *store = scratch_open(directory);

        store_begin(store);
        for (int i = 0; i < 200; i++) {
                _cleanup_free_ char *id = xasprintf("run-%d", i);
                struct store_run run = scratch_run(id, "web", i, OUTCOME_DONE);

                assert_int_equal(store_add_run(store, &run), 0);
        }
        assert_int_equal(store_commit(store), 0);
}

/* Opening fails with `expected` and a message with all of `words`, and changes no byte. */
static inline void check_refused(int line, void **state, int expected, const char *const words[])
{
        _cleanup_free_ char *path = database_of(state), *before = NULL, *after = NULL,
                            *error = NULL;
        size_t size_before = 0, size_after = 0;
        struct store *store = NULL;
        int r;

        slurp(path, &before, &size_before);
        r = store_open(*state, &store, &error);
        if (r != expected)
                fail_msg("line %d: gave %d, not %d: %s", line, r, expected, error);
        for (; *words; words++)
                if (!strstr(error, *words))
                        fail_msg("line %d: no '%s' in: %s", line, *words, error);
        slurp(path, &after, &size_after);
        if (size_before != size_after || (size_before && memcmp(before, after, size_before) != 0))
                fail_msg("line %d: the file was changed", line);
}
