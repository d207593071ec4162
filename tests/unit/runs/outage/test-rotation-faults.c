/* Load balancers and Auto Scaling, when AWS refuses calls, and with instances that do not become
 * healthy: no instance stays out. */
#include "unit/runs/rotated.h"

/* ---- what AWS does not let us see, or do ---- */

static void a_denied_call_leaves_the_instance_in_service(void **state)
{
        static const struct {
                int line;
                const char *reboot, *action;
                enum outcome outcome;
                size_t warnings, outages;
                bool unasked;
        } rows[] = {
                { __LINE__, "", "DescribeTargetGroups", OUTCOME_DONE, 1, 2, false },
                { __LINE__, "", "DescribeTargetHealth", OUTCOME_DONE, 1, 2, false },
                { __LINE__, "target_groups: ignore", "DescribeTargetGroups", OUTCOME_DONE, 0, 2,
                  true },
                { __LINE__, "target_groups: drain", "DescribeTargetGroups", OUTCOME_FAILED, 0, 0,
                  false },
                { __LINE__, "group_by: target-group", "DescribeTargetHealth", OUTCOME_FAILED, 0, 0,
                  false },
                { __LINE__, "auto_scaling: standby", "DescribeAutoScalingInstances", OUTCOME_FAILED,
                  0, 0, false },
                { __LINE__, "auto_scaling: standby", "DescribeAutoScalingGroups", OUTCOME_FAILED, 0,
                  0, false },
                { __LINE__, "target_groups: drain", "DeregisterTargets", OUTCOME_FAILED, 0, 0,
                  false },
                { __LINE__, "auto_scaling: standby", "EnterStandby", OUTCOME_FAILED, 0, 0, false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(S("reboot", "%s"), rows[i].reboot);
                _cleanup_free_ char *detail = NULL;
                struct world world;

                setup(&world, yaml, 2);
                for (size_t j = 0; strstr(yaml, "standby") && j < 2; j++)
                        model_add_member(&world.model, world.model.instances[j]);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = rows[i].action,
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_ERROR,
                                                                    .code = "AccessDenied",
                                                                    .unmet = rows[i].unasked });
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if (world_run(&world, RUN, &detail) != rows[i].outcome ||
                    world_outages(&world) != rows[i].outages)
                        fail_msg("line %d: %s", rows[i].line, detail);
                if (rows[i].outcome == OUTCOME_FAILED)
                        assert_non_null(strstr(detail, rows[i].action));
                assert_int_equal(captured_events(&events[EVENT_GROUPS_UNKNOWN]), rows[i].warnings);
                expect_all_in(&world, rows[i].action);
                assert_int_equal(virtual_armed(world.loop), 0);
                world_done(&world);
        }
}

/* AWS is unreachable for a while: the task waits, and no instance is touched meanwhile. */
static void an_unreachable_region_is_waited_for(void **state)
{
        struct world world;

        (void)state;
        setup(&world, S("reboot", "target_groups: drain"), 2);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeTargetGroups",
                                                            .times = 20,
                                                            .outcome = AWS_UNREACHABLE });
        virtual_run_until(world.loop, at("2026-03-02T01:04:00Z"));
        assert_int_equal(world_outages(&world), 0);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world_outages(&world), 2);
        expect_all_in(&world, "unreachable");
        world_done(&world);
}

/* AWS refuses to put the instance back, in any way: it is tried again, and each refusal is
 * logged. */
