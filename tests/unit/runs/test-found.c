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

/* A call is not answered, and its instance then stays in "stopping" for ever: the task ends all the
 * same, and the next firing is not skipped for it. */
static void one_that_hangs_before_the_next_call_holds_up_no_run(void **state)
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
                struct scripted_fault second;
                bool with_the_next;
        } rows[] = {
                { .name = "looked at" },
                { .name = "looked at, and failed", .failed = true },
                { .name = "refused later",
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
                first->reason = rows[i].failed ? "broken" : NULL;
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeregisterImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                while (!scripted_count(&world.aws, "DeregisterImage", NULL))
                        assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
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

/* ---- what is taken over ---- */

/* An image under the name of the run's image of i-1, as our create call would have made it. */
static struct model_image *add_same(struct world *world)
{
        struct model_image *image =
                model_add_image(&world->model, "eu-west-1", "s-i-1-20260302T010000Z");
        static const char *const tags[][2] = {
                { TAG_OWNER, "amid" },
                { TAG_SCHEDULE, "s" },
                { TAG_RUN, RUN },
                { TAG_INSTANCE, "i-1" },
                { TAG_TIME, "2026-03-02T01:00:00Z" },
                { TAG_CONSISTENCY, PROVEN_CRASH },
        };

        image->instance = xstrdup("i-1");
        for (size_t i = 0; i < ELEMENTS(tags); i++)
                model_set_tag(&image->tags, &image->n_tags, tags[i][0], tags[i][1]);
        return image;
}

static void an_image_is_taken_over_only_when_everything_fits(void **state)
{
        static const struct {
                const char *name;
                const char *tag, *value;
                const char *instance; /* SourceInstanceId; NULL: as asked */
                bool copy;            /* none */
                const char *made;     /* at; NULL: at the firing */
                const char *says;     /* NULL: it is taken over */
        } rows[] = {
                { "it fits", NULL, NULL, NULL, false, NULL, NULL },
                { "made a little before, by clocks that differ", NULL, NULL, NULL, false,
                  "2026-03-02T00:57:00Z", NULL },
                { "of another instance", NULL, NULL, "i-2", false, NULL,
                  "its SourceInstanceId is i-2, not i-1" },
                { "a copy", NULL, NULL, NULL, true, NULL, "its SourceInstanceId is missing" },
                { "of another owner", TAG_OWNER, "them", NULL, false, NULL,
                  "tag amid:owner is them" },
                { "of another schedule", TAG_SCHEDULE, "t", NULL, false, NULL,
                  "tag amid:schedule is t" },
                { "of another run", TAG_RUN, "s.1", NULL, false, NULL, "tag amid:run is s.1" },
                { "tagged for another instance", TAG_INSTANCE, "i-2", NULL, false, NULL,
                  "tag amid:instance is i-2" },
                { "made beforehand", NULL, NULL, NULL, false, "2026-03-02T00:30:00Z",
                  "EC2 created it at 2026-03-02T00:30:00Z, before amid asked" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                struct model_image *image;
                struct world world;
                enum outcome outcome;

                world_setup(&world, CRASH, 1);
                virtual_run_until(world.loop,
                                  at(rows[i].made ? rows[i].made : "2026-03-02T00:59:59Z"));
                image = add_same(&world);
                if (rows[i].tag)
                        model_set_tag(&image->tags, &image->n_tags, rows[i].tag, rows[i].value);
                if (rows[i].instance || rows[i].copy)
                        xreplace(&image->instance, rows[i].instance);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                outcome = world_task(&world, RUN, "i-1", &detail);
                if ((outcome == OUTCOME_DONE) != !rows[i].says)
                        fail_msg("%s: %s", rows[i].name, detail ? detail : "done");
                if (rows[i].says && (!strstr(detail, rows[i].says) || !strstr(detail, image->id) ||
                                     !strstr(detail, "change image.name")))
                        fail_msg("%s: %s", rows[i].name, detail);
                assert_int_equal(world.model.n_images, 1);
                world_done(&world);
        }
}

/* EC2 has carried out a call that was not answered; people have copied the image, name and tags and
 * all, and the list shows their copy first, or at first only that. */
static void copies_of_our_image_do_not_hide_it(void **state)
{
        static const usec_t hidden[] = { 0, MINUTES(4) };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(hidden); i++) {
                _cleanup_free_ char *detail = NULL;
                struct model_image *copy;
                struct world world;

                world_setup(&world, CRASH, 1);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true });
                copy = add_same(&world);
                free(steal(copy->instance));
                xreplace(&copy->name, "not yet");
                world.model.hidden = hidden[i];
                while (world.model.n_images == 1)
                        assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
                xreplace(&copy->name, world.model.images[1]->name);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                if (world_task(&world, RUN, "i-1", &detail) != OUTCOME_DONE)
                        fail_msg("%s", detail);
                assert_int_equal(world.model.n_images, 2);
                world_done(&world);
        }
}

