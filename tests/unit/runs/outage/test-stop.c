/* consistency: stop. A stopped instance is started again, whatever EC2 answers, and its image is
 * tagged by what is known. */
#include "unit/runs/levels.h"

static void an_instance_is_stopped_before_its_image_and_started_after_it(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 3);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.most_down, 0); /* nobody was rebooted besides */
        for (size_t i = 0; i < 3; i++) {
                assert_string_equal(world_consistency(&world, i), ACHIEVED_STOPPED);
                assert_true(world.model.images[i]->was_stopped);
                assert_int_equal(world.model.instances[i]->outages, 1);
        }
        assert_true(place_of(&world, "StopInstances") < place_of(&world, "CreateImage"));
        assert_true(place_of(&world, "CreateImage") < place_of(&world, "StartInstances"));
        assert_int_equal(scripted_count(&world.aws, "StartInstances", NULL), 3);
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_STARTED]), 3);
        assert_int_equal(captured_events(&events[EVENT_SHORTFALL]), 0);
        expect_all_up(&world, "stop");
        world_done(&world);
}

/* An instance that was stopped before stays so; one that would lose something is not stopped. */
static void an_instance_that_would_lose_something_is_not_stopped(void **state)
{
        static const struct {
                const char *name;
                const char *stop, *lifecycle, *address, *tag, *why;
                bool disks;
        } rows[] = {
                { .name = "spot", .stop = "", .lifecycle = "spot", .why = "spot" },
                { .name = "spot allowed", .stop = "stop: {allow: spot}", .lifecycle = "spot" },
                { .name = "public address",
                  .stop = "",
                  .address = "198.51.100.7",
                  .why = "public address" },
                { .name = "public address allowed",
                  .stop = "stop: {allow: [public-address]}",
                  .address = "198.51.100.7" },
                { .name = "instance store", .stop = "", .why = "instance store", .disks = true },
                { .name = "instance store allowed",
                  .stop = "stop: {allow: [instance-store]}",
                  .disks = true },
                { .name = "Auto Scaling",
                  .stop = "",
                  .tag = TAG_AUTO_SCALING,
                  .why = "Auto Scaling" },
                { .name = "Auto Scaling allowed",
                  .stop = "stop: {allow: [auto-scaling]}",
                  .tag = TAG_AUTO_SCALING },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: stop\n    %s\n", rows[i].stop);
                _cleanup_free_ char *detail = NULL;
                struct model_instance *first;
                struct world world;

                first = world_setup(&world, yaml, 2);
                first->lifecycle = xstrdup(rows[i].lifecycle);
                first->address = xstrdup(rows[i].address);
                first->type = xstrdup("m6id.large");
                first->has_disks = rows[i].disks;
                if (rows[i].tag)
                        model_set_tag(&first->tags, &first->n_tags, rows[i].tag, "web");
                world.model.instances[1]->state = INSTANCE_STOPPED;
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if ((world_task(&world, RUN, "i-1", &detail) == OUTCOME_DONE) != !rows[i].why ||
                    (rows[i].why && !strstr(detail, rows[i].why)))
                        fail_msg("%s: %s", rows[i].name, detail);
                assert_int_equal(first->outages, !rows[i].why);
                assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_DONE);
                assert_int_equal(world.model.instances[1]->state, INSTANCE_STOPPED);
                assert_int_equal(model_state(&world.model, first), INSTANCE_RUNNING);
                world_done(&world);
        }
}

