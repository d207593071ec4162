/* What retention removes, through the whole path: decided, asked about, removed, recorded. */
#include "unit/runs/removals.h"

static void expired_images_are_removed_and_recorded(void **state)
{
        _cleanup_free_ char *run = NULL;
        struct world world;

        (void)state;
        setup(&world, 5, 2);
        run = prune(&world, false);
        LEFT(world, "4 5");
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
        assert_int_equal(captured_events(&events[EVENT_IMAGE_REMOVED]), 3);
        assert_int_equal(captured_words("last 2"), 3); /* the rule that no longer keeps it */
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(is_recorded_gone(&world, i), i < 3);
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

static void each_run_removes_what_has_expired(void **state)
{
        struct world world;

        (void)state;
        setup(&world, 3, 2);
        virtual_run_for(world.loop, HOURS(24));
        LEFT(world, "3 4");
        assert_int_equal(world_runs(&world, "s", OUTCOME_DONE, NULL), 4);
        world_done(&world);
}

static void a_dry_run_decides_and_changes_nothing(void **state)
{
        _cleanup_free_ char *run = NULL, *second = NULL, *error = NULL;
        struct decisions decisions = {};
        struct store_run row;
        struct watch *watch;
        struct world world;
        unsigned int commits;

        (void)state;
        setup(&world, 5, 2);
        watch = manager_watch(world.manager, NULL, hear_decision, &decisions);
        commits = world.commits;
        scripted_forget_calls(&world.aws);
        assert_int_equal(manager_prune(world.manager, "s", true, &run, &error), 0);
        /* two in one second are two runs */
        assert_int_equal(manager_prune(world.manager, "s", true, &second, &error), 0);
        assert_string_not_equal(run, second);
        virtual_run_for(world.loop, HOURS(1));
        assert_int_equal(decisions.count[PRUNE_KEEP], 4);
        assert_int_equal(decisions.count[PRUNE_REMOVE], 6);
        LEFT(world, "1 2 3 4 5");
        assert_int_equal(world.commits, commits);
        assert_int_equal(store_load_run(world.store, run, &row), 0);
        for (size_t i = 0; i < world.aws.n_calls; i++)
                assert_non_null(startswith(world.aws.calls[i].action, "Describe"));
        watch_free(watch);
        decisions_done(&decisions);
        world_done(&world);
}

/* A run that has ended in this second is not taken for the dry run. */
static void a_dry_run_has_an_id_of_its_own(void **state)
{
        _cleanup_free_ char *real = NULL, *dry = NULL, *error = NULL;
        struct world world;

        (void)state;
        setup(&world, 1, 2);
        assert_int_equal(manager_prune(world.manager, "s", false, &real, &error), 0);
        virtual_run_for(world.loop, USEC_PER_SEC / 2);
        assert_int_equal(world_run(&world, real, NULL), OUTCOME_DONE);
        assert_int_equal(manager_prune(world.manager, "s", true, &dry, &error), 0);
        assert_string_not_equal(real, dry);
        world_done(&world);
}

/* Nobody has to ask which of two runs an id stands for, whatever was asked in one second. */
static void every_run_of_a_second_has_an_id_of_its_own(void **state)
{
        static const struct {
                bool adopt, dry;
        } asked[] = { { true, true },  { true, false },  { true, true },  { true, false },
                      { false, true }, { false, false }, { false, true }, { false, false } };
        char *runs[ELEMENTS(asked)] = {};
        struct world world;

        (void)state;
        setup(&world, 1, 2);
        for (size_t i = 0; i < ELEMENTS(asked); i++) {
                _cleanup_free_ char *error = NULL;

                assert_int_equal(
                        asked[i].adopt
                                ? manager_adopt(world.manager, asked[i].dry, &runs[i], &error)
                                : manager_prune(world.manager, "s", asked[i].dry, &runs[i], &error),
                        0);
                virtual_run_for(world.loop, USEC_PER_SEC / 20); /* most have ended by then */
                for (size_t j = 0; j < i; j++)
                        assert_string_not_equal(runs[i], runs[j]);
        }
        for (size_t i = 0; i < ELEMENTS(asked); i++)
                free(runs[i]);
        world_done(&world);
}

/* An image that EC2 does not list is said to be missed from the first look on, also of a dry run
 * and however young it is; that it is gone takes two looks that prove something. */
static void an_absence_is_written_down_when_it_is_seen(void **state)
{
        struct store_image row;
        struct world world;

        (void)state;
        setup(&world, 2, 2);
        world.model.images[1]->hidden = USEC_INFINITY / 2;
        free(prune(&world, true));
        assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                          world.model.images[1]->id, &row),
                         1);
        assert_true(row.missed != SEC_NONE);
        assert_string_equal(row.state, "available");
        store_image_done(&row);
        world.model.images[1]->hidden = 0;
        free(prune(&world, true));
        assert_int_equal(store_load_image(world.store, "default", "eu-west-1",
                                          world.model.images[1]->id, &row),
                         1);
        assert_true(row.missed == SEC_NONE);
        store_image_done(&row);
        world_done(&world);
}

