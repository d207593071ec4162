/* The consistency of an image: its tag, what the state says of it, and what follows when EC2 does
 * not let the tag be changed. */
#include "unit/runs/levels.h"

/* Once a year, so that there is one image. */
#define REBOOT                                                                                     \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n  s:\n"             \
        "    schedule: cron(0 1 2 3 ? *)\n    targets: {tags: {A: b}}\n    consistency: reboot\n"

static char *consistency_in_state(struct world *world, size_t image)
{
        struct store_image row;
        char *consistency;

        assert_int_equal(store_load_image(world->store, "default", "eu-west-1",
                                          world->model.images[image]->id, &row),
                         1);
        consistency = xstrdup(row.consistency);
        store_image_done(&row);
        return consistency;
}

static void a_refused_tag_leaves_the_consistency_of_the_create_call(void **state)
{
        static const struct {
                const char *name;
                const char *settings;
                struct scripted_fault fault;
                enum outcome outcome;
                const char *consistency;
                size_t lines;
        } rows[] = {
                /* never allowed: it stays what the create call could promise */
                { .name = "never allowed",
                  .settings = "",
                  .fault = { .action = "CreateTags",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_ERROR,
                             .code = "UnauthorizedOperation" },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .lines = 1 },
                { .name = "never allowed, and a shortfall fails",
                  .settings = "    on_shortfall: fail\n",
                  .fault = { .action = "CreateTags",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_ERROR,
                             .code = "UnauthorizedOperation" },
                  .outcome = OUTCOME_FAILED,
                  .consistency = ACHIEVED_CRASH,
                  .lines = 1 },
                /* out of reach, or without keys, for days */
                { .name = "without keys for days",
                  .settings = "",
                  .fault = { .action = "CreateTags",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_UNSIGNED },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .lines = 1 },
                /* for hours: it is insisted on */
                { .name = "out of reach for hours",
                  .settings = "",
                  .fault = { .action = "CreateTags", .times = 100, .outcome = AWS_UNREACHABLE },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_REBOOT_CLEAN },
                /* deregistered by somebody meanwhile */
                { .name = "deregistered by somebody",
                  .settings = "",
                  .fault = { .action = "CreateTags",
                             .times = SCRIPTED_ALWAYS,
                             .outcome = AWS_ERROR,
                             .code = "InvalidAMIID.NotFound" },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_CRASH,
                  .lines = 1 },
                { .name = "a snapshot unknown for a moment",
                  .settings = "",
                  .fault = { .action = "CreateTags",
                             .times = 3,
                             .outcome = AWS_ERROR,
                             .code = "InvalidSnapshot.NotFound" },
                  .outcome = OUTCOME_DONE,
                  .consistency = ACHIEVED_REBOOT_CLEAN },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(REBOOT "%s", rows[i].settings);
                _cleanup_free_ char *consistency = NULL, *detail = NULL;
                struct world world;

                world_setup(&world, yaml, 1)->back = 100 * USEC_PER_SEC;
                scripted_fault(&world.aws, rows[i].fault);
                virtual_run_until(world.loop, at("2026-03-03T12:00:00Z"));
                if (world_task(&world, RUN, "i-1", &detail) != rows[i].outcome)
                        fail_msg("%s: %s", rows[i].name, detail);
                consistency = consistency_in_state(&world, 0);
                if (!streq(consistency, rows[i].consistency) ||
                    !streq(world_consistency(&world, 0), rows[i].consistency))
                        fail_msg("%s: %s, tagged %s", rows[i].name, consistency,
                                 world_consistency(&world, 0));
                /* It is insisted on, but not forever, and not in haste. */
                assert_in_range(scripted_count(&world.aws, "CreateTags", NULL), 1, 400);
                /* It exists, and nothing says otherwise. */
                assert_int_equal(captured_events(&events[EVENT_IMAGE_FAILED]), 0);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_AVAILABLE]), 1);
                if (captured_events(&events[EVENT_SHORTFALL]) != rows[i].lines)
                        fail_msg("%s: told %zu times", rows[i].name,
                                 captured_events(&events[EVENT_SHORTFALL]));
                world_done(&world);
        }
}

/* Somebody stops the instance while CreateImage is not answered, and the next call finds it
 * stopped. The create call promises what a reboot achieves; the tag says `stopped` afterwards,
 * if EC2 lets it be changed. */
static void an_instance_stopped_before_the_next_call_gives_a_stopped_image(void **state)
{
        for (int refused = 0; refused < 2; refused++) {
                _cleanup_free_ char *consistency = NULL;
                struct world world;

                (void)state;
                world_setup(&world, REBOOT, 1);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .outcome = AWS_UNKNOWN });
                if (refused)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "CreateTags",
                                                                .times = SCRIPTED_ALWAYS,
                                                                .outcome = AWS_ERROR,
                                                                .code = "UnauthorizedOperation" });
                virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
                world_end(&world, false);
                world_start(&world);
                world.model.instances[0]->state = INSTANCE_STOPPED;
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                assert_int_equal(world.model.n_images, 1);
                consistency = consistency_in_state(&world, 0);
                assert_string_equal(consistency, world_consistency(&world, 0));
                assert_string_equal(consistency, refused ? ACHIEVED_CRASH : ACHIEVED_STOPPED);
                world_done(&world);
        }
}

