/* A wall clock that is wrong: nothing fires, nothing is removed, and it is said; clock-guard.h. */
#include "unit/runs/world.h"

#define YAML                                                                                       \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n  s:\n"             \
        "    schedule: cron(0 3 * * ? *)\n    targets: {tags: {A: b}}\n    consistency: crash\n"   \
        "    missed: {run: latest, within: 6h}\n    retain: {within: 3d}\n"

#define YAML_STOP                                                                                  \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n  s:\n"             \
        "    schedule: cron(0 3 * * ? *)\n    targets: {tags: {A: b}}\n    consistency: stop\n"    \
        "    missed: {run: none}\n"

#define YEARS_16 ((sec_t)16 * 365 * SEC_PER_DAY)

/* A world whose AWS tells the time, in which it is 02:00 of March 5, with three images. */
static void setup(struct world *world)
{
        world_setup(world, YAML, 1);
        world->aws.dated = true;
        world->aws.true_ahead = world->loop->wall_ahead;
        virtual_run_until(world->loop, at("2026-03-05T02:00:00Z"));
        assert_int_equal(world_images(world, "i-1"), 3);
        captured_clear();
}

static size_t calls(const struct world *world, const char *action)
{
        return scripted_count(&world->aws, action, NULL);
}

/* Ahead and behind, by a little and by much: whether it fires at its 03:00. */
static void a_wrong_clock_claims_no_firing(void **state)
{
        static const struct {
                const char *name;
                sec_t ahead;
                bool fires;
        } rows[] = {
                { "right", 0, true },
                { "4 minutes ahead", 4 * SEC_PER_MIN, true },
                { "4 minutes behind", -4 * SEC_PER_MIN, true },
                { "6 minutes ahead", 6 * SEC_PER_MIN, false },
                { "6 minutes behind", -6 * SEC_PER_MIN, false },
                { "years ahead", YEARS_16, false },
                { "years behind", -YEARS_16, false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;
                size_t runs;

                setup(&world);
                runs = world_runs(&world, "s", -1, NULL);
                virtual_set_wall(world.loop, loop_wall(world.loop) + rows[i].ahead);
                virtual_run_for(world.loop, HOURS(25));
                if ((world_runs(&world, "s", -1, NULL) > runs) != rows[i].fires ||
                    (captured_events(&events[EVENT_CLOCK_WRONG]) > 0) == rows[i].fires)
                        fail_msg("%s: %zu runs", rows[i].name, world_runs(&world, "s", -1, NULL));
                assert_true(captured_events(&events[EVENT_CLOCK_WRONG]) <= 1);
                if (!rows[i].fires) {
                        assert_non_null(strstr(world.loop->status, "nothing fires"));
                        assert_int_equal(calls(&world, "DeregisterImage"), 0);
                }
                world_done(&world);
        }
}

static void a_firing_under_a_wrong_clock_is_missed_not_lost(void **state)
{
        struct world world;

        (void)state;
        setup(&world);
        virtual_set_wall(world.loop, loop_wall(world.loop) + YEARS_16);
        virtual_run_for(world.loop, HOURS(2));
        assert_int_equal(calls(&world, "CreateImage"), 3);
        virtual_set_wall(world.loop, loop_wall(world.loop) - YEARS_16);
        virtual_run_for(world.loop, HOURS(1));
        assert_int_equal(calls(&world, "CreateImage"), 4);
        assert_int_equal(world_runs(&world, "s", OUTCOME_DONE, "missed"), 1);
        assert_int_equal(captured_events(&events[EVENT_CLOCK_AGREES]), 1);
        assert_int_equal(captured_events(&events[EVENT_FIRING_MISSED]), 1);
        assert_null(strstr(world.loop->status, "nothing fires"));
        world_done(&world);
}

static void operators_are_refused_by_a_wrong_clock(void **state)
{
        _cleanup_free_ char *run = NULL, *why = NULL, *prune = NULL, *prune_why = NULL;
        struct world world;

        (void)state;
        setup(&world);
        virtual_set_wall(world.loop, loop_wall(world.loop) + YEARS_16);
        assert_true(manager_run(world.manager, "s", NULL, 0, &run, &why) < 0);
        assert_non_null(strstr(why, "ahead by"));
        assert_true(manager_prune(world.manager, "s", false, &prune, &prune_why) < 0);
        world_done(&world);
}

/* It is set between the decision and the removal, and set right an hour later. */
static void a_removal_under_way_waits_for_the_clock(void **state)
{
        struct world world;
        size_t before;

        (void)state;
        setup(&world);
        virtual_run_until(world.loop, at("2026-03-08T02:59:00Z"));
        before = calls(&world, "DeregisterImage");
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeregisterImage",
                                                            .outcome = AWS_UNREACHABLE });
        world_run_until_sent(&world, "DeregisterImage", NULL);
        virtual_set_wall(world.loop, loop_wall(world.loop) + YEARS_16);
        virtual_run_for(world.loop, MINUTES(30));
        assert_int_equal(calls(&world, "DeregisterImage"), before + 1);
        virtual_set_wall(world.loop, loop_wall(world.loop) - YEARS_16);
        virtual_run_for(world.loop, MINUTES(10));
        assert_int_equal(calls(&world, "DeregisterImage"), before + 2);
        world_done(&world);
}

/* Nobody can be asked: it fires, and when AWS answers and the clock proves wrong nothing comes of
 * it. */
