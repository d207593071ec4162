/* Migrations between all versions, with their rows. */
#include "store/migrate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "store/pragma.h"

static const char *const steps[] = {
        "CREATE TABLE first (x INTEGER) STRICT; INSERT INTO first VALUES (1)",
        "ALTER TABLE first ADD COLUMN y INTEGER NOT NULL DEFAULT 7",
        "CREATE TABLE third (z TEXT) STRICT; INSERT INTO third SELECT x + y FROM first",
};

static sqlite3_int64 version_of(sqlite3 *db)
{
        sqlite3_int64 version = -1;

        assert_int_equal(pragma_number(db, "user_version", &version), SQLITE_OK);
        return version;
}

static void execute(sqlite3 *db, const char *sql)
{
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

/* A database in memory with the schema of a version, and with a run "r". */
static sqlite3 *store_of(size_t version)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
        assert_int_equal(migrate(db, store_migrations, version), SQLITE_OK);
        execute(db, "INSERT INTO runs (id, kind, outcome) VALUES ('r', 'k', 'open')");
        return db;
}

/* Checks that a query, which ends in "column =", has the result `wanted` for the value `of`. */
static void expect_text(sqlite3 *db, const char *query, const char *of, const char *wanted)
{
        _cleanup_(text_done) struct text sql = {};
        sqlite3_stmt *statement = NULL;

        text_printf(&sql, "%s '%s'", query, of);
        assert_int_equal(sqlite3_prepare_v2(db, text_get(&sql), -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        if (!streq((const char *)sqlite3_column_text(statement, 0), wanted))
                fail_msg("%s: %s, not %s", of, sqlite3_column_text(statement, 0), wanted);
        sqlite3_finalize(statement);
}

/* From each version to each later version, with rows. */
static void rows_survive_every_migration(void **state)
{
        (void)state;
        for (size_t from = 0; from <= ELEMENTS(steps); from++) {
                sqlite3 *db = NULL;

                assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
                assert_int_equal(migrate(db, steps, from), SQLITE_OK);
                assert_int_equal(version_of(db), from);
                assert_int_equal(migrate(db, steps, ELEMENTS(steps)), SQLITE_OK);
                assert_int_equal(version_of(db), ELEMENTS(steps));
                assert_int_equal(migrate(db, steps, ELEMENTS(steps)), SQLITE_OK);
                assert_int_equal(sqlite3_exec(db,
                                              "CREATE TABLE same (n INTEGER CHECK (n = 1));"
                                              "INSERT INTO same SELECT count(*) FROM third"
                                              " WHERE z = '8'",
                                              NULL, NULL, NULL),
                                 SQLITE_OK);
                sqlite3_close(db);
        }
}

static void a_failing_step_is_undone(void **state)
{
        static const char *const bad[] = {
                "CREATE TABLE first (x INTEGER) STRICT",
                "CREATE TABLE second (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)",
        };
        sqlite3 *db = NULL;

        (void)state;
        assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
        assert_int_equal(migrate(db, bad, ELEMENTS(bad)), SQLITE_ERROR);
        assert_non_null(strstr(sqlite3_errmsg(db), "nowhere"));
        assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(version_of(db), 1);
        assert_int_equal(sqlite3_exec(db, "SELECT * FROM second", NULL, NULL, NULL), SQLITE_ERROR);
        sqlite3_close(db);
}

static void a_newer_version_is_left_alone(void **state)
{
        sqlite3 *db = NULL;

        (void)state;
        assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
        assert_int_equal(migrate(db, steps, ELEMENTS(steps)), SQLITE_OK);
        assert_int_equal(migrate(db, steps, 1), SQLITE_OK);
        assert_int_equal(version_of(db), ELEMENTS(steps));
        sqlite3_close(db);
}

/* Open tasks of a version without methods. */
static void open_tasks_of_an_old_version_get_their_method(void **state)
{
        static const struct {
                const char *subject, *row, *wanted;
        } rows[] = {
                { "a", "'create-image', 'g', 'crash'", "reboot create-image crash open" },
                { "b", "'await-image', 'g', 'reboot'", "reboot await-image reboot-forced open" },
                { "c", "'await-image', NULL, 'crash'", "crash await-image crash open" },
                { "d", "'await-image', NULL, 'stopped'", "stopped await-image stopped open" },
                { "e", "'await-image-only', 'g', 'crash'", "reboot await-image crash failed" },
        };
        sqlite3 *db = store_of(1);

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text sql = {};

                text_printf(&sql,
                            "INSERT INTO tasks (run, kind, account, region, subject, outcome, step,"
                            " \"group\", consistency) VALUES ('r', 'image', 'a', 'r', '%s', "
                            "'open', %s)",
                            rows[i].subject, rows[i].row);
                execute(db, text_get(&sql));
        }
        assert_int_equal(migrate(db, store_migrations, n_store_migrations), SQLITE_OK);
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                expect_text(db,
                            "SELECT method || ' ' || step || ' ' || consistency || ' ' || ending"
                            " FROM tasks WHERE subject =",
                            rows[i].subject, rows[i].wanted);
        sqlite3_close(db);
}

/* The outcome is open when the task has been deleted. */
static void images_get_the_outcome_of_their_task(void **state)
{
        static const struct {
                const char *instance, *task, *wanted;
        } rows[] = {
                { "a", "done", "done" },        { "b", "failed", "failed" },
                { "c", "cancelled", "failed" }, { "d", "open", "open" },
                { "e", NULL, "open" },
        };
        sqlite3 *db = store_of(3);

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text sql = {};

                text_printf(&sql,
                            "INSERT INTO images (account, region, id, run, instance)"
                            " VALUES ('a', 'r', 'ami-%s', 'r', '%s');",
                            rows[i].instance, rows[i].instance);
                if (rows[i].task)
                        text_printf(
                                &sql,
                                "INSERT INTO tasks (run, kind, account, region, subject, "
                                "outcome, step) VALUES ('r', 'image', 'a', 'r', '%s', '%s', '')",
                                rows[i].instance, rows[i].task);
                execute(db, text_get(&sql));
        }
        assert_int_equal(migrate(db, store_migrations, n_store_migrations), SQLITE_OK);
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                expect_text(db, "SELECT outcome FROM images WHERE instance =", rows[i].instance,
                            rows[i].wanted);
        sqlite3_close(db);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rows_survive_every_migration),
                cmocka_unit_test(a_failing_step_is_undone),
                cmocka_unit_test(a_newer_version_is_left_alone),
                cmocka_unit_test(images_get_the_outcome_of_their_task),
                cmocka_unit_test(open_tasks_of_an_old_version_get_their_method),
        };

        return cmocka_run_group_tests_name("migrate", tests, NULL, NULL);
}
