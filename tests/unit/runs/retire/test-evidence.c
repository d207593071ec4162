/* The evidence that a removal needs right before the call, and what follows from each answer. */
#include "unit/runs/removals.h"

/* The first image of five, of which three are to be removed, changes after that was decided. */
static void change_tag(struct world *world, const char *key)
{
        struct model_image *image = world->model.images[0];

        model_set_tag(&image->tags, &image->n_tags, key, "another");
}
static void change_owner(struct world *world)
{
        change_tag(world, TAG_OWNER);
}
static void change_schedule(struct world *world)
{
        change_tag(world, TAG_SCHEDULE);
}
static void change_instance(struct world *world)
{
        change_tag(world, TAG_INSTANCE);
}
static void change_run(struct world *world)
{
        change_tag(world, TAG_RUN);
}
static void change_name(struct world *world)
{
        xreplace(&world->model.images[0]->name, "golden");
}
static void change_source(struct world *world)
{
        xreplace(&world->model.images[0]->instance, "i-2");
}
static void lose_source(struct world *world)
{
        xreplace(&world->model.images[0]->instance, NULL);
}
static void change_creation(struct world *world)
{
        world->model.images[0]->creation_date++;
}
static void change_state(struct world *world)
{
        world->model.images[0]->fails = true;
}
static void use(struct world *world)
{
        xreplace(&model_add_instance(&world->model, "i-9", "eu-west-1", "C", "d")->image,
                 world->model.images[0]->id);
}
static void hide_for_minutes(struct world *world)
{
        struct model_image *image = world->model.images[0];

        image->hidden = loop_monotonic(world->loop) - image->created + MINUTES(3);
}
static void deregister(struct world *world)
{
        world->model.images[0]->gone = true;
}

static void an_image_that_no_longer_fits_is_kept(void **state)
{
        static const struct {
                const char *name;
                void (*change)(struct world *world);
                const char *left, *state;
                size_t lines;
        } rows[] = {
                { "owner tag", change_owner, "1 4 5", STATE_RELEASED, 1 },
                { "schedule tag", change_schedule, "1 4 5", STATE_RELEASED, 1 },
                { "run tag", change_run, "1 4 5", STATE_RELEASED, 1 },
                { "instance tag", change_instance, "1 4 5", STATE_RELEASED, 1 },
                { "name", change_name, "1 4 5", STATE_RELEASED, 1 },
                { "SourceInstanceId", change_source, "1 4 5", STATE_RELEASED, 1 },
                { "no SourceInstanceId", lose_source, "1 4 5", STATE_RELEASED, 1 },
                { "CreationDate", change_creation, "1 4 5", STATE_RELEASED, 1 },
                { "state", change_state, "1 4 5", "failed", 1 },
                { "use", use, "1 4 5", "available", 1 },
                { "unlisted for minutes", hide_for_minutes, "4 5", STATE_GONE, 0 },
                { "deregistered by others", deregister, "1! 4 5", STATE_GONE, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL, *error = NULL;
                struct world world;

                setup(&world, 5, 2);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstances",
                                                                    .about = "image-id",
                                                                    .outcome = AWS_OK,
                                                                    .delay = 10 * USEC_PER_SEC });
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                virtual_run_for(world.loop, 5 * USEC_PER_SEC); /* it has been asked about */
                rows[i].change(&world);
                virtual_run_for(world.loop, HOURS(2));
                expect_left(&world, rows[i].left, (int)i);
                expect_state(&world, 0, rows[i].state, (int)i);
                if (captured_events(&events[EVENT_IMAGE_KEPT]) != rows[i].lines)
                        fail_msg("%s: %zu lines", rows[i].name,
                                 captured_events(&events[EVENT_IMAGE_KEPT]));
                if (scripted_count(&world.aws, "DeregisterImage", "ami-0001") !=
                    streq(rows[i].name, "unlisted for minutes"))
                        fail_msg("%s: DeregisterImage", rows[i].name);
                world_done(&world);
        }
}

