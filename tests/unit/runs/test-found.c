/* What simulation has found (tests/sim/seeds.txt), as small as it gets. */
#include "world.h"

#define HEAD "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
#define CRASH                                                                                      \
        HEAD "  s:\n    schedule: cron(0 1 * * ? *)\n    targets: {tags: {A: b}}\n"                \
             "    consistency: crash\n    retain: {last: 1}\n"
#define REBOOT                                                                                     \
        HEAD "  s:\n    schedule: cron(0 1 * * ? *)\n    targets: {tags: {A: b}}\n"                \
             "    consistency: reboot\n    reboot: {ready_timeout: 30m}\n"
#define STOP                                                                                       \
        HEAD "  s:\n    schedule: cron(0 1 * * ? *)\n    targets: {tags: {A: b}}\n"                \
             "    consistency: stop\n"                                                             \
             "  t:\n    schedule: cron(0 9 * * ? *)\n    targets: {tags: {A: b}}\n"                \
             "    consistency: crash\n"
#define RUN "s.20260302T010000Z"

/* The call was not answered, its image is not listed yet, and what is asked next is refused: the
 * image exists, so the task has not failed. */
static void test_refused_after_an_unknown_outcome(void **state)
{
        static const struct {
                int line;
                struct scripted_fault refusal;
        } rows[] = {
                { __LINE__,
                  { .action = "CreateImage", .outcome = AWS_ERROR, .code = "RequestExpired" } },
                { __LINE__,
                  { .action = "CreateImage",
                    .outcome = AWS_ERROR,
                    .code = "InvalidInstanceID.NotFound" } },
                { __LINE__,
                  { .action = "DescribeImages",
                    .about = "=name",
                    .outcome = AWS_ERROR,
                    .code = "RequestExpired",
                    .times = 3 } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                world_setup(&world, CRASH, 1);
                world.model.hidden = MINUTES(2);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                scripted_fault(&world.aws, rows[i].refusal);
                virtual_run_until(world.loop, at("2026-03-02T02:00:00Z"));
                if (world_run(&world, RUN, &detail) != OUTCOME_DONE)
                        fail_msg("line %d: %s", rows[i].line, detail);
                assert_int_equal(world.model.n_images, 1);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_FAILED]), 0);
                world_done(&world);
        }
}

/* Call after call is not answered, and it is the last one that makes it: that is looked for as long
 * as any. */
static void test_last_of_many_calls(void **state)
{
        (void)state;
        for (unsigned int lost = 0; lost <= 13; lost++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                world_setup(&world, CRASH, 1);
                world.model.hidden = MINUTES(5);
                if (lost)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "CreateImage",
                                                                .times = lost,
                                                                .outcome = AWS_UNKNOWN });
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if ((world_run(&world, RUN, &detail) == OUTCOME_DONE) != (lost < 13))
                        fail_msg("after %u: %s", lost, detail);
                assert_int_equal(world.model.n_images, lost < 13);
                world_done(&world);
        }
}

/* A call is not answered, and its instance is gone by the next look: what it may have made is
 * looked for, in no hurry. */
static void test_gone_after_an_unknown_outcome(void **state)
{
        for (int made = 0; made < 2; made++) {
                struct world world;

                (void)state;
                world_setup(&world, CRASH, 1)->state =
                        INSTANCE_STOPPED; /* which is looked at again */
                world.model.hidden = MINUTES(12);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = made });
                virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
                world.model.instances[0]->state = INSTANCE_TERMINATED;
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL) == OUTCOME_DONE, made);
                assert_int_equal(scripted_count(&world.aws, "CreateImage", NULL), 1);
                assert_in_range(scripted_count(&world.aws, "DescribeInstances", NULL), 1, 4);
                assert_in_range(scripted_count(&world.aws, "DescribeImages", NULL), 40, 200);
                world_done(&world);
        }
}

/* No answer to a deregistration for as long as it is tried, or a refusal after one that was lost:
 * the snapshots go with the next run. */
