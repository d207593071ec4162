/* An instance that AWS does not take back for hours: asked and told ever less often. */
#include "unit/runs/rotated.h"

static void an_instance_that_is_not_put_back_is_logged_ever_less_often(void **state)
{
        static const struct {
                const char *name;
                struct scripted_fault fault;
        } rows[] = {
                { "no key", { .outcome = AWS_UNSIGNED, .code = "RequestExpired" } },
                { "no answer", { .outcome = AWS_UNREACHABLE } },
                { "refused", { .outcome = AWS_ERROR, .code = "AccessDenied" } },
                { "invalid", { .outcome = AWS_ERROR, .code = "InvalidTarget" } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct scripted_fault fault = rows[i].fault;
                struct world world;
                size_t lines;

                setup(&world, S("reboot", "target_groups: drain"), 1);
                /* It does not run, says AWS: from then on its state is read, each 15 seconds. */
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "RegisterTargets",
                                                                    .outcome = AWS_ERROR,
                                                                    .code = "InvalidTarget" });
                fault.action = "RegisterTargets";
                fault.times = SCRIPTED_ALWAYS;
                scripted_fault(&world.aws, fault);
                world_run_until_sent(&world, "RegisterTargets", NULL);
                virtual_run_for(world.loop, HOURS(6));
                lines = captured_events(&events[EVENT_NOT_PUT_BACK]);
                /* at most every two and a half minutes */
                if (lines < 6 * 60 / 6 || lines > 6 * 60 / 2 + 10)
                        fail_msg("%s: %zu lines", rows[i].name, lines);
                if (captured_words("(ec2)") > 0)
                        fail_msg("%s: another service says that this one answers", rows[i].name);
                scripted_no_faults(&world.aws);
                virtual_run_for(world.loop, HOURS(1));
                expect_all_in(&world, rows[i].name);
                world_done(&world);
        }
}

/* RegisterTargets is refused for two hours, before a restart of amid or after it. */
static void an_instance_out_of_service_for_too_long_halts_the_run(void **state)
{
        (void)state;
        for (int restarted = 0; restarted < 2; restarted++) {
                _cleanup_free_ char *detail = NULL;
                struct store_image image;
                struct world world;

                setup(&world, S("reboot", "target_groups: drain, ready_timeout: 10m"), 2);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "RegisterTargets",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_ERROR,
                                                                    .code = "AccessDenied" });
                world_run_until_sent(&world, "RegisterTargets", NULL);
                virtual_run_for(world.loop, MINUTES(9));
                assert_int_equal(captured_events(&events[EVENT_OUT_OF_SERVICE]), 0);
                virtual_run_for(world.loop, MINUTES(111));
                assert_int_equal(captured_events(&events[EVENT_OUT_OF_SERVICE]), 1);
                assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_AVAILABLE]), 1);
                assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                                  world.model.images[0]->id, &image),
                                 1);
                assert_string_equal(image.state, "available");
                store_image_done(&image);
                assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_CANCELLED);
                if (restarted) {
                        world_end(&world, false);
                        world_start(&world);
                }
                scripted_no_faults(&world.aws);
                virtual_run_for(world.loop, HOURS(1));
                expect_all_in(&world, "late");
                assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_AVAILABLE]), 1);
                assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
                if (!detail || !startswith(detail, "the instance was away for ") ||
                    !strstr(detail,
                            ": not put back into target group web/1 (port 80) within 10m ("))
                        fail_msg("%s", detail);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_instance_that_is_not_put_back_is_logged_ever_less_often),
                cmocka_unit_test(an_instance_out_of_service_for_too_long_halts_the_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
