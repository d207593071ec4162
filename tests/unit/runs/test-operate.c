/* Operators and circumstances: fire now, cancel, expectations, regions, accounts, restarts. */
#include "world.h"

#define HEAD "version: 1\naccounts:\n  default: {regions: [eu-west-1, us-east-1]}\nschedules:\n"
#define SCHEDULE(keys)                                                                             \
        "  s:\n    schedule: cron(0 1-3 * * ? *)\n    targets: {tags: {A: b}" keys "}\n"
#define RUN  "s.20260302T010000Z"
#define NEXT "s.20260302T020000Z"

static void setup(struct world *world, const char *yaml, unsigned int instances)
{
        world_init(world);
        for (unsigned int i = 1; i <= instances; i++) {
                _cleanup_free_ char *id = xasprintf("i-%u", i);

                model_add_instance(&world->model, id, i % 2 ? "eu-west-1" : "us-east-1", "A", "b");
        }
        world_apply(world, yaml);
}

static void cancel(struct world *world, const char *run)
{
        _cleanup_free_ char *error = NULL;

        assert_int_equal(manager_cancel(world->manager, run, false, &error), 0);
}

static char *fire(struct world *world, const char *instance)
{
        _cleanup_free_ char *error = NULL;
        char *only = (char *)(uintptr_t)instance, *run = NULL;

        if (manager_run(world->manager, "s", &only, instance ? 1 : 0, &run, &error) < 0)
                fail_msg("%s", error);
        return run;
}

/* ---- cancel ---- */

/* Cancelled so long after the firing: so many images are made, and nothing is pruned. */
static void test_cancel(void **state)
{
        static const struct {
                int line;
                usec_t after;
                size_t images;
                const char *first, *last; /* outcomes of the first and the last instance */
        } rows[] = {
                { __LINE__, 100 * USEC_PER_MSEC, 0, NULL, NULL }, /* the targets are looked for */
                { __LINE__, 5 * USEC_PER_SEC, 1, "done", "cancelled" },
                { __LINE__, MINUTES(3) + 30 * USEC_PER_SEC, 2, "done", "cancelled" },
        };
        const char *yaml = HEAD SCHEDULE("") "    regions: [eu-west-1]\n    consistency: reboot\n"
                                             "    retain: {last: 1}\n";

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                for (int restart = 0; restart < 2; restart++) {
                        _cleanup_free_ char *detail = NULL;
                        struct world world;

                        setup(&world, yaml, 5);
                        virtual_run_until(world.loop, at("2026-03-02T01:00:00Z"));
                        virtual_run_for(world.loop, rows[i].after);
                        cancel(&world, RUN);
                        virtual_run_for(world.loop, USEC_PER_SEC);
                        if (restart) {
                                world_end(&world, true);
                                world_start(&world);
                        }
                        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
                        if (world.model.n_images != rows[i].images)
                                fail_msg("line %d: %zu images", rows[i].line, world.model.n_images);
                        assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_CANCELLED);
                        if (rows[i].first) {
                                assert_string_equal(
                                        outcome_names[world_task(&world, RUN, "i-1", NULL)],
                                        rows[i].first);
                                assert_string_equal(
                                        outcome_names[world_task(&world, RUN, "i-5", NULL)],
                                        rows[i].last);
                        }
                        assert_int_equal(scripted_count(&world.aws, "DescribeImages", "schedule"),
                                         0);
                        /* the next one is as ever */
                        virtual_run_until(world.loop, at("2026-03-02T02:50:00Z"));
                        assert_int_equal(world_run(&world, NEXT, NULL), OUTCOME_DONE);
                        world_done(&world);
                }
        }
}

/* All images are under way: they are followed to their end, and nothing is begun after them. */
static void test_cancel_what_is_under_way(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n    retain: {last: 1}\n", 2);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        cancel(&world, RUN);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(captured_events(&events[EVENT_IMAGE_AVAILABLE]), 2);
        assert_int_equal(scripted_count(&world.aws, "DescribeImages", "schedule"), 0);
        assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_CANCELLED);
        assert_non_null(strstr(detail, "operator"));
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

/* Its targets are still looked for, or an instance is down: the next firing waits, until it is
 * cancelled. */
