/* What a row of the state says of an image and its snapshots is no reason to remove anything: EC2
 * is asked; and what an earlier run left undone is done later. */
#include "unit/runs/removals.h"

/* What an earlier run has begun is listed by a dry run. */
static void a_dry_run_lists_what_a_run_would_resume(void **state)
{
        struct world world;
        struct decisions decisions;

        (void)state;
        setup(&world, 5, 2);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeregisterImage",
                                                            .about = "ami-0001",
                                                            .outcome = AWS_UNKNOWN,
                                                            .effect = true });
        scripted_fault(&world.aws,
                       (struct scripted_fault){ .action = "DescribeImages",
                                                .about = "image-id&Filter.1.Value.1=ami-0001",
                                                .skip = 1,
                                                .outcome = AWS_ERROR,
                                                .code = "UnauthorizedOperation" });
        free(prune(&world, false));
        LEFT(world, "1! 4 5");
        expect_state(&world, 0, STATE_DEREGISTERING, __LINE__);
        scripted_forget_calls(&world.aws);
        decisions = dry_run(&world);
        assert_int_equal(decisions.count[PRUNE_REMOVE], 1);
        assert_non_null(strstr(decisions.why[PRUNE_REMOVE], "an earlier run"));
        decisions_done(&decisions);
        expect_calls(&world, 0, 0);
        free(prune(&world, false));
        LEFT(world, "4 5");
        expect_calls(&world, 0, 1);
        world_done(&world);
}

/* One snapshot is locked: the other is deleted, that is said once, and it is asked again weekly. */
static void a_snapshot_that_is_refused_holds_up_no_other(void **state)
{
        struct model_image *image;
        struct decisions decisions;
        struct world world;
        struct store_image row;

        (void)state;
        setup(&world, 3, 2);
        image = world.model.images[0];
        image->second = xstrdup("snap-9999");
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeleteSnapshot",
                                                            .about = "snap-0001",
                                                            .outcome = AWS_ERROR,
                                                            .times = SCRIPTED_ALWAYS,
                                                            .code = "SnapshotLocked",
                                                            .message = "The snapshot is locked" });
        virtual_run_for(world.loop, HOURS(24)); /* by the schedule */
        assert_true(image->gone && image->second_gone && !image->snapshot_gone);
        assert_int_equal(captured_events(&events[EVENT_SNAPSHOTS_LEFT]), 1);
        expect_state(&world, 0, STATE_DEREGISTERED, __LINE__);
        row = load(&world, 0);
        assert_string_equal(row.snapshots, "snap-0001");
        assert_non_null(strstr(row.detail, "SnapshotLocked"));
        store_image_done(&row);
        decisions = dry_run(&world);
        assert_int_equal(decisions.count[PRUNE_REMOVE], 1); /* by hand it is tried at once */
        decisions_done(&decisions);
        scripted_forget_calls(&world.aws);
        captured_clear();
        virtual_run_for(world.loop, HOURS(24 * 13));
        assert_int_equal(scripted_count(&world.aws, "DeregisterImage", "ami-0001"), 0);
        assert_int_equal(scripted_count(&world.aws, "DeleteSnapshot", "snap-0001"), 1);
        assert_int_equal(captured_events(&events[EVENT_SNAPSHOTS_LEFT]), 0);
        assert_int_equal(captured_events(&events[EVENT_RUN_FAILED]), 0);
        scripted_no_faults(&world.aws);
        free(prune(&world, false));
        assert_true(image->snapshot_gone);
        assert_true(is_recorded_gone(&world, 0));
        world_done(&world);
}

/* The row names a snapshot that was not made for its image: of another image, or of others. */
static void a_snapshot_that_is_not_of_the_image_is_kept(void **state)
{
        struct store_image row;
        struct world world;

        (void)state;
        setup(&world, 5, 2);
        row = load(&world, 0);
        xreplace(&row.snapshots, "snap-0001 snap-0004");
        store_save_image(world.store, &row);
        store_image_done(&row);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeleteSnapshot",
                                                            .about = "snap-0001",
                                                            .outcome = AWS_ERROR,
                                                            .code = "UnauthorizedOperation" });
        free(prune(&world, false));
        row = load(&world, 0);
        xreplace(&row.snapshots, "snap-0001 snap-0004"); /* by hand */
        store_save_image(world.store, &row);
        store_image_done(&row);
        scripted_forget_calls(&world.aws);
        free(prune(&world, false));
        LEFT(world, "4 5");
        assert_int_equal(scripted_count(&world.aws, "DeleteSnapshot", "snap-0004"), 0);
        assert_true(is_recorded_gone(&world, 0));
        world_done(&world);
}

/* A row that somebody has put into the state leads to no deletion: EC2 is asked, and does not say
 * what the row says. */
static void a_row_that_was_put_in_by_hand_removes_nothing(void **state)
{
        static const struct {
                const char *name;
                bool tagged;
                const char *state;
        } rows[] = {
                { "without our tags", false, "available" },
                { "with our tags", true, "available" },
                { "as if it were being removed", false, STATE_DEREGISTERING },
                { "as if it were being removed, with our tags", true, STATE_DEREGISTERING },
                { "as if it were deregistered", false, STATE_DEREGISTERED },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_image *golden;
                struct store_image row;
                struct world world;

                setup(&world, 5, 5);
                golden = model_add_image(&world.model, "eu-west-1", "golden");
                golden->creation_date -= 30 * SEC_PER_DAY;
                golden->created -= HOURS(30 * 24);
                if (rows[i].tagged) {
                        golden->tags = model_copy_tags(world.model.images[0]->tags,
                                                       world.model.images[0]->n_tags);
                        golden->n_tags = world.model.images[0]->n_tags;
                }
                row = load(&world, 0);
                xreplace(&row.id, golden->id);
                xreplace(&row.name, golden->name);
                xreplace(&row.snapshots, golden->snapshot);
                xreplace(&row.state, rows[i].state);
                row.created = golden->creation_date;
                row.firing -= 30 * SEC_PER_DAY;
                store_save_image(world.store, &row);
                store_image_done(&row);
                free(prune(&world, false));
                free(prune(&world, false));
                if (golden->gone || golden->snapshot_gone)
                        fail_msg("%s: removed", rows[i].name);
                LEFT(world, "1 2 3 4 5 6");
                expect_calls(&world, 0, 0);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_dry_run_lists_what_a_run_would_resume),
                cmocka_unit_test(a_snapshot_that_is_refused_holds_up_no_other),
                cmocka_unit_test(a_snapshot_that_is_not_of_the_image_is_kept),
                cmocka_unit_test(a_row_that_was_put_in_by_hand_removes_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
