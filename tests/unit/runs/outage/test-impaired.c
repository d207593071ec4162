/* An instance that is impaired before its outage is not touched, and halts no run; one that failed
 * last night gets its slot last. */
#include "unit/runs/levels.h"

static void an_impaired_instance_is_not_taken_down(void **state)
{
        static const struct {
                const char *name, *level, *impaired;
                enum outcome outcome;
                size_t images;
                const char *says;
        } rows[] = {
                { "reboot, image", "reboot", "image", OUTCOME_DONE, 1, "not rebooted" },
                { "reboot, skip", "reboot", "skip", OUTCOME_SKIPPED, 0, "not rebooted" },
                { "stop, image", "stop", "image", OUTCOME_DONE, 1, "not stopped" },
                { "stop, skip", "stop", "skip", OUTCOME_SKIPPED, 0, "not stopped" },
                { "freeze, image", "freeze\n    freeze: {before: [a], after: [b]}", "image",
                  OUTCOME_DONE, 1, "not frozen" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_instance *first;
                _cleanup_free_ char *yaml = xasprintf(
                        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
                        "  s:\n    schedule: cron(0 1 * * ? *)\n"
                        "    targets: {tags: {A: b}, impaired: %s}\n    consistency: %s\n",
                        rows[i].impaired, rows[i].level);
                struct world world;

                first = world_setup(&world, yaml, 3);
                first->impaired = at("2026-03-01T12:00:00Z");
                first->heals = at("2026-03-09T12:00:00Z");
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                if (world_task(&world, RUN, "i-1", NULL) != rows[i].outcome ||
                    world_images(&world, "i-1") != rows[i].images || first->outages ||
                    captured_events(&events[EVENT_WAS_IMPAIRED]) != 1 ||
                    !captured_words(rows[i].says))
                        fail_msg("%s: %s, %zu images, %u outages", rows[i].name,
                                 outcome_names[world_task(&world, RUN, "i-1", NULL)],
                                 world_images(&world, "i-1"), first->outages);
                assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 0);
                assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_DONE);
                assert_int_equal(world_task(&world, RUN, "i-3", NULL), OUTCOME_DONE);
                expect_true_consistency(&world, rows[i].name);
                world_done(&world);
        }
}

/* EC2 takes no call for hours, and meanwhile the daemon restarts, or a call is left without an
 * answer: the checks are looked at anew before the next call. */
static void an_instance_impaired_before_the_next_call_is_not_rebooted(void **state)
{
        static const struct {
                const char *name;
                const char *impaired;
                bool unanswered; /* else the daemon restarts */
                enum outcome outcome;
                size_t images;
        } rows[] = {
                { .name = "restart, image",
                  .impaired = "image",
                  .outcome = OUTCOME_DONE,
                  .images = 1 },
                { .name = "restart, skip", .impaired = "skip", .outcome = OUTCOME_SKIPPED },
                { .name = "unanswered, image",
                  .impaired = "image",
                  .unanswered = true,
                  .outcome = OUTCOME_DONE,
                  .images = 1 },
                { .name = "unanswered, skip",
                  .impaired = "skip",
                  .unanswered = true,
                  .outcome = OUTCOME_SKIPPED },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_instance *first;
                _cleanup_free_ char *yaml = xasprintf(
                        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
                        "  s:\n    schedule: cron(0 1 * * ? *)\n"
                        "    targets: {tags: {A: b}, impaired: %s}\n    consistency: reboot\n",
                        rows[i].impaired);
                struct world world;

                first = world_setup(&world, yaml, 1);
                if (rows[i].unanswered)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "CreateImage",
                                                                .outcome = AWS_UNKNOWN });
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "CreateImage",
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .code = "ResourceLimitExceeded" });
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                first->impaired = at("2026-03-02T01:30:00Z");
                first->heals = at("2026-03-09T12:00:00Z");
                if (!rows[i].unanswered) {
                        world_end(&world, false);
                        world_start(&world);
                }
                scripted_no_faults(&world.aws);
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                if (world_task(&world, RUN, "i-1", NULL) != rows[i].outcome ||
                    world_images(&world, "i-1") != rows[i].images || first->outages ||
                    captured_events(&events[EVENT_WAS_IMPAIRED]) != 1)
                        fail_msg("%s: %s, %zu images, %u outages", rows[i].name,
                                 outcome_names[world_task(&world, RUN, "i-1", NULL)],
                                 world_images(&world, "i-1"), first->outages);
                expect_true_consistency(&world, "impaired meanwhile");
                world_done(&world);
        }
}

