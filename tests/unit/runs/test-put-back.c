/* An instance that AWS does not take back for hours: asked and told ever less often. */
#include "rotated.h"

static void what_is_not_put_back_is_told_ever_less_often(void **state)
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_not_put_back_is_told_ever_less_often),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
