/* Operators and circumstances: fire now, overlap, what is expected, reload, status, tags. */
#include "unit/runs/two-regions.h"

/* ---- fire now ---- */

static void an_operator_runs_a_schedule_or_some_of_its_targets(void **state)
{
        _cleanup_free_ char *run = NULL, *again = NULL, *error = NULL, *only = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 4);
        run = fire(&world, NULL);
        assert_int_equal(manager_run(world.manager, "s", NULL, 0, &again, &error), -EBUSY);
        assert_non_null(strstr(error, "still going"));
        virtual_run_for(world.loop, MINUTES(10));
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 4);
        only = fire(&world, "i-3");
        virtual_run_for(world.loop, MINUTES(10));
        assert_int_equal(world_run(&world, only, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 5);
        free(steal(error));
        assert_int_equal(manager_run(world.manager, "z", NULL, 0, &again, &error), -ENOENT);
        free(steal(only));
        only = fire(&world, "i-33"); /* not one of the targets */
        virtual_run_for(world.loop, MINUTES(1));
        assert_int_equal(world_run(&world, only, NULL), OUTCOME_FAILED);
        assert_int_equal(world.model.n_images, 5);
        world_done(&world);
}

/* The schedule fires at 01:00:00, and so does an operator: both runs are there. */
static void a_run_by_hand_takes_no_firing_away(void **state)
{
        _cleanup_free_ char *run = NULL;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n    flexible_window: 10m\n", 2);
        virtual_run_until(world.loop, at("2026-03-02T01:00:00Z"));
        run = fire(&world, "i-1");
        assert_string_not_equal(run, RUN);
        virtual_run_until(world.loop, at("2026-03-02T01:40:00Z"));
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world_images(&world, "i-2"), 1);
        world_done(&world);
}

/* What an operator named and is no target: the run says of each why, and touches nothing. */
static void an_instance_that_is_not_a_target_is_reported_with_the_reason(void **state)
{
        static const struct {
                int line;
                const char *named, *said;
        } rows[] = {
                { __LINE__, "i-33", "there is no instance i-33 in default/" },
                { __LINE__, "i-1 i-33", "there is no instance i-33 in default/" },
                { __LINE__, "i-7", "i-7 is no target of schedule s: it has no tag A=b" },
                { __LINE__, "i-8", "i-8 is no target of schedule s: its tag A is c, and not b" },
                { __LINE__, "i-9",
                  "i-9 is no target of schedule s: it has a tag of `exclude_tags`" },
                { __LINE__, "i-10", "i-10 is no target of schedule s: it is terminated" },
        };
        struct model_instance *excluded;
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE(", exclude_tags: {Out: \"yes\"}") "    consistency: crash\n",
              2);
        model_add_instance(&world.model, "i-7", "eu-west-1", "B", "b");
        model_add_instance(&world.model, "i-8", "eu-west-1", "A", "c");
        excluded = model_add_instance(&world.model, "i-9", "eu-west-1", "A", "b");
        model_set_tag(&excluded->tags, &excluded->n_tags, "Out", "yes");
        model_add_instance(&world.model, "i-10", "eu-west-1", "A", "b")->state =
                INSTANCE_TERMINATED;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL, *detail = NULL, *error = NULL;
                size_t n;
                char **named = strings_split(rows[i].named, " ", &n);

                assert_int_equal(manager_run(world.manager, "s", named, n, &run, &error), 0);
                strings_free(named, n);
                virtual_run_for(world.loop, MINUTES(1));
                assert_int_equal(world_run(&world, run, &detail), OUTCOME_FAILED);
                if (!strstr(detail, rows[i].said) || strstr(detail, "i-1 is"))
                        fail_msg("line %d: %s", rows[i].line, detail);
        }
        assert_int_equal(world.model.n_images, 0);
        world_done(&world);
}

/* EC2 takes 200 values of a filter: model_match() holds each question to that. */
static void any_number_of_instances_can_be_named(void **state)
{
        enum { NAMED = 450 };
        _cleanup_free_ char *run = NULL, *detail = NULL, *error = NULL;
        char *named[NAMED];
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 2);
        model_add_instance(&world.model, "i-100", "eu-west-1", "B", "b");
        model_add_instance(&world.model, "i-549", "eu-west-1", "B", "b");
        for (size_t i = 0; i < NAMED; i++)
                named[i] = xasprintf("i-%zu", 100 + i);
        assert_int_equal(manager_run(world.manager, "s", named, NAMED, &run, &error), 0);
        virtual_run_for(world.loop, MINUTES(1));
        assert_int_equal(world_run(&world, run, &detail), OUTCOME_FAILED);
        assert_non_null(strstr(detail, "i-100 is no target of schedule s: it has no tag A=b"));
        assert_non_null(strstr(detail, "i-549 is no target of schedule s: it has no tag A=b"));
        assert_non_null(strstr(detail, "there is no instance i-548 in default/"));
        assert_int_equal(scripted_count(&world.aws, "DescribeInstances", NULL), 2 * (1 + 3));
        for (size_t i = 0; i < NAMED; i++)
                free(named[i]);
        world_done(&world);
}

