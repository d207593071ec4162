/* Which instances may be down when: groups, proof that an instance is back, halting, the window. */
#include "unit/runs/world.h"

#define HEAD "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
#define SCHEDULE(name, minute, reboot)                                                             \
        "  " name ":\n    schedule: cron(" minute " 1 * * ? *)\n"                                  \
        "    targets: {tags: {A: b}}\n    consistency: reboot\n    reboot: {" reboot "}\n"
#define RUN "s.20260302T010000Z"

static void at_most_max_parallel_of_a_group_are_down(void **state)
{
        static const struct {
                int line;
                const char *yaml;
                size_t most_down;
        } rows[] = {
                { __LINE__, HEAD SCHEDULE("s", "0", ""), 1 },
                { __LINE__, HEAD SCHEDULE("s", "0", "max_parallel: 3"), 3 },
                { __LINE__, HEAD SCHEDULE("s", "0", "max_parallel: 50"), 8 },
                { __LINE__, HEAD SCHEDULE("s", "0", "group_by: tag:Role"), 3 },
                { __LINE__, HEAD SCHEDULE("s", "0", "group_by: availability-zone"), 2 },
                { __LINE__, HEAD SCHEDULE("s", "0", "group_by: tag:Role, max_parallel: 2"), 6 },
        };
        static const char *const roles[] = { "web", "db", "app" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                world_setup(&world, rows[i].yaml, 8);
                for (size_t j = 0; j < 8; j++) {
                        struct model_instance *instance = world.model.instances[j];

                        model_set_tag(&instance->tags, &instance->n_tags, "Role", roles[j % 3]);
                        if (j % 2)
                                xreplace(&instance->zone, "eu-west-1b");
                }
                virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
                if (world.model.most_down != rows[i].most_down)
                        fail_msg("line %d: %u down at once", rows[i].line, world.model.most_down);
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(world_outages(&world), 8);
                for (size_t j = 0; j < 8; j++)
                        assert_string_equal(world_consistency(&world, j), ACHIEVED_REBOOT_FORCED);
                world_done(&world);
        }
}

/* Tasks that wait for a slot send no requests: each instance is described once, when it gets its
 * slot. */
static void waiting_for_a_slot_sends_no_requests(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", "max_parallel: 2"), 12);
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        /* the targets, and those that are older than a minute by then */
        assert_in_range(scripted_count(&world.aws, "DescribeInstances", NULL), 10, 13);
        world_done(&world);
}

/* An instance that is stopping when it could begin does not hold up the others. */
static void a_stopping_instance_keeps_no_slot(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", ""), 3);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        world.model.instances[1]->state = INSTANCE_STOPPING;
        world.model.instances[1]->changes = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T01:40:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-3", NULL), OUTCOME_DONE);
        assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_OPEN);
        world.model.instances[1]->state = INSTANCE_STOPPED;
        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_DONE);
        world_done(&world);
}

