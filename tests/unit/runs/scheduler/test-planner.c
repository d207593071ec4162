/* When schedules fire: on time, by their grid, one run at a time. */
#include "unit/runs/planned.h"

static void firings_are_on_time(void **state)
{
        static const struct {
                int line;
                const char *keys, *until, *firings;
        } rows[] = {
                { __LINE__, "    schedule: cron(0 3 * * ? *)\n", "2026-03-02T02:59:59Z", "" },
                { __LINE__, "    schedule: cron(0 3 * * ? *)\n", "2026-03-02T03:00:00Z", "03:00" },
                { __LINE__, "    schedule: cron(0 3 * * ? *)\n    timezone: Asia/Seoul\n",
                  "2026-03-03T00:00:00Z", "18:00" },
                { __LINE__, "    schedule: cron(30 20 * * ? *)\n    timezone: America/New_York\n",
                  "2026-03-04T00:00:00Z", "01:30 01:30" },
                { __LINE__, "    schedule: rate(6 hours)\n", "2026-03-02T13:00:00Z",
                  "06:00 12:00" },
                { __LINE__, "    schedule: rate(6 hours)\n    start: 2026-03-02T05:00:00\n",
                  "2026-03-02T13:00:00Z", "05:00 11:00" },
                { __LINE__,
                  "    schedule: cron(0 * * * ? *)\n    start: 2026-03-02T02:00:00\n"
                  "    end: 2026-03-02T04:00:00\n",
                  "2026-03-02T09:00:00Z", "02:00 03:00 04:00" },
                { __LINE__, "    schedule: at(2026-03-02T07:30:00)\n", "2026-03-05T00:00:00Z",
                  "07:30" },
                { __LINE__, "    schedule: cron(0 * * * ? *)\n    enabled: false\n",
                  "2026-03-02T09:00:00Z", "" },
                /* spring forward on 2026-03-29: 02:30 does not exist in Berlin; and back */
                { __LINE__,
                  "    schedule: cron(30 2 * * ? *)\n    timezone: Europe/Berlin\n"
                  "    start: 2026-03-28T00:00:00\n",
                  "2026-03-31T00:00:00Z", "01:30 00:30" },
                { __LINE__,
                  "    schedule: cron(30 2 * * ? *)\n    timezone: Europe/Berlin\n"
                  "    start: 2026-10-24T00:00:00\n",
                  "2026-10-27T00:00:00Z", "00:30 00:30 01:30" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                setup(&world, rows[i].keys);
                virtual_run_until(world.loop, at(rows[i].until));
                expect_firings(&world, rows[i].firings, rows[i].line);
                world_done(&world);
        }
}

static void the_flexible_offset_is_the_same_after_a_restart(void **state)
{
        sec_t offset = schedule_flexible_offset("s", 15 * SEC_PER_MIN);
        sec_t due = at("2026-03-02T03:00:00Z") + offset;
        struct world world;

        (void)state;
        assert_true(offset > 0);
        setup(&world, "    schedule: cron(0 3 * * ? *)\n    flexible_window: 15m\n");
        assert_int_equal(manager_next(world.manager, "s"), due);
        virtual_run_until(world.loop, due - 1);
        EXPECT(world, "");
        world_end(&world, true); /* the same after a restart */
        world_start(&world);
        assert_int_equal(manager_next(world.manager, "s"), due);
        virtual_run_until(world.loop, due);
        EXPECT(world, "03:00");
        world_done(&world);
}

static void a_rate_keeps_its_anchor_over_a_restart(void **state)
{
        struct world world;

        (void)state;
        setup(&world, "    schedule: rate(50 minutes)\n");
        virtual_run_until(world.loop, at("2026-03-02T01:05:00Z"));
        EXPECT(world, "00:50");
        world_end(&world, true);
        virtual_run_until(world.loop, at("2026-03-02T01:20:00Z"));
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        EXPECT(world, "00:50 01:40 02:30");
        world_done(&world);
}

/* A schedule that is edited more often than it fires would never fire. */
static void an_edited_rate_keeps_its_grid(void **state)
{
        struct world world;

        (void)state;
        setup(&world, "    schedule: cron(0 3 * * ? *)\n");
        virtual_run_until(world.loop, at("2026-03-02T12:00:36Z"));
        reload(&world, "    schedule: rate(7 days)\n");
        virtual_run_until(world.loop, at("2026-03-06T12:00:00Z"));
        reload(&world, "    schedule: rate(7 days)\n    enabled: false\n");
        virtual_run_until(world.loop, at("2026-03-07T12:00:00Z"));
        reload(&world, "    schedule: rate(7 days)\n    timezone: Europe/Berlin\n");
        assert_int_equal(manager_next(world.manager, "s"), at("2026-03-09T12:01:00Z"));
        reload(&world, "    schedule: rate(70 days)\n"); /* another one */
        assert_int_equal(manager_next(world.manager, "s"), at("2026-05-16T12:00:00Z"));
        world_done(&world);
}

/* A schedule that a reload adds does not fire at once: a reboot now may not be wanted. */
static void a_rate_without_start_fires_when_its_first_interval_is_over(void **state)
{
        struct world world;

        (void)state;
        setup(&world, "    schedule: cron(0 3 * * ? *)\n");
        virtual_run_until(world.loop, at("2026-03-02T12:00:36Z"));
        reload(&world, "    schedule: rate(7 days)\n");
        assert_int_equal(manager_anchor(world.manager, "s"), at("2026-03-02T12:01:00Z"));
        assert_int_equal(manager_next(world.manager, "s"), at("2026-03-09T12:01:00Z"));
        world_end(&world, true); /* also when it restarts before that minute, */
        world_start(&world);
        assert_int_equal(manager_next(world.manager, "s"), at("2026-03-09T12:01:00Z"));
        virtual_run_until(world.loop, at("2026-03-09T12:00:59Z"));
        EXPECT(world, "03:00");
        virtual_run_until(world.loop, at("2026-03-09T12:01:00Z"));
        EXPECT(world, "03:00 12:01");
        world_done(&world);
}

/* An hourly schedule, each run of which takes two hours and a half. */
static void overlap_decides_about_a_firing_during_a_run(void **state)
{
        static const struct {
                int line;
                const char *overlap, *firings;
        } rows[] = {
                { __LINE__, "skip", "01:00 [02:00] [03:00] 04:00 [05:00]" },
                { __LINE__, "queue", "01:00 02:00 [03:00] 04:00 [05:00]" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *keys = xasprintf("    schedule: cron(0 * * * ? *)\n"
                                                      "    start: 2026-03-02T01:00:00\n"
                                                      "    overlap: %s\n",
                                                      rows[i].overlap);
                struct world world;

                setup(&world, keys);
                model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
                /* the run is not through with its instances */
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstances",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_OK,
                                                                    .delay = MINUTES(150) });
                virtual_run_until(world.loop, at("2026-03-02T05:30:00Z"));
                expect_firings(&world, rows[i].firings, rows[i].line);
                /* one at a time, whatever the policy */
                assert_int_equal(world_runs(&world, "s", OUTCOME_DONE, NULL), 1);
                world_done(&world);
        }
}