static void test_deregistered_without_an_answer(void **state)
{
        static const struct {
                int line;
                bool failed; /* the image, which was never good */
                struct scripted_fault second;
        } rows[] = {
                { __LINE__,
                  false,
                  { .action = "DeregisterImage",
                    .outcome = AWS_UNKNOWN,
                    .effect = true,
                    .times = SCRIPTED_ALWAYS } },
                { __LINE__,
                  false,
                  { .action = "DeregisterImage", .outcome = AWS_ERROR, .code = "RequestExpired" } },
                { __LINE__,
                  true,
                  { .action = "DeregisterImage",
                    .outcome = AWS_UNKNOWN,
                    .effect = true,
                    .times = SCRIPTED_ALWAYS } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;
                struct model_image *first;

                world_setup(&world, CRASH, 1);
                virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
                first = world.model.images[0];
                first->fails = rows[i].failed;
                first->reason = rows[i].failed ? "broken" : NULL;
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeregisterImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                scripted_fault(&world.aws, rows[i].second);
                virtual_run_until(world.loop, at("2026-03-03T12:00:00Z"));
                if (!first->gone || first->snapshot_gone)
                        fail_msg("line %d: the history is another one", rows[i].line);
                scripted_no_faults(&world.aws);
                virtual_run_until(world.loop, at("2026-03-04T12:00:00Z"));
                if (!first->snapshot_gone)
                        fail_msg("line %d: a snapshot without an image", rows[i].line);
                world_done(&world);
        }
}

/* The call was not answered, its image is not listed for minutes, and the instance reboots: nobody
 * else has a turn meanwhile. */
static void test_turn_while_an_earlier_call_may_reboot(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, REBOOT, 2);
        world.model.hidden = MINUTES(6);
        world.model.instances[0]->back = MINUTES(10);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .outcome = AWS_UNKNOWN,
                                                            .effect = true });
        /* so the second call is refused, and the look before the third takes its time */
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .outcome = AWS_ERROR,
                                                            .code = "IncorrectState" });
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstances",
                                                            .about = "=i-1",
                                                            .outcome = AWS_OK,
                                                            .delay = 10 * USEC_PER_SEC });
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 2);
        assert_int_equal(world.model.most_down, 1);
        world_done(&world);
}

/* One run finds the instance stopped, because another has stopped it for its image and starts it
 * again a moment later: the second image is none of a stopped instance. */
static void test_started_again_by_another_run(void **state)
{
        _cleanup_free_ char *run = NULL, *error = NULL;
        struct world world;
        bool seen = false;

        (void)state;
        world_setup(&world, STOP, 1);
        world.model.instances[0]->back = 20 * USEC_PER_SEC;
        while (world.model.instances[0]->state != INSTANCE_STOPPED)
                assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
        assert_int_equal(manager_run(world.manager, "t", NULL, 0, &run, &error), 0);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        for (size_t i = 0; i < world.model.n_images; i++) {
                const struct model_image *image = world.model.images[i];

                if (!streq(world_image_tag(image, TAG_SCHEDULE), "t"))
                        continue;
                seen = true;
                assert_string_equal(world_image_tag(image, TAG_CONSISTENCY), PROVEN_CRASH);
        }
        assert_true(seen);
        world_done(&world);
}

/* It was stopped by somebody, and is started by somebody while EC2 does not take the call or does
 * not answer it. */
static void test_started_before_the_next_call(void **state)
{
        static const struct {
                int line;
                struct scripted_fault fault;
        } rows[] = {
                { __LINE__,
                  { .action = "CreateImage",
                    .outcome = AWS_ERROR,
                    .code = "ResourceLimitExceeded",
                    .times = 3 } },
                { __LINE__, { .action = "CreateImage", .outcome = AWS_UNKNOWN } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                world_setup(&world, CRASH, 1);
                world.model.instances[0]->state = INSTANCE_STOPPED;
                scripted_fault(&world.aws, rows[i].fault);
                virtual_run_until(world.loop, at("2026-03-02T01:00:05Z"));
                assert_int_equal(world.model.n_images, 0);
                world.model.instances[0]->state = INSTANCE_RUNNING;
                virtual_run_until(world.loop, at("2026-03-02T02:00:00Z"));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(world.model.n_images, 1);
                if (!streq(world_image_tag(world.model.images[0], TAG_CONSISTENCY), PROVEN_CRASH))
                        fail_msg("line %d: labelled %s", rows[i].line,
                                 world_image_tag(world.model.images[0], TAG_CONSISTENCY));
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_refused_after_an_unknown_outcome),
                cmocka_unit_test(test_last_of_many_calls),
                cmocka_unit_test(test_gone_after_an_unknown_outcome),
                cmocka_unit_test(test_deregistered_without_an_answer),
                cmocka_unit_test(test_turn_while_an_earlier_call_may_reboot),
                cmocka_unit_test(test_started_again_by_another_run),
                cmocka_unit_test(test_started_before_the_next_call),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