/* EC2 is asked once whether a type has instance store, and not where that does not matter. */
static void a_type_is_asked_about_once(void **state)
{
        static const struct {
                int line;
                const char *stop, *tag;
                size_t questions;
        } rows[] = {
                { __LINE__, "", NULL, 2 },
                { __LINE__, "", TAG_AUTO_SCALING, 0 },
                { __LINE__, "stop: {allow: [instance-store]}", NULL, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: stop\n    %s\n", rows[i].stop);
                struct world world;

                world_setup(&world, yaml, 6);
                for (size_t j = 0; j < 6; j++) {
                        struct model_instance *instance = world.model.instances[j];

                        xreplace(&instance->type, j % 2 ? "m6i.large" : "t3.micro");
                        if (rows[i].tag)
                                model_set_tag(&instance->tags, &instance->n_tags, rows[i].tag,
                                              "web");
                }
                virtual_run_until(world.loop, at("2026-03-02T04:00:00Z"));
                if (scripted_count(&world.aws, "DescribeInstanceTypes", NULL) != rows[i].questions)
                        fail_msg("line %d: %zu questions", rows[i].line,
                                 scripted_count(&world.aws, "DescribeInstanceTypes", NULL));
                assert_int_equal(world.model.n_images, rows[i].tag ? 0 : 6);
                world_done(&world);
        }
}

/* The instance is started again after any error, and each refused attempt is logged. */
static void a_stopped_instance_is_started_after_any_error(void **state)
{
        static const struct {
                const char *name;
                struct scripted_fault fault;
                enum outcome outcome;
                size_t images, lines;
        } rows[] = {
                { .name = "no capacity",
                  .fault = { .action = "StartInstances",
                             .times = 5,
                             .outcome = AWS_ERROR,
                             .code = "InsufficientInstanceCapacity" },
                  .outcome = OUTCOME_DONE,
                  .images = 1,
                  .lines = 5 },
                { .name = "unknown error",
                  .fault = { .action = "StartInstances",
                             .times = 5,
                             .outcome = AWS_ERROR,
                             .code = "Unheard" },
                  .outcome = OUTCOME_DONE,
                  .images = 1,
                  .lines = 5 },
                { .name = "start unanswered",
                  .fault = { .action = "StartInstances", .times = 5, .outcome = AWS_UNREACHABLE },
                  .outcome = OUTCOME_DONE,
                  .images = 1,
                  .lines = 5 },
                { .name = "stop unanswered",
                  .fault = { .action = "StopInstances", .times = 5, .outcome = AWS_UNREACHABLE },
                  .outcome = OUTCOME_DONE,
                  .images = 1 },
                { .name = "stop refused",
                  .fault = { .action = "StopInstances",
                             .outcome = AWS_ERROR,
                             .code = "UnsupportedOperation" },
                  .outcome = OUTCOME_FAILED },
                { .name = "image denied",
                  .fault = { .action = "CreateImage",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_ERROR,
                             .code = "UnauthorizedOperation" },
                  .outcome = OUTCOME_FAILED },
                { .name = "limit for a while",
                  .fault = { .action = "CreateImage",
                             .times = 5,
                             .outcome = AWS_ERROR,
                             .code = "ResourceLimitExceeded" },
                  .outcome = OUTCOME_DONE,
                  .images = 1 },
                { .name = "limit for days",
                  .fault = { .action = "CreateImage",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_ERROR,
                             .code = "ResourceLimitExceeded" },
                  .outcome = OUTCOME_FAILED },
                { .name = "wrong state for days",
                  .fault = { .action = "CreateImage",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_ERROR,
                             .code = "IncorrectState" },
                  .outcome = OUTCOME_FAILED },
                { .name = "image of a lost answer",
                  .fault = { .action = "CreateImage", .outcome = AWS_UNKNOWN, .effect = true },
                  .outcome = OUTCOME_DONE,
                  .images = 1 },
                { .name = "image unanswered for days",
                  .fault = { .action = "CreateImage",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_UNREACHABLE },
                  .outcome = OUTCOME_FAILED },
                { .name = "snapshots denied for a while",
                  .fault = { .action = "DescribeSnapshots",
                             .times = 3,
                             .outcome = AWS_ERROR,
                             .code = "UnauthorizedOperation" },
                  .outcome = OUTCOME_DONE,
                  .images = 1 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("%s", rows[i].name);
                struct world world;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                scripted_fault(&world.aws, rows[i].fault);
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                expect_all_up(&world, where);
                expect_true_consistency(&world, where);
                if (world_run(&world, RUN, NULL) != rows[i].outcome ||
                    world_images(&world, NULL) != rows[i].images ||
                    captured_events(&events[EVENT_START_REFUSED]) != rows[i].lines)
                        fail_msg("%s: %s, %zu images, %zu lines", where,
                                 outcome_names[world_run(&world, RUN, NULL)],
                                 world_images(&world, NULL),
                                 captured_events(&events[EVENT_START_REFUSED]));
                world_done(&world);
        }
}

/* Somebody starts the instance before EC2 takes the call for its image: it is stopped again or
 * given up, and no image is tagged for the state of before. */
static void an_instance_started_by_somebody_gives_no_stopped_image(void **state)
{
        static const struct {
                int line;
                bool restart;
                struct scripted_fault fault;
        } rows[] = {
                { __LINE__,
                  false,
                  { .action = "CreateImage",
                    .times = 4,
                    .outcome = AWS_ERROR,
                    .code = "PendingSnapshotLimitExceeded" } },
                { __LINE__, false, { .action = "CreateImage", .outcome = AWS_UNKNOWN } },
                { __LINE__, true, { .action = "CreateImage", .outcome = AWS_UNKNOWN } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("line %d", rows[i].line);
                struct world world;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                scripted_fault(&world.aws, rows[i].fault);
                world_run_until_sent(&world, "CreateImage", NULL);
                virtual_run_for(world.loop, 2 * USEC_PER_SEC);
                assert_int_equal(world.model.instances[0]->state, INSTANCE_STOPPED);
                world.model.instances[0]->state = INSTANCE_RUNNING;
                if (rows[i].restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                expect_all_up(&world, where);
                expect_true_consistency(&world, where);
                assert_int_equal(world_images(&world, NULL), 1);
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                world_done(&world);
        }
}

/* An operator starts it while its image waits, and the run is cancelled: StartInstances finds it
 * running, although it was stopped. The journal tells of both ends of the outage. */
static void an_outage_that_others_end_is_said_to_be_over(void **state)
{
        _cleanup_free_ char *error = NULL;
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "ResourceLimitExceeded" });
        world_run_until_sent(&world, "CreateImage", NULL);
        virtual_run_for(world.loop, 2 * USEC_PER_SEC);
        assert_int_equal(world.model.instances[0]->state, INSTANCE_STOPPED);
        world.model.instances[0]->state = INSTANCE_RUNNING;
        assert_int_equal(manager_cancel(world.manager, RUN, false, &error), 0);
        virtual_run_for(world.loop, HOURS(1));
        expect_all_up(&world, "cancelled");
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_READY]), 1);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_CANCELLED);
        world_done(&world);
}

