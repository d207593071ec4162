/* Removals that AWS does not answer, refuses, or knows nothing of: in the end the image is gone
 * with its snapshots, and a snapshot that another image uses stays. */
#include "unit/runs/removals.h"

static void a_removal_goes_on_after_any_error(void **state)
{
        static const struct {
                int line;
                enum outcome outcome;
                struct scripted_fault fault;
                const char *left, *later;
                size_t lines; /* of removals that failed */
        } rows[] = {
                { .line = __LINE__,
                  .outcome = OUTCOME_DONE,
                  .fault = { .action = "DeregisterImage", .outcome = AWS_UNKNOWN, .effect = true },
                  .left = "4 5",
                  .later = "4 5" },
                { .line = __LINE__,
                  .outcome = OUTCOME_DONE,
                  .fault = { .action = "DeregisterImage", .outcome = AWS_UNREACHABLE, .times = 3 },
                  .left = "4 5",
                  .later = "4 5" },
                { .line = __LINE__,
                  .outcome = OUTCOME_PARTIAL,
                  .fault = { .action = "DeregisterImage",
                             .outcome = AWS_ERROR,
                             .code = "OperationNotPermitted" },
                  .left = "1 4 5",
                  .later = "4 5",
                  .lines = 1 },
                { .line = __LINE__,
                  .outcome = OUTCOME_DONE,
                  .fault = { .action = "DeleteSnapshot", .outcome = AWS_UNKNOWN, .effect = true },
                  .left = "4 5",
                  .later = "4 5" },
                /* a lag of EC2's: asked again */
                { .line = __LINE__,
                  .outcome = OUTCOME_DONE,
                  .fault = { .action = "DeleteSnapshot",
                             .outcome = AWS_ERROR,
                             .times = 5,
                             .code = "InvalidSnapshot.InUse",
                             .message = "The snapshot is in use" },
                  .left = "4 5",
                  .later = "4 5" },
                /* refused: the image is gone, and the next run deletes what was left */
                { .line = __LINE__,
                  .outcome = OUTCOME_PARTIAL,
                  .fault = { .action = "DeleteSnapshot",
                             .outcome = AWS_ERROR,
                             .code = "UnauthorizedOperation" },
                  .left = "1! 4 5",
                  .later = "4 5",
                  .lines = 1 },
                { .line = __LINE__,
                  .outcome = OUTCOME_PARTIAL,
                  .fault = { .action = "DeleteSnapshot",
                             .outcome = AWS_ERROR,
                             .about = "snap-0001",
                             .times = 500,
                             .code = "InvalidSnapshot.InUse",
                             .message = "The snapshot is in use" },
                  .left = "1! 4 5",
                  .later = "1! 4 5",
                  .lines = 1 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL;
                struct world world;

                setup(&world, 5, 2);
                scripted_fault(&world.aws, rows[i].fault);
                run = prune(&world, false);
                expect_left(&world, rows[i].left, rows[i].line);
                if (world_run(&world, run, NULL) != rows[i].outcome)
                        fail_msg("line %d: outcome", rows[i].line);
                if (captured_events(&events[EVENT_REMOVAL_FAILED]) +
                            captured_events(&events[EVENT_SNAPSHOTS_LEFT]) !=
                    rows[i].lines)
                        fail_msg("line %d: %zu lines", rows[i].line,
                                 captured_events(&events[EVENT_REMOVAL_FAILED]));
                free(prune(&world, false));
                expect_left(&world, rows[i].later, rows[i].line);
                world_done(&world);
        }
}

/* An image of yesterday and two of this hour, of which one is to stay. */
static void setup_young(struct world *world)
{
        _cleanup_free_ char *yaml = xasprintf(SETTINGS, 1);

        setup(world, 1, 1000);
        for (int i = 0; i < 2; i++) {
                char *run = NULL, *error = NULL;

                assert_int_equal(manager_run(world->manager, "s", NULL, 0, &run, &error), 0);
                virtual_run_for(world->loop, MINUTES(5));
                free(run);
        }
        world_apply(world, yaml);
}

/* DeleteSnapshot does not know a snapshot that DescribeSnapshots lists: it is deleted later. */
static void a_snapshot_unknown_for_a_moment_is_deleted_later(void **state)
{
        static const struct {
                int line;
                const char *snapshot;
                unsigned int times;
                const char *left;
        } rows[] = {
                { __LINE__, "snap-0001", 1, "3" },
                { __LINE__, "snap-0002", 9, "3" },
                { __LINE__, "snap-0002", SCRIPTED_ALWAYS, "2! 3" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                setup_young(&world);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "DeleteSnapshot",
                                                        .about = rows[i].snapshot,
                                                        .outcome = AWS_ERROR,
                                                        .times = rows[i].times,
                                                        .code = "InvalidSnapshot.NotFound" });
                free(prune(&world, false));
                expect_left(&world, rows[i].left, rows[i].line);
                assert_int_equal(captured_events(&events[EVENT_SNAPSHOTS_LEFT]),
                                 rows[i].times == SCRIPTED_ALWAYS);
                world_done(&world);
        }
}

