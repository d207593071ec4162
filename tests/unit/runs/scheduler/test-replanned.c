/* Schedules that change while the daemon runs: paused, reloaded, and not recorded. */
#include "unit/runs/planned.h"

static void a_paused_schedule_makes_up_for_nothing(void **state)
{
        _cleanup_free_ char *error = NULL;
        struct world world;

        (void)state;
        setup(&world, "    schedule: cron(0 * * * ? *)\n    missed: {run: all, within: 6h}\n");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(manager_pause(world.manager, "s", true, &error), 0);
        assert_true(manager_is_paused(world.manager, "s"));
        assert_int_equal(manager_next(world.manager, "s"), SEC_NEVER);
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        world_end(&world, true); /* it stays paused */
        world_start(&world);
        assert_true(manager_is_paused(world.manager, "s"));
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        assert_int_equal(manager_pause(world.manager, "s", false, &error), 0);
        virtual_run_until(world.loop, at("2026-03-02T04:30:00Z"));
        EXPECT(world, "00:00 01:00 04:00");
        assert_int_equal(manager_pause(world.manager, "z", true, &error), -ENOENT);
        world_done(&world);
}

static void a_changed_schedule_begins_anew(void **state)
{
        struct world world;

        (void)state;
        setup(&world, "    schedule: cron(0 * * * ? *)\n    missed: {run: all, within: 30d}\n");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        /* another expression: what it would have fired before is not made up for */
        reload(&world, "    schedule: cron(15 * * * ? *)\n    missed: {run: all, within: 30d}\n");
        virtual_run_until(world.loop, at("2026-03-02T02:20:00Z"));
        EXPECT(world, "00:00 01:00 02:15");
        /* the same again changes nothing */
        reload(&world, "    schedule: cron(15 * * * ? *)\n    missed: {run: all, within: 30d}\n");
        virtual_run_until(world.loop, at("2026-03-02T03:20:00Z"));
        EXPECT(world, "00:00 01:00 02:15 03:15");
        /* switched off, and on hours later */
        reload(&world, "    schedule: cron(15 * * * ? *)\n    enabled: false\n");
        virtual_run_until(world.loop, at("2026-03-02T05:20:00Z"));
        reload(&world, "    schedule: cron(15 * * * ? *)\n    missed: {run: all, within: 30d}\n");
        virtual_run_until(world.loop, at("2026-03-02T06:20:00Z"));
        EXPECT(world, "00:00 01:00 02:15 03:15 06:15");
        world_done(&world);
}

/* A schedule that is removed and added again, with or without a restart in between, begins anew.
 * */
static void a_schedule_that_comes_back_begins_anew(void **state)
{
        for (int restart = 0; restart < 2; restart++) {
                const char *keys = "    schedule: cron(0 * * * ? *)\n"
                                   "    missed: {run: all, within: 30d}\n";
                _cleanup_free_ char *with = yaml(keys);
                struct world world;

                (void)state;
                setup(&world, keys);
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                world_apply(&world, "version: 1\nschedules:\n" SCHEDULE(
                                            "t", "    schedule: cron(40 1 * * ? *)\n"));
                virtual_run_until(world.loop, at("2026-03-02T04:30:00Z"));
                if (restart)
                        world_end(&world, true);
                if (restart) {
                        _cleanup_(text_done) struct text messages = {};

                        settings_unref(world.settings);
                        assert_int_equal(settings_parse("t", with, strlen(with), &world.settings,
                                                        &messages),
                                         0);
                        world_start(&world);
                } else {
                        world_apply(&world, with);
                }
                virtual_run_until(world.loop, at("2026-03-02T05:30:00Z"));
                EXPECT(world, "00:00 01:00 01:40 05:00");
                world_done(&world);
        }
}