/* An idle daemon has one timer, however many schedules there are; it wakes when one is due. */
static void one_timer_serves_all_schedules(void **state)
{
        enum { MANY = 1000 };
        _cleanup_(text_done) struct text text = {};
        struct world world;
        unsigned long fired;

        (void)state;
        text_append(&text, HEAD);
        for (int i = 0; i < MANY; i++)
                text_printf(&text, "  s%d:\n    schedule: cron(%d %d * * ? *)\n" TAIL, i, i % 60,
                            6 + i / 60);
        world_init(&world);
        world_apply(&world, text_get(&text));
        virtual_run_for(world.loop, MINUTES(1));
        assert_int_equal(virtual_armed(world.loop), 1);
        fired = world.loop->fired;
        virtual_run_until(world.loop, at("2026-03-02T05:59:59Z"));
        assert_int_equal(world.loop->fired, fired);
        virtual_run_until(world.loop, at("2026-03-02T06:05:59Z"));
        assert_int_equal(world_runs(&world, NULL, -1, NULL), 6);
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(firings_are_on_time),
                cmocka_unit_test(the_flexible_offset_is_the_same_after_a_restart),
                cmocka_unit_test(a_rate_keeps_its_anchor_over_a_restart),
                cmocka_unit_test(an_edited_rate_keeps_its_grid),
                cmocka_unit_test(a_rate_without_start_fires_when_its_first_interval_is_over),
                cmocka_unit_test(overlap_decides_about_a_firing_during_a_run),
                cmocka_unit_test(one_timer_serves_all_schedules),
        };

        return cmocka_run_group_tests_name("planner", tests, NULL, NULL);
}
