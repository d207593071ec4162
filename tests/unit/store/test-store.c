/* Records in the store: saved, loaded, listed and deleted. */
#include "unit/store/scratch.h"

#include <errno.h>

#define W(text) ((char *)(uintptr_t)(text))

static void a_schedule_is_loaded_as_saved(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_schedule saved = { .name = W("web"), .anchor = 5, .handled = SEC_NONE };
        struct store_schedule loaded = {};

        assert_int_equal(store_load_schedule(store, "web", &loaded), 0);
        assert_int_equal(store_save_schedule(store, &saved), 0);
        assert_int_equal(store_load_schedule(store, "web", &loaded), 1);
        assert_string_equal(loaded.name, "web");
        assert_true(loaded.anchor == 5 && loaded.handled == SEC_NONE);
        assert_false(loaded.paused);
        store_schedule_done(&loaded);
        assert_null(loaded.name);

        saved = (struct store_schedule){ W("web"), 6, W("rate(1 day)"), 7, true, UINT32_MAX };
        assert_int_equal(store_save_schedule(store, &saved), 0);
        assert_int_equal(store_load_schedule(store, "web", &loaded), 1);
        assert_true(loaded.anchor == 6 && loaded.handled == 7 && loaded.paused);
        assert_int_equal(loaded.matched, UINT32_MAX);
        store_schedule_done(&loaded);
}

static void check_run(const struct store_run *a, const struct store_run *b)
{
        assert_string_equal(a->id, b->id);
        assert_string_equal(a->kind, b->kind);
        assert_true(streq(a->schedule, b->schedule));
        assert_true(streq(a->trigger, b->trigger) && streq(a->phase, b->phase));
        assert_true(streq(a->detail, b->detail) && streq(a->only, b->only));
        assert_int_equal(a->outcome, b->outcome);
        assert_true(a->firing == b->firing && a->started == b->started &&
                    a->finished == b->finished);
}

static void a_run_is_loaded_with_every_outcome(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);

        for (int outcome = 0; outcome < OUTCOMES; outcome++) {
                struct store_run run = scratch_run(outcome_names[outcome], "web", 1000 + outcome,
                                                   (enum outcome)outcome);
                struct store_run loaded = {};

                run.detail = W("it's \"quoted\"; DROP TABLE runs; \xed\x95\x9c");
                run.only = outcome % 2 ? W("i-1 i-2") : NULL;
                assert_int_equal(store_add_run(store, &run), 0);
                assert_int_equal(store_load_run(store, run.id, &loaded), 1);
                check_run(&run, &loaded);
                store_run_done(&loaded);
        }
        assert_int_equal(store_load_run(store, "nothing", &(struct store_run){}), 0);
}

static void a_run_is_claimed_once(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run run = scratch_run("backup-web-1", "web", 1, OUTCOME_OPEN);
        struct store_run loaded = {};

        assert_int_equal(store_add_run(store, &run), 0);
        assert_int_equal(store_add_run(store, &run), -EEXIST);
        assert_non_null(strstr(store_error(store), "UNIQUE"));
        run.outcome = OUTCOME_DONE;
        run.finished = 9;
        assert_int_equal(store_save_run(store, &run), 0);
        assert_int_equal(store_load_run(store, run.id, &loaded), 1);
        check_run(&run, &loaded);
        store_run_done(&loaded);
        run.id = NULL;
        assert_int_equal(store_add_run(store, &run), -EINVAL);
}

