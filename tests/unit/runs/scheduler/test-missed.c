/* Missed firings: amid did not run, or the clock was set; and that no firing happens twice. */
#include "unit/runs/planned.h"

/* An hourly schedule; amid does not run from 03:30 until `back`. */
static void missed_firings_are_made_up_for_as_set(void **state)
{
        static const struct {
                int line;
                const char *keys, *back, *firings;
        } rows[] = {
                { __LINE__, "    missed: {run: none}\n", "2026-03-02T06:10:00Z", "03:00" },
                { __LINE__, "    missed: {run: latest, within: 6h}\n", "2026-03-02T06:10:00Z",
                  "03:00 06:00/missed" },
                { __LINE__, "    missed: {run: latest, within: 5m}\n", "2026-03-02T06:10:00Z",
                  "03:00" },
                { __LINE__, "    missed: {run: latest, within: 10m}\n", "2026-03-02T06:10:00Z",
                  "03:00 06:00/missed" },
                { __LINE__, "    missed: {run: all, within: 6h}\n", "2026-03-02T06:10:00Z",
                  "03:00 04:00/missed 05:00/missed 06:00/missed" },
                { __LINE__, "    missed: {run: all, within: 70m}\n", "2026-03-02T06:10:00Z",
                  "03:00 05:00/missed 06:00/missed" },
                /* within the minute it is still on time */
                { __LINE__, "    missed: {run: none}\n", "2026-03-02T04:00:59Z", "03:00 04:00" },
                { __LINE__, "    missed: {run: none}\n", "2026-03-02T03:59:00Z", "03:00" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *keys = xasprintf(
                        "    schedule: cron(0 * * * ? *)\n    start: 2026-03-02T03:00:00\n%s",
                        rows[i].keys);
                struct world world;

                setup(&world, keys);
                virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
                world_end(&world, true);
                virtual_run_until(world.loop, at(rows[i].back));
                world_start(&world);
                virtual_run_for(world.loop, MINUTES(1) / 2);
                expect_firings(&world, rows[i].firings, rows[i].line);
                world_done(&world);
        }
}

/* Missed firings are one line; a firing whose flexible offset is not over was not missed. */
static void a_firing_within_its_flexible_window_is_not_missed(void **state)
{
        sec_t offset = schedule_flexible_offset("s", 40 * SEC_PER_MIN);
        struct world world;

        (void)state;
        assert_true(offset > 5 * SEC_PER_MIN);
        setup(&world, "    schedule: cron(0 * * * ? *)\n    flexible_window: 40m\n"
                      "    start: 2026-03-02T01:00:00\n    missed: {run: none}\n");
        world_end(&world, true);
        virtual_run_until(world.loop, at("2026-03-02T03:01:00Z"));
        world_start(&world);
        assert_int_equal(captured_events(&events[EVENT_FIRING_MISSED]), 1);
        EXPECT(world, "");
        assert_int_equal(manager_next(world.manager, "s"), at("2026-03-02T03:00:00Z") + offset);
        virtual_run_until(world.loop, at("2026-03-02T03:59:00Z"));
        EXPECT(world, "03:00");
        world_done(&world);
}

/* More firings were missed than are made up for at once: the newest are. */
static void the_newest_of_too_many_missed_firings_are_made_up_for(void **state)
{
        struct world world;

        (void)state;
        setup(&world, "    schedule: rate(1 minute)\n    start: 2026-03-02T01:00:00\n"
                      "    missed: {run: all, within: 30d}\n");
        world_end(&world, true);
        virtual_run_until(world.loop, at("2026-03-02T12:00:30Z"));
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T12:00:55Z"));
        assert_int_equal(world_runs(&world, "s", -1, "missed"), 100);
        assert_int_equal(world_runs(&world, "s", OUTCOME_DONE, NULL), 100);
        assert_int_equal(world_run(&world, "s.20260302T120000Z", NULL), OUTCOME_DONE);
        assert_int_equal(world_run(&world, "s.20260302T102100Z", NULL), OUTCOME_DONE);
        world_done(&world);
}

static void a_restart_right_after_a_firing_repeats_nothing(void **state)
{
        struct world world;

        (void)state;
        setup(&world, "    schedule: cron(0 3 * * ? *)\n");
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        EXPECT(world, "03:00");
        for (int i = 0; i < 2; i++) {
                world_end(&world, i == 0);
                world_start(&world);
                virtual_run_for(world.loop, MINUTES(1));
        }
        EXPECT(world, "03:00");
        assert_int_equal(world_runs(&world, "s", OUTCOME_DONE, NULL), 1);
        assert_int_equal(captured_events(&events[EVENT_FIRING_MISSED]), 0);
        world_done(&world);
}

/* ---- the clock is set ---- */

static void a_clock_that_is_set_repeats_no_firing(void **state)
{
        static const struct {
                int line;
                const char *missed, *when, *to, *until, *firings;
        } rows[] = {
                { __LINE__, "none", "2026-03-02T03:30:00Z", "2026-03-02T02:30:00Z",
                  "2026-03-02T04:30:00Z", "03:00 04:00" },
                /* by years, and it stays so */
                { __LINE__, "none", "2026-03-02T03:30:00Z", "2020-06-01T02:30:00Z",
                  "2020-06-01T04:30:00Z", "03:00 03:00 04:00" },
                { __LINE__, "none", "2026-03-02T03:30:00Z", "2026-03-02T04:30:00Z",
                  "2026-03-02T05:30:00Z", "03:00 05:00" },
                { __LINE__, "latest", "2026-03-02T03:30:00Z", "2026-03-02T04:30:00Z",
                  "2026-03-02T05:30:00Z", "03:00 04:00/missed 05:00" },
                { __LINE__, "latest", "2026-03-02T03:30:00Z", "2026-03-03T04:30:00Z",
                  "2026-03-03T05:30:00Z", "03:00 04:00/missed 05:00" },
                /* a second beyond a firing: on time */
                { __LINE__, "none", "2026-03-02T03:30:00Z", "2026-03-02T04:00:01Z",
                  "2026-03-02T04:30:00Z", "03:00 04:00" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *keys = xasprintf(
                        "    schedule: cron(0 3-5 * * ? *)\n    missed: {run: %s, within: 1h}\n",
                        rows[i].missed);
                struct world world;

                setup(&world, keys);
                virtual_run_until(world.loop, at(rows[i].when));
                virtual_set_wall(world.loop, at(rows[i].to));
                virtual_run_until(world.loop, at(rows[i].until));
                expect_firings(&world, rows[i].firings, rows[i].line);
                world_done(&world);
        }
}

/* The clock is set back by years, and forth again: no firing of the past is logged as missed,
 * and none happens twice. */
static void a_clock_set_back_and_forth_misses_nothing(void **state)
{
        struct world world;

        (void)state;
        setup(&world, "    schedule: cron(0 3 * * ? *)\n    missed: {run: all, within: 365d}\n");
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        virtual_set_wall(world.loop, at("1990-01-01T00:00:00Z"));
        virtual_run_for(world.loop, HOURS(1));
        virtual_set_wall(world.loop, at("2026-03-02T04:30:00Z"));
        virtual_run_for(world.loop, HOURS(1));
        EXPECT(world, "03:00");
        assert_int_equal(captured_events(&events[EVENT_FIRING_MISSED]), 0);
        world_done(&world);
}

/* amid was first started while the clock was years ahead: a rate does not wait for that time. */
static void a_rate_anchored_in_the_future_fires_now(void **state)
{
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                (void)state;
                world_init(&world);
                virtual_set_wall(world.loop, at("2031-01-01T00:00:10Z"));
                reload(&world, "    schedule: rate(1 hour)\n");
                virtual_run_for(world.loop, MINUTES(2));
                if (restart)
                        world_end(&world, true);
                virtual_set_wall(world.loop, at("2026-03-02T00:30:00Z"));
                if (restart)
                        world_start(&world);
                virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
                EXPECT(world, "01:01 02:01");
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(missed_firings_are_made_up_for_as_set),
                cmocka_unit_test(a_firing_within_its_flexible_window_is_not_missed),
                cmocka_unit_test(the_newest_of_too_many_missed_firings_are_made_up_for),
                cmocka_unit_test(a_restart_right_after_a_firing_repeats_nothing),
                cmocka_unit_test(a_clock_that_is_set_repeats_no_firing),
                cmocka_unit_test(a_clock_set_back_and_forth_misses_nothing),
                cmocka_unit_test(a_rate_anchored_in_the_future_fires_now),
        };

        return cmocka_run_group_tests_name("missed", tests, NULL, NULL);
}
