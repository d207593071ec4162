/* Load balancers and Auto Scaling: nobody is touched in service where that was asked for, nobody
 * stays out, and the next one goes when the last one is healthy. */
#include "runs/putback.h"
#include "world.h"

#define SCHEDULE(name, minute, level, reboot)                                                      \
        "  " name ":\n    schedule: cron(" minute " 1 * * ? *)\n"                                  \
        "    missed: {run: all, within: 6h}\n    end: 2026-03-02T03:00:00\n"                       \
        "    targets: {tags: {A: b}}\n    consistency: " level "\n    reboot: {" reboot "}\n"
#define HEAD             "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
#define S(level, reboot) HEAD SCHEDULE("s", "0", level, reboot)
#define RUN              "s.20260302T010000Z"

/* All in the target group "web", ports 80 and 81. */
static struct model_group *setup(struct world *world, const char *yaml, unsigned int instances)
{
        struct model_group *group;

        world_init(world);
        group = model_add_group(&world->model, "web");
        for (unsigned int i = 1; i <= instances; i++) {
                _cleanup_free_ char *id = xasprintf("i-%u", i);

                model_add_instance(&world->model, id, "eu-west-1", "A", "b");
                model_add_target(group, id, 80);
                model_add_target(group, id, 81);
        }
        world_apply(world, yaml);
        return group;
}

static void expect_all_in(struct world *world, const char *where)
{
        struct model_elb *elb = world->model.elb;

        for (size_t i = 0; i < elb->n_groups; i++)
                for (size_t j = 0; j < elb->groups[i]->n_targets; j++)
                        if (!elb->groups[i]->gone && !elb->groups[i]->targets[j].registered)
                                fail_msg("%s: %s is out of %s", where,
                                         elb->groups[i]->targets[j].instance, elb->groups[i]->arn);
        for (size_t i = 0; i < elb->n_members; i++)
                if (model_lifecycle(&world->model, &elb->members[i]) != LIFECYCLE_IN_SERVICE)
                        fail_msg("%s: %s is %s", where, elb->members[i].instance,
                                 lifecycle_state_names[elb->members[i].lifecycle]);
        for (size_t i = 0; i < world->model.n_instances; i++)
                if (model_state(&world->model, world->model.instances[i]) != INSTANCE_RUNNING)
                        fail_msg("%s: %s does not run", where, world->model.instances[i]->id);
}

/* ---- what is written down ---- */

static void test_putback(void **state)
{
        static const struct {
                int line;
                const char *text, *printed; /* NULL: as it was */
                bool takes_out, awaits;
        } rows[] = {
                { __LINE__, NULL, NULL, false, false },
                { __LINE__, "watch healthy 80 arn:a", NULL, false, true },
                { __LINE__, "drain any 80 arn:a", NULL, true, false },
                { __LINE__, "standby a group\ndrain healthy 81 arn:b\ndrain any 0 arn:c", NULL,
                  true, true },
                { __LINE__, "later 1 2\nstandby g", "standby g", true, false },
                { __LINE__, "drain healthy arn:a\nwatch any x arn:b\nstandbyg", "", false, false },
        };
        char *healthy = xstrdup("standby g\nwatch healthy 80 arn:a\ndrain healthy 80 arn:b");

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(putback_done) struct putback putback = {};
                _cleanup_free_ char *printed = NULL;
                const char *wanted = rows[i].printed ? rows[i].printed : rows[i].text;

                putback_parse(rows[i].text, &putback);
                printed = putback_print(&putback);
                if (!streq(printed ? printed : "", wanted ? wanted : ""))
                        fail_msg("line %d: %s", rows[i].line, printed);
                assert_int_equal(putback_takes_out(rows[i].text), rows[i].takes_out);
                assert_int_equal(putback_awaits_health(rows[i].text), rows[i].awaits);
        }
        assert_true(putback_has_standby(healthy, "g"));
        assert_false(putback_has_standby(healthy, "arn:b"));
        putback_forget_health(&healthy);
        assert_string_equal(healthy, "standby g\nwatch any 80 arn:a\ndrain any 80 arn:b");
        free(healthy);
}