static void test_cancel_what_is_queued(void **state)
{
        struct world world;

        (void)state;
        setup(&world,
              HEAD SCHEDULE("") "    consistency: reboot\n    overlap: queue\n"
                                "    reboot: {ready_timeout: 90m}\n",
              1);
        world.model.instances[0]->back = HOURS(1) + MINUTES(20);
        virtual_run_until(world.loop, at("2026-03-02T02:10:00Z"));
        cancel(&world, NEXT);
        virtual_run_until(world.loop, at("2026-03-02T02:50:00Z"));
        assert_int_equal(world_run(&world, NEXT, NULL), OUTCOME_CANCELLED);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 1);
        world_done(&world);
}

/* ---- overlap ---- */

/* The image of i-1 stays pending: the next firings go on with i-2; of i-1 they skip it, or one of
 * them waits for it, by `overlap`. */
static void a_pending_image_holds_up_only_its_instance(void **state)
{
        static const struct {
                const char *overlap;
                bool restart;
                enum outcome second, third; /* of i-1 while the image is pending */
        } rows[] = {
                { "skip", false, OUTCOME_SKIPPED, OUTCOME_SKIPPED },
                { "skip", true, OUTCOME_SKIPPED, OUTCOME_SKIPPED },
                { "queue", false, OUTCOME_OPEN, OUTCOME_SKIPPED },
                { "queue", true, OUTCOME_OPEN, OUTCOME_SKIPPED },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD SCHEDULE("") "    consistency: crash\n    overlap: %s\n",
                                  rows[i].overlap);
                _cleanup_free_ char *run = NULL;
                struct world world;

                setup(&world, yaml, 2);
                virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
                assert_int_equal(world.model.n_images, 2);
                for (size_t j = 0; j < 2; j++)
                        if (streq(world.model.images[j]->instance, "i-1"))
                                world.model.images[j]->takes = HOURS(6);
                virtual_run_until(world.loop, at("2026-03-02T02:10:00Z"));
                if (rows[i].restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_until(world.loop, at("2026-03-02T03:10:00Z"));
                assert_int_equal(world_images(&world, "i-2"), 3);
                assert_int_equal(world_images(&world, "i-1"), 1);
                assert_int_equal(world_task(&world, NEXT, "i-1", NULL), rows[i].second);
                assert_int_equal(world_task(&world, "s.20260302T030000Z", "i-1", NULL),
                                 rows[i].third);
                /* nor is an operator refused */
                run = fire(&world, "i-2");
                virtual_run_until(world.loop, at("2026-03-02T06:30:00Z"));
                assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
                virtual_run_until(world.loop, at("2026-03-02T08:00:00Z"));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(world_images(&world, "i-1"),
                                 rows[i].second == OUTCOME_OPEN ? 2 : 1);
                world_done(&world);
        }
}

/* ---- cancel --abandon ---- */

/* Following ends at once, the image stays in the state and on AWS, and the next firing images the
 * instance again. */
static void an_abandoned_image_stays_and_holds_up_nobody(void **state)
{
        for (int restart = 0; restart < 2; restart++) {
                _cleanup_free_ char *detail = NULL, *error = NULL;
                struct store_image row;
                struct world world;

                (void)state;
                setup(&world, HEAD SCHEDULE("") "    consistency: crash\n    retain: {last: 5}\n",
                      1);
                world.model.takes = HOURS(3);
                virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
                assert_int_equal(manager_cancel(world.manager, RUN, true, &error), 0);
                if (restart) {
                        world_end(&world, true);
                        world_start(&world);
                }
                virtual_run_for(world.loop, 5 * USEC_PER_SEC);
                assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_CANCELLED);
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_CANCELLED);
                assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                                  world.model.images[0]->id, &row),
                                 1);
                assert_string_equal(row.state, "pending");
                assert_int_equal(row.removed, SEC_NONE);
                store_image_done(&row);
                assert_int_equal(scripted_count(&world.aws, "DeregisterImage", NULL), 0);
                world.model.takes = MINUTES(2);
                virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
                assert_int_equal(world_task(&world, NEXT, "i-1", NULL), OUTCOME_DONE);
                assert_int_equal(world_images(&world, NULL), 2);
                /* retention takes it for what it has become */
                world.model.images[0]->takes = HOURS(2);
                virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
                assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                                  world.model.images[0]->id, &row),
                                 1);
                assert_string_equal(row.state, "available");
                store_image_done(&row);
                world_done(&world);
        }
}

