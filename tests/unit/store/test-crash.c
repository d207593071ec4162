/* A daemon that is killed at any moment: committed rows are there, others are not. */
#include "unit/store/scratch.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { ROUNDS = 12, TASKS = 3, WRITES_MAX = 2000 };

/* Commits runs with their tasks, and writes to the pipe after each commit. */
static void write_until_killed(const char *directory, int first, int pipe)
{
        struct store *store = scratch_open(directory);

        for (int i = first; i < first + WRITES_MAX; i++) {
                char id[32];
                struct store_run run;

                snprintf(id, sizeof(id), "run-%d", i);
                run = scratch_run(id, "web", i, OUTCOME_OPEN);
                store_begin(store);
                store_add_run(store, &run);
                for (int j = 0; j < TASKS; j++) {
                        char subject[32];
                        struct store_task task;

                        snprintf(subject, sizeof(subject), "i-%d", j);
                        task = scratch_task(id, subject);
                        store_save_task(store, &task);
                }
                if (store_commit(store) < 0 || write(pipe, &i, sizeof(i)) != sizeof(i))
                        _exit(1);
        }
        _exit(0);
}

/* Returns the last run that the child reported, or `last`. */
static int run_and_kill(const char *directory, int last, long nanoseconds)
{
        int ends[2], told, status;
        pid_t child;

        assert_int_equal(pipe(ends), 0);
        child = fork();
        if (child == 0)
                write_until_killed(directory, last + 1, ends[1]);
        close(ends[1]);
        if (read(ends[0], &told, sizeof(told)) == sizeof(told))
                last = told; /* it is under way */
        nanosleep(&(struct timespec){ .tv_nsec = nanoseconds }, NULL);
        kill(child, SIGKILL);
        while (read(ends[0], &told, sizeof(told)) == sizeof(told))
                last = told;
        close(ends[0]);
        assert_int_equal(waitpid(child, &status, 0), child);
        return last;
}

static int check_all(const char *directory, int last)
{
        _cleanup_(store_closep) struct store *store = scratch_open(directory);
        struct store_run *runs = NULL;
        size_t n = 0;

        assert_int_equal(store_load_runs(store, NULL, false, 0, &runs, &n), 0);
        /* The last commit may not have been reported. */
        assert_in_range(n, last + 1, last + 2);
        for (size_t i = 0; i < n; i++) {
                struct store_task *tasks = NULL;
                size_t n_tasks = 0;

                assert_int_equal(runs[i].firing, n - 1 - i);
                assert_int_equal(store_load_tasks(store, runs[i].id, &tasks, &n_tasks), 0);
                assert_int_equal(n_tasks, TASKS);
                store_tasks_free(tasks, n_tasks);
        }
        store_runs_free(runs, n);
        return (int)n - 1;
}

static void no_committed_row_is_lost_by_a_kill(void **state)
{
        int last = -1;

        for (int round = 0; round < ROUNDS; round++) {
                last = run_and_kill(*state, last, 1000003L * (round % 5));
                last = check_all(*state, last);
        }
        assert_true(last >= ROUNDS - 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(no_committed_row_is_lost_by_a_kill, scratch_make,
                                                scratch_remove),
        };

        return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