/* The firing of "a" is by a clock that was years ahead. */
static void runs_are_listed_by_when_they_were_added(void **state)
{
        static const struct {
                int line;
                bool open_only;
                const char *schedule;
                size_t limit;
                const char *ids;
        } rows[] = {
                { __LINE__, false, NULL, 0, "e d c b a" }, { __LINE__, false, NULL, 2, "e d" },
                { __LINE__, false, "web", 0, "d b a" },    { __LINE__, true, "web", 0, "d" },
                { __LINE__, true, NULL, 0, "e d" },        { __LINE__, false, "web", 1, "d" },
                { __LINE__, false, "none", 0, "" },
        };
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        const struct store_run runs[] = {
                scratch_run("a", "web", 2042, OUTCOME_DONE),
                scratch_run("b", "web", 20, OUTCOME_FAILED),
                scratch_run("c", "db", 30, OUTCOME_DONE),
                scratch_run("d", "web", 10, OUTCOME_OPEN),
                scratch_run("e", NULL, 40, OUTCOME_OPEN),
        };

        for (size_t i = 0; i < ELEMENTS(runs); i++)
                assert_int_equal(store_add_run(store, &runs[i]), 0);
        for (size_t i = 0; i < ELEMENTS(runs); i++)
                assert_int_equal(store_save_run(store, &runs[i]), 0); /* moves no row */
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text ids = {};
                struct store_run *loaded = NULL;
                size_t n = 0;

                assert_int_equal(store_load_runs(store, rows[i].schedule, rows[i].open_only,
                                                 rows[i].limit, &loaded, &n),
                                 0);
                for (size_t j = 0; j < n; j++)
                        text_printf(&ids, "%s%s", j ? " " : "", loaded[j].id);
                if (!streq(text_get(&ids), rows[i].ids))
                        fail_msg("line %d: '%s'", rows[i].line, text_get(&ids));
                store_runs_free(loaded, n);
        }
}

static void a_task_is_loaded_as_saved(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run run = scratch_run("r", "web", 1, OUTCOME_OPEN);
        struct store_task task = scratch_task("r", "i-2"), other = scratch_task("r", "i-1");
        struct store_task twin = scratch_task("r", "i-2"), orphan = scratch_task("none", "i-2");
        struct store_task *tasks = NULL;
        size_t n = 0;

        assert_int_equal(store_add_run(store, &run), 0);
        assert_int_equal(store_save_task(store, &task), 0);
        assert_int_equal(store_save_task(store, &other), 0);
        assert_true(task.id > 0 && other.id > task.id);
        assert_int_equal(store_save_task(store, &twin), -EEXIST);
        assert_int_equal(twin.id, 0);
        assert_int_equal(store_save_task(store, &orphan), -EINVAL);

        task.step = W("create-image");
        task.entered = 77;
        task.outcome = OUTCOME_PARTIAL;
        task.detail = W("d");
        task.name = W("n");
        task.image = W("ami-1");
        task.group = W("g");
        task.consistency = W("reboot");
        task.method = W("stop");
        task.asked = W("stop");
        task.evidence = W("e");
        task.command = W("c");
        task.boot = W("b");
        task.putback = W("p");
        task.volumes = 3;
        task.ending = OUTCOME_SKIPPED;
        task.downed = 78;
        task.returned = SEC_NONE;
        task.finished = 99;
        assert_int_equal(store_save_task(store, &task), 0);
        assert_int_equal(store_load_tasks(store, "r", &tasks, &n), 0);
        assert_int_equal(n, 2);
        assert_true(tasks[0].id == task.id && tasks[0].entered == 77);
        assert_true(tasks[0].outcome == OUTCOME_PARTIAL && tasks[0].finished == 99);
        assert_string_equal(tasks[0].step, "create-image");
        assert_string_equal(tasks[0].group, "g");
        assert_string_equal(tasks[0].name, "n");
        assert_string_equal(tasks[0].image, "ami-1");
        assert_string_equal(tasks[0].detail, "d");
        assert_string_equal(tasks[0].consistency, "reboot");
        assert_string_equal(tasks[0].method, "stop");
        assert_string_equal(tasks[0].asked, "stop");
        assert_string_equal(tasks[0].evidence, "e");
        assert_string_equal(tasks[0].command, "c");
        assert_string_equal(tasks[0].boot, "b");
        assert_string_equal(tasks[0].putback, "p");
        assert_true(tasks[0].volumes == 3 && tasks[0].ending == OUTCOME_SKIPPED);
        assert_true(tasks[0].downed == 78 && tasks[0].returned == SEC_NONE);
        assert_string_equal(tasks[1].subject, "i-1");
        assert_null(tasks[1].image);
        store_tasks_free(tasks, n);
}