/* The answer of DeleteSnapshot was lost, and lists do not contain the snapshot: it is recorded as
 * deleted once that has lasted, or deleted again when it is listed after all. */
static void an_unlisted_snapshot_is_deleted_by_evidence_only(void **state)
{
        static const struct {
                const char *name;
                bool effect, restart;
                unsigned int unlisted; /* minutes */
        } rows[] = {
                { .name = "deleted", .effect = true },
                { .name = "not deleted, and a list lags", .unlisted = 3 },
                { .name = "deleted, and a restart", .effect = true, .restart = true },
                { .name = "not deleted, a restart, a list lags", .restart = true, .unlisted = 3 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char *run = NULL, *error = NULL;
                struct world world;

                setup_young(&world);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "DeleteSnapshot",
                                                        .about = "snap-0002",
                                                        .outcome = AWS_UNKNOWN,
                                                        .effect = rows[i].effect,
                                                        .delay = rows[i].restart ? HOURS(1) : 0 });
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                world_run_until_sent(&world, "DeleteSnapshot", "snap-0002");
                world.model.images[1]->snapshot_unlisted =
                        loop_monotonic(world.loop) + MINUTES(rows[i].unlisted);
                if (rows[i].restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_for(world.loop, MINUTES(2));
                if (world_run(&world, run, NULL) != OUTCOME_OPEN)
                        fail_msg("%s: believed at once", rows[i].name);
                virtual_run_for(world.loop, MINUTES(20));
                if (world_run(&world, run, NULL) != OUTCOME_DONE)
                        fail_msg("%s: does not end", rows[i].name);
                expect_left(&world, "3", __LINE__);
                free(run);
                world_done(&world);
        }
}

/* The answer to DeleteSnapshot is lost, or the process ends before it comes, and the next call is
 * refused: a snapshot that is gone is not told to be left, one that is there is. */
static void a_refusal_does_not_undo_an_earlier_deletion(void **state)
{
        static const struct {
                const char *name, *left;
                bool effect, restart;
                bool unlisted; /* which is seen before it is asked for again */
        } rows[] = {
                { .name = "deleted", .left = "3", .effect = true },
                { .name = "deleted, restart",
                  .left = "3",
                  .effect = true,
                  .restart = true,
                  .unlisted = true },
                { .name = "not deleted", .left = "2! 3" },
                { .name = "not deleted, restart", .left = "2! 3", .restart = true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL, *error = NULL;
                struct world world;

                setup_young(&world);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeleteSnapshot",
                                                                    .about = "snap-0002",
                                                                    .outcome = AWS_UNREACHABLE,
                                                                    .effect = rows[i].effect });
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeleteSnapshot",
                                                                    .about = "snap-0002",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_ERROR,
                                                                    .code = "UnauthorizedOperation",
                                                                    .unmet = rows[i].unlisted });
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                world_run_until_sent(&world, "DeleteSnapshot", "snap-0002");
                if (rows[i].restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_for(world.loop, HOURS(1));
                expect_left(&world, rows[i].left, (int)i);
                assert_int_equal(is_recorded_gone(&world, 1), rows[i].effect);
                if (captured_events(&events[EVENT_SNAPSHOTS_LEFT]) != !rows[i].effect)
                        fail_msg("%s", rows[i].name);
                assert_true(scripted_count(&world.aws, "DeleteSnapshot", "snap-0002") <= 2);
                world_done(&world);
        }
}