/* The instance was started before all of its snapshots were seen, and did not come back: its
 * image is tagged by what is known all the same. */
static void the_image_of_an_instance_that_is_not_back_has_its_tag(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 20m}\n", 1);
        world.model.takes = HOURS(1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeSnapshots",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "InternalError" });
        world_run_until_sent(&world, "CreateImage", NULL);
        virtual_run_for(world.loop, 30 * USEC_PER_SEC);
        assert_string_equal(world_consistency(&world, 0), ACHIEVED_CRASH);
        world.model.instances[0]->back = USEC_INFINITY;
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        scripted_no_faults(&world.aws);
        virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_string_equal(world_consistency(&world, 0), ACHIEVED_CRASH);
        world_done(&world);
}

/* AWS does not show whether the snapshots have begun: no instance stays stopped for that. */
static void an_instance_is_started_where_its_snapshots_are_unknown(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeSnapshots",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "UnauthorizedOperation" });
        world_run_until_sent(&world, "CreateImage", NULL);
        virtual_run_for(world.loop, MINUTES(3));
        expect_all_up(&world, "three minutes later");
        virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
        assert_string_equal(world_consistency(&world, 0), ACHIEVED_CRASH);
        assert_true(captured_words("ec2:DescribeSnapshots") > 0);
        world_done(&world);
}