/* Tasks of the last runs of a schedule whose outage has ended. */
static void ended_outages_are_listed_newest_first(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run other = scratch_run("o", "db", 1, OUTCOME_DONE);
        struct store_task *tasks = NULL, task;
        size_t n = 0;

        assert_int_equal(store_add_run(store, &other), 0);
        for (int i = 0; i <= STORE_RUNS_MEASURED; i++) {
                _cleanup_free_ char *id = xasprintf("r%d", i);
                struct store_run run = scratch_run(id, "web", 100 + i, OUTCOME_DONE);

                assert_int_equal(store_add_run(store, &run), 0);
                task = scratch_task(id, "i-1");
                task.downed = 1000 + i;
                task.returned = 2000 + i;
                assert_int_equal(store_save_task(store, &task), 0);
                task = scratch_task(id, "i-2"); /* never came back */
                task.downed = 1000;
                assert_int_equal(store_save_task(store, &task), 0);
        }
        task = scratch_task("o", "i-3");
        task.returned = 9000;
        assert_int_equal(store_save_task(store, &task), 0);
        assert_int_equal(store_load_returned(store, "web", &tasks, &n), 0);
        assert_int_equal(n, STORE_RUNS_MEASURED);
        assert_int_equal(tasks[0].returned, 2000 + STORE_RUNS_MEASURED);
        assert_int_equal(tasks[n - 1].returned, 2001);
        store_tasks_free(tasks, n);
}

static struct store_image image_of(const char *id, const char *schedule, const char *region,
                                   sec_t firing, sec_t removed)
{
        return (struct store_image){
                .account = W("default"),
                .region = W(region),
                .id = W(id),
                .schedule = W(schedule),
                .run = W("r"),
                .instance = W("i-1"),
                .name = W("web-i-1"),
                .firing = firing,
                .consistency = W("crash"),
                .state = W("available"),
                .created = firing + 5,
                .removed = removed,
                .snapshots = W("snap-1 snap-2"),
        };
}

static void images_are_listed_by_schedule_account_and_region(void **state)
{
        static const struct {
                int line;
                bool with_removed;
                const char *schedule, *account, *region;
                const char *ids;
        } rows[] = {
                { __LINE__, false, NULL, NULL, NULL, "ami-4 ami-3 ami-1" },
                { __LINE__, true, NULL, NULL, NULL, "ami-4 ami-3 ami-2 ami-1" },
                { __LINE__, false, "web", NULL, NULL, "ami-4 ami-1" },
                { __LINE__, false, "web", "default", "us-east-1", "ami-4" },
                { __LINE__, true, NULL, "other", NULL, "" },
        };
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_image images[] = {
                image_of("ami-1", "web", "eu-west-1", 1, SEC_NONE),
                image_of("ami-2", "web", "eu-west-1", 2, 50),
                image_of("ami-3", "db", "eu-west-1", 3, SEC_NONE),
                image_of("ami-4", "web", "us-east-1", 4, SEC_NONE),
        };
        struct store_image loaded = {};

        for (size_t i = 0; i < ELEMENTS(images); i++)
                assert_int_equal(store_save_image(store, &images[i]), 0);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text ids = {};
                struct store_image *found = NULL;
                size_t n = 0;

                assert_int_equal(store_load_images(store, rows[i].schedule, rows[i].account,
                                                   rows[i].region, rows[i].with_removed, &found,
                                                   &n),
                                 0);
                for (size_t j = 0; j < n; j++)
                        text_printf(&ids, "%s%s", j ? " " : "", found[j].id);
                if (!streq(text_get(&ids), rows[i].ids))
                        fail_msg("line %d: '%s'", rows[i].line, text_get(&ids));
                store_images_free(found, n);
        }
        images[0].detail = W("daily 7 no longer keeps it");
        images[0].removed = 100;
        assert_int_equal(store_save_image(store, &images[0]), 0);
        assert_int_equal(store_load_image(store, "default", "eu-west-1", "ami-1", &loaded), 1);
        assert_true(loaded.removed == 100 && loaded.firing == 1 && loaded.created == 6);
        assert_string_equal(loaded.detail, "daily 7 no longer keeps it");
        assert_string_equal(loaded.snapshots, "snap-1 snap-2");
        store_image_done(&loaded);
        assert_int_equal(store_load_image(store, "default", "us-east-1", "ami-1", &loaded), 0);
}

