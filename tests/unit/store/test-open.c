/* What is in the way of opening: each is told apart, told with a remedy, and changes nothing. */
#include "unit/store/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/text.h"
#include "store/connection.h"

#define W(text) ((char *)(uintptr_t)(text))

static char *database_of(void **state)
{
        return xasprintf("%s/amid.db", (const char *)*state);
}

static void slurp(const char *path, char **ret, size_t *ret_size)
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

static void spill(const char *path, const char *data, size_t size)
{
        _cleanup_fclose_ FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, size, file), size);
}

static void sql(const char *path, const char *statements)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, statements, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
}

/* A database with something in it, closed properly. */
static void make_database(const char *directory)
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

/* Fails as told, says each of the words, and leaves every byte. */
static void check_refused(int line, void **state, int expected, const char *const words[])
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

static const char *const damaged_words[] = { "amid.db is damaged: ", "left as it is",
                                             "amictl adopt", NULL };

static void test_reopen(void **state)
{
        make_database(*state);
        for (int i = 0; i < 3; i++) {
                _cleanup_(store_closep) struct store *store = scratch_open(*state);
                struct store_run run = {};

                assert_int_equal(store_load_run(store, "run-199", &run), 1);
                store_run_done(&run);
        }
}

static void test_settings_of_the_file(void **state)
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

static void test_damage(void **state)
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

static void test_truncated(void **state)
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

static void test_not_ours(void **state)
{
        _cleanup_free_ char *path = database_of(state);

        sql(path, "CREATE TABLE somebody (x); PRAGMA user_version = 1");
        check_refused(__LINE__, state, -EUCLEAN,
                      (const char *const[]){ "not a database of amid", "amictl adopt", NULL });
}

static void test_log_without_database(void **state)
{
        _cleanup_free_ char *path = database_of(state), *log = xasprintf("%s-wal", path);
        _cleanup_free_ char *error = NULL;
        struct store *store = NULL;

        spill(log, "x", 1);
        assert_int_equal(store_open(*state, &store, &error), -EUCLEAN);
        assert_non_null(strstr(error, "amid.db-wal is still there"));
        assert_int_equal(access(path, F_OK), -1);
}

static void test_newer(void **state)
{
        _cleanup_free_ char *path = database_of(state);

        make_database(*state);
        sql(path, "PRAGMA user_version = 99");
        check_refused(__LINE__, state, -EPROTO,
                      (const char *const[]){ "newer amid", "version 99", "Install", NULL });
}

static void test_orphans(void **state)
{
        _cleanup_free_ char *path = database_of(state);

        make_database(*state);
        sql(path, "PRAGMA foreign_keys = OFF; INSERT INTO tasks (run, kind, account, region,"
                  " subject, step, outcome) VALUES ('x', '', '', '', '', '', 'open')");
        check_refused(__LINE__, state, -EUCLEAN, damaged_words);
}

/* What somebody put into the file is named, and nothing of it runs. */
static void test_a_foreign_schema_is_refused(void **state)
{
        static const struct {
                const char *name, *sql, *says;
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
                const char *const words[] = { "changed by something else than amid", rows[i].says,
                                              "amictl adopt", NULL };

                _cleanup_free_ char *log = xasprintf("%s-wal", path);

                unlink(path);
                unlink(log);
                make_database(*state);
                sql(path, rows[i].sql);
                check_refused((int)i, state, -EUCLEAN, words);
        }
}

static void test_statistics_are_no_foreign_table(void **state)
{
        _cleanup_free_ char *path = database_of(state);
        struct store *store;

        make_database(*state);
        sql(path, "ANALYZE");
        store = scratch_open(*state);
        store_close(store);
}

static void test_the_connection_is_hardened(void **state)
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

static void test_a_state_that_others_may_write_is_refused(void **state)
{
        static const struct {
                const char *file;
                unsigned int mode, good;
                const char *says;
        } rows[] = {
                { "", 0777, 0700, "has mode 0777: everybody may change it; chmod o" },
                { "/amid.db", 0666, 0600, "amid.db has mode 0666: everybody may change it" },
        };

        make_database(*state);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *path = xasprintf("%s%s", (const char *)*state, rows[i].file);
                const char *const words[] = { "is not used: ", rows[i].says, NULL };

                assert_int_equal(chmod(path, rows[i].mode), 0);
                check_refused(__LINE__, state, -EPERM, words);
                assert_int_equal(chmod(path, rows[i].good), 0);
        }
        store_close(scratch_open(*state));
}

static void test_one_daemon(void **state)
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

static void test_no_directory(void **state)
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

static void test_unfinished_creation(void **state)
{
        _cleanup_free_ char *path = xasprintf("%s/amid.db.new", (const char *)*state);

        spill(path, "torn by a crash", 15);
        make_database(*state);
        assert_int_equal(access(path, F_OK), -1);
}

/* Runs `what` as somebody without rights over the files, in a child; gives its exit status. */
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

static void test_no_rights(void **state)
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

/* Writes until the file size limit, which stands for a full disk, is hit; then what was committed
 * is there, what failed is not, and writing goes on when there is room again. */
