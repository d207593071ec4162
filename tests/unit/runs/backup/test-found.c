/* What simulation has found (tests/sim/seeds.txt), as small as it gets. */
#include "unit/runs/levels.h"

#define CRASH  HEAD "    consistency: crash\n    retain: {last: 1}\n"
#define REBOOT HEAD "    consistency: reboot\n    reboot: {ready_timeout: 30m}\n"
#define STOP                                                                                       \
        HEAD "    consistency: stop\n"                                                             \
             "  t:\n    schedule: cron(0 9 * * ? *)\n    targets: {tags: {A: b}}\n"                \
             "    consistency: crash\n"

/* CreateImage is not answered, its image is not listed yet, and the next call is refused: the
 * image exists, so the task has not failed. */
static void a_refusal_after_a_lost_answer_finds_the_image(void **state)
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

/* Several calls are not answered, and the last one makes the image: it is looked up for as long
 * as after the first. */
static void the_image_of_the_last_unanswered_call_is_found(void **state)
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
                                                                    .effect = true,
                                                                    .unmet = lost == 13 });
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if ((world_run(&world, RUN, &detail) == OUTCOME_DONE) != (lost < 13))
                        fail_msg("after %u: %s", lost, detail);
                assert_int_equal(world.model.n_images, lost < 13);
                world_done(&world);
        }
}

/* The next process does not know which calls were answered: what an earlier one made is ours. */
static void a_restart_before_the_next_call_disowns_no_image(void **state)
{
        (void)state;
        for (int second = 0; second < 90; second += 3) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                /* it is looked at again before each call */
                world_setup(&world, CRASH, 1)->state = INSTANCE_STOPPED;
                world.model.hidden = MINUTES(20);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                virtual_run_until(world.loop, at("2026-03-02T01:06:00Z"));
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstances",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_OK,
                                                                    .delay = 10 * USEC_PER_SEC });
                virtual_run_for(world.loop, second * USEC_PER_SEC);
                world_end(&world, false);
                world_start(&world);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if (world_run(&world, RUN, &detail) != OUTCOME_DONE)
                        fail_msg("restarted at second %d: %s", second, detail);
                assert_int_equal(world.model.n_images, 1);
                world_done(&world);
        }
}

/* CreateImage is not answered, and its instance is gone by the next description: the image is
 * looked up all the same. */
static void a_lost_answer_of_an_instance_that_is_gone_is_looked_up(void **state)
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

/* A call is not answered, and its instance then stays in "stopping" for ever: the task ends all the
 * same, and the next firing is not skipped for it. */
static void an_instance_that_hangs_before_the_next_call_holds_up_no_run(void **state)
{
        struct model_instance *instance;
        struct world world;

        (void)state;
        instance = world_setup(&world, CRASH, 1);
        instance->state = INSTANCE_STOPPED; /* which is looked at again */
        scripted_fault(&world.aws,
                       (struct scripted_fault){ .action = "CreateImage", .outcome = AWS_UNKNOWN });
        virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
        instance->state = INSTANCE_STOPPING;
        instance->changes = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_int_equal(captured_events(&events[EVENT_IMAGE_FAILED]), 1);
        world_done(&world);
}

/* DeregisterImage was carried out and not answered. Its image is looked for by id: when EC2 no
 * longer lists it for minutes its snapshot goes with the same run, and with the next one when the
 * look is refused. */
static void snapshots_go_after_a_deregistration_without_an_answer(void **state)
{
        static const struct {
                const char *name;
                bool failed; /* the image, which was never good */
                usec_t lingers;
                struct scripted_fault second;
                bool with_the_next;
        } rows[] = {
                { .name = "looked at" },
                { .name = "looked at, and failed", .failed = true },
                { .name = "listed for a minute more, and the next call is refused",
                  .lingers = MINUTES(1),
                  .second = { .action = "DeregisterImage",
                              .outcome = AWS_ERROR,
                              .code = "RequestExpired" } },
                { .name = "the look is refused",
                  .second = { .action = "DescribeImages",
                              .about = "Filter.1.Name=image-id",
                              .outcome = AWS_ERROR,
                              .times = SCRIPTED_ALWAYS,
                              .code = "UnauthorizedOperation" },
                  .with_the_next = true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;
                struct model_image *first;

                world_setup(&world, CRASH, 1);
                virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
                first = world.model.images[0];
                first->fails = rows[i].failed;
                first->lingers = rows[i].lingers;
                first->reason = rows[i].failed ? "broken" : NULL;
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeregisterImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                world_run_until_sent(&world, "DeregisterImage", NULL);
                if (rows[i].second.action)
                        scripted_fault(&world.aws, rows[i].second);
                virtual_run_until(world.loop, at("2026-03-03T12:00:00Z"));
                if (!first->gone || first->snapshot_gone == rows[i].with_the_next)
                        fail_msg("%s: gone %d, its snapshot %d", rows[i].name, first->gone,
                                 first->snapshot_gone);
                scripted_no_faults(&world.aws);
                virtual_run_until(world.loop, at("2026-03-04T12:00:00Z"));
                if (!first->snapshot_gone)
                        fail_msg("%s: a snapshot without an image", rows[i].name);
                world_done(&world);
        }
}

/* CreateImage is not answered, its image is not listed for minutes, and the instance reboots: no
 * other instance gets a slot meanwhile. */
static void a_lost_answer_keeps_the_slot_while_the_instance_reboots(void **state)
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

/* One run finds the instance stopped, since another run has stopped it for its image and starts
 * it a moment later: the second image is not of a stopped instance. */
static void an_instance_that_another_run_starts_gives_no_stopped_image(void **state)
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
                assert_string_equal(world_image_tag(image, TAG_CONSISTENCY), ACHIEVED_CRASH);
        }
        assert_true(seen);
        world_done(&world);
}