static size_t count_runs(struct store *store)
{
        struct store_run *runs = NULL;
        size_t n = 0;

        assert_int_equal(store_load_runs(store, NULL, false, 0, &runs, &n), 0);
        store_runs_free(runs, n);
        return n;
}

static void images_that_are_left_are_counted(void **state)
{
        struct store_image images[] = {
                image_of("ami-1", "old", "eu-west-1", 1, SEC_NONE),
                image_of("ami-2", "old", "us-east-1", 2, SEC_NONE),
                image_of("ami-3", "old", "eu-west-1", 3, 50),
                image_of("ami-4", "web", "eu-west-1", 4, SEC_NONE),
                image_of("ami-5", "db", "eu-west-1", 5, SEC_NONE),
                image_of("ami-6", NULL, "eu-west-1", 6, SEC_NONE),
        };
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_left *left = NULL;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(images); i++)
                assert_int_equal(store_save_image(store, &images[i]), 0);
        assert_int_equal(store_count_left(store, " web ", &left, &n), 0);
        assert_int_equal(n, 2);
        assert_string_equal(left[0].schedule, "db");
        assert_int_equal(left[0].images, 1);
        assert_string_equal(left[1].schedule, "old");
        assert_int_equal(left[1].images, 2);
        store_left_free(left, n);
}

static void a_failed_write_fails_the_transaction(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run run = scratch_run("a", "web", 1, OUTCOME_OPEN);
        struct store_task task = scratch_task("a", "i-1");

        store_begin(store);
        assert_int_equal(store_add_run(store, &run), 0);
        assert_int_equal(store_save_task(store, &task), 0);
        assert_int_equal(store_commit(store), 0);
        assert_int_equal(count_runs(store), 1);

        /* The second write fails: neither the first nor the third is there. */
        store_begin(store);
        run.id = W("b");
        assert_int_equal(store_add_run(store, &run), 0);
        assert_int_equal(store_add_run(store, &run), -EEXIST);
        run.id = W("c");
        assert_int_equal(store_add_run(store, &run), -EEXIST);
        assert_int_equal(store_commit(store), -EEXIST);
        assert_non_null(strstr(store_error(store), "UNIQUE"));
        assert_int_equal(count_runs(store), 1);

        /* What failed leaves no trace in the next one. */
        store_begin(store);
        assert_int_equal(store_add_run(store, &run), 0);
        assert_int_equal(store_commit(store), 0);
        assert_int_equal(count_runs(store), 2);
}

static void a_task_can_be_saved_again_after_a_failed_transaction(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run run = scratch_run("a", "web", 1, OUTCOME_OPEN);
        struct store_task lost = scratch_task("a", "i-1"), other = scratch_task("a", "i-2");
        struct store_task *tasks = NULL;
        size_t n = 0;

        assert_int_equal(store_add_run(store, &run), 0);
        store_begin(store);
        assert_int_equal(store_save_task(store, &lost), 0);
        assert_int_equal(store_add_run(store, &run), -EEXIST);
        assert_int_equal(store_commit(store), -EEXIST);
        assert_int_equal(store_save_task(store, &other), 0); /* takes the id that was given back */
        assert_int_equal(store_save_task(store, &lost), 0);
        assert_true(lost.id != other.id);
        assert_int_equal(store_load_tasks(store, "a", &tasks, &n), 0);
        assert_int_equal(n, 2);
        assert_string_equal(tasks[0].subject, "i-2");
        assert_true(tasks[1].id == lost.id);
        store_tasks_free(tasks, n);
}

