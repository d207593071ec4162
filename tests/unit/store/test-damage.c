/* Damaged files, files of other programs or of a newer amid: each has its error and remedy, and
 * stays unchanged. */
#include "unit/store/database.h"

static const char *const damaged_words[] = { "amid.db is damaged: ", "left as it is",
                                             "amictl adopt", NULL };

static void damage_is_refused(void **state)
{
        /* Where bytes are inverted, in a file of several pages of 4096. */
        static const struct {
                int line;
                size_t at, n;
        } rows[] = {
                { __LINE__, 0, 16 },      /* the magic string */
                { __LINE__, 100, 8 },     /* header of the first page */
                { __LINE__, 3000, 1000 }, /* the schema */
                { __LINE__, 4096, 8 },    /* header of a table's page */
                { __LINE__, 8192, 64 },   { __LINE__, 16384, 512 },
        };
        _cleanup_free_ char *path = database_of(state), *good = NULL;
        size_t size = 0;

        make_database(*state);
        slurp(path, &good, &size);
        assert_true(size > 20000);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *bad = xmemdup(good, size);

                for (size_t j = 0; j < rows[i].n; j++)
                        bad[rows[i].at + j] = (char)~bad[rows[i].at + j];
                spill(path, bad, size);
                check_refused(rows[i].line, state, -EUCLEAN, damaged_words);
        }
}

static void a_truncated_file_is_refused(void **state)
{
        static const size_t sizes[] = { 0, 1, 100, 4096, 10000 };
        _cleanup_free_ char *path = database_of(state), *good = NULL;
        size_t size = 0;

        make_database(*state);
        slurp(path, &good, &size);
        for (size_t i = 0; i < ELEMENTS(sizes); i++) {
                spill(path, good, sizes[i]);
                check_refused((int)sizes[i], state, -EUCLEAN, damaged_words);
        }
        spill(path, good, size - 4096);
        check_refused(__LINE__, state, -EUCLEAN, damaged_words);
}

static void a_database_of_another_program_is_refused(void **state)
{
        _cleanup_free_ char *path = database_of(state);

        sql(path, "CREATE TABLE somebody (x); PRAGMA user_version = 1");
        check_refused(__LINE__, state, -EUCLEAN,
                      (const char *const[]){ "not a database of amid", "amictl adopt", NULL });
}

static void a_log_without_a_database_is_refused(void **state)
{
        _cleanup_free_ char *path = database_of(state), *log = xasprintf("%s-wal", path);
        _cleanup_free_ char *error = NULL;
        struct store *store = NULL;

        spill(log, "x", 1);
        assert_int_equal(store_open(*state, &store, &error), -EUCLEAN);
        assert_non_null(strstr(error, "amid.db-wal is still there"));
        assert_int_equal(access(path, F_OK), -1);
}

static void a_database_of_a_newer_amid_is_refused(void **state)
{
        _cleanup_free_ char *path = database_of(state);

        make_database(*state);
        sql(path, "PRAGMA user_version = 99");
        check_refused(__LINE__, state, -EPROTO,
                      (const char *const[]){ "newer amid", "version 99", "Install", NULL });
}

static void tasks_without_a_run_are_refused(void **state)
{
        _cleanup_free_ char *path = database_of(state);

        make_database(*state);
        sql(path, "PRAGMA foreign_keys = OFF; INSERT INTO tasks (run, kind, account, region,"
                  " subject, step, outcome) VALUES ('x', '', '', '', '', '', 'open')");
        check_refused(__LINE__, state, -EUCLEAN, damaged_words);
}

/* The message names the foreign object, and a trigger does not run. */
static void a_foreign_schema_is_refused(void **state)
{
        static const struct {
                const char *name, *sql, *message;
        } rows[] = {
                { "a trigger",
                  "CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM images; END",
                  "trigger \"t\" is not of amid" },
                { "a view", "CREATE VIEW v AS SELECT * FROM images", "view \"v\" is not of amid" },
                { "a table", "CREATE TABLE aaa (x)", "table \"aaa\" is not of amid" },
                { "an index", "CREATE INDEX zzz ON images (name)", "index \"zzz\" is not of amid" },
                { "a column", "ALTER TABLE images ADD COLUMN x TEXT",
                  "table \"images\" is not as amid" },
                { "a missing index", "DROP INDEX runs_open", "index \"runs_open\" is missing" },
                { "a view in the place of a table",
                  "DROP TABLE images; CREATE VIEW images AS SELECT 1 AS id",
                  "index \"images_by_schedule\" is missing" },
                { "a name that is no text", "CREATE TABLE \"a\x1b[2J\" (x)",
                  "table \"a\\x1b[2J\" is not of amid" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *path = database_of(state);
                const char *const words[] = { "changed by something else than amid",
                                              rows[i].message, "amictl adopt", NULL };

                _cleanup_free_ char *log = xasprintf("%s-wal", path);

                unlink(path);
                unlink(log);
                make_database(*state);
                sql(path, rows[i].sql);
                check_refused((int)i, state, -EUCLEAN, words);
        }
}

static void statistics_are_no_foreign_table(void **state)
{
        _cleanup_free_ char *path = database_of(state);
        struct store *store;

        make_database(*state);
        sql(path, "ANALYZE");
        store = scratch_open(*state);
        store_close(store);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_make, scratch_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(damage_is_refused),
                TEST(a_truncated_file_is_refused),
                TEST(a_database_of_another_program_is_refused),
                TEST(a_log_without_a_database_is_refused),
                TEST(a_database_of_a_newer_amid_is_refused),
                TEST(tasks_without_a_run_are_refused),
                TEST(a_foreign_schema_is_refused),
                TEST(statistics_are_no_foreign_table),
        };

        return cmocka_run_group_tests_name("damage", tests, NULL, NULL);
}