/* ---- watch, drain, standby ---- */

static void test_levels(void **state)
{
        static const struct {
                int line;
                const char *yaml;
                bool scaling;
                size_t most_out;         /* of two ports each */
                size_t changes, standby; /* registrations, and entries into standby */
        } rows[] = {
                { __LINE__, S("reboot", ""), false, 2, 0, 0 },
                { __LINE__, S("stop", ""), false, 2, 0, 0 },
                { __LINE__, S("reboot", "max_parallel: 2"), false, 4, 0, 0 },
                { __LINE__, S("reboot", "target_groups: drain"), false, 2, 6, 0 },
                { __LINE__, S("stop", "target_groups: drain"), false, 2, 6, 0 },
                { __LINE__, S("reboot", "target_groups: drain, proof: ssm"), false, 2, 6, 0 },
                { __LINE__, S("reboot", "target_groups: drain, auto_scaling: standby"), true, 2, 6,
                  3 },
                { __LINE__, S("stop", "target_groups: drain, auto_scaling: standby"), true, 2, 6,
                  3 },
                { __LINE__, S("reboot", "target_groups: ignore, auto_scaling: standby"), true, 6, 0,
                  3 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                bool drains = strstr(rows[i].yaml, "drain");
                struct model_group *group;
                struct world world;

                group = setup(&world, rows[i].yaml, 3);
                if (strstr(rows[i].yaml, "ignore"))
                        group->rise = MINUTES(6); /* nobody waits for that */
                for (size_t j = 0; rows[i].scaling && j < 3; j++)
                        model_add_member(&world.model, world.model.instances[j]);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if (world_run(&world, RUN, NULL) != OUTCOME_DONE ||
                    group->most_out != rows[i].most_out)
                        fail_msg("line %d: %s, %zu out", rows[i].line,
                                 outcome_names[world_run(&world, RUN, NULL)], group->most_out);
                assert_int_equal(world_outages(&world), 3);
                assert_int_equal(scripted_count(&world.aws, "RegisterTargets", NULL),
                                 rows[i].changes);
                assert_int_equal(scripted_count(&world.aws, "DeregisterTargets", NULL),
                                 rows[i].changes);
                assert_int_equal(scripted_count(&world.aws, "EnterStandby", NULL), rows[i].standby);
                assert_int_equal(captured_events(&events[EVENT_TAKEN_OUT]),
                                 drains || rows[i].scaling ? 3 : 0);
                assert_int_equal(captured_events(&events[EVENT_NOT_PUT_BACK]), 0);
                if (drains)
                        assert_int_equal(world.model.elb->touched_in_service, 0);
                expect_all_in(&world, rows[i].yaml);
                world_done(&world);
        }
}

/* What was not healthy before need not be after; what is no instance, or on its way out, is left.
 */
static void test_not_ours(void **state)
{
        struct model_group *web, *ip, *leaving;
        struct world world;

        (void)state;
        web = setup(&world, S("reboot", "target_groups: drain, ready_timeout: 10m"), 1);
        web->rise = HOURS(9);
        web->targets[0].since = web->targets[1].since = 1; /* `initial` all the time */
        ip = model_add_group(&world.model, "ip");
        ip->type = "ip";
        model_add_target(ip, "i-1", 80);
        leaving = model_add_group(&world.model, "leaving");
        model_add_target(leaving, "i-1", 80);
        leaving->targets[0].registered = false;
        leaving->targets[0].drained = HOURS(9);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(scripted_count(&world.aws, "DeregisterTargets", "web"), 2);
        assert_int_equal(scripted_count(&world.aws, "RegisterTargets", "web"), 2);
        assert_int_equal(scripted_count(&world.aws, "DeregisterTargets", NULL), 2);
        assert_int_equal(scripted_count(&world.aws, "DescribeTargetHealth", "targetgroup%2Fip"), 0);
        assert_true(web->targets[0].registered && web->targets[1].registered);
        world_done(&world);
}

/* Many tasks at once ask one question, and get one answer. */
static void test_shared_looks(void **state)
{
        struct world world;
        size_t alone;

        (void)state;
        setup(&world, S("reboot", ""), 1);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        alone = scripted_count(&world.aws, "DescribeTargetHealth", NULL);
        assert_true(alone > 4);
        world_done(&world);
        setup(&world, S("reboot", "max_parallel: 40"), 40);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_true(scripted_count(&world.aws, "DescribeTargetHealth", NULL) < 4 * alone);
        assert_int_equal(scripted_count(&world.aws, "DescribeTargetGroups", NULL), 1);
        world_done(&world);
}

/* ---- groups ---- */

/* a: 1 2, b: 2 3, none: 4 5. */
static void test_overlapping_groups(void **state)
{
        struct model_group *a, *b;
        struct world world;

        (void)state;
        world_init(&world);
        a = model_add_group(&world.model, "a");
        b = model_add_group(&world.model, "b");
        for (unsigned int i = 1; i <= 5; i++) {
                _cleanup_free_ char *id = xasprintf("i-%u", i);

                model_add_instance(&world.model, id, "eu-west-1", "A", "b");
                if (i <= 2)
                        model_add_target(a, id, 80);
                if (i == 2 || i == 3)
                        model_add_target(b, id, 80);
        }
        world_apply(&world, HEAD SCHEDULE("s", "0", "reboot", "group_by: target-group")
                                    SCHEDULE("t", "1", "reboot", "group_by: target-group"));
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world_run(&world, "t.20260302T010100Z", NULL), OUTCOME_DONE);
        assert_int_equal(world_outages(&world), 10);
        /* of each at most one, though two schedules want them; side by side all the same */
        assert_int_equal(a->most_out, 1);
        assert_int_equal(b->most_out, 1);
        assert_int_equal(world.model.most_down, 3);
        world_done(&world);
}

