/* Opening a store: the connection, its directory and its rights. */
#include "unit/store/database.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "store/connection.h"

static void rows_survive_a_restart(void **state)
{
        make_database(*state);
        for (int i = 0; i < 3; i++) {
                _cleanup_(store_closep) struct store *store = scratch_open(*state);
                struct store_run run = {};

                assert_int_equal(store_load_run(store, "run-199", &run), 1);
                store_run_done(&run);
        }
}

static void the_file_has_the_settings_of_amid(void **state)
{
        static const char *const tables =
                "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                " AND name NOT LIKE 'sqlite%' AND NOT strict";
        _cleanup_free_ char *path = database_of(state);
        sqlite3_stmt *statement = NULL;
        sqlite3 *db = NULL;

        make_database(*state);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_prepare_v2(db, tables, -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_int_equal(sqlite3_column_int(statement, 0), 0);
        sqlite3_finalize(statement);
        assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA journal_mode", -1, &statement, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), "wal");
        sqlite3_finalize(statement);
        sqlite3_close(db);
}

static void the_connection_is_hardened(void **state)
{
        static const int on[] = { SQLITE_DBCONFIG_DEFENSIVE };
        static const int off[] = { SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DML,
                                   SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_ENABLE_TRIGGER,
                                   SQLITE_DBCONFIG_ENABLE_VIEW };
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        int value;

        for (size_t i = 0; i < ELEMENTS(on); i++) {
                assert_int_equal(sqlite3_db_config(store->db, on[i], -1, &value), SQLITE_OK);
                assert_int_equal(value, 1);
        }
        for (size_t i = 0; i < ELEMENTS(off); i++) {
                assert_int_equal(sqlite3_db_config(store->db, off[i], -1, &value), SQLITE_OK);
                assert_int_equal(value, 0);
        }
}

static void a_state_that_others_may_write_is_refused(void **state)
{
        static const struct {
                const char *file;
                unsigned int mode, good;
                const char *message;
        } rows[] = {
                { "", 0707, 0700, "has mode 0707: everybody may change it; chmod o" },
                { "/amid.db", 0606, 0600, "amid.db has mode 0606: everybody may change it" },
        };

        make_database(*state);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *path = xasprintf("%s%s", (const char *)*state, rows[i].file);
                const char *const words[] = { "is not used: ", rows[i].message, NULL };

                assert_int_equal(chmod(path, rows[i].mode), 0);
                check_refused(__LINE__, state, -EPERM, words);
                assert_int_equal(chmod(path, rows[i].good), 0);
        }
        store_close(scratch_open(*state));
}

static void a_second_daemon_is_refused(void **state)
{
        {
                _cleanup_(store_closep) struct store *store = scratch_open(*state);
                _cleanup_free_ char *error = NULL;
                struct store *second = NULL;

                assert_int_equal(store_open(*state, &second, &error), -EBUSY);
                assert_non_null(strstr(error, "in use by another amid"));
                assert_non_null(strstr(error, "systemctl stop amid"));
        }
        make_database(*state);
}

static void a_missing_directory_is_reported(void **state)
{
        _cleanup_free_ char *missing = xasprintf("%s/none", (const char *)*state);
        _cleanup_free_ char *file = xasprintf("%s/amid.db.new", (const char *)*state);
        _cleanup_free_ char *error = NULL, *other = NULL;
        struct store *store = NULL;

        assert_int_equal(store_open(missing, &store, &error), -ENOENT);
        assert_non_null(strstr(error, "$STATE_DIRECTORY"));
        spill(file, "x", 1);
        assert_int_equal(store_open(file, &store, &other), -ENOTDIR);
}

static void an_unfinished_database_is_replaced(void **state)
{
        _cleanup_free_ char *path = xasprintf("%s/amid.db.new", (const char *)*state);

        spill(path, "torn by a crash", 15);
        make_database(*state);
        assert_int_equal(access(path, F_OK), -1);
}

/* Runs `what` in a child without rights to the files. Returns its exit status. */
static int as_nobody(void (*what)(const char *directory), const char *directory)
{
        int status;
        pid_t child = fork();

        if (child == 0) {
                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(99);
                what(directory);
                _exit(98);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void open_expecting_eacces(const char *directory)
{
        struct store *store = NULL;
        char *error = NULL;
        int r = store_open(directory, &store, &error);

        if (r != -EACCES || !strstr(error, "must belong to the user amid runs as"))
                dprintf(STDOUT_FILENO, "%d %s\n", r, error);
        _exit(r == -EACCES && strstr(error, "must belong to the user amid runs as") ? 0 : 1);
}

static void a_directory_without_rights_is_reported(void **state)
{
        _cleanup_free_ char *path = database_of(state);

        make_database(*state);
        assert_int_equal(chmod(*state, 0500), 0);
        assert_int_equal(as_nobody(open_expecting_eacces, *state), 0);
        if (geteuid() == 0) /* else nobody is us, and the directory must be ours to be locked */
                assert_int_equal(chown(*state, 65534, 65534), 0);
        assert_int_equal(chmod(*state, 0700), 0);
        assert_int_equal(chmod(path, 0400), 0);
        assert_int_equal(as_nobody(open_expecting_eacces, *state), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_make, scratch_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(rows_survive_a_restart),
                TEST(the_file_has_the_settings_of_amid),
                TEST(the_connection_is_hardened),
                TEST(a_state_that_others_may_write_is_refused),
                TEST(a_second_daemon_is_refused),
                TEST(a_missing_directory_is_reported),
                TEST(a_directory_without_rights_is_reported),
                TEST(an_unfinished_database_is_replaced),
        };

        return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
