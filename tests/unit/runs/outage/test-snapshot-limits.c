/* Schedules that image the same instances: what EC2 takes of one volume. */
#include "unit/runs/world.h"

#include "runs/outage/snapshot-limits.h"

#define HEAD                                                                                       \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\n"                               \
        "defaults: {consistency: crash, targets: {tags: {A: b}}}\nschedules:\n"
#define SCHEDULE(name) "  " name ": {schedule: cron(0 1 * * ? *)}\n"

/* When images of an instance were asked for, in order. */
static size_t creations(const struct world *world, const char *instance, usec_t *ret, size_t most)
{
        size_t n = 0;

        for (size_t i = 0; i < world->aws.n_calls && n < most; i++)
                if (streq(world->aws.calls[i].action, "CreateImage") &&
                    strstr(world->aws.calls[i].query, instance))
                        ret[n++] = world->aws.calls[i].at;
        return n;
}

static char *waiting_of(struct world *world, const char *run, const char *subject)
{
        struct store_task *tasks;
        char *waiting = NULL;
        size_t n;

        assert_int_equal(store_load_tasks(world->store, run, &tasks, &n), 0);
        for (size_t i = 0; i < n; i++) {
                struct task_progress progress;

                if (streq(tasks[i].subject, subject) &&
                    manager_task_progress(world->manager, tasks[i].id, &progress))
                        waiting = xstrdup(progress.waiting);
        }
        store_tasks_free(tasks, n);
        return waiting;
}

static void two_images_of_an_instance_are_15_s_apart(void **state)
{
        static const char *const instances[] = { "i-1", "i-2", "i-3" };
        _cleanup_free_ char *waiting = NULL;
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("a") SCHEDULE("b") SCHEDULE("c"), 3);
        virtual_run_until(world.loop, at("2026-03-02T01:00:00Z"));
        virtual_run_for(world.loop, 6 * USEC_PER_SEC);
        assert_int_equal(world.model.n_images, 3); /* of different instances at once */
        waiting = waiting_of(&world, "b.20260302T010000Z", "i-1");
        assert_string_equal(waiting, "15 s between two snapshots of its volumes; run "
                                     "a.20260302T010000Z has made one");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        for (size_t i = 0; i < ELEMENTS(instances); i++) {
                usec_t times[3] = {};

                assert_int_equal(creations(&world, instances[i], times, 3), 3);
                for (size_t j = 1; j < 3; j++)
                        assert_in_range(times[j] - times[j - 1], 15 * USEC_PER_SEC,
                                        25 * USEC_PER_SEC);
        }
        assert_int_equal(world_runs(&world, NULL, OUTCOME_DONE, NULL), 3);
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

/* A call without an answer may have begun an image: the next image waits for it. */
static void a_lost_answer_counts_as_an_image(void **state)
{
        usec_t times[4] = {};
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("a") SCHEDULE("b"), 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .outcome = AWS_UNKNOWN,
                                                            .effect = true });
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(creations(&world, "i-1", times, 4), 2);
        assert_true(times[1] - times[0] >= 15 * USEC_PER_SEC);
        assert_int_equal(world_images(&world, "i-1"), 2);
        world_done(&world);
}

/* A cancelled run looks up the image of such a call for a long time, and makes none: no other
 * run waits for it. */
static void a_lookup_of_a_cancelled_run_keeps_nobody_waiting(void **state)
{
        char *error = NULL;
        struct world world;

        (void)state;
        world_setup(&world, HEAD SCHEDULE("a") "  b: {schedule: cron(2 1 * * ? *)}\n", 1);
        scripted_fault(&world.aws,
                       (struct scripted_fault){ .action = "CreateImage", .outcome = AWS_UNKNOWN });
        virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
        assert_int_equal(manager_cancel(world.manager, "a.20260302T010000Z", false, &error), 0);
        virtual_run_until(world.loop, at("2026-03-02T01:02:30Z"));
        assert_int_equal(world_images(&world, "i-1"), 1);
        assert_int_equal(world_run(&world, "a.20260302T010000Z", NULL), OUTCOME_OPEN);
        virtual_run_until(world.loop, at("2026-03-02T01:40:00Z"));
        assert_int_equal(world_run(&world, "a.20260302T010000Z", NULL), OUTCOME_CANCELLED);
        assert_int_equal(world_images(&world, "i-1"), 1);
        world_done(&world);
}

static void at_most_five_images_of_an_instance_are_under_way(void **state)
{
        _cleanup_free_ char *waiting = NULL;
        usec_t times[7] = {};
        struct world world;

        (void)state;
        world_setup(&world,
                    HEAD SCHEDULE("a") SCHEDULE("b") SCHEDULE("c") SCHEDULE("d") SCHEDULE("e")
                            SCHEDULE("f") SCHEDULE("g"),
                    1);
        world.model.takes = HOURS(1);
        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
        assert_int_equal(world.model.n_images, VOLUME_SNAPSHOTS_MAX);
        waiting = waiting_of(&world, "g.20260302T010000Z", "i-1");
        assert_string_equal(waiting, "5 images of it are under way, which is as many as EC2 lets");
        virtual_run_until(world.loop, at("2026-03-02T04:00:00Z"));
        assert_int_equal(creations(&world, "i-1", times, 7), 7);
        /* the sixth when the first was done */
        assert_in_range(times[5] - times[0], HOURS(1), HOURS(1) + MINUTES(5));
        assert_int_equal(world_runs(&world, NULL, OUTCOME_DONE, NULL), 7);
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_images_of_an_instance_are_15_s_apart),
                cmocka_unit_test(a_lost_answer_counts_as_an_image),
                cmocka_unit_test(a_lookup_of_a_cancelled_run_keeps_nobody_waiting),
                cmocka_unit_test(at_most_five_images_of_an_instance_are_under_way),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