static void a_text_that_is_no_instance_id_is_refused(void **state)
{
        static const char *const rows[] = { "bogus", "i-", "", "i-1 i-2", "ami-1" };
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 2);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *run = NULL, *error = NULL;
                char *only = (char *)(uintptr_t)rows[i];

                assert_int_equal(manager_run(world.manager, "s", &only, 1, &run, &error), -EINVAL);
                assert_non_null(strstr(error, "no instance id"));
                assert_null(run);
        }
        world_done(&world);
}

/* The image of i-1 stays pending: the next firings go on with i-2; of i-1 they skip it, or one of
 * them waits for it, by `overlap`. */
static void a_pending_image_holds_up_only_its_instance(void **state)
{
        static const struct {
                const char *overlap;
                bool restart;
                enum outcome second, third; /* of i-1 while the image is pending */
        } rows[] = {
                { "skip", false, OUTCOME_SKIPPED, OUTCOME_SKIPPED },
                { "skip", true, OUTCOME_SKIPPED, OUTCOME_SKIPPED },
                { "queue", false, OUTCOME_OPEN, OUTCOME_SKIPPED },
                { "queue", true, OUTCOME_OPEN, OUTCOME_SKIPPED },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf(HEAD SCHEDULE("") "    consistency: crash\n    overlap: %s\n",
                                  rows[i].overlap);
                _cleanup_free_ char *run = NULL;
                struct world world;

                setup(&world, yaml, 2);
                virtual_run_until(world.loop, at("2026-03-02T01:00:10Z"));
                assert_int_equal(world.model.n_images, 2);
                for (size_t j = 0; j < 2; j++)
                        if (streq(world.model.images[j]->instance, "i-1"))
                                world.model.images[j]->takes = HOURS(6);
                virtual_run_until(world.loop, at("2026-03-02T02:10:00Z"));
                if (rows[i].restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_until(world.loop, at("2026-03-02T03:10:00Z"));
                assert_int_equal(world_images(&world, "i-2"), 3);
                assert_int_equal(world_images(&world, "i-1"), 1);
                assert_int_equal(world_task(&world, NEXT, "i-1", NULL), rows[i].second);
                assert_int_equal(world_task(&world, "s.20260302T030000Z", "i-1", NULL),
                                 rows[i].third);
                /* nor is an operator refused */
                run = fire(&world, "i-2");
                virtual_run_until(world.loop, at("2026-03-02T06:30:00Z"));
                assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
                virtual_run_until(world.loop, at("2026-03-02T08:00:00Z"));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(world_images(&world, "i-1"),
                                 rows[i].second == OUTCOME_OPEN ? 2 : 1);
                world_done(&world);
        }
}

/* ---- what is found ---- */

static void a_run_fails_where_expect_is_not_met(void **state)
{
        static const struct {
                int line;
                enum outcome outcome;
                const char *yaml;
                const char *said;
        } rows[] = {
                { __LINE__, OUTCOME_DONE, HEAD SCHEDULE("") "    consistency: crash\n", NULL },
                { __LINE__, OUTCOME_DONE,
                  HEAD SCHEDULE(", expect: {min: 3}") "    consistency: crash\n", NULL },
                { __LINE__, OUTCOME_FAILED,
                  HEAD SCHEDULE(", expect: {min: 4}") "    consistency: crash\n",
                  "3 instances found, at least 4 expected" },
                { __LINE__, OUTCOME_FAILED,
                  HEAD SCHEDULE(", expect: {max: 2}") "    consistency: crash\n",
                  "3 instances found, 1 to 2 expected" },
                { __LINE__, OUTCOME_FAILED,
                  HEAD SCHEDULE(", exclude_tags: {A: b}") "    consistency: crash\n",
                  "0 instances found, at least 1 expected" },
                { __LINE__, OUTCOME_DONE,
                  HEAD SCHEDULE(
                          ", exclude_tags: {A: b}, expect: {min: 0}") "    consistency: crash\n",
                  NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                setup(&world, rows[i].yaml, 3);
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                if (world_run(&world, RUN, &detail) != rows[i].outcome ||
                    (rows[i].said && !strstr(detail, rows[i].said)))
                        fail_msg("line %d: %s", rows[i].line, detail);
                if (rows[i].said)
                        assert_int_equal(world.model.n_images, 0);
                assert_int_equal(captured_events(&events[EVENT_TARGETS_UNEXPECTED]),
                                 rows[i].said != NULL);
                assert_int_equal(virtual_armed(world.loop), 1);
                world_done(&world);
        }
}

static void fewer_targets_than_at_the_last_run_are_logged_once(void **state)
{
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 4);
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        world.model.instances[0]->state = INSTANCE_TERMINATED;
        world_end(&world, true); /* it is remembered */
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(captured_words("matches 3 instances, 4 at its last run"), 1);
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        assert_int_equal(captured_events(&events[EVENT_TARGETS_SHRUNK]), 1);
        world_done(&world);
}

/* An instance that is on two pages, since the list changed in between, has one image. */
static void an_instance_that_is_listed_twice_has_one_image(void **state)
{
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n", 1);
        model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world.model.n_images, 1);
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        world_done(&world);
}