static void an_image_in_use_stays(void **state)
{
        struct model_instance *user;
        struct world world;

        (void)state;
        setup(&world, 5, 2);
        user = model_add_instance(&world.model, "i-9", "eu-west-1", "C", "d");
        xreplace(&user->image, world.model.images[1]->id);
        free(prune(&world, false));
        LEFT(world, "2 4 5");
        /* a user that is gone holds nothing */
        user->state = INSTANCE_TERMINATED;
        free(prune(&world, false));
        LEFT(world, "4 5");
        world_done(&world);
}

/* The uses of the images cannot be read: they stay. */
static void images_whose_use_is_unknown_stay(void **state)
{
        _cleanup_free_ char *run = NULL;
        struct world world;

        (void)state;
        setup(&world, 5, 2);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstances",
                                                            .about = "image-id",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "UnauthorizedOperation" });
        run = prune(&world, false);
        LEFT(world, "1 2 3 4 5");
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_FAILED);
        world_done(&world);
}

/* More images than a filter takes: all are asked about, none in use goes, and no run leaves any
 * to the next. */
static void more_images_than_a_filter_takes_are_all_asked_about(void **state)
{
        struct model_instance *user;
        struct world world;

        (void)state;
        setup(&world, 215, 2);
        for (size_t i = 0; i < 20; i++) {
                _cleanup_free_ char *id = xasprintf("i-9%zu", i);

                user = model_add_instance(&world.model, id, "eu-west-1", "C", "d");
                /* ten of the first two hundred, and ten of those behind */
                xreplace(&user->image, world.model.images[i < 10 ? i : 195 + i - 10 + 8]->id);
        }
        free(prune(&world, false));
        for (size_t i = 0; i < world.model.n_instances; i++) {
                const struct model_image *image =
                        model_find_image(&world.model, world.model.instances[i]->image);

                assert_true(!image || !image->gone);
        }
        assert_int_equal(world_images(&world, "i-1"), 2 + 20);
        world_done(&world);
}

/* The first that are asked about are all in use: those behind them go all the same. */
static void the_first_two_hundred_in_use_hold_up_no_other(void **state)
{
        struct world world;

        (void)state;
        setup(&world, 230, 1);
        for (size_t i = 0; i < 200; i++) {
                _cleanup_free_ char *id = xasprintf("i-9%zu", i);

                xreplace(&model_add_instance(&world.model, id, "eu-west-1", "C", "d")->image,
                         world.model.images[i]->id);
        }
        free(prune(&world, false));
        assert_int_equal(world_images(&world, "i-1"), 200 + 1);
        world_done(&world);
}