/* Three groups of ten, one of each at a time. The fifth of all, the second of its group, never
 * comes back. Until it is given up, 15 minutes after its reboot, the other two groups go on, a turn
 * in less than 6 minutes: four each had their turn, and of 30 instances 20 were never touched. (One
 * group of all would have left 25, test_fleet_in_line.) */
static void test_fleet(void **state)
{
        static const char *const names[] = { "a", "b", "c" };
        struct model_group *groups[3];
        struct world world;
        size_t touched[3] = {};

        (void)state;
        world_init(&world);
        for (size_t i = 0; i < 3; i++)
                groups[i] = model_add_group(&world.model, names[i]);
        for (unsigned int i = 1; i <= 30; i++) {
                _cleanup_free_ char *id = xasprintf("i-%u", i);
                struct model_instance *instance =
                        model_add_instance(&world.model, id, "eu-west-1", "A", "b");

                model_add_target(groups[(i - 1) % 3], id, 80);
                if (i == 5)
                        instance->back = USEC_INFINITY;
        }
        world_apply(&world, S("reboot", "group_by: target-group, target_groups: drain"));
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_PARTIAL);
        assert_int_equal(world.model.most_down, 3);
        for (size_t i = 0; i < 3; i++)
                assert_true(groups[i]->most_out <= 1);
        for (size_t i = 0; i < 30; i++) {
                const struct model_instance *instance = world.model.instances[i];
                enum outcome outcome = world_task(&world, RUN, instance->id, NULL);

                touched[i % 3] += instance->outages;
                /* who was not begun was not touched, and who was has ended well but for one */
                assert_int_equal(instance->outages, outcome != OUTCOME_CANCELLED);
                assert_int_equal(outcome == OUTCOME_FAILED, i == 4);
        }
        assert_int_equal(touched[0], 4);
        assert_int_equal(touched[1], 2);
        assert_int_equal(touched[2], 4);
        for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < groups[i]->n_targets; j++)
                        assert_true(groups[i]->targets[j].registered);
        world_done(&world);
}

