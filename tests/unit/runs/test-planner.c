/* When schedules fire: on time, missed, with the clock set, paused, reloaded, and not recorded. */
#include "world.h"

#define HEAD "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
#define TAIL                                                                                       \
        "    targets: {tags: {A: b}, expect: {min: 0}}\n"                                          \
        "    consistency: crash\n"
#define SCHEDULE(name, keys) "  " name ":\n" keys TAIL

static char *yaml(const char *keys)
{
        return xasprintf("%s  s:\n%s%s", HEAD, keys, TAIL);
}

static void setup(struct world *world, const char *keys)
{
        _cleanup_free_ char *text = yaml(keys);

        world_init(world);
        world_apply(world, text);
}

static void reload(struct world *world, const char *keys)
{
        _cleanup_free_ char *text = yaml(keys);

        world_apply(world, text);
}

/* The firings of all backup runs, oldest first, as "HH:MM", those skipped in brackets, with the
 * trigger when it is not "schedule". */
static char *firings(struct world *world)
{
        _cleanup_(text_done) struct text text = {};
        struct store_run *runs;
        size_t n;

        assert_int_equal(store_load_runs(world->store, NULL, false, 0, &runs, &n), 0);
        for (size_t i = n; i-- > 0;) {
                struct civil civil = civil_from_sec(runs[i].firing);
                bool skipped = runs[i].outcome == OUTCOME_SKIPPED;

                text_printf(&text, "%s%s%02d:%02d%s%s%s", i + 1 < n ? " " : "", skipped ? "[" : "",
                            civil.hour, civil.minute, streq(runs[i].trigger, "schedule") ? "" : "/",
                            streq(runs[i].trigger, "schedule") ? "" : runs[i].trigger,
                            skipped ? "]" : "");
        }
        store_runs_free(runs, n);
        return text_steal(&text);
}

static void expect_firings(struct world *world, const char *expected, int line)
{
        _cleanup_free_ char *found = firings(world);

        if (!streq(found, expected))
                fail_msg("line %d: fired %s, expected %s", line, found, expected);
}
#define EXPECT(world, expected) expect_firings(&(world), (expected), __LINE__)

static void test_on_time(void **state)
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

static void test_flexible_offset(void **state)
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

/* Added by a reload it does not fire at once: whoever adds it might not want a reboot now. */
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

static void test_rate_keeps_its_anchor(void **state)
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

/* Stopped from 03:30 until `back`; hourly. */
static void test_missed(void **state)
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

/* What is missed is one line; and a firing whose flexible offset is not over was not missed. */
static void test_missed_and_flexible(void **state)
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

/* More than can be made up for at once: the newest are. */
static void test_missed_many(void **state)
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

static void test_restart_right_after(void **state)
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

static void test_clock_set(void **state)
{
        static const struct {
                int line;
                const char *missed, *when, *to, *until, *firings;
        } rows[] = {
                { __LINE__, "none", "2026-03-02T03:30:00Z", "2026-03-02T02:30:00Z",
                  "2026-03-02T04:30:00Z", "03:00 04:00" },
                /* by years, and it stays so */
                { __LINE__, "none", "2026-03-02T03:30:00Z", "2020-06-01T02:30:00Z",
                  "2020-06-01T04:30:00Z", "03:00 04:00 03:00" },
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

/* Years back and forth again: nothing of the past is told to be missed, nothing fires twice. */
static void test_clock_there_and_back(void **state)
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

/* First started while the clock was years ahead: a rate must not wait for that time. */
static void test_rate_anchored_in_the_future(void **state)
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

static void test_pause(void **state)
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

static void test_reload(void **state)
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

/* Taken out and put in again, with or without a restart in between: it begins anew. */
static void test_removed_and_added(void **state)
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

/* Each run takes two hours and a half; hourly. */
static void test_overlap(void **state)
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

/* Nothing begins while the state cannot be written, nothing is lost, and it is said once. */
static void test_store_fails(void **state)
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

/* A reload while the state cannot be written is written as soon as it can be: a start after the
 * next firing knows since when which schedule is there. */
static void test_reload_while_the_store_fails(void **state)
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

/* The timers of an idle daemon: one, however many schedules there are; it wakes when one is due. */
static void test_many_schedules(void **state)
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
                cmocka_unit_test(test_on_time),
                cmocka_unit_test(test_flexible_offset),
                cmocka_unit_test(test_rate_keeps_its_anchor),
                cmocka_unit_test(an_edited_rate_keeps_its_grid),
                cmocka_unit_test(a_rate_without_start_fires_when_its_first_interval_is_over),
                cmocka_unit_test(test_missed),
                cmocka_unit_test(test_missed_and_flexible),
                cmocka_unit_test(test_missed_many),
                cmocka_unit_test(test_restart_right_after),
                cmocka_unit_test(test_clock_set),
                cmocka_unit_test(test_clock_there_and_back),
                cmocka_unit_test(test_rate_anchored_in_the_future),
                cmocka_unit_test(test_pause),
                cmocka_unit_test(test_reload),
                cmocka_unit_test(test_removed_and_added),
                cmocka_unit_test(test_overlap),
                cmocka_unit_test(test_store_fails),
                cmocka_unit_test(test_reload_while_the_store_fails),
                cmocka_unit_test(test_many_schedules),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