/* Images that are not ours, by their tags or by our rows. */
static void images_of_others_stay(void **state)
{
        static const struct {
                int line;
                const char *key, *value;
                const char *left;
        } rows[] = {
                { __LINE__, NULL, NULL, "4 5" },
                { __LINE__, TAG_OWNER, "another", "1 4 5" },
                { __LINE__, TAG_SCHEDULE, "t", "1 4 5" },
                { __LINE__, TAG_INSTANCE, "i-2", "1 4 5" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct model_image *foreign;
                struct world world;

                setup(&world, 5, 2);
                if (rows[i].key)
                        model_set_tag(&world.model.images[0]->tags, &world.model.images[0]->n_tags,
                                      rows[i].key, rows[i].value);
                /* all our tags, and no row: adopted by nobody */
                foreign = model_add_image(&world.model, "eu-west-1", "foreign");
                foreign->instance = xstrdup("i-1");
                foreign->tags =
                        model_copy_tags(world.model.images[1]->tags, world.model.images[1]->n_tags);
                foreign->n_tags = world.model.images[1]->n_tags;
                foreign->created -= HOURS(48);
                free(prune(&world, false));
                assert_false(foreign->gone);
                foreign->gone = foreign->snapshot_gone = true;
                expect_left(&world, rows[i].left, rows[i].line);
                assert_true(captured_words("kept. `amictl adopt --dry-run` tells") >= 1);
                /* an image that is there is not recorded as gone for its tags' sake */
                if (streq(rows[i].key, TAG_INSTANCE))
                        assert_false(is_recorded_gone(&world, 0));
                world_done(&world);
        }
}

/* An image is missing from one list only: its row becomes available again. */
static void a_row_missing_from_one_list_lives_again(void **state)
{
        struct world world;

        (void)state;
        setup(&world, 5, 5);
        world.model.images[0]->hidden = USEC_INFINITY / 2;
        free(prune(&world, false));
        assert_false(is_recorded_gone(&world, 0)); /* one list proves nothing */
        free(prune(&world, false));
        assert_true(is_recorded_gone(&world, 0));
        world.model.images[0]->hidden = 0;
        free(prune(&world, false));
        assert_false(is_recorded_gone(&world, 0));
        world_done(&world);
}

/* Failed images go once a newer one is good; the last good one stays whatever the rules say. */
static void failed_images_go_and_the_last_good_one_stays(void **state)
{
        struct world world;

        (void)state;
        setup(&world, 5, 1);
        world.model.images[1]->fails = true;
        world.model.images[3]->fails = true;
        world.model.images[4]->fails = true;
        free(prune(&world, false));
        LEFT(world, "3 4 5");
        world.model.images[4]->fails = false;
        free(prune(&world, false));
        LEFT(world, "5");
        world_done(&world);
}

/* The state is lost, and its images are adopted: the decisions are the same. */
static void adopted_images_are_decided_about_as_before(void **state)
{
        _cleanup_free_ char *run = NULL, *error = NULL;
        struct world world;

        (void)state;
        setup(&world, 5, 2);
        world_end(&world, false);
        world_remove_state(&world);
        world_start(&world);
        free(prune(&world, false)); /* without rows nothing is ours */
        LEFT(world, "1 2 3 4 5");
        assert_int_equal(manager_adopt(world.manager, false, &run, &error), 0);
        virtual_run_for(world.loop, MINUTES(5));
        assert_int_equal(world_run(&world, run, NULL), OUTCOME_DONE);
        assert_int_equal(captured_words("5 images adopted"), 1);
        free(prune(&world, false));
        LEFT(world, "4 5");
        free(steal(run));
        assert_int_equal(manager_adopt(world.manager, false, &run, &error), 0);
        virtual_run_for(world.loop, MINUTES(5));
        assert_int_equal(captured_words("0 images adopted"), 1);
        world_done(&world);
}

/* Which of several accounts a line is about: an image id alone does not tell. */
static void a_line_names_the_account_where_there_are_several(void **state)
{
        static const struct {
                const char *name, *others;
                size_t named;
        } rows[] = {
                { "one account", "", 0 },
                { "two accounts", "  prod: {regions: [eu-west-1]}\n", 1 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml =
                        xasprintf("version: 1\naccounts:\n  default: {regions: [eu-west-1]}\n%s"
                                  "schedules:\n  s:\n    schedule: cron(0 12 * * ? *)\n"
                                  "    account: default\n    targets: {tags: {A: b}}\n"
                                  "    consistency: crash\n    retain: {last: 1}\n",
                                  rows[i].others);
                struct world world;

                setup(&world, 2, 2);
                world_apply(&world, yaml);
                free(prune(&world, false));
                LEFT(world, "2");
                assert_int_equal(captured_words(" of i-1 is "), !rows[i].named);
                assert_int_equal(captured_words(" of i-1 in default/eu-west-1 is "), rows[i].named);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(expired_images_are_removed_and_recorded),
                cmocka_unit_test(each_run_removes_what_has_expired),
                cmocka_unit_test(a_dry_run_decides_and_changes_nothing),
                cmocka_unit_test(a_dry_run_has_an_id_of_its_own),
                cmocka_unit_test(every_run_of_a_second_has_an_id_of_its_own),
                cmocka_unit_test(an_absence_is_written_down_when_it_is_seen),
                cmocka_unit_test(an_image_in_use_stays),
                cmocka_unit_test(images_whose_use_is_unknown_stay),
                cmocka_unit_test(more_images_than_a_filter_takes_are_all_asked_about),
                cmocka_unit_test(the_first_two_hundred_in_use_hold_up_no_other),
                cmocka_unit_test(images_of_others_stay),
                cmocka_unit_test(a_row_missing_from_one_list_lives_again),
                cmocka_unit_test(failed_images_go_and_the_last_good_one_stays),
                cmocka_unit_test(adopted_images_are_decided_about_as_before),
                cmocka_unit_test(a_line_names_the_account_where_there_are_several),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
