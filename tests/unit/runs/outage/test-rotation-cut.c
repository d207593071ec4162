/* Load balancers and Auto Scaling, when a run is cancelled or the process ends: no instance stays
 * out. */
#include "unit/runs/rotated.h"

static void a_cancelled_instance_is_put_back(void **state)
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
                assert_int_equal(manager_cancel(world.manager, RUN, false, &error), 0);
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

/* amid closes: it puts the instance back, and the next start does the rest. */
static void closing_puts_back_and_the_next_start_goes_on(void **state)
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

/* After a crash the instance is put back at once, and once more if a late request takes it out
 * again. amid can close without waiting for that. */
static void a_request_that_arrives_late_is_undone(void **state)
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
                group->rise = group->drain = 30 * USEC_PER_SEC;
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

/* An order is carried out without an answer, or by somebody's hand, and refused from then on: what
 * is back already is seen, and not ordered for ever. */
static void an_instance_that_is_back_is_not_put_back_again(void **state)
{
        static const struct {
                const char *action, *about;
                bool by_hand;
        } rows[] = {
                { "RegisterTargets", "Port=80", false },
                { "ExitStandby", NULL, false },
                { "RegisterTargets", NULL, true },
                { "ExitStandby", NULL, true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_group *group;
                struct model_member *member;
                struct world world;

                group = setup(&world, S("reboot", "target_groups: drain, auto_scaling: standby"),
                              1);
                model_add_member(&world.model, world.model.instances[0]);
                if (!rows[i].by_hand)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = rows[i].action,
                                                                .about = rows[i].about,
                                                                .outcome = AWS_UNREACHABLE,
                                                                .effect = true });
                scripted_fault(&world.aws, (struct scripted_fault){ .action = rows[i].action,
                                                                    .about = rows[i].about,
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_ERROR,
                                                                    .code = "AccessDenied" });
                virtual_run_until(world.loop, at("2026-03-02T01:40:00Z"));
                if (rows[i].by_hand) {
                        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_OPEN);
                        assert_true(captured_events(&events[EVENT_NOT_PUT_BACK]) > 2);
                        member = &world.model.elb->members[0];
                        member->lifecycle = member->becomes = LIFECYCLE_IN_SERVICE;
                        group->targets[0].registered = group->targets[1].registered = true;
                        virtual_run_until(world.loop, at("2026-03-02T01:55:00Z"));
                }
                expect_all_in(&world, rows[i].action);
                /* by hand after ready_timeout only */
                assert_int_equal(world_run(&world, RUN, NULL),
                                 rows[i].by_hand ? OUTCOME_FAILED : OUTCOME_DONE);
                world_done(&world);
        }
}

/* The wall clock steps while the daemon is away, before a check has shown that i-1 reboots. */
static void a_restart_begins_anew_how_long_an_instance_has_been_well(void **state)
{
        (void)state;
        for (int minutes = -4; minutes <= 4; minutes += 2) {
                struct world world;

                world_setup(&world, S("reboot", ""), 2);
                for (size_t i = 0; i < 2; i++)
                        world.model.instances[i]->stale = 100 * USEC_PER_SEC;
                world_run_until_sent(&world, "CreateImage", "i-1");
                virtual_run_for(world.loop, 20 * USEC_PER_SEC);
                world_end(&world, false);
                world.loop->wall_ahead += minutes * (int64_t)MINUTES(1);
                world_start(&world);
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                if (world.model.most_down != 1 || world_run(&world, RUN, NULL) != OUTCOME_DONE)
                        fail_msg("%+d minutes: %u down at once, %s", minutes, world.model.most_down,
                                 outcome_names[world_run(&world, RUN, NULL)]);
                world_done(&world);
        }
}

/* After the restart i-1 is seen to be well once, and then EC2 does not tell for hours. */
static void no_task_waits_for_ever_for_the_state_of_an_instance(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, S("reboot", ""), 1);
        world_run_until_sent(&world, "CreateImage", "i-1");
        virtual_run_for(world.loop, 20 * USEC_PER_SEC);
        world_end(&world, false);
        virtual_run_for(world.loop, MINUTES(10));
        world_start(&world);
        world_run_until_sent(&world, "DescribeInstanceStatus", NULL);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstanceStatus",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_UNREACHABLE });
        virtual_run_for(world.loop, HOURS(2));
        assert_int_not_equal(world_run(&world, RUN, NULL), OUTCOME_OPEN);
        assert_true(captured_words("not ready within") > 0);
        world_done(&world);
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
                        died = world_cut(&world, n, before, pause);
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

static void a_crash_at_any_commit_leaves_no_instance_out_of_service(void **state)
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
                cmocka_unit_test(a_cancelled_instance_is_put_back),
                cmocka_unit_test(closing_puts_back_and_the_next_start_goes_on),
                cmocka_unit_test(a_request_that_arrives_late_is_undone),
                cmocka_unit_test(an_instance_that_is_back_is_not_put_back_again),
                cmocka_unit_test(a_restart_begins_anew_how_long_an_instance_has_been_well),
                cmocka_unit_test(no_task_waits_for_ever_for_the_state_of_an_instance),
                cmocka_unit_test(a_crash_at_any_commit_leaves_no_instance_out_of_service),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
