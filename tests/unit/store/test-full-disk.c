/* A full disk: committed rows stay, failed ones are not there, and later writes work. */
#include "unit/store/database.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store/connection.h"

/* Writes up to a file size limit, which stands for a full disk. Committed rows are there, failed
 * ones are not, and writes work again without the limit. */
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

static void a_full_disk_loses_no_committed_row(void **state)
{
        int status;
        pid_t child = fork();

        if (child == 0)
                fill_disk(*state);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) >= 10);
        assert_int_equal(count_done(*state), WEXITSTATUS(status) + 1);
}

/* SQLITE_FULL. */
static void a_full_database_fails_the_commit(void **state)
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

/* There is no room for a new database. */
static void a_full_disk_leaves_no_unfinished_database(void **state)
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

/* sqlite3(1) stays in a transaction for days. */
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
                TEST(the_log_is_cut_back_once_a_reader_is_gone),
                TEST(a_full_disk_loses_no_committed_row),
                TEST(a_full_database_fails_the_commit),
                TEST(a_full_disk_leaves_no_unfinished_database),
        };

        return cmocka_run_group_tests_name("full-disk", tests, NULL, NULL);
}
