/* consistency: freeze. An image of a frozen instance is tagged so, and no instance stays frozen. */
#include "unit/runs/levels.h"

static void a_frozen_instance_gives_a_frozen_image(void **state)
{
        _cleanup_free_ char *yaml = xasprintf(HEAD "    consistency: freeze\n" FREEZE, "");
        struct world world;

        (void)state;
        world_setup(&world, yaml, 2);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        for (size_t i = 0; i < 2; i++) {
                assert_string_equal(world_consistency(&world, i), ACHIEVED_FROZEN);
                assert_int_equal(world.model.instances[i]->outages, 0);
        }
        expect_true_consistency(&world, "freeze");
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_FROZEN]), 2);
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_THAWED]), 2);
        world_done(&world);
}

static void an_image_is_frozen_only_where_the_thaw_says_so(void **state)
{
        static const struct {
                int line;
                const char *settings;
                struct scripted_fault fault;
                bool no_agent, cannot_freeze, cannot_thaw;
                enum outcome outcome;
                const char *consistency; /* NULL: no image */
                size_t shortfalls;
        } rows[] = {
                { .line = __LINE__, .settings = "", .no_agent = true, .outcome = OUTCOME_FAILED },
                { .line = __LINE__,
                  .settings = ", on_failure: crash",
                  .no_agent = true,
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .shortfalls = 1 },
                { .line = __LINE__,
                  .settings = "",
                  .cannot_freeze = true,
                  .outcome = OUTCOME_FAILED },
                { .line = __LINE__,
                  .settings = ", on_failure: crash",
                  .cannot_freeze = true,
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .shortfalls = 1 },
                { .line = __LINE__,
                  .settings = "",
                  .cannot_thaw = true,
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .shortfalls = 1 },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "SendCommand", .outcome = AWS_UNKNOWN, .effect = true },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_FROZEN },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "SendCommand", .outcome = AWS_UNREACHABLE, .times = 40 },
                  .outcome = OUTCOME_FAILED },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "SendCommand",
                             .skip = 1,
                             .outcome = AWS_UNREACHABLE,
                             .times = 4 },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_FROZEN },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "SendCommand",
                             .skip = 1,
                             .outcome = AWS_UNREACHABLE,
                             .times = 90 },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .shortfalls = 1 },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "GetCommandInvocation",
                             .outcome = AWS_ERROR,
                             .code = "InvocationDoesNotExist",
                             .times = 3 },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_FROZEN },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "CreateImage", .outcome = AWS_UNKNOWN, .effect = true },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_FROZEN },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "CreateImage",
                             .outcome = AWS_ERROR,
                             .code = "ConcurrentSnapshotLimitExceeded",
                             .times = 3 },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_FROZEN },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "CreateImage",
                             .outcome = AWS_ERROR,
                             .times = SCRIPTED_ALWAYS,
                             .code = "ConcurrentSnapshotLimitExceeded" },
                  .outcome = OUTCOME_FAILED },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "CreateImage",
                             .outcome = AWS_ERROR,
                             .code = "UnauthorizedOperation" },
                  .outcome = OUTCOME_FAILED },
                { .line = __LINE__,
                  .settings = "",
                  .fault = { .action = "DescribeSnapshots",
                             .outcome = AWS_UNREACHABLE,
                             .times = 60 },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .shortfalls = 1 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("line %d", rows[i].line);
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: freeze\n" FREEZE, rows[i].settings);
                struct model_instance *instance;
                struct world world;

                instance = world_setup(&world, yaml, 1);
                instance->no_agent = rows[i].no_agent;
                instance->cannot_freeze = rows[i].cannot_freeze;
                instance->cannot_thaw = rows[i].cannot_thaw;
                if (rows[i].fault.action)
                        scripted_fault(&world.aws, rows[i].fault);
                virtual_run_until(world.loop, at("2026-03-02T20:00:00Z"));
                expect_all_up(&world, where);
                expect_true_consistency(&world, where);
                if (world_run(&world, RUN, NULL) != rows[i].outcome ||
                    world_images(&world, NULL) != (rows[i].consistency != NULL) ||
                    (rows[i].consistency &&
                     !streq(world_consistency(&world, 0), rows[i].consistency)) ||
                    captured_events(&events[EVENT_SHORTFALL]) != rows[i].shortfalls)
                        fail_msg("%s: %s, %zu images, %s, %zu shortfalls", where,
                                 outcome_names[world_run(&world, RUN, NULL)],
                                 world_images(&world, NULL),
                                 world.model.n_images ? world_consistency(&world, 0) : "-",
                                 captured_events(&events[EVENT_SHORTFALL]));
                assert_int_equal(virtual_armed(world.loop), 1);
                world_done(&world);
        }
}