/* A call that the stopped instance waits for gets no answer for hours. */
static void an_instance_is_started_where_a_call_is_not_answered(void **state)
{
        static const struct {
                const char *name;
                struct scripted_fault create; /* what becomes of CreateImage */
                const char *hangs;            /* after it, or NULL */
        } rows[] = {
                { .name = "CreateImage, sent", .create = { .delay = HOURS(5) } },
                { .name = "CreateImage, in our own queue",
                  .create = { .delay = HOURS(5), .queued = true } },
                { .name = "the look for its image",
                  .create = { .outcome = AWS_UNKNOWN },
                  .hangs = "DescribeImages" },
                { .name = "the look at its state",
                  .create = { .outcome = AWS_ERROR, .code = "PendingSnapshotLimitExceeded" },
                  .hangs = "DescribeInstances" },
                { .name = "the look at its snapshots", .hangs = "DescribeSnapshots" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct scripted_fault create = rows[i].create;
                struct world world;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                create.action = "CreateImage";
                create.times = SCRIPTED_ALWAYS;
                scripted_fault(&world.aws, create);
                world_run_until_sent(&world, "CreateImage", NULL);
                if (rows[i].hangs)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = rows[i].hangs,
                                                                .times = SCRIPTED_ALWAYS,
                                                                .delay = HOURS(5) });
                virtual_run_for(world.loop, MINUTES(30));
                expect_all_up(&world, rows[i].name);
                scripted_no_faults(&world.aws);
                virtual_run_for(world.loop, HOURS(12));
                if (world_run(&world, RUN, NULL) == OUTCOME_OPEN)
                        fail_msg("%s: the run goes on", rows[i].name);
                world_done(&world);
        }
}

/* The account has no room for another image, for days: that is logged, and no instance is
 * stopped for longer than ready_timeout. */
static void a_lack_of_room_keeps_no_instance_stopped(void **state)
{
        static const struct {
                int line;
                const char *consistency;
                unsigned int outage; /* minutes at most; 0: none */
                enum outcome outcome;
        } rows[] = {
                { __LINE__, "stop\n    reboot: {ready_timeout: 10m}\n", 16, OUTCOME_FAILED },
                { __LINE__, "reboot\n", 0, OUTCOME_OPEN },
                { __LINE__, "crash\n", 0, OUTCOME_OPEN },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD "    consistency: %s", rows[i].consistency);
                struct world world;

                world_setup(&world, yaml, 1);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "CreateImage",
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .code = "ResourceLimitExceeded" });
                virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
                virtual_run_for(world.loop, MINUTES(rows[i].outage));
                expect_all_up(&world, rows[i].consistency);
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                if (world_run(&world, RUN, NULL) != rows[i].outcome)
                        fail_msg("line %d: %s", rows[i].line,
                                 outcome_names[world_run(&world, RUN, NULL)]);
                assert_in_range(captured_events(&events[EVENT_IMAGE_REFUSED]),
                                rows[i].outage ? 1 : 5, rows[i].outage ? 1 : 7);
                /* at most every five minutes: it is not worth more */
                assert_true(scripted_count(&world.aws, "CreateImage", NULL) < 5 * 12 + 12);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_instance_is_stopped_before_its_image_and_started_after_it),
                cmocka_unit_test(an_instance_that_would_lose_something_is_not_stopped),
                cmocka_unit_test(a_type_is_asked_about_once),
                cmocka_unit_test(a_stopped_instance_is_started_after_any_error),
                cmocka_unit_test(an_instance_started_by_somebody_gives_no_stopped_image),
                cmocka_unit_test(an_outage_that_others_end_is_said_to_be_over),
                cmocka_unit_test(the_image_of_an_instance_that_is_not_back_has_its_tag),
                cmocka_unit_test(an_instance_is_started_where_its_snapshots_are_unknown),
                cmocka_unit_test(an_instance_is_started_where_a_call_is_not_answered),
                cmocka_unit_test(a_lack_of_room_keeps_no_instance_stopped),
        };

        return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