static void fill_disk(const char *directory)
{
        struct rlimit limit = { 1000000, RLIM_INFINITY };
        struct store *store = scratch_open(directory);
        struct store_run run;
        char *detail = xcalloc(1, 5001);
        int good = 0, r = 0;

        memset(detail, 'x', 5000);
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        while (good < 10000) {
                _cleanup_free_ char *id = xasprintf("run-%d", good);

                run = scratch_run(id, "web", good, OUTCOME_OPEN);
                run.detail = detail;
                store_begin(store);
                store_add_run(store, &run);
                run.outcome = OUTCOME_DONE;
                store_save_run(store, &run);
                r = store_commit(store);
                if (r < 0)
                        break;
                good++;
        }
        if ((r != -EFBIG && r != -EIO) || good < 10 || !*store_error(store)) {
                dprintf(STDOUT_FILENO, "%d after %d: %s\n", r, good, store_error(store));
                _exit(1);
        }
        limit.rlim_cur = RLIM_INFINITY;
        setrlimit(RLIMIT_FSIZE, &limit);
        run = scratch_run("after", "web", 1, OUTCOME_DONE);
        if (store_save_run(store, &run) < 0)
                _exit(2);
        store_close(store);
        free(detail);
        _exit(good < 200 ? good : 3);
}

static size_t count_done(const char *directory)
{
        _cleanup_(store_closep) struct store *store = scratch_open(directory);
        struct store_run *runs = NULL;
        size_t n = 0;

        assert_int_equal(store_load_runs(store, NULL, false, 0, &runs, &n), 0);
        for (size_t i = 0; i < n; i++)
                assert_int_equal(runs[i].outcome, OUTCOME_DONE);
        store_runs_free(runs, n);
        return n;
}

static void test_full_disk(void **state)
{
        int status;
        pid_t child = fork();

        if (child == 0)
                fill_disk(*state);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) >= 10);
        assert_int_equal(count_done(*state), WEXITSTATUS(status) + 1);
}

/* SQLite's own word for a full disk. */
static void test_no_more_pages(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run run = scratch_run("big", "web", 1, OUTCOME_DONE);
        _cleanup_free_ char *detail = xcalloc(1, 100001);

        memset(detail, 'x', 100000);
        run.detail = detail;
        assert_int_equal(sqlite3_exec(store->db, "PRAGMA max_page_count = 20", NULL, NULL, NULL),
                         SQLITE_OK);
        assert_int_equal(store_add_run(store, &run), -ENOSPC);
        store_begin(store);
        assert_int_equal(store_add_run(store, &run), -ENOSPC);
        assert_int_equal(store_commit(store), -ENOSPC);
        assert_non_null(strstr(store_error(store), "full"));
        run.detail = NULL;
        assert_int_equal(store_add_run(store, &run), 0);
}

/* No room for a new database: nothing half made stays behind. */
static void test_full_disk_at_creation(void **state)
{
        struct rlimit old, limit;
        _cleanup_free_ char *path = database_of(state), *error = NULL;
        _cleanup_free_ char *unfinished = xasprintf("%s.new", path);
        struct store *store = NULL;
        int r;

        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        limit = (struct rlimit){ 8192, old.rlim_max };
        signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        r = store_open(*state, &store, &error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        assert_true(r == -EFBIG || r == -EIO);
        assert_non_null(strstr(error, "Cannot keep state in "));
        assert_non_null(strstr(error, "quota"));
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(access(unfinished, F_OK), -1);
}

static void write_runs(struct store *store, int from, int n)
{
        for (int i = from; i < from + n; i++) {
                _cleanup_free_ char *id = xasprintf("run-%d", i);
                struct store_run run = scratch_run(id, "web", i, OUTCOME_DONE);

                store_begin(store);
                assert_int_equal(store_add_run(store, &run), 0);
                assert_int_equal(store_commit(store), 0);
        }
}

/* Somebody leaves sqlite3(1) in a transaction for days. */
static void the_log_is_cut_back_once_a_reader_is_gone(void **state)
{
        enum { LIMIT = 8 << 20, RUNS = 1500 };
        _cleanup_free_ char *path = database_of(state), *log = xasprintf("%s-wal", path);
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        sqlite3 *reader = NULL;
        struct stat st;

        write_runs(store, 0, 1);
        assert_int_equal(sqlite3_open(path, &reader), SQLITE_OK);
        assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL,
                                      NULL, NULL),
                         SQLITE_OK);
        write_runs(store, 1, RUNS);
        assert_int_equal(stat(log, &st), 0);
        assert_true(st.st_size > LIMIT);
        sqlite3_close(reader);
        write_runs(store, RUNS + 1, 2);
        assert_int_equal(stat(log, &st), 0);
        if (st.st_size > LIMIT)
                fail_msg("%lld bytes", (long long)st.st_size);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_make, scratch_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(test_reopen),
                TEST(test_settings_of_the_file),
                TEST(test_damage),
                TEST(test_truncated),
                TEST(test_not_ours),
                TEST(test_log_without_database),
                TEST(test_newer),
                TEST(test_orphans),
                TEST(test_a_foreign_schema_is_refused),
                TEST(test_statistics_are_no_foreign_table),
                TEST(test_the_connection_is_hardened),
                TEST(test_a_state_that_others_may_write_is_refused),
                TEST(test_one_daemon),
                TEST(test_no_directory),
                TEST(test_no_rights),
                TEST(test_unfinished_creation),
                TEST(the_log_is_cut_back_once_a_reader_is_gone),
                TEST(test_full_disk),
                TEST(test_no_more_pages),
                TEST(test_full_disk_at_creation),
        };

        return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