/* Every call of the way is answered in every way; afterwards the next run does the rest. */
static void every_answer_at_every_call(void **state)
{
        static const struct {
                const char *action, *about;
        } calls[] = {
                { "DescribeImages", "Owner.1=self&Filter.1.Name=image-id" },
                { "DescribeInstances", "image-id&Filter.1.Value.1=ami-0001" },
                { "DeregisterImage", "ami-0001" },
                { "DescribeSnapshots", "snapshot-id" },
                { "DeleteSnapshot", "snap-0001" },
        };
        static const struct {
                const char *name;
                struct scripted_fault fault;
        } answers[] = {
                { "refused", { .outcome = AWS_ERROR, .code = "UnauthorizedOperation" } },
                { "throttled", { .outcome = AWS_ERROR, .code = "RequestLimitExceeded" } },
                { "unreachable", { .outcome = AWS_UNREACHABLE, .times = 2 } },
                { "unsigned", { .outcome = AWS_UNSIGNED, .times = 2 } },
                { "unanswered", { .outcome = AWS_UNKNOWN } },
                { "done but unanswered", { .outcome = AWS_UNKNOWN, .effect = true } },
                { "not found", { .outcome = AWS_ERROR, .code = "InvalidAMIID.NotFound" } },
                { "no such snapshot",
                  { .outcome = AWS_ERROR, .code = "InvalidSnapshot.NotFound" } },
                { "for ever refused",
                  { .outcome = AWS_ERROR, .code = "UnauthorizedOperation", .times = 1000 } },
                { "for ever unanswered", { .outcome = AWS_UNKNOWN, .times = 1000 } },
                { "for ever not found",
                  { .outcome = AWS_ERROR, .code = "InvalidAMIID.NotFound", .times = 1000 } },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(calls) * ELEMENTS(answers); i++) {
                struct scripted_fault fault = answers[i % ELEMENTS(answers)].fault;
                const char *name = answers[i % ELEMENTS(answers)].name;
                const struct model_image *image;
                struct store_image row;
                struct world world;

                fault.action = calls[i / ELEMENTS(answers)].action;
                fault.about = calls[i / ELEMENTS(answers)].about;
                setup(&world, 5, 2);
                scripted_fault(&world.aws, fault);
                free(prune(&world, false));
                image = world.model.images[0];
                row = load(&world, 0);
                /* what EC2 has is never taken for gone, and no snapshot goes before its image */
                if (image->gone ? streq(row.state, "available")
                                : row.removed != SEC_NONE || image->snapshot_gone ||
                                          streq(row.state, STATE_DEREGISTERED))
                        fail_msg("%s %s: image %d, snapshot %d, row %s", fault.action, name,
                                 image->gone, image->snapshot_gone, row.state);
                if (streq(fault.action, "DeregisterImage") && strstr(name, "refused") &&
                    !streq(row.state, "available"))
                        fail_msg("%s %s: row %s", fault.action, name, row.state);
                store_image_done(&row);
                scripted_no_faults(&world.aws);
                free(prune(&world, false));
                expect_left(&world, "4 5", (int)i);
                world_done(&world);
        }
}

/* DeregisterImage was refused, or never answered, and EC2 lists the image once no call can be on
 * its way: the row says so. Then the operator keeps it. */
static void an_image_that_is_kept_by_its_tag_after_a_refusal_stays(void **state)
{
        static const struct {
                const char *name;
                struct scripted_fault fault;
                const char *state;
                bool then_refused;
        } rows[] = {
                { .name = "refused",
                  .fault = { .action = "DeregisterImage",
                             .about = "ami-0001",
                             .outcome = AWS_ERROR,
                             .code = "UnauthorizedOperation" },
                  .state = "available" },
                { .name = "unanswered, and listed in the end",
                  .fault = { .action = "DeregisterImage",
                             .about = "ami-0001",
                             .outcome = AWS_UNKNOWN,
                             .times = SCRIPTED_ALWAYS },
                  .state = "available" },
                { .name = "unanswered, then refused, and listed in the end",
                  .fault = { .action = "DeregisterImage",
                             .about = "ami-0001",
                             .outcome = AWS_UNREACHABLE },
                  .state = "available",
                  .then_refused = true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;
                struct decisions decisions;

                setup(&world, 5, 2);
                scripted_fault(&world.aws, rows[i].fault);
                if (rows[i].then_refused)
                        scripted_fault(&world.aws, rows[0].fault);
                free(prune(&world, false));
                LEFT(world, "1 4 5");
                expect_state(&world, 0, rows[i].state, __LINE__);
                scripted_no_faults(&world.aws);
                decisions = dry_run(&world);
                assert_int_equal(decisions.count[PRUNE_REMOVE], 1);
                decisions_done(&decisions);
                model_set_tag(&world.model.images[0]->tags, &world.model.images[0]->n_tags,
                              TAG_SCHEDULE, "keep");
                scripted_forget_calls(&world.aws);
                free(prune(&world, false));
                free(prune(&world, false));
                LEFT(world, "1 4 5");
                expect_calls(&world, 0, 0);
                expect_state(&world, 0, STATE_RELEASED, __LINE__);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_RELEASED]), 1);
                decisions = dry_run(&world);
                assert_int_equal(decisions.count[PRUNE_REMOVE], 0);
                assert_non_null(strstr(decisions.why[PRUNE_KEEP], TAG_SCHEDULE));
                decisions_done(&decisions);
                /* the tag comes back, and with it the image */
                model_set_tag(&world.model.images[0]->tags, &world.model.images[0]->n_tags,
                              TAG_SCHEDULE, "s");
                free(prune(&world, false));
                LEFT(world, "4 5");
                world_done(&world);
        }
}