/* Somebody stops the instance, and starts it while EC2 does not take the call, or does not
 * answer it. */
static void an_instance_started_before_the_next_call_gives_no_stopped_image(void **state)
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
                if (!streq(world_image_tag(world.model.images[0], TAG_CONSISTENCY), ACHIEVED_CRASH))
                        fail_msg("line %d: tagged %s", rows[i].line,
                                 world_image_tag(world.model.images[0], TAG_CONSISTENCY));
                world_done(&world);
        }
}

/* Somebody starts a stopped instance between CreateImage and the look at its snapshots, and stops
 * it again or not; or only after that. */
static void a_start_before_the_last_snapshot_leaves_the_tag_at_crash(void **state)
{
        static const struct {
                const char *name;
                bool starts, stops;
                const char *consistency;
        } rows[] = {
                { "left alone", false, false, ACHIEVED_STOPPED },
                { "started", true, false, ACHIEVED_CRASH },
                { "started and stopped", true, true, ACHIEVED_CRASH },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_instance *instance;
                struct world world;

                instance = world_setup(&world, CRASH, 1);
                instance->state = INSTANCE_STOPPED;
                while (!world.model.n_images)
                        assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
                assert_string_equal(world_consistency(&world, 0), ACHIEVED_CRASH);
                if (rows[i].starts) {
                        instance->launched = loop_wall(world.loop);
                        instance->state = rows[i].stops ? INSTANCE_STOPPED : INSTANCE_RUNNING;
                }
                virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
                if (!rows[i].starts) /* by now all is proven */
                        instance->state = INSTANCE_RUNNING;
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_DONE);
                if (!streq(world_consistency(&world, 0), rows[i].consistency))
                        fail_msg("%s: %s", rows[i].name, world_consistency(&world, 0));
                world_done(&world);
        }
}

/* CreateImage has made an image and its answer is lost; EC2 answers no look for it until long after
 * the instance runs again. */
static void an_image_that_ec2_tells_of_too_late_is_recorded(void **state)
{
        static const struct {
                const char *name;
                bool made, restarts;
                size_t rows;
        } rows[] = {
                { "made", true, false, 1 },
                { "made, and a restart", true, true, 1 },
                { "not made", false, false, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct store_image *images;
                struct world world;
                size_t n;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .effect = rows[i].made,
                                                                    .outcome = AWS_UNKNOWN });
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeImages",
                                                                    .about = "=name",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .delay = HOURS(5) });
                world_run_until_sent(&world, "CreateImage", NULL);
                virtual_run_for(world.loop, HOURS(2));
                expect_all_up(&world, rows[i].name);
                if (rows[i].restarts) {
                        world_end(&world, false);
                        world_start(&world);
                }
                scripted_no_faults(&world.aws);
                virtual_run_for(world.loop, HOURS(12));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                assert_int_equal(world.model.instances[0]->outages, 1);
                assert_int_equal(
                        store_load_images(world.store, NULL, NULL, NULL, true, &images, &n), 0);
                if (n != rows[i].rows || (n > 0 && (!streq(images[0].state, "available") ||
                                                    !streq(images[0].consistency, ACHIEVED_CRASH))))
                        fail_msg("%s: %zu rows, %s", rows[i].name, n, n ? images[0].state : "none");
                store_images_free(images, n);
                world_done(&world);
        }
}

/* EC2 has made an image without an answer, and lists it only when its instance runs again. That EC2
 * takes no other call until then does not cut the look for the image short. */
static void an_image_that_is_listed_late_is_looked_up_as_often_as_any(void **state)
{
        struct store_image *images;
        struct world world;
        size_t n;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .effect = true,
                                                            .outcome = AWS_UNKNOWN });
        scripted_fault(&world.aws,
                       (struct scripted_fault){ .action = "CreateImage",
                                                .times = SCRIPTED_ALWAYS,
                                                .outcome = AWS_ERROR,
                                                .code = "PendingSnapshotLimitExceeded" });
        world_run_until_sent(&world, "CreateImage", NULL);
        world.model.images[0]->hidden = USEC_INFINITY / 2;
        world_run_until_sent(&world, "StartInstances", NULL);
        world_run_until_sent(&world, "DescribeImages", "=name");
        virtual_run_for(world.loop, 2 * USEC_PER_SEC);
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_OPEN);
        world.model.images[0]->hidden = 0;
        virtual_run_for(world.loop, HOURS(1));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_int_equal(store_load_images(world.store, NULL, NULL, NULL, true, &images, &n), 0);
        assert_int_equal(n, 1);
        assert_string_equal(images[0].state, "available");
        store_images_free(images, n);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_start_before_the_last_snapshot_leaves_the_tag_at_crash),
                cmocka_unit_test(a_refusal_after_a_lost_answer_finds_the_image),
                cmocka_unit_test(the_image_of_the_last_unanswered_call_is_found),
                cmocka_unit_test(a_lost_answer_of_an_instance_that_is_gone_is_looked_up),
                cmocka_unit_test(an_instance_that_hangs_before_the_next_call_holds_up_no_run),
                cmocka_unit_test(a_restart_before_the_next_call_disowns_no_image),
                cmocka_unit_test(snapshots_go_after_a_deregistration_without_an_answer),
                cmocka_unit_test(a_lost_answer_keeps_the_slot_while_the_instance_reboots),
                cmocka_unit_test(an_instance_that_another_run_starts_gives_no_stopped_image),
                cmocka_unit_test(an_instance_started_before_the_next_call_gives_no_stopped_image),
                cmocka_unit_test(an_image_that_ec2_tells_of_too_late_is_recorded),
                cmocka_unit_test(an_image_that_is_listed_late_is_looked_up_as_often_as_any),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