/* An instance that is stopped for its image is started before following ends. */
static void an_abandoned_run_puts_its_instance_right_first(void **state)
{
        _cleanup_free_ char *error = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: stop\n", 1);
        world.model.takes = HOURS(48);
        while (world.model.instances[0]->state != INSTANCE_STOPPED)
                assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
        virtual_run_for(world.loop, 2 * USEC_PER_SEC);
        assert_int_equal(manager_cancel(world.manager, RUN, true, &error), 0);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(model_state(&world.model, world.model.instances[0]), INSTANCE_RUNNING);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_CANCELLED);
        assert_int_equal(world.model.n_images, 1);
        assert_int_equal(scripted_count(&world.aws, "StartInstances", NULL), 1);
        world_done(&world);
}

/* ---- expectations ---- */

static void test_expect(void **state)
{
        static const struct {
                int line;
                enum outcome outcome;
                const char *yaml;
                const char *said;
        } rows[] = {
                { __LINE__, OUTCOME_DONE, HEAD SCHEDULE("") "    consistency: crash\n", NULL },
                { __LINE__, OUTCOME_DONE,
                  HEAD SCHEDULE(", expect: {min: 3}") "    consistency: crash\n", NULL },
                { __LINE__, OUTCOME_FAILED,
                  HEAD SCHEDULE(", expect: {min: 4}") "    consistency: crash\n",
                  "3 instances found, at least 4 expected" },
                { __LINE__, OUTCOME_FAILED,
                  HEAD SCHEDULE(", expect: {max: 2}") "    consistency: crash\n",
                  "3 instances found, 1 to 2 expected" },
                { __LINE__, OUTCOME_FAILED,
                  HEAD SCHEDULE(", exclude_tags: {A: b}") "    consistency: crash\n",
                  "0 instances found, at least 1 expected" },
                { __LINE__, OUTCOME_DONE,
                  HEAD SCHEDULE(
                          ", exclude_tags: {A: b}, expect: {min: 0}") "    consistency: crash\n",
                  NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                setup(&world, rows[i].yaml, 3);
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                if (world_run(&world, RUN, &detail) != rows[i].outcome ||
                    (rows[i].said && !strstr(detail, rows[i].said)))
                        fail_msg("line %d: %s", rows[i].line, detail);
                if (rows[i].said)
                        assert_int_equal(world.model.n_images, 0);
                assert_int_equal(captured_events(&events[EVENT_TARGETS_UNEXPECTED]),
                                 rows[i].said != NULL);
                assert_int_equal(virtual_armed(world.loop), 1);
                world_done(&world);
        }
}

static void test_shrunk(void **state)
{
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 4);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        world.model.instances[0]->state = INSTANCE_TERMINATED;
        world_end(&world, true); /* it is remembered */
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(captured_words("matches 3 instances, 4 at its last run"), 1);
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        assert_int_equal(captured_events(&events[EVENT_TARGETS_SHRUNK]), 1);
        world_done(&world);
}

/* ---- regions and accounts ---- */

static void test_region_fails(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 4);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        scripted_fault(&world.aws, (struct scripted_fault){ .region = "us-east-1",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "OptInRequired" });
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(world_run(&world, NEXT, &detail), OUTCOME_PARTIAL);
        assert_non_null(strstr(detail, "us-east-1"));
        assert_int_equal(world.model.n_images, 4 + 2);
        /* what cannot be seen has not shrunk */
        assert_int_equal(captured_events(&events[EVENT_TARGETS_SHRUNK]), 0);
        world_done(&world);
}