/* People have copied a snapshot, tags and all: it is none of the image's, which is neither labelled
 * nor removed with it, nor does it tell how far the image is. */
static void a_copied_snapshot_is_none_of_the_image(void **state)
{
        struct model_image *copy;
        struct store_image row;
        struct world world;

        (void)state;
        world_setup(&world, CRASH, 1);
        copy = add_same(&world);
        xreplace(&copy->name, "copy");
        copy->description = "[Copied snap-0002 from eu-west-1] for ami-0002x";
        copy->hidden = USEC_INFINITY / 2;
        world.model.takes = HOURS(1);
        virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
        world.model.images[1]->fails = true;
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world.model.n_images, 2);
        assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                          world.model.images[1]->id, &row),
                         1);
        assert_string_equal(row.snapshots, world.model.images[1]->snapshot);
        store_image_done(&row);
        world_done(&world);
}

/* ---- whether it was stopped ---- */

/* Somebody starts a stopped instance between CreateImage and the look at its snapshots, and stops
 * it again or not; or only after that. */
static void a_start_before_the_last_snapshot_leaves_the_label_at_crash(void **state)
{
        static const struct {
                const char *name;
                bool starts, stops;
                const char *label;
        } rows[] = {
                { "left alone", false, false, PROVEN_STOPPED },
                { "started", true, false, PROVEN_CRASH },
                { "started and stopped", true, true, PROVEN_CRASH },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_instance *instance;
                struct world world;

                instance = world_setup(&world, CRASH, 1);
                instance->state = INSTANCE_STOPPED;
                while (!world.model.n_images)
                        assert_true(virtual_step(world.loop, USEC_INFINITY - 1));
                assert_string_equal(world_label(&world, 0), PROVEN_CRASH);
                if (rows[i].starts) {
                        instance->launched = loop_wall(world.loop);
                        instance->state = rows[i].stops ? INSTANCE_STOPPED : INSTANCE_RUNNING;
                }
                virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
                if (!rows[i].starts) /* by now all is proven */
                        instance->state = INSTANCE_RUNNING;
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_DONE);
                if (!streq(world_label(&world, 0), rows[i].label))
                        fail_msg("%s: %s", rows[i].name, world_label(&world, 0));
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_is_taken_over_only_when_everything_fits),
                cmocka_unit_test(copies_of_our_image_do_not_hide_it),
                cmocka_unit_test(a_copied_snapshot_is_none_of_the_image),
                cmocka_unit_test(a_start_before_the_last_snapshot_leaves_the_label_at_crash),
                cmocka_unit_test(test_refused_after_an_unknown_outcome),
                cmocka_unit_test(test_last_of_many_calls),
                cmocka_unit_test(test_gone_after_an_unknown_outcome),
                cmocka_unit_test(one_that_hangs_before_the_next_call_holds_up_no_run),
                cmocka_unit_test(a_restart_before_the_next_call_disowns_no_image),
                cmocka_unit_test(snapshots_go_after_a_deregistration_without_an_answer),
                cmocka_unit_test(test_turn_while_an_earlier_call_may_reboot),
                cmocka_unit_test(test_started_again_by_another_run),
                cmocka_unit_test(test_started_before_the_next_call),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