/* The clock was behind by years at the end of a run, or ahead at its firing. */
static void a_run_is_as_old_as_the_latest_of_its_times(void **state)
{
        static const struct {
                sec_t firing, started, finished;
                int forgotten;
        } rows[] = {
                { 100, 100, 100, 1 },  { 9000, 9000, 100, 0 }, { 9000, 100, 100, 0 },
                { 100, 9000, 100, 0 }, { 100, 100, 9000, 0 },  { SEC_NONE, 100, 100, 1 },
        };
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run newer = scratch_run("newer", "web", 20000, OUTCOME_DONE);

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *id = xasprintf("run-%zu", i);
                struct store_run run = scratch_run(id, "web", rows[i].firing, OUTCOME_DONE);

                run.started = rows[i].started;
                run.finished = rows[i].finished;
                assert_int_equal(store_add_run(store, &run), 0);
                newer.id = xasprintf("newer-%zu", i);
                assert_int_equal(store_add_run(store, &newer), 0);
                free(newer.id);
                if (store_forget(store, 1000) != rows[i].forgotten)
                        fail_msg("row %zu", i);
        }
}

static void old_rows_are_deleted_but_the_last_runs(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        struct store_run runs[] = {
                scratch_run("web-1", "web", 9000, OUTCOME_DONE), /* by a clock that was ahead */
                scratch_run("web-2", "web", 200, OUTCOME_FAILED),
                scratch_run("db-1", "db", 100, OUTCOME_DONE),
                scratch_run("open", "web", 50, OUTCOME_OPEN),
        };
        struct store_image gone = image_of("ami-1", "web", "eu-west-1", 1, 50);
        struct store_image there = image_of("ami-2", "web", "eu-west-1", 1, SEC_NONE);
        struct store_task task = scratch_task("web-1", "i-1"), *tasks = NULL;
        size_t n = 1;

        for (size_t i = 0; i < ELEMENTS(runs); i++)
                assert_int_equal(store_add_run(store, &runs[i]), 0);
        assert_int_equal(store_save_task(store, &task), 0);
        assert_int_equal(store_save_image(store, &gone), 0);
        assert_int_equal(store_save_image(store, &there), 0);
        assert_int_equal(store_forget(store, 10), 0);
        assert_int_equal(store_forget(store, 10000), 2); /* web-1 and ami-1 */
        assert_int_equal(store_forget(store, 10000), 0);
        assert_int_equal(store_load_tasks(store, "web-1", &tasks, &n), 0);
        assert_int_equal(n, 0);
        assert_int_equal(count_runs(store), 3);
}

static void a_call_deletes_a_bounded_number_of_rows(void **state)
{
        _cleanup_(store_closep) struct store *store = scratch_open(*state);
        int first, total = 0, r;

        store_begin(store);
        for (int i = 0; i < 1200; i++) {
                _cleanup_free_ char *id = xasprintf("%d", i);
                struct store_run run = scratch_run(id, "web", i, OUTCOME_DONE);

                assert_int_equal(store_add_run(store, &run), 0);
        }
        assert_int_equal(store_commit(store), 0);
        first = store_forget(store, 100000);
        assert_in_range(first, 1, 600);
        for (total = first; (r = store_forget(store, 100000)) > 0;)
                total += r;
        assert_int_equal(r, 0);
        assert_int_equal(total, 1199);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, scratch_make, scratch_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_schedule_is_loaded_as_saved),
                TEST(a_run_is_loaded_with_every_outcome),
                TEST(a_run_is_claimed_once),
                TEST(runs_are_listed_by_when_they_were_added),
                TEST(a_task_is_loaded_as_saved),
                TEST(ended_outages_are_listed_newest_first),
                TEST(images_are_listed_by_schedule_account_and_region),
                TEST(images_that_are_left_are_counted),
                TEST(a_failed_write_fails_the_transaction),
                TEST(a_task_can_be_saved_again_after_a_failed_transaction),
                TEST(a_run_is_as_old_as_the_latest_of_its_times),
                TEST(old_rows_are_deleted_but_the_last_runs),
                TEST(a_call_deletes_a_bounded_number_of_rows),
        };

        return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