static void a_firing_without_a_comparison_makes_no_image_under_a_wrong_clock(void **state)
{
        static const sec_t aheads[] = { 0, YEARS_16 };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(aheads); i++) {
                struct world world;
                struct scripted_fault silent = { .outcome = AWS_UNREACHABLE,
                                                 .times = SCRIPTED_ALWAYS };

                setup(&world);
                world_end(&world, true); /* the comparison is lost, */
                world.aws.compared = false;
                world.loop->wall_ahead += aheads[i] * USEC_PER_SEC;
                scripted_fault(&world.aws, silent);
                world_start(&world);
                virtual_run_for(world.loop, HOURS(1) + MINUTES(1)); /* and it is 03:01 */
                assert_int_equal(calls(&world, "CreateImage"), 3);
                assert_int_equal(world_runs(&world, "s", OUTCOME_OPEN, NULL), 1);
                scripted_no_faults(&world.aws);
                virtual_run_for(world.loop, MINUTES(30));
                assert_int_equal(calls(&world, "CreateImage"), aheads[i] ? 3 : 4);
                world_done(&world);
        }
}

/* A clock that is days ahead handles what lies ahead, while nobody can be asked. It is set right,
 * the daemon ends, and starts after three firings: they were missed. */
static void firings_that_a_wrong_clock_has_handled_are_missed_by_a_later_start(void **state)
{
        struct scripted_fault silent = { .outcome = AWS_UNREACHABLE, .times = SCRIPTED_ALWAYS };
        struct world world;

        (void)state;
        setup(&world);
        world_end(&world, true);
        world.aws.compared = false;
        world.loop->wall_ahead += 5 * SEC_PER_DAY * USEC_PER_SEC;
        scripted_fault(&world.aws, silent);
        world_start(&world);
        virtual_run_for(world.loop, HOURS(1) + MINUTES(1));
        scripted_no_faults(&world.aws);
        virtual_set_wall(world.loop, loop_wall(world.loop) - 5 * SEC_PER_DAY);
        virtual_run_for(world.loop, HOURS(1));
        world_end(&world, true);
        captured_clear();
        virtual_run_until(world.loop, at("2026-03-08T04:00:00Z"));
        world_start(&world);
        virtual_run_for(world.loop, HOURS(1));
        assert_int_equal(captured_words("from 2026-03-06T03:00:00Z to 2026-03-08T03:00:00Z"), 1);
        assert_int_equal(world_runs(&world, "s", OUTCOME_DONE, "missed"), 1);
        world_done(&world);
}

static void a_fresh_comparison_is_not_repeated(void **state)
{
        struct world world;

        (void)state;
        setup(&world);
        virtual_run_until(world.loop, at("2026-03-05T05:00:00Z"));
        /* once before each night's firing; its run brought all the others */
        assert_int_equal(calls(&world, "DescribeRegions"), calls(&world, "CreateImage"));
        world_done(&world);
}

static void without_a_date_nothing_is_held_up(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, YAML, 1);
        virtual_run_for(world.loop, HOURS(30));
        assert_int_equal(world_images(&world, "i-1"), 2);
        assert_int_equal(captured_words("have no Date"), 1);
        assert_int_equal(calls(&world, "DescribeRegions"), 0);
        world_done(&world);
}

/* The clock is set while an instance is stopped for its image: what took how long is true. */
static void a_clock_that_is_set_changes_no_duration(void **state)
{
        static const char *const set_to[] = { "2042-03-02T03:00:00Z", "1990-01-01T00:00:00Z",
                                              "2026-03-02T02:00:00Z" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(set_to); i++) {
                struct store_task *tasks = NULL;
                struct store_run *runs = NULL;
                struct world world;
                usec_t began;
                size_t n = 0;

                world_setup(&world, YAML_STOP, 1);
                world_run_until_sent(&world, "StopInstances", NULL);
                began = loop_monotonic(world.loop);
                virtual_run_for(world.loop, 5 * USEC_PER_SEC);
                virtual_set_wall(world.loop, at(set_to[i]));
                while (world_runs(&world, "s", OUTCOME_OPEN, NULL)) {
                        assert_true(loop_monotonic(world.loop) < began + HOURS(6));
                        virtual_run_for(world.loop, USEC_PER_SEC);
                }
                assert_int_equal(store_load_runs(world.store, "s", false, 1, &runs, &n), 0);
                assert_int_equal(n, 1);
                assert_in_range(runs[0].finished - runs[0].started, 1,
                                (loop_monotonic(world.loop) - began) / USEC_PER_SEC + 10);
                assert_int_equal(runs[0].finished / 60, loop_wall(world.loop) / 60);
                store_runs_free(runs, n);
                assert_int_equal(store_load_returned(world.store, "s", &tasks, &n), 0);
                assert_int_equal(n, 1);
                assert_in_range(tasks[0].returned - tasks[0].downed, 5, 30 * 60);
                store_tasks_free(tasks, n);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_wrong_clock_claims_no_firing),
                cmocka_unit_test(a_firing_under_a_wrong_clock_is_missed_not_lost),
                cmocka_unit_test(operators_are_refused_by_a_wrong_clock),
                cmocka_unit_test(a_removal_under_way_waits_for_the_clock),
                cmocka_unit_test(a_firing_without_a_comparison_makes_no_image_under_a_wrong_clock),
                cmocka_unit_test(
                        firings_that_a_wrong_clock_has_handled_are_missed_by_a_later_start),
                cmocka_unit_test(a_fresh_comparison_is_not_repeated),
                cmocka_unit_test(without_a_date_nothing_is_held_up),
                cmocka_unit_test(a_clock_that_is_set_changes_no_duration),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
