/* Regions and accounts: those that fail, refuse, hang, or are not known yet. */
#include "unit/runs/two-regions.h"

static void a_region_that_fails_leaves_the_others_imaged(void **state)
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
static void a_region_that_refuses_a_good_key_holds_up_no_other(void **state)
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
static void a_region_that_hangs_holds_up_the_others_for_two_minutes(void **state)
{
        static const struct {
                const char *name;
                const char *expect;
                bool everywhere, queued;
                usec_t delay; /* of the search in us-east-1 */
                enum outcome outcome;
                size_t images;      /* 10 minutes after the firing */
                const char *detail; /* at the end */
        } rows[] = {
                { .name = "two regions, one hangs",
                  .expect = "",
                  .delay = HOURS(2),
                  .outcome = OUTCOME_PARTIAL,
                  .images = 2,
                  .detail =
                          "us-east-1: not searched: 2m after others were (AWS has not answered)" },
                { .name = "what is found is enough",
                  .expect = ", expect: {min: 2, max: 3}",
                  .delay = HOURS(2),
                  .outcome = OUTCOME_PARTIAL,
                  .images = 2,
                  .detail = "us-east-1: not searched" },
                { .name = "what is found is too few",
                  .expect = ", expect: {min: 3}",
                  .delay = HOURS(2),
                  .outcome = OUTCOME_FAILED,
                  .detail = "2 instances found, at least 3 expected (and not every region could be "
                            "searched); "
                            "nothing was touched" },
                { .name = "what is found is too many",
                  .expect = ", expect: {max: 1}",
                  .delay = HOURS(2),
                  .outcome = OUTCOME_FAILED,
                  .detail = "2 instances found, 1 to 1 expected" },
                /* slow is not dead */
                { .name = "slow",
                  .expect = "",
                  .delay = 110 * USEC_PER_SEC,
                  .outcome = OUTCOME_DONE,
                  .images = 4 },
                /* what waits in our own queue says nothing about the region */
                { .name = "waits in the queue of amid",
                  .expect = "",
                  .queued = true,
                  .delay = MINUTES(5),
                  .outcome = OUTCOME_DONE,
                  .images = 4 },
                /* nobody is held up when nobody is through */
                { .name = "all regions hang",
                  .expect = "",
                  .everywhere = true,
                  .delay = MINUTES(5),
                  .outcome = OUTCOME_DONE,
                  .images = 4 },
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
                        fail_msg("%s: %zu images", rows[i].name, world.model.n_images);
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                if (world_run(&world, RUN, &detail) != rows[i].outcome ||
                    (rows[i].detail && !strstr(detail, rows[i].detail)))
                        fail_msg("%s: %s", rows[i].name, detail);
                assert_int_equal(virtual_armed(world.loop), 1);
                world_done(&world);
        }
}

/* The same over a restart of amid. */
static void a_region_that_hangs_over_a_restart_holds_up_no_other_for_longer(void **state)
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

static void nothing_begins_before_the_home_region_is_known(void **state)
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

/* The account of an unfinished run is removed from the settings while amid does not run. */
static void a_run_without_its_account_is_given_up(void **state)
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_region_that_fails_leaves_the_others_imaged),
                cmocka_unit_test(a_region_that_refuses_a_good_key_holds_up_no_other),
                cmocka_unit_test(a_region_that_hangs_holds_up_the_others_for_two_minutes),
                cmocka_unit_test(a_region_that_hangs_over_a_restart_holds_up_no_other_for_longer),
                cmocka_unit_test(nothing_begins_before_the_home_region_is_known),
                cmocka_unit_test(a_run_without_its_account_is_given_up),
        };

        return cmocka_run_group_tests_name("regions", tests, NULL, NULL);
}