/* The key is good in the other one: nobody waits for a better key, nor for this region. */
static void a_region_that_refuses_a_good_key_holds_up_nobody(void **state)
{
        static const struct {
                const char *name;
                bool elsewhere;
                size_t images; /* in the other one, half a minute after the firing */
        } rows[] = {
                { "good elsewhere", true, 2 },
                { "refused everywhere, for all that is known", false, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 4);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .region = "us-east-1",
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_UNSIGNED,
                                                        .code = "AuthFailure",
                                                        .elsewhere = rows[i].elsewhere });
                virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
                if (world.model.n_images != rows[i].images)
                        fail_msg("%s: %zu images", rows[i].name, world.model.n_images);
                world_done(&world);
        }
}

/* A region that does not answer holds up the others for two minutes, and `expect` is judged by
 * what these have: i-1 and i-3 of four. */
static void test_region_hangs(void **state)
{
        static const struct {
                int line;
                const char *expect;
                bool everywhere, queued;
                usec_t delay; /* of the search in us-east-1 */
                enum outcome outcome;
                size_t images;      /* 10 minutes after the firing */
                const char *detail; /* at the end */
        } rows[] = {
                { __LINE__, "", false, false, HOURS(2), OUTCOME_PARTIAL, 2,
                  "us-east-1: not searched: 2m after others were (AWS has not answered)" },
                { __LINE__, ", expect: {min: 2, max: 3}", false, false, HOURS(2), OUTCOME_PARTIAL,
                  2, "us-east-1: not searched" },
                { __LINE__, ", expect: {min: 3}", false, false, HOURS(2), OUTCOME_FAILED, 0,
                  "2 instances found, at least 3 expected (and not every region could be "
                  "searched); "
                  "nothing was touched" },
                { __LINE__, ", expect: {max: 1}", false, false, HOURS(2), OUTCOME_FAILED, 0,
                  "2 instances found, 1 to 1 expected" },
                /* slow is not dead */
                { __LINE__, "", false, false, 110 * USEC_PER_SEC, OUTCOME_DONE, 4, NULL },
                /* what waits in our own queue says nothing about the region */
                { __LINE__, "", false, true, MINUTES(5), OUTCOME_DONE, 4, NULL },
                /* nobody is held up when nobody is through */
                { __LINE__, "", true, false, MINUTES(5), OUTCOME_DONE, 4, NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL, *yaml = NULL;
                struct world world;

                yaml = xasprintf("version: 1\naccounts:\n  default: {regions: [eu-west-1, "
                                 "us-east-1]}\nschedules:\n  s:\n    schedule: cron(0 1 * * ? *)\n"
                                 "    targets: {tags: {A: b}%s}\n    consistency: crash\n",
                                 rows[i].expect);
                setup(&world, yaml, 4);
                scripted_fault(&world.aws,
                               (struct scripted_fault){
                                       .action = "DescribeInstances",
                                       .region = rows[i].everywhere ? NULL : "us-east-1",
                                       .times = SCRIPTED_ALWAYS,
                                       .delay = rows[i].delay,
                                       .queued = rows[i].queued,
                               });
                virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
                if (world.model.n_images != rows[i].images)
                        fail_msg("line %d: %zu images", rows[i].line, world.model.n_images);
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                if (world_run(&world, RUN, &detail) != rows[i].outcome ||
                    (rows[i].detail && !strstr(detail, rows[i].detail)))
                        fail_msg("line %d: %s", rows[i].line, detail);
                assert_int_equal(virtual_armed(world.loop), 1);
                world_done(&world);
        }
}

/* Also when the daemon was started again meanwhile. */
static void test_region_hangs_over_a_restart(void **state)
{
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 4);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstances",
                                                            .region = "us-east-1",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .delay = HOURS(2) });
        virtual_run_until(world.loop, at("2026-03-02T01:01:00Z"));
        world_end(&world, false);
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T01:02:30Z"));
        assert_int_equal(world.model.n_images, 0);
        virtual_run_until(world.loop, at("2026-03-02T01:20:00Z"));
        assert_int_equal(world.model.n_images, 2);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_PARTIAL);
        world_done(&world);
}

static void on_ready(void *userdata)
{
        ++*(unsigned int *)userdata;
}