/* DeregisterImage was carried out, and its answer is lost, or the process ends before it comes. EC2
 * lists the image for a minute more, so the call is sent again, and refused: that does not undo the
 * first one, and the snapshot goes too. */
static void a_refusal_does_not_undo_an_earlier_call(void **state)
{
        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                _cleanup_free_ char *run = NULL, *error = NULL;
                struct world world;

                setup(&world, 5, 2);
                world.model.images[0]->lingers = MINUTES(1);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DeregisterImage",
                                                                    .about = "ami-0001",
                                                                    .outcome = AWS_UNREACHABLE,
                                                                    .effect = true });
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "DeregisterImage",
                                                        .about = "ami-0001",
                                                        .outcome = AWS_ERROR,
                                                        .code = "UnauthorizedOperation" });
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                world_run_until_sent(&world, "DeregisterImage", "ami-0001");
                if (restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_for(world.loop, HOURS(2));
                free(prune(&world, false));
                expect_left(&world, "4 5", restart);
                assert_true(is_recorded_gone(&world, 0));
                world_done(&world);
        }
}

/* People deregister the images that were to stay, after it was decided what goes: in the same
 * process while a look is not answered, or while the daemon is down. */
static void the_successor_is_described_right_before_the_removal(void **state)
{
        static const struct {
                const char *name, *action, *left;
                unsigned int skip; /* questions of the decision, about the same id */
                usec_t delay;      /* of its answer; 0: none comes */
                bool restart;
        } rows[] = {
                { .name = "a look without an answer",
                  .action = "DescribeImages",
                  .left = "1 4! 5!" },
                { .name = "a look at its uses without an answer",
                  .action = "DescribeInstances",
                  .skip = 1,
                  .left = "1 4! 5!" },
                { .name = "a look at its uses that is answered late",
                  .action = "DescribeInstances",
                  .skip = 1,
                  .delay = MINUTES(5),
                  .left = "1 4! 5!" },
                { .name = "a restart",
                  .action = "DescribeImages",
                  .left = "1 2 3 4! 5!",
                  .restart = true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL, *error = NULL;
                struct world world;

                setup(&world, 5, 2);
                scripted_fault(&world.aws,
                               (struct scripted_fault){
                                       .action = rows[i].action,
                                       .about = "ami-0001",
                                       .skip = rows[i].skip,
                                       .delay = rows[i].delay,
                                       .outcome = rows[i].delay ? AWS_OK : AWS_UNREACHABLE });
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                for (unsigned int j = 0; j <= rows[i].skip; j++)
                        world_run_until_sent(&world, rows[i].action, "ami-0001");
                if (rows[i].restart)
                        world_end(&world, false);
                else
                        virtual_run_for(world.loop, 5 * USEC_PER_SEC);
                for (size_t j = 3; j < 5; j++)
                        world.model.images[j]->gone = true;
                if (rows[i].restart)
                        world_start(&world);
                virtual_run_for(world.loop, HOURS(2));
                expect_left(&world, rows[i].left, (int)i);
                expect_state(&world, 0, "available", __LINE__);
                assert_int_equal(captured_words("worth as much is available any more"),
                                 rows[i].restart ? 3 : 1);
                world_done(&world);
        }
}

/* EC2 does not list an instance for a while, so that the decision and the next looks miss it. */
static void the_instances_of_an_image_are_gone_by_evidence(void **state)
{
        static const struct {
                const char *name;
                unsigned int unlisted; /* so many answers miss the instance; 0: there is none */
                bool launched;         /* EC2 tells of it */
                const char *left;
                usec_t earliest;
        } rows[] = {
                { "never launched, not used", 0, false, "4 5", 0 },
                { "launched, and used no more", 0, true, "4 5", MINUTES(5) },
                { "used, and not listed at two looks", 2, true, "1 4 5", 0 },
                { "used, and not listed at four looks", 4, true, "1 4 5", 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL, *error = NULL;
                struct world world;
                usec_t begun;

                setup(&world, 5, 2);
                if (rows[i].launched)
                        world.model.images[0]->launched = world.model.images[0]->creation_date;
                if (rows[i].unlisted) {
                        use(&world);
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "DescribeInstances",
                                                                .about = "ami-0001",
                                                                .times = rows[i].unlisted,
                                                                .outcome = AWS_OK,
                                                                .empty = true });
                }
                begun = loop_monotonic(world.loop);
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                if (rows[i].earliest) {
                        world_run_until_sent(&world, "DeregisterImage", "ami-0001");
                        assert_true(loop_monotonic(world.loop) - begun >= rows[i].earliest);
                }
                virtual_run_for(world.loop, HOURS(2));
                expect_left(&world, rows[i].left, (int)i);
                world_done(&world);
        }
}