/* The same with one at a time over all groups: the fifth stops it, and 25 were never touched. */
static void test_fleet_in_line(void **state)
{
        struct world world;

        (void)state;
        setup(&world, S("reboot", "target_groups: drain"), 30);
        world.model.instances[4]->back = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
        assert_int_equal(world_outages(&world), 5);
        assert_int_equal(scripted_count(&world.aws, "DeregisterTargets", NULL), 10);
        expect_all_in(&world, "in line");
        world_done(&world);
}

/* ---- what AWS does not let us see, or do ---- */

static void test_denied(void **state)
{
        static const struct {
                int line;
                const char *reboot, *action;
                enum outcome outcome;
                size_t warnings, outages;
        } rows[] = {
                { __LINE__, "", "DescribeTargetGroups", OUTCOME_DONE, 1, 2 },
                { __LINE__, "", "DescribeTargetHealth", OUTCOME_DONE, 1, 2 },
                { __LINE__, "target_groups: ignore", "DescribeTargetGroups", OUTCOME_DONE, 0, 2 },
                { __LINE__, "target_groups: drain", "DescribeTargetGroups", OUTCOME_FAILED, 0, 0 },
                { __LINE__, "group_by: target-group", "DescribeTargetHealth", OUTCOME_FAILED, 0,
                  0 },
                { __LINE__, "auto_scaling: standby", "DescribeAutoScalingInstances", OUTCOME_FAILED,
                  0, 0 },
                { __LINE__, "auto_scaling: standby", "DescribeAutoScalingGroups", OUTCOME_FAILED, 0,
                  0 },
                { __LINE__, "target_groups: drain", "DeregisterTargets", OUTCOME_FAILED, 0, 0 },
                { __LINE__, "auto_scaling: standby", "EnterStandby", OUTCOME_FAILED, 0, 0 },
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
                                                                    .code = "AccessDenied" });
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

/* AWS is out of reach for a while: it is waited for, and nobody is touched meanwhile. */
static void test_unreachable(void **state)
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

/* The group has none to spare, or one, which goes round. */
static void test_min_size(void **state)
{
        for (unsigned int min = 1; min <= 2; min++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                (void)state;
                setup(&world, S("reboot", "auto_scaling: standby, max_parallel: 2"), 2);
                for (size_t j = 0; j < 2; j++)
                        model_add_member(&world.model, world.model.instances[j]);
                world.model.elb->min = min;
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_run(&world, RUN, &detail),
                                 min == 1 ? OUTCOME_DONE : OUTCOME_FAILED);
                assert_int_equal(world_outages(&world), min == 1 ? 2 : 0);
                assert_int_equal(world.model.most_down, min == 1);
                if (min == 2)
                        assert_non_null(strstr(detail, "may not have less than 2"));
                expect_all_in(&world, "min");
                world_done(&world);
        }
}

/* The way back is gone, whatever AWS says, and each refusal is a line. */
static void test_put_back_troubles(void **state)
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

/* Its target group is removed while it is out: that is a line, and not its failure. */
static void test_group_removed(void **state)
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

static void test_never_healthy(void **state)
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

/* It does not even run: it is given back all the same, and that is no second failure. */
static void test_never_back(void **state)
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

/* Connections that do not end: it is put back untouched. */
static void test_draining_forever(void **state)
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

/* The next one may go when it is healthy: that is how long it was away. */
static void test_window(void **state)
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

/* ---- called off, or cut off ---- */