/* An `ok` from before the reboot does not count, however long EC2 repeats it within `settle`. */
static void an_ok_from_before_the_reboot_does_not_count(void **state)
{
        static const struct {
                const char *name;
                usec_t stale, back;
                const char *reboot;
                size_t most_down;
                const char *consistency;
                const char *impaired, *heals; /* its check, whatever it does; or NULL */
                bool busy; /* EC2 takes the call only seconds after the look before it */
        } rows[] = {
                { .name = "checks fail soon",
                  .stale = 50,
                  .back = 300,
                  .reboot = "settle: 2m",
                  .most_down = 1,
                  .consistency = ACHIEVED_REBOOT_FORCED },
                { .name = "checks fail late",
                  .stale = 110,
                  .back = 300,
                  .reboot = "settle: 2m",
                  .most_down = 1,
                  .consistency = ACHIEVED_REBOOT_FORCED },
                { .name = "never seen down",
                  .stale = 100,
                  .back = 100,
                  .reboot = "settle: 2m",
                  .most_down = 1,
                  .consistency = ACHIEVED_CRASH },
                { .name = "settle too short",
                  .stale = 110,
                  .back = 300,
                  .reboot = "settle: 30s",
                  .most_down = 2,
                  .consistency = ACHIEVED_CRASH },
                { .name = "failed before, then down",
                  .stale = 50,
                  .back = 300,
                  .reboot = "settle: 2m",
                  .most_down = 1,
                  .consistency = ACHIEVED_REBOOT_FORCED,
                  .impaired = "2026-03-02T01:00:04Z",
                  .heals = "2026-03-02T01:00:50Z",
                  .busy = true },
                { .name = "failed before, never down",
                  .stale = 100,
                  .back = 100,
                  .reboot = "settle: 2m",
                  .most_down = 1,
                  .consistency = ACHIEVED_CRASH,
                  .impaired = "2026-03-02T01:00:04Z",
                  .heals = "2026-03-02T01:00:50Z",
                  .busy = true },
                { .name = "fails since the reboot",
                  .stale = 100,
                  .back = 100,
                  .reboot = "settle: 2m",
                  .most_down = 1,
                  .consistency = ACHIEVED_REBOOT_CLEAN,
                  .impaired = "2026-03-02T01:00:04Z",
                  .heals = "2026-03-02T01:01:40Z" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD SCHEDULE("s", "0", "%s"), rows[i].reboot);
                struct world world;

                world_setup(&world, yaml, 2);
                for (size_t j = 0; j < 2; j++) {
                        world.model.instances[j]->stale = rows[i].stale * USEC_PER_SEC;
                        world.model.instances[j]->back = rows[i].back * USEC_PER_SEC;
                }
                if (rows[i].busy)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "CreateImage",
                                                                .outcome = AWS_ERROR,
                                                                .code = "ResourceLimitExceeded" });
                if (rows[i].impaired) {
                        world.model.instances[0]->impaired = at(rows[i].impaired);
                        world.model.instances[0]->heals = at(rows[i].heals);
                }
                virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
                if (world.model.most_down != rows[i].most_down ||
                    !streq(world_consistency(&world, 0), rows[i].consistency))
                        fail_msg("%s: %u down, tagged %s", rows[i].name, world.model.most_down,
                                 world_consistency(&world, 0));
                world_done(&world);
        }
}

/* The first instance does not come back: of four, so many have images. */
static void an_instance_that_is_not_back_halts_the_run(void **state)
{
        static const struct {
                int line;
                const char *reboot;
                size_t images;
                bool halted;
        } rows[] = {
                { __LINE__, "ready_timeout: 10m", 1, true },
                { __LINE__, "ready_timeout: 10m, on_failure: continue", 4, false },
                { __LINE__, "ready_timeout: 10m, max_parallel: 2", 4, true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD SCHEDULE("s", "0", "%s"), rows[i].reboot);
                struct world world;

                world_setup(&world, yaml, 4)->back = USEC_INFINITY;
                virtual_run_until(world.loop, at("2026-03-02T01:09:00Z"));
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 0);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
                assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), rows[i].halted);
                if (world_images(&world, NULL) != rows[i].images)
                        fail_msg("line %d: %zu images", rows[i].line, world_images(&world, NULL));
                assert_int_equal(world_run(&world, RUN, &detail),
                                 rows[i].images > 1 ? OUTCOME_PARTIAL : OUTCOME_FAILED);
                assert_non_null(strstr(detail, "did not come back"));
                /* its image is followed to the end nevertheless */
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                assert_int_equal(captured_words("is available"), rows[i].images);
                if (rows[i].images == 1)
                        assert_int_equal(world_task(&world, RUN, "i-4", NULL), OUTCOME_CANCELLED);
                assert_int_equal(virtual_armed(world.loop), 1);
                world_done(&world);
        }
}

/* Two slots: one instance fails while another task tries to begin, which then ends. */
static void a_halt_ends_a_task_that_tries_to_begin(void **state)
{
        struct world world;
        struct model_instance *first;

        (void)state;
        first = world_setup(&world, HEAD SCHEDULE("s", "0", "ready_timeout: 10m, max_parallel: 2"),
                            3);
        first->back = USEC_INFINITY;
        /* i-3 is beyond the gate: EC2 is too busy for its image */
        world.model.instances[1]->state = INSTANCE_STOPPED;
        virtual_run_until(world.loop, at("2026-03-02T00:59:00Z"));
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .about = "InstanceId=i-3",
                                                            .times = 25,
                                                            .outcome = AWS_ERROR,
                                                            .code = "ResourceLimitExceeded" });
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
        assert_int_equal(world_images(&world, "i-3"), 0);
        assert_int_equal(world_task(&world, RUN, "i-3", NULL), OUTCOME_CANCELLED);
        world_done(&world);
}