/* Nothing begins while the state cannot be written, nothing is lost, and that is logged once. */
static void a_state_that_cannot_be_written_loses_no_firing(void **state)
{
        static const struct {
                int line;
                const char *missed, *fails, *works, *firings;
        } rows[] = {
                { __LINE__, "none", "2026-03-02T02:30:00Z", "2026-03-02T03:00:30Z", "03:00" },
                { __LINE__, "none", "2026-03-02T02:30:00Z", "2026-03-02T03:20:00Z", "03:00" },
                { __LINE__, "latest", "2026-03-02T02:30:00Z", "2026-03-02T03:20:00Z", "03:00" },
                { __LINE__, "none", "2026-03-02T02:30:00Z", "2026-03-02T04:20:00Z", "03:00" },
                { __LINE__, "latest", "2026-03-02T02:30:00Z", "2026-03-02T04:20:00Z",
                  "03:00 04:00/missed" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *keys =
                        xasprintf("    schedule: cron(0 3-4 * * ? *)\n    overlap: queue\n"
                                  "    missed: {run: %s, within: 6h}\n",
                                  rows[i].missed);
                struct world world;

                setup(&world, keys);
                model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
                virtual_run_until(world.loop, at(rows[i].fails));
                captured_clear();
                world_protect(&world, true);
                virtual_run_until(world.loop, at(rows[i].works));
                EXPECT(world, "");
                assert_int_equal(world.aws.n_calls, 0);
                if (captured_events(&events[EVENT_STORE_FAILED]) != 1 ||
                    captured_above(LOG_INFO) != 1)
                        fail_msg("line %d: %zu lines", rows[i].line, captured.n);
                world_protect(&world, false);
                virtual_run_for(world.loop, MINUTES(20));
                expect_firings(&world, rows[i].firings, rows[i].line);
                assert_int_equal(world_images(&world, "i-1"),
                                 world_runs(&world, "s", OUTCOME_DONE, NULL));
                world_done(&world);
        }
}

/* A reload while the state cannot be written is stored as soon as it can be: a start after the
 * next firing knows each schedule, and since when. */
static void a_reload_is_recorded_once_the_state_can_be_written(void **state)
{
        static const char edited[] = "    schedule: cron(0 3 * * ? *)\n"
                                     "    missed: {run: all, within: 6h}\n";
        static const struct {
                int line;
                const char *name; /* of the schedule there is then */
                bool back;        /* what it was before comes again */
                const char *firings;
        } rows[] = {
                { __LINE__, "s", false, "01:00 03:00/missed" },
                { __LINE__, "t", true, "01:00 03:00/missed" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *text =
                        xasprintf("%s  %s:\n%s%s", HEAD, rows[i].name, edited, TAIL);
                struct world world;

                setup(&world, "    schedule: cron(0 1-2 * * ? *)\n"
                              "    missed: {run: all, within: 6h}\n");
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                world_protect(&world, true);
                world_apply(&world, text);
                virtual_run_for(world.loop, MINUTES(5));
                world_protect(&world, false);
                virtual_run_for(world.loop, MINUTES(5));
                world_end(&world, true);
                virtual_run_until(world.loop, at("2026-03-02T04:00:00Z"));
                world_start(&world);
                if (rows[i].back)
                        reload(&world, "    schedule: cron(0 1-2 * * ? *)\n"
                                       "    missed: {run: all, within: 6h}\n");
                virtual_run_until(world.loop, at("2026-03-02T04:30:00Z"));
                expect_firings(&world, rows[i].firings, rows[i].line);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_paused_schedule_makes_up_for_nothing),
                cmocka_unit_test(a_changed_schedule_begins_anew),
                cmocka_unit_test(a_schedule_that_comes_back_begins_anew),
                cmocka_unit_test(a_state_that_cannot_be_written_loses_no_firing),
                cmocka_unit_test(a_reload_is_recorded_once_the_state_can_be_written),
        };

        return cmocka_run_group_tests_name("replanned", tests, NULL, NULL);
}