static void an_instance_is_put_back_after_any_error(void **state)
{
        static const struct {
                int line;
                struct scripted_fault fault;
                enum outcome outcome;
                size_t lines;
        } rows[] = {
                { __LINE__,
                  { .action = "RegisterTargets", .code = "AccessDenied", .times = 4 },
                  OUTCOME_DONE,
                  4 },
                { __LINE__,
                  { .action = "RegisterTargets", .times = 4, .outcome = AWS_UNREACHABLE },
                  OUTCOME_DONE,
                  0 },
                { __LINE__,
                  { .action = "RegisterTargets", .code = "InvalidTarget", .times = 4 },
                  OUTCOME_DONE,
                  0 },
                { __LINE__,
                  { .action = "ExitStandby", .code = "ResourceContentionFault", .times = 4 },
                  OUTCOME_DONE,
                  0 },
                { __LINE__,
                  { .action = "ExitStandby", .code = "AccessDenied", .times = 3 },
                  OUTCOME_DONE,
                  3 },
                { __LINE__,
                  { .action = "ExitStandby", .code = "ValidationError", .times = 2 },
                  OUTCOME_DONE,
                  2 },
                { __LINE__,
                  { .action = "ExitStandby", .outcome = AWS_UNKNOWN, .effect = true },
                  OUTCOME_DONE,
                  0 },
                { __LINE__,
                  { .action = "EnterStandby", .outcome = AWS_UNKNOWN, .effect = true },
                  OUTCOME_DONE,
                  0 },
                { __LINE__,
                  { .action = "EnterStandby", .code = "ScalingActivityInProgress", .times = 3 },
                  OUTCOME_DONE,
                  0 },
                { __LINE__,
                  { .action = "DeregisterTargets", .code = "AccessDenied", .times = 1, .skip = 1 },
                  OUTCOME_FAILED,
                  0 },
                { __LINE__,
                  { .action = "CreateImage", .code = "UnauthorizedOperation", .times = 1 },
                  OUTCOME_FAILED,
                  0 },
        };
        static const char *const levels[] = { "reboot", "stop" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows) * 2; i++) {
                struct scripted_fault fault = rows[i / 2].fault;
                _cleanup_free_ char *where =
                        xasprintf("line %d, %s", rows[i / 2].line, levels[i % 2]);
                _cleanup_free_ char *yaml = xasprintf(
                        S("%s", "target_groups: drain, auto_scaling: standby"), levels[i % 2]);
                struct world world;

                setup(&world, yaml, 1);
                model_add_member(&world.model, world.model.instances[0]);
                if (fault.code)
                        fault.outcome = AWS_ERROR;
                scripted_fault(&world.aws, fault);
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                expect_all_in(&world, where);
                if (world_run(&world, RUN, NULL) != rows[i / 2].outcome ||
                    captured_events(&events[EVENT_NOT_PUT_BACK]) != rows[i / 2].lines)
                        fail_msg("%s: %s, %zu lines", where,
                                 outcome_names[world_run(&world, RUN, NULL)],
                                 captured_events(&events[EVENT_NOT_PUT_BACK]));
                assert_int_equal(world.model.elb->touched_in_service, 0);
                assert_int_equal(virtual_armed(world.loop), 0);
                world_done(&world);
        }
}

/* The target group is removed while the instance is out of it: that is logged, and the task has
 * not failed. */
static void a_removed_target_group_is_logged_and_no_failure(void **state)
{
        struct model_group *group;
        struct world world;

        (void)state;
        group = setup(&world, S("reboot", "target_groups: drain"), 1);
        virtual_run_until(world.loop, at("2026-03-02T01:03:00Z"));
        assert_false(group->targets[0].registered);
        group->gone = true;
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(captured_events(&events[EVENT_NOT_PUT_BACK]), 2); /* ports */
        world_done(&world);
}

/* ---- instances that do not become what they were ---- */

static void an_instance_that_stays_unhealthy_has_failed(void **state)
{
        static const char *const yamls[] = {
                S("reboot", "ready_timeout: 10m"),
                S("reboot", "ready_timeout: 10m, target_groups: drain"),
                S("stop", "ready_timeout: 10m, target_groups: drain"),
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(yamls); i++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                setup(&world, yamls[i], 3);
                world.model.elb->never_healthy = "i-1";
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
                if (!strstr(detail, "web/1") || !strstr(detail, "Target.FailedHealthChecks"))
                        fail_msg("%s", detail);
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
                assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
                assert_int_equal(world_outages(&world), 1);
                assert_int_equal(world_images(&world, "i-1"), 1);
                expect_all_in(&world, yamls[i]);
                world_done(&world);
        }
}

/* The instance does not even run: it is put back all the same, and that is no second failure. */
static void an_instance_that_does_not_run_is_put_back(void **state)
{
        struct world world;

        (void)state;
        setup(&world,
              S("reboot", "target_groups: drain, auto_scaling: standby, "
                          "ready_timeout: 10m, on_failure: continue"),
              3);
        for (size_t j = 0; j < 3; j++)
                model_add_member(&world.model, world.model.instances[j]);
        world.model.instances[0]->back = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_PARTIAL);
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
        assert_int_equal(captured_events(&events[EVENT_PUT_BACK]), 3);
        assert_int_equal(world_outages(&world), 3);
        expect_all_in(&world, "never back");
        world_done(&world);
}