/* The state cannot be written for longer than amid tries to change a tag: EC2 has refused
 * nothing. */
static void a_full_disk_is_no_refusal_of_a_tag(void **state)
{
        static const char *const since[] = {
                "2026-03-02T01:00:30Z", /* its instance is away */
                "2026-03-02T01:01:45Z", /* it is back, and the image pending */
                "2026-03-02T01:02:10Z", /* the image is about to be seen to be available */
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(since); i++) {
                _cleanup_free_ char *consistency = NULL, *detail = NULL;
                struct world world;

                world_setup(&world, REBOOT, 1)->back = 100 * USEC_PER_SEC;
                virtual_run_until(world.loop, at(since[i]));
                world_protect(&world, true);
                virtual_run_until(world.loop, at("2026-03-03T12:00:00Z"));
                world_protect(&world, false);
                virtual_run_until(world.loop, at("2026-03-03T13:00:00Z"));
                if (world_task(&world, RUN, "i-1", &detail) != OUTCOME_DONE)
                        fail_msg("since %s: %s", since[i], detail);
                consistency = consistency_in_state(&world, 0);
                assert_string_equal(consistency, world_consistency(&world, 0));
                world_done(&world);
        }
}

/* CreateTags is carried out, or not, without an answer, and then refused: what the tags of the
 * image say is what it counts as. */
static void the_tag_that_ec2_shows_counts_after_a_refusal(void **state)
{
        static const struct {
                const char *name;
                enum aws_outcome first;
                bool effect, restarts;
                const char *consistency;
        } rows[] = {
                { .name = "lost answer",
                  .first = AWS_UNKNOWN,
                  .effect = true,
                  .consistency = ACHIEVED_REBOOT_CLEAN },
                { .name = "carried out, then out of reach",
                  .first = AWS_UNREACHABLE,
                  .effect = true,
                  .consistency = ACHIEVED_REBOOT_CLEAN },
                { .name = "not carried out",
                  .first = AWS_UNREACHABLE,
                  .consistency = ACHIEVED_CRASH },
                { .name = "lost answer and a restart",
                  .first = AWS_UNKNOWN,
                  .effect = true,
                  .restarts = true,
                  .consistency = ACHIEVED_REBOOT_CLEAN },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *consistency = NULL;
                struct world world;

                world_setup(&world, REBOOT, 1)->back = 100 * USEC_PER_SEC;
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateTags",
                                                                    .outcome = rows[i].first,
                                                                    .effect = rows[i].effect });
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "CreateTags",
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .code = "UnauthorizedOperation" });
                world_run_until_sent(&world, "CreateTags", NULL);
                if (rows[i].restarts) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
                consistency = consistency_in_state(&world, 0);
                if (!streq(consistency, rows[i].consistency) ||
                    !streq(world_consistency(&world, 0), rows[i].consistency))
                        fail_msg("%s: %s, tagged %s", rows[i].name, consistency,
                                 world_consistency(&world, 0));
                assert_in_range(scripted_count(&world.aws, "CreateTags", NULL), 2, 3);
                world_done(&world);
        }
}

/* A snapshot that EC2 does not know at first is tagged apart, and that is refused: the image has
 * its label all the same. */
static void the_tag_of_an_image_does_not_need_those_of_its_snapshots(void **state)
{
        _cleanup_free_ char *consistency = NULL;
        struct world world;

        (void)state;
        world_setup(&world, REBOOT, 1)->back = 100 * USEC_PER_SEC;
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateTags",
                                                            .outcome = AWS_ERROR,
                                                            .code = "InvalidSnapshot.NotFound" });
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateTags",
                                                            .skip = 1,
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "UnauthorizedOperation" });
        virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
        consistency = consistency_in_state(&world, 0);
        assert_string_equal(world_consistency(&world, 0), ACHIEVED_REBOOT_CLEAN);
        assert_string_equal(consistency, ACHIEVED_REBOOT_CLEAN);
        world_done(&world);
}

/* Somebody deregisters the image before it is tagged: no more lists are read than the proof
 * takes. */
static void an_image_gone_before_its_tag_is_looked_up_in_few_lists(void **state)
{
        struct world world;
        size_t before;

        (void)state;
        world_setup(&world, REBOOT, 1)->back = 100 * USEC_PER_SEC;
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateTags",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "InvalidAMIID.NotFound" });
        world_run_until_sent(&world, "CreateTags", NULL);
        world.model.images[0]->gone = true;
        before = scripted_count(&world.aws, "DescribeImages", NULL);
        virtual_run_until(world.loop, at("2026-03-02T12:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_DONE);
        assert_in_range(scripted_count(&world.aws, "DescribeImages", NULL) - before, 4, 28);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_refused_tag_leaves_the_consistency_of_the_create_call),
                cmocka_unit_test(an_instance_stopped_before_the_next_call_gives_a_stopped_image),
                cmocka_unit_test(a_full_disk_is_no_refusal_of_a_tag),
                cmocka_unit_test(the_tag_that_ec2_shows_counts_after_a_refusal),
                cmocka_unit_test(the_tag_of_an_image_does_not_need_those_of_its_snapshots),
                cmocka_unit_test(an_image_gone_before_its_tag_is_looked_up_in_few_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
