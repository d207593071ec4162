/* Load balancers and Auto Scaling: no instance is touched in service where the settings say so, and
 * the next outage starts when the last instance is healthy. */
#include "unit/runs/rotated.h"

/* ---- what is written down ---- */

static void a_restore_plan_is_read_as_it_was_written(void **state)
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
                _cleanup_(restore_plan_done) struct restore_plan plan = {};
                _cleanup_free_ char *printed = NULL;
                const char *wanted = rows[i].printed ? rows[i].printed : rows[i].text;

                restore_plan_parse(rows[i].text, &plan);
                printed = restore_plan_print(&plan);
                if (!streq(printed ? printed : "", wanted ? wanted : ""))
                        fail_msg("line %d: %s", rows[i].line, printed);
                assert_int_equal(restore_plan_takes_out(rows[i].text), rows[i].takes_out);
                assert_int_equal(restore_plan_awaits_health(rows[i].text), rows[i].awaits);
        }
        assert_true(restore_plan_has_standby(healthy, "g"));
        assert_false(restore_plan_has_standby(healthy, "arn:b"));
        restore_plan_forget_health(&healthy);
        assert_string_equal(healthy, "standby g\nwatch any 80 arn:a\ndrain any 80 arn:b");
        free(healthy);
}

/* ---- watch, drain, standby ---- */

static void an_instance_leaves_its_target_groups_and_comes_back(void **state)
{
        static const struct {
                const char *name;
                const char *yaml;
                bool scaling;
                size_t most_out;         /* of two ports each */
                size_t changes, standby; /* registrations, and entries into standby */
        } rows[] = {
                { .name = "reboot, watched", .yaml = S("reboot", ""), .most_out = 2 },
                { .name = "stop, watched", .yaml = S("stop", ""), .most_out = 2 },
                { .name = "reboot, two at once",
                  .yaml = S("reboot", "max_parallel: 2"),
                  .most_out = 4 },
                { .name = "reboot, drained",
                  .yaml = S("reboot", "target_groups: drain"),
                  .most_out = 2,
                  .changes = 6 },
                { .name = "stop, drained",
                  .yaml = S("stop", "target_groups: drain"),
                  .most_out = 2,
                  .changes = 6 },
                { .name = "reboot, drained, with SSM",
                  .yaml = S("reboot", "target_groups: drain, proof: ssm"),
                  .most_out = 2,
                  .changes = 6 },
                { .name = "reboot, drained, in standby",
                  .yaml = S("reboot", "target_groups: drain, auto_scaling: standby"),
                  .scaling = true,
                  .most_out = 2,
                  .changes = 6,
                  .standby = 3 },
                { .name = "stop, drained, in standby",
                  .yaml = S("stop", "target_groups: drain, auto_scaling: standby"),
                  .scaling = true,
                  .most_out = 2,
                  .changes = 6,
                  .standby = 3 },
                { .name = "reboot, in standby only",
                  .yaml = S("reboot", "target_groups: ignore, auto_scaling: standby"),
                  .scaling = true,
                  .most_out = 6,
                  .standby = 3 },
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
                        fail_msg("%s: %s, %zu out", rows[i].name,
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

/* A target that was not healthy before is not waited for afterwards; targets that are no
 * instances, or draining, are left alone. */
static void targets_that_were_not_healthy_are_not_waited_for(void **state)
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
        assert_true(scripted_count(&world.aws, "DescribeTargetHealth", "targetgroup%2Fweb") > 0);
        assert_int_equal(scripted_count(&world.aws, "DescribeTargetHealth", "targetgroup%2Fip"), 0);
        assert_true(web->targets[0].registered && web->targets[1].registered);
        world_done(&world);
}

/* Many tasks at once share one request and its answer. */
static void tasks_at_the_same_time_share_the_target_health(void **state)
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
static void instances_of_overlapping_groups_are_down_one_at_a_time(void **state)
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

/* Three groups of ten instances, one of each group at a time. The fifth instance of all, the
 * second of its group, never comes back. Until it is given up, 15 minutes after its reboot, the
 * other two groups go on, an instance in less than 6 minutes: four of each had their slot, and
 * of 30 instances 20 were never touched. (One group of all would have left 25:
 * a_failed_instance_halts_a_fleet_of_one_group.) */
static void a_failed_instance_holds_up_its_own_group_only(void **state)
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

/* The same with one instance at a time over all groups: the fifth halts the run, and 25 were
 * never touched. */
static void a_failed_instance_halts_a_fleet_of_one_group(void **state)
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

/* The Auto Scaling group can spare no instance, or one at a time. */
static void standby_leaves_the_minimum_of_the_group(void **state)
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_restore_plan_is_read_as_it_was_written),
                cmocka_unit_test(an_instance_leaves_its_target_groups_and_comes_back),
                cmocka_unit_test(targets_that_were_not_healthy_are_not_waited_for),
                cmocka_unit_test(tasks_at_the_same_time_share_the_target_health),
                cmocka_unit_test(instances_of_overlapping_groups_are_down_one_at_a_time),
                cmocka_unit_test(a_failed_instance_holds_up_its_own_group_only),
                cmocka_unit_test(a_failed_instance_halts_a_fleet_of_one_group),
                cmocka_unit_test(standby_leaves_the_minimum_of_the_group),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