/* Connections do not end: the instance is put back untouched. */
static void an_instance_that_drains_for_ever_is_put_back_untouched(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        setup(&world, S("reboot", "target_groups: drain, ready_timeout: 10m"), 1)->drain = HOURS(1);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
        assert_non_null(strstr(detail, "deregistration delay"));
        assert_int_equal(world_outages(&world), 0);
        expect_all_in(&world, "draining");
        world_done(&world);
}

/* An outage lasts until the instance is healthy, and so the window decides about the next one.
 * */
static void the_window_counts_until_the_instance_is_healthy(void **state)
{
        struct model_group *group;
        struct world world;

        (void)state;
        group = setup(&world, S("reboot", "window: 15m"), 3);
        group->rise = MINUTES(8); /* away for 11 minutes, of which status checks see 3 */
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_outages(&world), 1);
        assert_int_equal(world_task(&world, RUN, "i-3", NULL), OUTCOME_SKIPPED);
        world_done(&world);
}

/* One answer, or one empty list, does not prove that a target group or a membership is gone. */
static void a_group_unknown_for_a_moment_gets_its_instance_back(void **state)
{
#define NOT_FOUND .outcome = AWS_ERROR, .code = "TargetGroupNotFound"
        static const struct {
                const char *name;
                struct scripted_fault fault;
        } rows[] = {
                { "health", { .action = "DescribeTargetHealth", NOT_FOUND } },
                { "health, once it is out",
                  { .action = "DescribeTargetHealth", .skip = 1, NOT_FOUND } },
                { "put back", { .action = "RegisterTargets", NOT_FOUND } },
                { "taken out", { .action = "DeregisterTargets", NOT_FOUND } },
                { "taken out, no such target",
                  { .action = "DeregisterTargets",
                    .outcome = AWS_ERROR,
                    .code = "InvalidTarget" } },
                { "membership", { .action = "DescribeAutoScalingInstances", .empty = true } },
                { "membership, later",
                  { .action = "DescribeAutoScalingInstances", .skip = 1, .empty = true } },
                { "membership, at the end",
                  { .action = "DescribeAutoScalingInstances", .skip = 3, .empty = true } },
        };
#undef NOT_FOUND

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows) * 2; i++) {
                struct scripted_fault fault = rows[i / 2].fault;
                _cleanup_free_ char *detail = NULL;
                struct world world;

                setup(&world, S("reboot", "target_groups: drain, auto_scaling: standby"), 1);
                model_add_member(&world.model, world.model.instances[0]);
                fault.times = i % 2 ? 3 : 1;
                scripted_fault(&world.aws, fault);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                expect_all_in(&world, rows[i / 2].name);
                if (world_run(&world, RUN, &detail) != OUTCOME_DONE || world_outages(&world) != 1 ||
                    world.model.elb->touched_in_service)
                        fail_msg("%s, %u times: %s", rows[i / 2].name, fault.times, detail);
                world_done(&world);
        }
}

/* The instance never left service: it is not put back, and there was no outage. */
static void a_refused_deregistration_is_no_outage(void **state)
{
        static const struct {
                const char *level, *action, *reboot, *code;
        } rows[] = {
                { "reboot", "DeregisterTargets", "target_groups: drain", "AccessDenied" },
                { "reboot", "EnterStandby", "auto_scaling: standby", "AccessDenied" },
                { "stop", "EnterStandby", "auto_scaling: standby", "AccessDenied" },
                { "reboot", "EnterStandby", "auto_scaling: standby", "ScalingActivityInProgress" },
                { "stop", "EnterStandby", "auto_scaling: standby", "ScalingActivityInProgress" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(S("%s", "%s"), rows[i].level, rows[i].reboot);
                struct world world;

                setup(&world, yaml, 1);
                model_add_member(&world.model, world.model.instances[0]);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = rows[i].action,
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_ERROR,
                                                                    .code = rows[i].code });
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                assert_int_equal(captured_events(&events[EVENT_PUT_BACK]), 0);
                assert_int_equal(scripted_count(&world.aws, "RegisterTargets", NULL), 0);
                assert_int_equal(scripted_count(&world.aws, "ExitStandby", NULL), 0);
                assert_int_equal(scripted_count(&world.aws, "StartInstances", NULL), 0);
                expect_all_in(&world, rows[i].action);
                world_done(&world);
        }
}

/* What AWS does not take, or takes and does not do, ends after 'ready_timeout': meanwhile the
 * instance is out, in part at least. */