/* A decision of hours ago, or by settings of before, may not be that of now. */
static void an_old_decision_is_not_carried_out(void **state)
{
        static const struct {
                const char *name;
                unsigned int hours_down;
                int last; /* of new settings; 0: none are read */
                const char *left, *words;
        } rows[] = {
                { "down for an hour", 1, 0, "4 5", "" },
                { "down for seven hours", 7, 0, "1 2 3 4 5", "decided hours ago" },
                { "settings that keep more", 0, 1000, "1 2 3 4 5", "settings were read again" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL, *error = NULL;
                _cleanup_free_ char *yaml = xasprintf(SETTINGS, rows[i].last);
                struct world world;

                setup(&world, 5, 2);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeImages",
                                                                    .about = "image-id",
                                                                    .times = 3,
                                                                    .outcome = AWS_UNREACHABLE });
                assert_int_equal(manager_prune(world.manager, "s", false, &run, &error), 0);
                world_run_until_sent(&world, "DescribeImages", "ami-0003");
                if (rows[i].hours_down) {
                        world_end(&world, false);
                        virtual_run_for(world.loop, HOURS(rows[i].hours_down));
                        world_start(&world);
                }
                if (rows[i].last)
                        world_apply(&world, yaml);
                virtual_run_for(world.loop, HOURS(2));
                expect_left(&world, rows[i].left, (int)i);
                if (*rows[i].words)
                        assert_int_equal(captured_words(rows[i].words), 3);
                world_done(&world);
        }
}

/* Images take an hour, and the operator keeps more before the retention of the run begins. */
static void retention_goes_by_the_settings_of_now(void **state)
{
        _cleanup_free_ char *keep = xasprintf(SETTINGS, 1000);
        struct world world;

        (void)state;
        setup(&world, 5, 2);
        world.model.takes = HOURS(1);
        world_run_until_sent(&world, "CreateImage", NULL);
        world_apply(&world, keep);
        virtual_run_for(world.loop, HOURS(3));
        LEFT(world, "1 2 3 4 5 6");
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_that_no_longer_fits_is_kept),
                cmocka_unit_test(every_answer_at_every_call),
                cmocka_unit_test(an_image_that_is_kept_by_its_tag_after_a_refusal_stays),
                cmocka_unit_test(a_refusal_does_not_undo_an_earlier_call),
                cmocka_unit_test(the_successor_is_described_right_before_the_removal),
                cmocka_unit_test(the_instances_of_an_image_are_gone_by_evidence),
                cmocka_unit_test(an_old_decision_is_not_carried_out),
                cmocka_unit_test(retention_goes_by_the_settings_of_now),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