static void test_home_region(void **state)
{
        const char *yaml = "version: 1\nschedules:\n" SCHEDULE("") "    consistency: crash\n";
        _cleanup_free_ char *run = NULL, *error = NULL, *detail = NULL;
        unsigned int ready = 0, never = 0;
        struct manager_wait *wait;
        struct world world;

        (void)state;
        world_init(&world);
        model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
        world.aws.delay = 30 * USEC_PER_SEC;
        virtual_run_until(world.loop, at("2026-03-02T00:59:50Z"));
        world_apply(&world, yaml);
        /* nothing can begin before it is known */
        assert_int_equal(manager_run(world.manager, "s", NULL, 0, &run, &error), -EAGAIN);
        free(steal(error));
        assert_int_equal(manager_pause(world.manager, "s", true, &error), -EAGAIN);
        assert_false(manager_is_ready(world.manager));
        wait = manager_wait(world.manager, on_ready, &ready);
        manager_wait_free(manager_wait(world.manager, on_ready, &never));
        virtual_run_until(world.loop, at("2026-03-02T01:40:00Z"));
        assert_int_equal(ready, 1);
        assert_int_equal(never, 0);
        assert_true(manager_is_ready(world.manager));
        manager_wait_free(wait);
        assert_int_equal(world.aws.searches, 1);
        run = fire(&world, NULL);
        virtual_run_for(world.loop, MINUTES(15));
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
        /* a reload while nobody answers: what was known stays */
        world.aws.region = NULL;
        world_apply(&world, yaml);
        assert_false(manager_is_ready(world.manager)); /* there may be new accounts */
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(world_run(&world, NEXT, NULL), OUTCOME_DONE);
        world_done(&world);

        /* nobody ever knew */
        world_init(&world);
        world.aws.region = NULL;
        world_apply(&world, yaml);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_FAILED);
        assert_non_null(strstr(detail, "no region is set for account default"));
        assert_non_null(strstr(detail, "nobody knows"));
        /* until somebody does, without a reload */
        world.aws.region = "eu-west-1";
        model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(world_run(&world, NEXT, NULL), OUTCOME_DONE);
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

/* The account of an unfinished run is taken out of the settings while the daemon is down. */
static void test_account_lost(void **state)
{
        _cleanup_(text_done) struct text messages = {};
        const char *without = "version: 1\naccounts:\n  other: {regions: [eu-west-1]}\nschedules:\n"
                              "  t:\n    schedule: at(2030-01-01T00:00:00)\n"
                              "    targets: {tags: {A: b}}\n    consistency: crash\n";
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 1);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        world_end(&world, true);
        settings_unref(world.settings);
        assert_int_equal(settings_parse("t", without, strlen(without), &world.settings, &messages),
                         0);
        world_start(&world);
        virtual_run_for(world.loop, MINUTES(10));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_true(world_run(&world, RUN, NULL) == OUTCOME_PARTIAL ||
                    world_run(&world, RUN, NULL) == OUTCOME_FAILED);
        assert_int_equal(captured_words("is no longer in the settings"), 1);
        world_done(&world);
}

/* ---- fire now ---- */

static void test_run_now(void **state)
{
        _cleanup_free_ char *run = NULL, *again = NULL, *error = NULL, *only = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 4);
        run = fire(&world, NULL);
        assert_int_equal(manager_run(world.manager, "s", NULL, 0, &again, &error), -EBUSY);
        assert_non_null(strstr(error, "still going"));
        virtual_run_for(world.loop, MINUTES(10));
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 4);
        only = fire(&world, "i-3");
        virtual_run_for(world.loop, MINUTES(10));
        assert_int_equal(world_run(&world, only, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 5);
        free(steal(error));
        assert_int_equal(manager_run(world.manager, "z", NULL, 0, &again, &error), -ENOENT);
        free(steal(only));
        only = fire(&world, "i-33"); /* not one of the targets */
        virtual_run_for(world.loop, MINUTES(1));
        assert_int_equal(world_run(&world, only, NULL), OUTCOME_FAILED);
        assert_int_equal(world.model.n_images, 5);
        world_done(&world);
}

/* The same instance listed twice, by pages that changed in between, is imaged once. */
static void test_listed_twice(void **state)
{
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 1);
        model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world.model.n_images, 1);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        world_done(&world);
}

/* ---- reload, status ---- */