static void no_instance_is_kept_out_for_longer_than_ready_timeout(void **state)
{
        static const struct {
                const char *level;
                struct scripted_fault fault;
        } rows[] = {
                { "reboot",
                  { .action = "DeregisterTargets", .skip = 1, .outcome = AWS_UNREACHABLE } },
                { "stop",
                  { .action = "StopInstances",
                    .outcome = AWS_ERROR,
                    .code = "IncorrectInstanceState" } },
                { "stop", { .action = "StopInstances", .empty = true } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(
                        S("%s", "target_groups: drain, ready_timeout: 10m"), rows[i].level);
                struct scripted_fault fault = rows[i].fault;
                struct world world;

                setup(&world, yaml, 1);
                fault.times = SCRIPTED_ALWAYS;
                scripted_fault(&world.aws, fault);
                virtual_run_until(world.loop, at("2026-03-02T01:17:00Z"));
                expect_all_in(&world, fault.action);
                virtual_run_until(world.loop, at("2026-03-02T02:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_FAILED]), 1);
                assert_int_equal(world_outages(&world), 0);
                world_done(&world);
        }
}

/* Auto Scaling takes ExitStandby, or does not, and then does not tell what became of it. */
static void an_instance_whose_lifecycle_state_is_unknown_is_put_back(void **state)
{
        (void)state;
        for (int refused = 0; refused < 2; refused++) {
                struct world world;

                setup(&world, S("reboot", "auto_scaling: standby, ready_timeout: 10m"), 1);
                model_add_member(&world.model, world.model.instances[0]);
                if (refused)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "ExitStandby",
                                                                .outcome = AWS_ERROR,
                                                                .code = "ValidationError" });
                world_run_until_sent(&world, "ExitStandby", NULL);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "DescribeAutoScalingInstances",
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .code = "AccessDenied" });
                virtual_run_until(world.loop, at("2026-03-02T02:00:00Z"));
                expect_all_in(&world, refused ? "refused" : "taken");
                assert_int_equal(captured_events(&events[EVENT_NOT_PUT_BACK]), refused);
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                world_done(&world);
        }
}

/* A refusal of EnterStandby that the state of the instance explains is forgotten: it is not told of
 * the exit. And an exit that is refused is tried until it works. */
static void only_the_last_call_is_logged_as_refused(void **state)
{
        static const struct {
                struct scripted_fault enter, leave;
                size_t lines;
        } rows[] = {
                { { .action = "EnterStandby", .outcome = AWS_UNKNOWN, .effect = true },
                  { .action = "ExitStandby", .empty = true },
                  0 },
                { {},
                  { .action = "ExitStandby",
                    .times = 20,
                    .outcome = AWS_ERROR,
                    .code = "ValidationError" },
                  20 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                setup(&world, S("reboot", "auto_scaling: standby, ready_timeout: 5m"), 1);
                model_add_member(&world.model, world.model.instances[0]);
                if (rows[i].enter.action)
                        scripted_fault(&world.aws, rows[i].enter);
                scripted_fault(&world.aws, rows[i].leave);
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                expect_all_in(&world, "standby");
                assert_int_equal(captured_events(&events[EVENT_NOT_PUT_BACK]), rows[i].lines);
                /* it is out of service for longer than ready_timeout */
                assert_int_equal(captured_events(&events[EVENT_OUT_OF_SERVICE]), rows[i].lines > 0);
                assert_int_equal(world_run(&world, RUN, NULL),
                                 rows[i].lines ? OUTCOME_FAILED : OUTCOME_DONE);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_denied_call_leaves_the_instance_in_service),
                cmocka_unit_test(an_unreachable_region_is_waited_for),
                cmocka_unit_test(an_instance_is_put_back_after_any_error),
                cmocka_unit_test(a_removed_target_group_is_logged_and_no_failure),
                cmocka_unit_test(an_instance_that_stays_unhealthy_has_failed),
                cmocka_unit_test(an_instance_that_does_not_run_is_put_back),
                cmocka_unit_test(an_instance_that_drains_for_ever_is_put_back_untouched),
                cmocka_unit_test(the_window_counts_until_the_instance_is_healthy),
                cmocka_unit_test(a_group_unknown_for_a_moment_gets_its_instance_back),
                cmocka_unit_test(a_refused_deregistration_is_no_outage),
                cmocka_unit_test(no_instance_is_kept_out_for_longer_than_ready_timeout),
                cmocka_unit_test(an_instance_whose_lifecycle_state_is_unknown_is_put_back),
                cmocka_unit_test(only_the_last_call_is_logged_as_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