/* The same, and somebody has stopped the instance: nothing takes it down, and no check tells. */
static void an_instance_stopped_before_the_next_call_gets_its_image(void **state)
{
        struct model_instance *first;
        struct world world;

        (void)state;
        first = world_setup(&world, HEAD "    consistency: reboot\n", 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "ResourceLimitExceeded" });
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        first->state = INSTANCE_STOPPED;
        world_end(&world, false);
        world_start(&world);
        scripted_no_faults(&world.aws);
        virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
        assert_int_equal(world_images(&world, "i-1"), 1);
        assert_in_range(scripted_count(&world.aws, "DescribeInstances", NULL), 1, 30);
        world_done(&world);
}

/* Instances that begin together are asked about in one request. */
static void instances_that_begin_together_share_a_status_request(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: reboot\n    reboot: {max_parallel: 30}\n", 30);
        virtual_run_until(world.loop, at("2026-03-02T01:00:03Z"));
        assert_int_equal(scripted_count(&world.aws, "DescribeInstanceStatus", NULL), 1);
        assert_int_equal(scripted_count(&world.aws, "CreateImage", NULL), 30);
        world_done(&world);
}

/* The first instance did not come back last night: the others have their images before it gets
 * its slot. */
static void an_instance_that_failed_last_night_gets_its_slot_last(void **state)
{
        struct model_instance *first;
        struct world world;

        (void)state;
        first = world_setup(&world, HEAD "    consistency: reboot\n", 3);
        first->back = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_int_equal(world_images(&world, NULL), 1);
        first->back = 150 * USEC_PER_SEC; /* somebody has repaired it */
        virtual_run_until(world.loop, at("2026-03-03T05:00:00Z"));
        assert_int_equal(world_images(&world, NULL), 4);
        assert_string_equal(world.model.images[1]->instance, "i-2");
        assert_string_equal(world.model.images[2]->instance, "i-3");
        assert_string_equal(world.model.images[3]->instance, "i-1");
        virtual_run_until(world.loop, at("2026-03-04T05:00:00Z"));
        assert_string_equal(world.model.images[4]->instance, "i-1"); /* as before */
        world_done(&world);
}

/* What is asked between the look at the checks and the call takes longer than that look is true. */
static void a_look_that_grew_old_is_repeated_once(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: reboot\n    reboot: {proof: ssm}\n", 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "SendCommand",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "InvalidInstanceId",
                                                            .delay = MINUTES(2) });
        virtual_run_until(world.loop, at("2026-03-02T02:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(scripted_count(&world.aws, "CreateImage", NULL), 1);
        assert_true(scripted_count(&world.aws, "SendCommand", NULL) <= 2); /* before and after */
        world_done(&world);
}

/* EC2 has carried out the call, its answer is lost and the image not listed yet; the checks fail
 * because of the reboot. */
static void an_unknown_reboot_keeps_its_turn(void **state)
{
        static const struct {
                const char *name;
                unsigned int heals; /* after so many minutes */
                enum outcome first, second;
        } rows[] = {
                { "back", 8, OUTCOME_DONE, OUTCOME_DONE },
                { "never back", 600, OUTCOME_FAILED, OUTCOME_CANCELLED },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_instance *first;
                struct world world;
                sec_t now;

                first = world_setup(&world, HEAD "    consistency: reboot\n", 2);
                first->back = MINUTES(rows[i].heals);
                world.model.hidden = MINUTES(7);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .effect = true,
                                                                    .outcome = AWS_UNKNOWN });
                world_run_until_sent(&world, "CreateImage", "i-1");
                now = loop_wall(world.loop);
                first->impaired = now + 2;
                first->heals = now + rows[i].heals * SEC_PER_MIN;
                virtual_run_until(world.loop, at("2026-03-02T04:00:00Z"));
                if (world.model.most_down > 1 ||
                    world_task(&world, RUN, "i-1", NULL) != rows[i].first ||
                    world_task(&world, RUN, "i-2", NULL) != rows[i].second ||
                    captured_events(&events[EVENT_WAS_IMPAIRED]) > 0)
                        fail_msg("%s: %u down at once, %s, %s", rows[i].name, world.model.most_down,
                                 outcome_names[world_task(&world, RUN, "i-1", NULL)],
                                 outcome_names[world_task(&world, RUN, "i-2", NULL)]);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_impaired_instance_is_not_taken_down),
                cmocka_unit_test(an_instance_impaired_before_the_next_call_is_not_rebooted),
                cmocka_unit_test(an_instance_stopped_before_the_next_call_gets_its_image),
                cmocka_unit_test(instances_that_begin_together_share_a_status_request),
                cmocka_unit_test(an_instance_that_failed_last_night_gets_its_slot_last),
                cmocka_unit_test(a_look_that_grew_old_is_repeated_once),
                cmocka_unit_test(an_unknown_reboot_keeps_its_turn),
        };

        return cmocka_run_group_tests_name("impaired", tests, NULL, NULL);
}