/* A run is halted, and amid restarts: the rest stays untouched. */
static void a_halt_lasts_over_a_restart(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", "ready_timeout: 5m"), 3)->back = USEC_INFINITY;
        world.model.takes = HOURS(2);
        virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
        assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
        world_end(&world, false);
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
        assert_int_equal(world.model.n_images, 1);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_FAILED);
        world_done(&world);
}

/* amid was down for longer than ready_timeout: it asks EC2 before it gives an instance up, and a
 * missing answer is not a bad one. */
static void a_restart_asks_EC2_before_it_gives_an_instance_up(void **state)
{
        for (int lost = 0; lost < 2; lost++) {
                struct world world;

                (void)state;
                world_setup(&world, HEAD SCHEDULE("s", "0", "ready_timeout: 10m"), 2);
                virtual_run_until(world.loop, at("2026-03-02T01:01:00Z"));
                world_end(&world, false);
                virtual_run_until(world.loop, at("2026-03-02T01:45:00Z"));
                if (lost)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "DescribeInstanceStatus",
                                                                .times = 3,
                                                                .outcome = AWS_UNREACHABLE });
                world_start(&world);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(world_outages(&world), 2);
                world_done(&world);
        }
}

/* An instance is given up while the state cannot be written: the next step waits, and no more
 * requests are sent. */
static void an_instance_given_up_with_a_full_disk_is_asked_about_no_more(void **state)
{
        struct world world;
        size_t questions;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", "ready_timeout: 10m"), 1)->back = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T01:05:00Z"));
        world_protect(&world, true);
        virtual_run_until(world.loop, at("2026-03-02T01:15:00Z"));
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
        questions = scripted_count(&world.aws, "DescribeInstanceStatus", NULL);
        virtual_run_until(world.loop, at("2026-03-02T02:15:00Z"));
        assert_int_equal(scripted_count(&world.aws, "DescribeInstanceStatus", NULL), questions);
        world_protect(&world, false);
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_FAILED);
        world_done(&world);
}

/* EC2 never gives the status: the instance is given up in time. */
static void an_instance_without_a_status_is_given_up_in_time(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", "ready_timeout: 10m"), 2);
        world_hide_status(&world);
        virtual_run_until(world.loop, at("2026-03-02T01:05:00Z"));
        world_end(&world, true);
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
        assert_int_equal(world_outages(&world), 1);
        world_done(&world);
}

static void a_terminated_instance_frees_its_slot(void **state)
{
        struct world world;

        (void)state;
        /* while it is waited for */
        world_setup(&world, HEAD SCHEDULE("s", "0", ""), 2);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        world.model.instances[0]->state = INSTANCE_TERMINATED;
        virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
        assert_true(captured_words("it was terminated") > 0);
        assert_int_equal(world_images(&world, "i-2"), 0);
        world_done(&world);
        /* while it waits for its turn: nothing of it is left to do */
        world_setup(&world, HEAD SCHEDULE("s", "0", ""), 2);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        world.model.instances[1]->state = INSTANCE_TERMINATED;
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_SKIPPED);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_PARTIAL);
        world_done(&world);
}

