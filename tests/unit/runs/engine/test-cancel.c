/* cancel and cancel --abandon: what is under way is put right, and nothing is begun. */
#include "unit/runs/two-regions.h"

static void cancel(struct world *world, const char *run)
{
        _cleanup_free_ char *error = NULL;

        assert_int_equal(manager_cancel(world->manager, run, false, &error), 0);
}

/* A cancel that comes too late is answered with the end of the run, not with an unknown run. */
static void expect_over(struct world *world, const char *run)
{
        _cleanup_free_ char *error = NULL, *none = NULL;

        assert_int_equal(manager_cancel(world->manager, run, false, &error), -ENOENT);
        assert_non_null(strstr(error, "has ended already"));
        assert_int_equal(manager_cancel(world->manager, "s.no-such-run", false, &none), -ENOENT);
        assert_null(none);
}

/* The run is cancelled `after` its firing: so many images are made, and none is removed. */
static void a_cancelled_run_ends_what_has_begun_and_prunes_nothing(void **state)
{
        static const struct {
                const char *name;
                usec_t after;
                size_t images;
                const char *first, *last; /* outcomes of the first and the last instance */
        } rows[] = {
                { .name = "while the targets are searched", .after = 100 * USEC_PER_MSEC },
                /* the targets are looked for */
                { .name = "at the first image",
                  .after = 5 * USEC_PER_SEC,
                  .images = 1,
                  .first = "done",
                  .last = "cancelled" },
                { .name = "at the second image",
                  .after = MINUTES(3) + 30 * USEC_PER_SEC,
                  .images = 2,
                  .first = "done",
                  .last = "cancelled" },
        };
        const char *yaml = HEAD SCHEDULE("") "    regions: [eu-west-1]\n    consistency: reboot\n"
                                             "    retain: {last: 1}\n";

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                for (int restart = 0; restart < 2; restart++) {
                        _cleanup_free_ char *detail = NULL;
                        struct world world;

                        setup(&world, yaml, 5);
                        virtual_run_until(world.loop, at("2026-03-02T01:00:00Z"));
                        virtual_run_for(world.loop, rows[i].after);
                        cancel(&world, RUN);
                        virtual_run_for(world.loop, USEC_PER_SEC);
                        if (restart) {
                                world_end(&world, true);
                                world_start(&world);
                        }
                        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
                        if (world.model.n_images != rows[i].images)
                                fail_msg("%s: %zu images", rows[i].name, world.model.n_images);
                        assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_CANCELLED);
                        expect_over(&world, RUN);
                        if (rows[i].first) {
                                assert_string_equal(
                                        outcome_names[world_task(&world, RUN, "i-1", NULL)],
                                        rows[i].first);
                                assert_string_equal(
                                        outcome_names[world_task(&world, RUN, "i-5", NULL)],
                                        rows[i].last);
                        }
                        assert_int_equal(scripted_count(&world.aws, "DescribeImages", "schedule"),
                                         0);
                        /* the next one is as ever */
                        virtual_run_until(world.loop, at("2026-03-02T02:50:00Z"));
                        assert_int_equal(world_run(&world, NEXT, NULL), OUTCOME_DONE);
                        assert_true(scripted_count(&world.aws, "DescribeImages", "schedule") > 0);
                        world_done(&world);
                }
        }
}

/* All images are under way: they are followed to their end, and nothing begins after them. */
static void a_cancelled_run_follows_its_images_to_their_end(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n    retain: {last: 1}\n", 2);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        cancel(&world, RUN);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(captured_events(&events[EVENT_IMAGE_AVAILABLE]), 2);
        assert_int_equal(scripted_count(&world.aws, "DescribeImages", "schedule"), 0);
        assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_CANCELLED);
        assert_non_null(strstr(detail, "operator"));
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

/* The targets of a run are still searched, or an instance is down: the next firing is queued,
 * and can be cancelled. */
static void a_queued_firing_can_be_cancelled(void **state)
{
        struct world world;

        (void)state;
        setup(&world,
              HEAD SCHEDULE("") "    consistency: reboot\n    overlap: queue\n"
                                "    reboot: {ready_timeout: 90m}\n",
              1);
        world.model.instances[0]->back = HOURS(1) + MINUTES(20);
        virtual_run_until(world.loop, at("2026-03-02T02:10:00Z"));
        cancel(&world, NEXT);
        virtual_run_until(world.loop, at("2026-03-02T02:50:00Z"));
        assert_int_equal(world_run(&world, NEXT, NULL), OUTCOME_CANCELLED);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 1);
        world_done(&world);
}

/* Following ends at once, the image stays in the state and on AWS, and the next firing images the
 * instance again. */
static void an_abandoned_image_stays_and_holds_up_no_run(void **state)
{
        for (int restart = 0; restart < 2; restart++) {
                _cleanup_free_ char *detail = NULL, *error = NULL;
                struct store_image row;
                struct world world;

                (void)state;
                setup(&world, HEAD SCHEDULE("") "    consistency: crash\n    retain: {last: 5}\n",
                      1);
                world.model.takes = HOURS(3);
                virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
                assert_int_equal(manager_cancel(world.manager, RUN, true, &error), 0);
                if (restart) {
                        world_end(&world, true);
                        world_start(&world);
                }
                virtual_run_for(world.loop, 5 * USEC_PER_SEC);
                assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_CANCELLED);
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_CANCELLED);
                assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                                  world.model.images[0]->id, &row),
                                 1);
                assert_string_equal(row.state, "pending");
                assert_int_equal(row.removed, SEC_NONE);
                store_image_done(&row);
                assert_int_equal(scripted_count(&world.aws, "DeregisterImage", NULL), 0);
                world.model.takes = MINUTES(2);
                virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
                assert_int_equal(world_task(&world, NEXT, "i-1", NULL), OUTCOME_DONE);
                assert_int_equal(world_images(&world, NULL), 2);
                /* retention takes it for what it has become */
                world.model.images[0]->takes = HOURS(2);
                virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
                assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                                  world.model.images[0]->id, &row),
                                 1);
                assert_string_equal(row.state, "available");
                store_image_done(&row);
                world_done(&world);
        }
}

/* An instance that is stopped for its image is started before following ends. */
static void an_abandoned_run_puts_its_instance_right_first(void **state)
{
        _cleanup_free_ char *error = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: stop\n", 1);
        world.model.takes = HOURS(48);
        while (world.model.instances[0]->state != INSTANCE_STOPPED)
                assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
        virtual_run_for(world.loop, 2 * USEC_PER_SEC);
        assert_int_equal(manager_cancel(world.manager, RUN, true, &error), 0);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(model_state(&world.model, world.model.instances[0]), INSTANCE_RUNNING);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_CANCELLED);
        assert_int_equal(world.model.n_images, 1);
        assert_int_equal(scripted_count(&world.aws, "StartInstances", NULL), 1);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cancelled_run_ends_what_has_begun_and_prunes_nothing),
                cmocka_unit_test(a_cancelled_run_follows_its_images_to_their_end),
                cmocka_unit_test(a_queued_firing_can_be_cancelled),
                cmocka_unit_test(an_abandoned_image_stays_and_holds_up_no_run),
                cmocka_unit_test(an_abandoned_run_puts_its_instance_right_first),
        };

        return cmocka_run_group_tests_name("cancel", tests, NULL, NULL);
}