/* Runs that are going finish under the settings they started with. */
static void test_reload_in_a_run(void **state)
{
        struct world world;

        (void)state;
        setup(&world,
              HEAD SCHEDULE("") "    regions: [eu-west-1]\n    consistency: reboot\n"
                                "    image: {tags: {Old: \"yes\"}}\n",
              3);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        assert_int_equal(world.model.n_images, 1);
        world_apply(&world, "version: 1\nschedules: {}\n");
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 2);
        assert_string_equal(world_image_tag(world.model.images[1], "Old"), "yes");
        assert_int_equal(virtual_armed(world.loop), 0);
        world_done(&world);
}

static void test_status(void **state)
{
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n    timezone: Asia/Seoul\n", 1);
        assert_string_equal(world.loop->status,
                            "STATUS=1 schedule, next s at 2026-03-03 01:00:00 +09:00, 0 runs "
                            "going, last failure none");
        virtual_run_until(world.loop, at("2026-03-02T16:00:30Z"));
        assert_non_null(strstr(world.loop->status, "1 run going"));
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .outcome = AWS_ERROR,
                                                            .code = "OptInRequired" });
        virtual_run_until(world.loop, at("2026-03-02T17:30:00Z"));
        assert_non_null(strstr(world.loop->status, "0 runs going"));
        assert_non_null(strstr(world.loop->status, "last failure s.20260302T170000Z"));
        world_done(&world);
}

/* The tags of an image: ours are there and nobody else's takes their place. */
static void test_tags(void **state)
{
        struct world world;
        const struct model_image *image;
        struct model_instance *instance;

        (void)state;
        world_init(&world);
        instance = model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
        model_set_tag(&instance->tags, &instance->n_tags, "amid:owner", "somebody");
        model_set_tag(&instance->tags, &instance->n_tags, "aws:x", "y");
        model_set_tag(&instance->tags, &instance->n_tags, "Name", "web");
        for (int i = 0; i < 60; i++) {
                _cleanup_free_ char *key = xasprintf("k%d", i);

                model_set_tag(&instance->tags, &instance->n_tags, key, "v");
        }
        world_apply(&world,
                    HEAD SCHEDULE("") "    consistency: crash\n    image: {copy_tags: true, "
                                      "tags: {Name: golden}}\n");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        image = world.model.images[0];
        assert_string_equal(world_image_tag(image, TAG_OWNER), "amid");
        assert_string_equal(world_image_tag(image, TAG_SCHEDULE), "s");
        assert_string_equal(world_image_tag(image, TAG_RUN), RUN);
        assert_string_equal(world_image_tag(image, TAG_INSTANCE), "i-1");
        assert_string_equal(world_image_tag(image, TAG_TIME), "2026-03-02T01:00:00Z");
        assert_string_equal(world_image_tag(image, TAG_CONSISTENCY), PROVEN_CRASH);
        assert_string_equal(world_image_tag(image, "Name"), "golden");
        assert_string_equal(world_image_tag(image, "A"), "b");
        assert_null(world_image_tag(image, "aws:x"));
        assert_string_equal(world_image_tag(image, TAG_OUTCOME),
                            "done"); /* nothing else can fail */
        assert_int_equal(image->n_tags, 49);
        assert_string_equal(image->name, "s-i-1-20260302T010000Z");
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_cancel_what_is_under_way),
                cmocka_unit_test(test_cancel_what_is_queued),
                cmocka_unit_test(a_pending_image_holds_up_only_its_instance),
                cmocka_unit_test(an_abandoned_image_stays_and_holds_up_nobody),
                cmocka_unit_test(an_abandoned_run_puts_its_instance_right_first),
                cmocka_unit_test(test_expect),
                cmocka_unit_test(test_shrunk),
                cmocka_unit_test(test_region_fails),
                cmocka_unit_test(a_region_that_refuses_a_good_key_holds_up_nobody),
                cmocka_unit_test(test_region_hangs),
                cmocka_unit_test(test_region_hangs_over_a_restart),
                cmocka_unit_test(test_home_region),
                cmocka_unit_test(test_account_lost),
                cmocka_unit_test(test_run_now),
                cmocka_unit_test(test_listed_twice),
                cmocka_unit_test(test_reload_in_a_run),
                cmocka_unit_test(test_status),
                cmocka_unit_test(test_tags),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
