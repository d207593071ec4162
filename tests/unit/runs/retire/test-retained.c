/* Which images outlive a run: none goes for one that is below, or that only a clock calls newer.
 */
#include "unit/runs/levels.h"
#include "unit/runs/removals.h"

#define YEARS(n) ((usec_t)(n)*365 * HOURS(24))

/* A run of the schedule; gives its images time to end. */
static void run_now(struct world *world)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        if (manager_run(world->manager, "s", NULL, 0, &run, &error) < 0)
                fail_msg("%s", error);
        virtual_run_for(world->loop, HOURS(3));
}

/* A world with one good image by `consistency`, from the first night. */
static struct model_instance *good_night(struct world *world, const char *consistency,
                                         const char *more)
{
        _cleanup_free_ char *yaml = xasprintf(HEAD "    consistency: %s\n%s", consistency, more);
        struct model_instance *instance = world_setup(world, yaml, 1);

        instance->stale = 50 * USEC_PER_SEC;
        instance->back = 120 * USEC_PER_SEC;
        world->model.takes = 600 * USEC_PER_SEC;
        virtual_run_until(world->loop, at("2026-03-02T06:00:00Z"));
        assert_int_equal(world_runs(world, "s", OUTCOME_DONE, NULL), 1);
        return instance;
}

static enum outcome outcome_of(struct world *world, size_t i)
{
        struct store_image row = load(world, i);
        enum outcome outcome = row.outcome;

        store_image_done(&row);
        return outcome;
}

/* Night after night the instance does not come back in time: the run fails for it, and its images
 * prove nothing. The last good one stays, for as long as that takes; a good night ends it. */
static void a_weaker_image_never_displaces_a_stronger_one(void **state)
{
        static const struct {
                int line;
                const char *retain, *failing, *healed;
        } rows[] = {
                { __LINE__, "{last: 2}", "1 5 6", "1 6 7" },
                { __LINE__, "{daily: 3, weekly: 2}", "1 4 5 6", "1 5 6 7" },
                { __LINE__, "{within: 1d}", "1 6", "7" },
                { __LINE__, "{last: 1, require: crash}", "1 6", "7" },
                { __LINE__, "{last: 1, require: reboot}", "1 2 3 4 5 6", "7" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *more = xasprintf("    reboot: {on_failure: continue}\n"
                                                      "    retain: %s\n",
                                                      rows[i].retain);
                struct model_instance *instance;
                struct world world;

                instance = good_night(&world, "reboot", more);
                assert_string_equal(world_consistency(&world, 0), ACHIEVED_REBOOT_CLEAN);
                assert_int_equal(outcome_of(&world, 0), OUTCOME_DONE);
                instance->back = HOURS(4);
                virtual_run_for(world.loop, HOURS(5 * 24));
                expect_left(&world, rows[i].failing, rows[i].line);
                assert_int_equal(outcome_of(&world, 5), OUTCOME_FAILED);
                instance->back = 120 * USEC_PER_SEC;
                virtual_run_for(world.loop, HOURS(24));
                expect_left(&world, rows[i].healed, rows[i].line);
                world_done(&world);
        }
}

/* What is known of a task stands in the tag as well, where more than crash is proven: the state can
 * be lost, and no image gains by that. */
static void an_adopted_image_has_the_consistency_of_its_tag(void **state)
{
        _cleanup_free_ char *run = NULL, *error = NULL;
        struct model_instance *instance;
        struct world world;

        (void)state;
        instance = good_night(&world, "reboot", "    on_shortfall: fail\n    retain: {last: 1}\n");
        assert_string_equal(world_image_tag(world.model.images[0], TAG_OUTCOME), "done");
        instance->back = 300 * USEC_PER_SEC; /* the reboot may have been forced */
        virtual_run_for(world.loop, HOURS(24));
        assert_string_equal(world_image_tag(world.model.images[1], TAG_OUTCOME), "failed");
        LEFT(world, "1 2");
        world_end(&world, false);
        world_remove_state(&world);
        world_start(&world);
        assert_int_equal(manager_adopt(world.manager, false, &run, &error), 0);
        virtual_run_for(world.loop, MINUTES(5));
        assert_int_equal(outcome_of(&world, 0), OUTCOME_DONE);
        assert_int_equal(outcome_of(&world, 1), OUTCOME_FAILED);
        free(prune(&world, false));
        LEFT(world, "1 2");
        world_done(&world);
}

/* A dead RTC battery: an image of 2042, and then the clock is put right. It is not newest for ever,
 * the decision names it, and each new image takes its place. */
static void a_firing_of_a_wrong_clock_is_not_newer(void **state)
{
        _cleanup_free_ char *run = NULL;
        struct world world;

        (void)state;
        setup(&world, 1, 1);
        world.loop->wall_ahead += YEARS(16);
        run_now(&world);
        LEFT(world, "2");
        world.loop->wall_ahead -= YEARS(16);
        captured_clear();
        run_now(&world);
        LEFT(world, "3");
        assert_int_equal(captured_words("cannot be right: EC2 created it at 2026-04-0"), 1);
        run_now(&world);
        LEFT(world, "4");
        world_done(&world);
}

/* The same the other way: a machine that came up in 1970 makes an image that is as new as any. */
static void a_firing_of_the_past_is_not_older(void **state)
{
        struct world world;

        (void)state;
        setup(&world, 2, 2);
        world.loop->wall_ahead -= YEARS(40);
        run_now(&world);
        world.loop->wall_ahead += YEARS(40);
        run_now(&world);
        LEFT(world, "3 4");
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_weaker_image_never_displaces_a_stronger_one),
                cmocka_unit_test(an_adopted_image_has_the_consistency_of_its_tag),
                cmocka_unit_test(a_firing_of_a_wrong_clock_is_not_newer),
                cmocka_unit_test(a_firing_of_the_past_is_not_older),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