/* ---- reload, status, tags ---- */

/* Runs under way end under the settings they began with. */
static void a_run_keeps_the_settings_it_began_with(void **state)
{
        struct world world;

        (void)state;
        setup(&world,
              HEAD SCHEDULE("") "    regions: [eu-west-1]\n    consistency: reboot\n"
                                "    image: {tags: {Old: \"yes\"}}\n",
              3);
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        assert_int_equal(world.model.n_images, 1);
        world_apply(&world, "version: 1\nschedules: {}\n");
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        assert_int_equal(world.model.n_images, 2);
        assert_string_equal(world_image_tag(world.model.images[1], "Old"), "yes");
        assert_int_equal(virtual_armed(world.loop), 0);
        world_done(&world);
}

static void the_status_has_the_next_firing_and_the_last_failure(void **state)
{
        struct world world;

        (void)state;
        setup(&world, HEAD SCHEDULE("") "    consistency: crash\n    timezone: Asia/Seoul\n", 1);
        assert_string_equal(world.loop->status,
                            "STATUS=1 schedule, next s at 2026-03-03 01:00:00 +09:00, 0 runs "
                            "going, last failure none");
        virtual_run_until(world.loop, at("2026-03-02T16:00:30Z"));
        assert_non_null(strstr(world.loop->status, "1 run going"));
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .outcome = AWS_ERROR,
                                                            .code = "OptInRequired" });
        virtual_run_until(world.loop, at("2026-03-02T17:30:00Z"));
        assert_non_null(strstr(world.loop->status, "0 runs going"));
        assert_non_null(strstr(world.loop->status, "last failure s.20260302T170000Z"));
        world_done(&world);
}

/* The tags of an image: amid's own are there, and no other tag takes their place. */
static void our_tags_come_before_those_of_settings_and_instance(void **state)
{
        struct world world;
        const struct model_image *image;
        struct model_instance *instance;

        (void)state;
        world_init(&world);
        instance = model_add_instance(&world.model, "i-1", "eu-west-1", "A", "b");
        model_set_tag(&instance->tags, &instance->n_tags, "amid:owner", "somebody");
        model_set_tag(&instance->tags, &instance->n_tags, "aws:x", "y");
        model_set_tag(&instance->tags, &instance->n_tags, "Name", "web");
        for (int i = 0; i < 60; i++) {
                _cleanup_free_ char *key = xasprintf("k%d", i);

                model_set_tag(&instance->tags, &instance->n_tags, key, "v");
        }
        world_apply(&world,
                    HEAD SCHEDULE("") "    consistency: crash\n    image: {copy_tags: true, "
                                      "tags: {Name: golden}}\n");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        image = world.model.images[0];
        assert_string_equal(world_image_tag(image, TAG_OWNER), "amid");
        assert_string_equal(world_image_tag(image, TAG_SCHEDULE), "s");
        assert_string_equal(world_image_tag(image, TAG_RUN), RUN);
        assert_string_equal(world_image_tag(image, TAG_INSTANCE), "i-1");
        assert_string_equal(world_image_tag(image, TAG_TIME), "2026-03-02T01:00:00Z");
        assert_string_equal(world_image_tag(image, TAG_CONSISTENCY), ACHIEVED_CRASH);
        assert_string_equal(world_image_tag(image, "Name"), "golden");
        assert_string_equal(world_image_tag(image, "A"), "b");
        assert_null(world_image_tag(image, "aws:x"));
        assert_string_equal(world_image_tag(image, TAG_OUTCOME),
                            "done"); /* nothing else can fail */
        assert_int_equal(image->n_tags, 49);
        assert_string_equal(image->name, "s-i-1-20260302T010000Z");
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_pending_image_holds_up_only_its_instance),
                cmocka_unit_test(a_run_fails_where_expect_is_not_met),
                cmocka_unit_test(fewer_targets_than_at_the_last_run_are_logged_once),
                cmocka_unit_test(an_operator_runs_a_schedule_or_some_of_its_targets),
                cmocka_unit_test(a_run_by_hand_takes_no_firing_away),
                cmocka_unit_test(an_instance_that_is_not_a_target_is_reported_with_the_reason),
                cmocka_unit_test(any_number_of_instances_can_be_named),
                cmocka_unit_test(a_text_that_is_no_instance_id_is_refused),
                cmocka_unit_test(an_instance_that_is_listed_twice_has_one_image),
                cmocka_unit_test(a_run_keeps_the_settings_it_began_with),
                cmocka_unit_test(the_status_has_the_next_firing_and_the_last_failure),
                cmocka_unit_test(our_tags_come_before_those_of_settings_and_instance),
        };

        return cmocka_run_group_tests_name("operate", tests, NULL, NULL);
}