/* No reboot begins after the window, whatever took so long. */
static void no_reboot_begins_after_the_window(void **state)
{
        enum trouble { SLOW, BUSY, DOWN };
        static const struct {
                int line;
                enum trouble trouble;
                size_t images;
        } rows[] = {
                { __LINE__, SLOW, 1 }, /* a second one would not be back in time */
                { __LINE__, BUSY, 0 },
                { __LINE__, DOWN, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                world_setup(&world, HEAD SCHEDULE("s", "0", "window: 10m"), 4);
                for (size_t j = 0; j < 4; j++)
                        world.model.instances[j]->back = MINUTES(8);
                if (rows[i].trouble != SLOW)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "CreateImage",
                                                                .times = 40,
                                                                .outcome = AWS_ERROR,
                                                                .code = "ResourceLimitExceeded" });
                virtual_run_until(world.loop, at("2026-03-02T01:05:00Z"));
                if (rows[i].trouble == DOWN) {
                        world_end(&world, false);
                        scripted_no_faults(&world.aws);
                        virtual_run_until(world.loop, at("2026-03-02T09:00:00Z"));
                        world_start(&world);
                }
                virtual_run_for(world.loop, HOURS(4));
                if (world.model.n_images != rows[i].images)
                        fail_msg("line %d: %zu images", rows[i].line, world.model.n_images);
                assert_int_equal(world_task(&world, RUN, "i-4", NULL), OUTCOME_SKIPPED);
                assert_int_equal(world_run(&world, RUN, NULL),
                                 rows[i].images ? OUTCOME_PARTIAL : OUTCOME_SKIPPED);
                world_done(&world);
        }
}

/* A stopped instance takes no slot, is not rebooted, and its image is `stopped`. */
static void a_stopped_instance_takes_no_slot(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", ""), 2)->state = INSTANCE_STOPPED;
        virtual_run_until(world.loop, at("2026-03-02T01:00:20Z"));
        assert_int_equal(world.model.n_images, 2);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        for (size_t i = 0; i < 2; i++) {
                bool stopped = streq(world.model.images[i]->instance, "i-1");

                assert_string_equal(world_consistency(&world, i),
                                    stopped ? ACHIEVED_STOPPED : ACHIEVED_REBOOT_FORCED);
                assert_int_equal(world.model.images[i]->no_reboot, stopped);
        }
        assert_int_equal(world_outages(&world), 1);
        world_done(&world);
}

/* An instance was stopped when the targets were searched, and runs when its task begins: then it
 * is rebooted like the others, one at a time. */
static void an_instance_started_meanwhile_waits_for_a_slot(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", ""), 2)->state = INSTANCE_STOPPED;
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .about = "InstanceId=i-1",
                                                            .times = 1,
                                                            .outcome = AWS_ERROR,
                                                            .code = "IncorrectState" });
        virtual_run_until(world.loop, at("2026-03-02T01:00:02Z"));
        world.model.instances[0]->state = INSTANCE_RUNNING;
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world_outages(&world), 2);
        assert_int_equal(world.model.most_down, 1);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        world_done(&world);
}

/* Two schedules have one instance: they never touch it at once. */
static void two_schedules_never_touch_an_instance_at_once(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("s", "0", "") SCHEDULE("t", "1", ""), 1)->back =
                MINUTES(10);
        virtual_run_until(world.loop, at("2026-03-02T01:09:50Z"));
        assert_int_equal(world_outages(&world), 1);
        assert_int_equal(world.model.n_images, 1);
        virtual_run_until(world.loop, at("2026-03-02T02:00:00Z"));
        assert_int_equal(world_outages(&world), 2);
        assert_true(world.model.images[1]->created - world.model.images[0]->created >= MINUTES(10));
        assert_int_equal(world_run(&world, "t.20260302T010100Z", NULL), OUTCOME_DONE);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(at_most_max_parallel_of_a_group_are_down),
                cmocka_unit_test(waiting_for_a_slot_sends_no_requests),
                cmocka_unit_test(a_stopping_instance_keeps_no_slot),
                cmocka_unit_test(an_ok_from_before_the_reboot_does_not_count),
                cmocka_unit_test(an_instance_that_is_not_back_halts_the_run),
                cmocka_unit_test(a_halt_ends_a_task_that_tries_to_begin),
                cmocka_unit_test(a_halt_lasts_over_a_restart),
                cmocka_unit_test(a_restart_asks_EC2_before_it_gives_an_instance_up),
                cmocka_unit_test(an_instance_given_up_with_a_full_disk_is_asked_about_no_more),
                cmocka_unit_test(an_instance_without_a_status_is_given_up_in_time),
                cmocka_unit_test(a_terminated_instance_frees_its_slot),
                cmocka_unit_test(no_reboot_begins_after_the_window),
                cmocka_unit_test(a_stopped_instance_takes_no_slot),
                cmocka_unit_test(an_instance_started_meanwhile_waits_for_a_slot),
                cmocka_unit_test(two_schedules_never_touch_an_instance_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
