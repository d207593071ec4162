/* A NotFound, or one empty list, ends no task: the instance is looked up, started and put back, its
 * image tagged, and only a resource that provably no longer exists is given up. */
#include "unit/runs/levels.h"

#define NOT_FOUND(what) .outcome = AWS_ERROR, .code = "Invalid" what ".NotFound"

/* Where a resource may be unknown for a moment. `about` picks the second instance, which is
 * described again when its turn comes. */
static const struct {
        const char *name, *consistency;
        struct scripted_fault fault;
} moments[] = {
        { "stop, at the stop", "stop", { .action = "StopInstances", NOT_FOUND("InstanceID") } },
        { "stop, at the start", "stop", { .action = "StartInstances", NOT_FOUND("InstanceID") } },
        { "stop, at the checks",
          "stop",
          { .action = "DescribeInstanceStatus", NOT_FOUND("InstanceID") } },
        { "stop, at the image", "stop", { .action = "CreateImage", NOT_FOUND("InstanceID") } },
        { "stop, in a list",
          "stop",
          { .action = "DescribeInstances", .about = "=i-2", .empty = true } },
        { "reboot, at the checks",
          "reboot",
          { .action = "DescribeInstanceStatus", NOT_FOUND("InstanceID") } },
        { "reboot, at the image", "reboot", { .action = "CreateImage", NOT_FOUND("InstanceID") } },
        { "reboot, at the tag", "reboot", { .action = "CreateTags", NOT_FOUND("AMIID") } },
        { "reboot, at the tag of a snapshot",
          "reboot",
          { .action = "CreateTags", NOT_FOUND("Snapshot") } },
        { "reboot, in a list",
          "reboot",
          { .action = "DescribeInstances", .about = "=i-2", .empty = true } },
        { "reboot, in a list of images",
          "reboot",
          { .action = "DescribeImages", .about = "image-id", .empty = true } },
        { "freeze, at the image",
          "freeze\n    freeze: {before: [a], after: [b]}",
          { .action = "CreateImage", NOT_FOUND("InstanceID") } },
        { "freeze, at the command",
          "freeze\n    freeze: {before: [a], after: [b]}",
          { .action = "SendCommand", .outcome = AWS_ERROR, .code = "InvalidInstanceId" } },
        { "crash, at the image", "crash", { .action = "CreateImage", NOT_FOUND("InstanceID") } },
};

/* A world of two instances at the level of a moment, which is to last so many calls. */
static void setup(struct world *world, size_t moment, unsigned int times)
{
        _cleanup_free_ char *yaml =
                xasprintf(HEAD "    consistency: %s\n", moments[moment].consistency);
        struct scripted_fault fault = moments[moment].fault;

        world_setup(world, yaml, 2);
        fault.times = times;
        scripted_fault(&world->aws, fault);
}

static void expect_well(struct world *world, const char *where)
{
        _cleanup_free_ char *detail = NULL;

        expect_all_up(world, where);
        expect_true_consistency(world, where);
        if (world_run(world, RUN, &detail) != OUTCOME_DONE || world_images(world, NULL) != 2)
                fail_msg("%s: %s, %zu images", where, detail, world_images(world, NULL));
        if (captured_events(&events[EVENT_INSTANCE_NOT_READY]) ||
            captured_events(&events[EVENT_RUN_HALTED]) || captured_events(&events[EVENT_SHORTFALL]))
                fail_msg("%s: it was held against the instance", where);
}

static void an_instance_unknown_for_a_moment_is_not_gone(void **state)
{
        static const unsigned int times[] = { 1, 3 };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(moments); i++)
                for (size_t j = 0; j < ELEMENTS(times); j++) {
                        struct world world;

                        setup(&world, i, times[j]);
                        for (size_t k = 0; k < 2; k++)
                                world.model.instances[k]->back = 150 * USEC_PER_SEC;
                        virtual_run_until(world.loop, at("2026-03-02T08:00:00Z"));
                        if (world.aws.faults[0].times)
                                fail_msg("%s: struck only %u times", moments[i].name,
                                         times[j] - world.aws.faults[0].times);
                        expect_well(&world, moments[i].name);
                        world_done(&world);
                }
}

/* An hour of NotFound may cost the image, or the run; never an instance. */
static void an_hour_of_not_found_leaves_no_instance_down(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(moments); i++) {
                struct world world;

                setup(&world, i, SCRIPTED_ALWAYS);
                virtual_run_until(world.loop, at("2026-03-02T02:00:30Z"));
                scripted_no_faults(&world.aws);
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                expect_all_up(&world, moments[i].name);
                expect_true_consistency(&world, moments[i].name);
                if (world_run(&world, RUN, NULL) == OUTCOME_OPEN)
                        fail_msg("%s: it never ends", moments[i].name);
                world_done(&world);
        }
}

/* The instance is terminated while it is stopped for its image: nothing is left to be started.
 * */
static void a_terminated_instance_is_given_up(void **state)
{
        struct model_instance *first;
        struct world world;

        (void)state;
        first = world_setup(&world, HEAD "    consistency: stop\n", 1);
        world_run_until_sent(&world, "CreateImage", NULL);
        first->state = INSTANCE_TERMINATED;
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "StartInstances",
                                                            .times = SCRIPTED_ALWAYS,
                                                            NOT_FOUND("InstanceID") });
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), 0);
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_NOT_READY]), 1);
        world_done(&world);
}

/* Many instances reboot at once, and DescribeInstanceStatus does not know one of them for
 * minutes. */
static void one_unknown_id_keeps_no_others_waiting(void **state)
{
        static const struct {
                const char *name, *message;
        } rows[] = {
                { "EC2 names it", "The instance ID 'i-7' does not exist" },
                { "EC2 names several", "The instance IDs 'i-99, i-7' do not exist" },
                { "EC2 names none", "The instance ID does not exist" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;
                size_t calls;

                world_setup(&world,
                            HEAD "    consistency: reboot\n    reboot: {max_parallel: 30}\n", 30);
                scripted_fault(&world.aws, (struct scripted_fault){
                                                   .action = "DescribeInstanceStatus",
                                                   .about = "=i-7",
                                                   .skip = 1, /* the look before it is touched */
                                                   .times = SCRIPTED_ALWAYS,
                                                   .outcome = AWS_ERROR,
                                                   .code = "InvalidInstanceID.NotFound",
                                                   .message = rows[i].message });
                virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
                calls = scripted_count(&world.aws, "DescribeInstanceStatus", NULL);
                if (captured_events(&events[EVENT_INSTANCE_READY]) != 29)
                        fail_msg("%s: %zu are back", rows[i].name,
                                 captured_events(&events[EVENT_INSTANCE_READY]));
                if (calls > 120)
                        fail_msg("%s: %zu calls", rows[i].name, calls);
                scripted_no_faults(&world.aws);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_instance_unknown_for_a_moment_is_not_gone),
                cmocka_unit_test(an_hour_of_not_found_leaves_no_instance_down),
                cmocka_unit_test(a_terminated_instance_is_given_up),
                cmocka_unit_test(one_unknown_id_keeps_no_others_waiting),
        };

        return cmocka_run_group_tests_name("exists", tests, NULL, NULL);
}