static void a_snapshot_of_another_image_stays(void **state)
{
        _cleanup_free_ char *run = NULL;
        struct world world;

        (void)state;
        setup(&world, 5, 2);
        world.model.images[2]->also_used_by = "snap-0003 is currently in use by ami-0fff";
        run = prune(&world, false);
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
        LEFT(world, "3! 4 5");
        assert_int_equal(captured_words("others are kept: snap-0003: "), 1);
        assert_int_equal(scripted_count(&world.aws, "DeleteSnapshot", "snap-0003"), 1);
        world_done(&world);
}

/* Somebody protects an image on purpose: it stays without a call, and without a failure each night.
 */
static void an_image_that_is_protected_from_deregistration_is_kept(void **state)
{
        static const struct {
                int line;
                const char *protection, *left;
                size_t calls;
                bool late; /* after the list was read */
        } rows[] = {
                { __LINE__, "enabled-without-cooldown", "1 4 5", 2, false },
                { __LINE__, "enabled-with-cooldown", "1 4 5", 2, false },
                { __LINE__, "enabled-without-cooldown", "1 4 5", 2, true },
                { __LINE__, "disabled", "4 5", 3, false },
                { __LINE__, "", "4 5", 3, false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *error = NULL, *run = NULL;
                struct world world;

                setup(&world, 5, 2);
                if (!rows[i].late)
                        world.model.images[0]->protection = rows[i].protection;
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                if (rows[i].late)
                        world_run_until_sent(&world, "DescribeInstances", NULL);
                world.model.images[0]->protection = rows[i].protection;
                virtual_run_for(world.loop, HOURS(1));
                LEFT(world, rows[i].left);
                if (scripted_count(&world.aws, "DeregisterImage", NULL) != rows[i].calls)
                        fail_msg("line %d: %zu calls", rows[i].line,
                                 scripted_count(&world.aws, "DeregisterImage", NULL));
                assert_int_equal(world_run(&world, run, NULL),
                                 rows[i].late ? OUTCOME_PARTIAL : OUTCOME_DONE);
                assert_int_equal(captured_events(&events[EVENT_REMOVAL_FAILED]), 0);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_KEPT]), rows[i].late);
                world_done(&world);
        }
}

/* EC2 refuses to deregister an image, and the disk is full at that moment. */
static void a_refusal_that_cannot_be_written_down_waits_until_it_can(void **state)
{
        _cleanup_free_ char *error = NULL, *run = NULL;
        struct world world;

        (void)state;
        setup(&world, 2, 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeregisterImage",
                                                            .outcome = AWS_ERROR,
                                                            .code = "OperationNotPermitted",
                                                            .delay = 10 * USEC_PER_SEC });
        assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
        world_run_until_sent(&world, "DeregisterImage", NULL);
        world_protect(&world, true);
        virtual_run_for(world.loop, MINUTES(10));
        world_protect(&world, false);
        virtual_run_for(world.loop, MINUTES(10));
        expect_state(&world, 0, "available", __LINE__);
        assert_int_equal(captured_events(&events[EVENT_REMOVAL_FAILED]), 1);
        assert_int_equal(scripted_count(&world.aws, "DeregisterImage", NULL), 1);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_removal_goes_on_after_any_error),
                cmocka_unit_test(a_snapshot_unknown_for_a_moment_is_deleted_later),
                cmocka_unit_test(an_unlisted_snapshot_is_deleted_by_evidence_only),
                cmocka_unit_test(a_refusal_does_not_undo_an_earlier_deletion),
                cmocka_unit_test(a_snapshot_of_another_image_stays),
                cmocka_unit_test(an_image_that_is_protected_from_deregistration_is_kept),
                cmocka_unit_test(a_refusal_that_cannot_be_written_down_waits_until_it_can),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