static void test_cancel(void **state)
{
        for (int second = 5; second < 420; second += 15) {
                _cleanup_free_ char *where = xasprintf("cancelled after %d s", second);
                struct world world;
                char *error = NULL;

                (void)state;
                setup(&world, S("reboot", "target_groups: drain, auto_scaling: standby"), 2);
                for (size_t j = 0; j < 2; j++)
                        model_add_member(&world.model, world.model.instances[j]);
                virtual_run_until(world.loop, at("2026-03-02T01:00:00Z") + second);
                assert_int_equal(manager_cancel(world.manager, RUN, &error), 0);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                expect_all_in(&world, where);
                assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_CANCELLED);
                /* who was rebooted has an image, and who has none was not */
                if (world_images(&world, "i-1") != world.model.instances[0]->outages ||
                    world_task(&world, RUN, "i-1", NULL) !=
                            (world_images(&world, "i-1") ? OUTCOME_DONE : OUTCOME_CANCELLED))
                        fail_msg("%s: %zu images, %s", where, world_images(&world, "i-1"),
                                 outcome_names[world_task(&world, RUN, "i-1", NULL)]);
                world_done(&world);
        }
}

static void on_closed(void *userdata)
{
        *(bool *)userdata = true;
}

/* Told to end, amid puts back first, and does the rest at its next start. */
static void test_close(void **state)
{
        static const struct {
                int line;
                const char *reboot, *when;
                bool at_once;
        } rows[] = {
                { __LINE__, "target_groups: drain, auto_scaling: standby", "2026-03-02T01:00:10Z",
                  false },
                { __LINE__, "target_groups: drain", "2026-03-02T01:00:50Z", false },
                { __LINE__, "target_groups: drain", "2026-03-02T01:03:00Z", false },
                { __LINE__, "", "2026-03-02T01:03:00Z", true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("line %d", rows[i].line);
                _cleanup_free_ char *yaml = xasprintf(S("reboot", "%s"), rows[i].reboot);
                struct world world;
                bool closed = false;

                setup(&world, yaml, 2)->rise = 20 * USEC_PER_SEC;
                for (size_t j = 0; strstr(yaml, "standby") && j < 2; j++)
                        model_add_member(&world.model, world.model.instances[j]);
                virtual_run_until(world.loop, at(rows[i].when));
                if (manager_close(world.manager, on_closed, &closed) != rows[i].at_once)
                        fail_msg("%s: not at once, or at once", where);
                virtual_run_for(world.loop, MINUTES(6));
                assert_int_equal(closed, !rows[i].at_once);
                world_end(&world, true);
                expect_all_in(&world, where);
                world_start(&world);
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                if (world_run(&world, RUN, NULL) != OUTCOME_DONE)
                        fail_msg("%s: not done", where);
                assert_int_equal(world_outages(&world), 2);
                expect_all_in(&world, where);
                world_done(&world);
        }
}

/* A request to take i-1 out, which was sent before amid died, arrives. */
static void arrive_late(struct world *world)
{
        struct model_target *targets = world->model.elb->groups[0]->targets;
        usec_t now = loop_monotonic(world->loop);

        for (size_t i = 0; i < world->model.elb->groups[0]->n_targets; i++)
                if (streq(targets[i].instance, "i-1")) {
                        targets[i].registered = false;
                        targets[i].drained = now + world->model.elb->groups[0]->drain;
                }
        model_standby(&world->model, true, "i-1");
}

static bool is_in(struct world *world)
{
        struct model_elb *elb = world->model.elb;
        bool in = model_target_state(&world->model, elb->groups[0], &elb->groups[0]->targets[0]) ==
                  TARGET_HEALTHY;

        return in && (!elb->n_members ||
                      model_lifecycle(&world->model, elb->members) == LIFECYCLE_IN_SERVICE);
}

/* After a crash it is put back at once, and once more if such a request still undoes that. Whoever
 * tells amid to end need not wait for it. */
static void test_late_request(void **state)
{
        static const char *const reboots[] = {
                "settle: 5s, target_groups: drain",
                "settle: 5s, target_groups: drain, auto_scaling: standby",
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(reboots) * 2; i++) {
                const char *reboot = reboots[i / 2];
                _cleanup_free_ char *yaml = xasprintf(S("reboot", "%s"), reboot);
                bool closed = false, told = i % 2;
                struct model_group *group;
                struct world world;
                int waited = 0;

                group = setup(&world, yaml, 1);
                group->rise = group->drain = 40 * USEC_PER_SEC;
                if (strstr(reboot, "standby"))
                        model_add_member(&world.model, world.model.instances[0]);
                virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
                assert_false(is_in(&world));
                world_end(&world, false);
                world_start(&world);
                for (; waited < 600 && !(world.model.n_images && is_in(&world)); waited++)
                        virtual_run_for(world.loop, USEC_PER_SEC);
                assert_in_range(waited, 1, 599);
                virtual_run_for(world.loop, 20 * USEC_PER_SEC);
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_OPEN);
                if (told) {
                        assert_true(manager_close(world.manager, on_closed, &closed));
                        world_end(&world, true);
                        world_start(&world);
                        virtual_run_for(world.loop, 20 * USEC_PER_SEC);
                }
                arrive_late(&world);
                assert_false(is_in(&world));
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                expect_all_in(&world, reboot);
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(world_outages(&world), 1);
                world_done(&world);
        }
}