/* The agent restarts while it runs the freeze: SSM says that it never got it. */
static void a_freeze_that_ssm_lost_sight_of_is_thawed(void **state)
{
        static const struct {
                int line;
                const char *details, *on_failure;
                size_t images;
        } rows[] = {
                { __LINE__, "Delivery Timed Out", "skip", 0 },
                { __LINE__, "Delivery Timed Out", "crash", 1 },
                { __LINE__, "TimedOut", "skip", 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *more =
                        xasprintf(", timeout: 10m, on_failure: %s", rows[i].on_failure);
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: freeze\n" FREEZE, more);
                struct world world;

                world_setup(&world, yaml, 1)->unreported = rows[i].details;
                virtual_run_until(world.loop, at("2026-03-02T01:02:00Z"));
                if (model_is_frozen(&world.model, world.model.instances[0]) ||
                    !endswith(world.model.instances[0]->thawed, " amid"))
                        fail_msg("line %d: frozen", rows[i].line);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_images(&world, NULL), rows[i].images);
                world_done(&world);
        }
}

/* The freeze never began, which only the thaw finds out. */
static void a_thaw_of_what_was_not_frozen_tells_of_no_freeze(void **state)
{
        _cleanup_free_ char *yaml = xasprintf(HEAD "    consistency: freeze\n" FREEZE, "");
        struct model_instance *instance;
        struct world world;

        (void)state;
        instance = world_setup(&world, yaml, 1);
        instance->unreported = "Delivery Timed Out";
        instance->cannot_freeze = true;
        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
        assert_int_equal(captured_words("goes on; its freeze had not succeeded"), 1);
        assert_int_equal(captured_words("goes on after its freeze"), 0);
        world_done(&world);
}

/* The answer to SendCommand is lost, or the process ends before it comes, and what is sent later
 * comes to nothing, long after a signature lives: the instance is thawed all the same. */
static void a_freeze_without_an_answer_is_thawed(void **state)
{
        static const struct {
                const char *name;
                unsigned int unsigned_calls; /* 5 s each */
                const char *code;            /* of the last one; NULL: it is taken, in vain */
                bool restart;
        } rows[] = {
                { .name = "refused", .unsigned_calls = 80, .code = "AccessDeniedException" },
                { .name = "refused, restart",
                  .unsigned_calls = 80,
                  .code = "AccessDeniedException",
                  .restart = true },
                { .name = "undeliverable" },
                { .name = "undeliverable, restart", .restart = true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: freeze\n" FREEZE, ", timeout: 15m");
                struct model_instance *instance;
                struct world world;

                instance = world_setup(&world, yaml, 1);
                instance->unreported = "Undeliverable";
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "SendCommand",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                if (rows[i].unsigned_calls)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "SendCommand",
                                                                .times = rows[i].unsigned_calls,
                                                                .outcome = AWS_UNSIGNED });
                if (rows[i].code)
                        scripted_fault(&world.aws, (struct scripted_fault){ .action = "SendCommand",
                                                                            .outcome = AWS_ERROR,
                                                                            .code = rows[i].code });
                world_run_until_sent(&world, "SendCommand", NULL);
                if (rows[i].restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_until(world.loop, at("2026-03-02T01:12:00Z"));
                if (model_is_frozen(&world.model, instance) || !endswith(instance->thawed, " amid"))
                        fail_msg("%s: frozen", rows[i].name);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                expect_all_up(&world, rows[i].name);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_frozen_instance_gives_a_frozen_image),
                cmocka_unit_test(an_image_is_frozen_only_where_the_thaw_says_so),
                cmocka_unit_test(a_freeze_that_ssm_lost_sight_of_is_thawed),
                cmocka_unit_test(a_thaw_of_what_was_not_frozen_tells_of_no_freeze),
                cmocka_unit_test(a_freeze_without_an_answer_is_thawed),
        };

        return cmocka_run_group_tests_name("freeze", tests, NULL, NULL);
}