static void crash_at_every_commit(const char *level, const char *reboot, bool before)
{
        _cleanup_free_ char *yaml = xasprintf(S("%s", "%s"), level, reboot);
        bool died = true;

        for (unsigned int n = 1; died; n++) {
                for (usec_t pause = 5 * USEC_PER_SEC; pause <= MINUTES(5);
                     pause += MINUTES(5) - 5 * USEC_PER_SEC) {
                        _cleanup_free_ char *where =
                                xasprintf("%s, %s: %s commit %u", level, reboot,
                                          before ? "before" : "after", n);
                        struct world world;

                        setup(&world, yaml, 2);
                        for (size_t j = 0; strstr(reboot, "standby") && j < 2; j++)
                                model_add_member(&world.model, world.model.instances[j]);
                        world.commits = 0;
                        world.die_at = n;
                        world.die_before = before;
                        virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                        died = world.dead;
                        if (died) {
                                world_end(&world, false);
                                virtual_run_for(world.loop, pause);
                                world_start(&world);
                                virtual_run_until(world.loop, at("2026-03-02T08:00:00Z"));
                        }
                        expect_all_in(&world, where);
                        if (world_run(&world, RUN, NULL) != OUTCOME_DONE ||
                            world.model.n_images != 2 || world_outages(&world) != 2 ||
                            world.model.most_down > 1)
                                fail_msg("%s: %s, %zu images, %u outages", where,
                                         outcome_names[world_run(&world, RUN, NULL)],
                                         world.model.n_images, world_outages(&world));
                        if (strstr(reboot, "drain"))
                                assert_int_equal(world.model.elb->touched_in_service, 0);
                        world_done(&world);
                }
        }
}

static void test_crash_at_every_commit(void **state)
{
        (void)state;
        for (int before = 0; before < 2; before++) {
                crash_at_every_commit("reboot", "target_groups: drain, auto_scaling: standby",
                                      before);
                crash_at_every_commit("stop", "target_groups: drain, auto_scaling: standby",
                                      before);
                crash_at_every_commit("reboot", "group_by: target-group", before);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_putback),
                cmocka_unit_test(test_levels),
                cmocka_unit_test(test_not_ours),
                cmocka_unit_test(test_shared_looks),
                cmocka_unit_test(test_overlapping_groups),
                cmocka_unit_test(test_fleet),
                cmocka_unit_test(test_fleet_in_line),
                cmocka_unit_test(test_denied),
                cmocka_unit_test(test_unreachable),
                cmocka_unit_test(test_min_size),
                cmocka_unit_test(test_put_back_troubles),
                cmocka_unit_test(test_group_removed),
                cmocka_unit_test(test_never_healthy),
                cmocka_unit_test(test_never_back),
                cmocka_unit_test(test_draining_forever),
                cmocka_unit_test(test_window),
                cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_close),
                cmocka_unit_test(test_late_request),
                cmocka_unit_test(test_crash_at_every_commit),
        };

        return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
