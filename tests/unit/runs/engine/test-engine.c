/* Exactly one image per instance and firing, wherever the daemon dies or stops, and whatever
 * answers are lost; runs end done, and what was asked for is there. */
#include "unit/runs/world.h"

#define SETTINGS                                                                                   \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"                   \
        "  s:\n    schedule: cron(0 1-2 * * ? *)\n    end: 2026-03-02T03:00:00\n"                  \
        "    targets: {tags: {A: b}}\n    consistency: %s\n    retain: {last: 1}\n"                \
        "    missed: {run: all, within: 6h}\n%s"

static void setup(struct world *world, const char *consistency)
{
        _cleanup_free_ char *yaml = xasprintf(
                SETTINGS, consistency, streq(consistency, "reboot") ? "    reboot: {}\n" : "");

        world_init(world);
        model_add_instance(&world->model, "i-1", "eu-west-1", "A", "b");
        model_add_instance(&world->model, "i-2", "eu-west-1", "A", "b");
        world_apply(world, yaml);
}

/* Images of an instance that stay although its newest one is there: they are worth more. */
static size_t stronger_images(const struct world *world, const char *instance)
{
        const struct model *model = &world->model;
        const struct model_image *newest = NULL;
        size_t n = 0;

        for (size_t i = 0; i < model->n_images; i++)
                if (streq(model->images[i]->instance, instance) && !model->images[i]->gone)
                        newest = model->images[i];
        for (size_t i = 0; newest && i < model->n_images; i++)
                n += streq(model->images[i]->instance, instance) && !model->images[i]->gone &&
                     consistency_level(world_consistency(world, i)) >
                             consistency_level(world_image_tag(newest, TAG_CONSISTENCY));
        return n;
}

/* Of each firing one image was ever made per instance, no two of a name, none left over; and the
 * instances were rebooted once for each at most. */
static void expect_all_well(struct world *world, unsigned int outages, const char *where)
{
        const struct model *model = &world->model;

        if (world_runs(world, "s", OUTCOME_DONE, NULL) != 2 ||
            world_runs(world, "s", -1, NULL) != 2)
                fail_msg("%s: %zu runs, %zu done", where, world_runs(world, "s", -1, NULL),
                         world_runs(world, "s", OUTCOME_DONE, NULL));
        if (model->n_images != 4)
                fail_msg("%s: %zu images were made", where, model->n_images);
        for (size_t i = 0; i < model->n_instances; i++) {
                const struct model_instance *instance = model->instances[i];

                if (world_images(world, instance->id) != 1 + stronger_images(world, instance->id))
                        fail_msg("%s: %zu images of %s are left", where,
                                 world_images(world, instance->id), instance->id);
                if (instance->outages != outages)
                        fail_msg("%s: %s was rebooted %u times", where, instance->id,
                                 instance->outages);
        }
        for (size_t i = 0; i < model->n_images; i++) {
                const struct model_image *image = model->images[i];

                if (image->gone != image->snapshot_gone)
                        fail_msg("%s: the snapshot of %s", where, image->id);
                if (image->gone && streq(world_image_tag(image, TAG_TIME), "2026-03-02T02:00:00Z"))
                        fail_msg("%s: the newest image was removed", where);
        }
        if (model->most_down > 1)
                fail_msg("%s: %u down at once", where, model->most_down);
        /* it is looked for before it is asked for again */
        if (model->refused > 0 && model->hidden == 0)
                fail_msg("%s: %u names were taken", where, model->refused);
        if (virtual_armed(world->loop) > 0)
                fail_msg("%s: %zu timers are armed", where, virtual_armed(world->loop));
}

static void crash_at_every_commit(const char *consistency, bool before)
{
        bool died = true;

        for (unsigned int n = 1; died; n++) {
                _cleanup_free_ char *where =
                        xasprintf("%s, %s commit %u", consistency, before ? "before" : "after", n);
                struct world world;

                setup(&world, consistency);
                died = world_cut(&world, n, before, MINUTES(1));
                expect_all_well(&world, streq(consistency, "reboot") ? 2 : 0, where);
                world_done(&world);
        }
}

/* After a commit nothing of what it announced is done; before the next commit all of it is. */
static void a_crash_at_any_commit_makes_one_image(void **state)
{
        (void)state;
        crash_at_every_commit("crash", true);
        crash_at_every_commit("reboot", true);
        crash_at_every_commit("reboot", false);
}

/* amid is killed or stopped between any two callbacks, and starts again later. */
static void a_stop_at_any_callback_makes_one_image(void **state)
{
        (void)state;
        for (int in_order = 0; in_order < 2; in_order++) {
                bool over = false;

                for (unsigned long n = 1; !over; n += 23) {
                        _cleanup_free_ char *where = xasprintf("%s after %lu callbacks",
                                                               in_order ? "stopped" : "killed", n);
                        struct world world;

                        setup(&world, "reboot");
                        for (unsigned long i = 0; i < n && !over; i++)
                                over = !virtual_step(world.loop, USEC_INFINITY - 1);
                        world_end(&world, in_order);
                        virtual_run_for(world.loop, MINUTES((usec_t)(n % 30)));
                        world_start(&world);
                        virtual_run_until(world.loop, at("2026-03-02T08:00:00Z"));
                        expect_all_well(&world, 2, where);
                        assert_true(!over || n > 100);
                        world_done(&world);
                }
        }
}

static void a_lost_answer_makes_no_second_image(void **state)
{
        static const struct {
                int line;
                struct scripted_fault fault;
                const char *event;
        } rows[] = {
                { __LINE__,
                  { .action = "CreateImage", .outcome = AWS_UNKNOWN, .effect = true },
                  "exists already" },
                { __LINE__, { .action = "CreateImage", .outcome = AWS_UNKNOWN }, NULL },
                { __LINE__,
                  { .action = "CreateImage", .outcome = AWS_UNKNOWN, .effect = true, .times = 4 },
                  "exists already" },
                { __LINE__, { .action = "CreateImage", .outcome = AWS_UNKNOWN, .times = 4 }, NULL },
                { __LINE__,
                  { .action = "CreateImage", .outcome = AWS_UNREACHABLE, .times = 5 },
                  NULL },
                { __LINE__,
                  { .action = "CreateImage", .outcome = AWS_UNSIGNED, .times = 5 },
                  NULL },
                { __LINE__,
                  { .action = "DescribeInstances", .outcome = AWS_UNREACHABLE, .times = 5 },
                  NULL },
                { __LINE__,
                  { .action = "DescribeImages", .outcome = AWS_UNREACHABLE, .times = 9 },
                  NULL },
                { __LINE__,
                  { .action = "DescribeImages",
                    .outcome = AWS_ERROR,
                    .code = "Unheard",
                    .about = "image-id",
                    .times = 9 },
                  NULL },
                { __LINE__,
                  { .action = "DescribeSnapshots",
                    .about = "amid", /* by tag: how far they are, not whether they may go */
                    .outcome = AWS_ERROR,
                    .code = "UnauthorizedOperation",
                    .times = SCRIPTED_ALWAYS },
                  NULL },
                { __LINE__,
                  { .action = "DeregisterImage", .outcome = AWS_UNKNOWN, .effect = true },
                  NULL },
                { __LINE__,
                  { .action = "DeleteSnapshot", .outcome = AWS_UNKNOWN, .effect = true },
                  NULL },
                { __LINE__,
                  { .action = "CreateImage",
                    .outcome = AWS_ERROR,
                    .times = 3,
                    .code = "PendingSnapshotLimitExceeded" },
                  NULL },
                { __LINE__,
                  { .action = "CreateImage",
                    .outcome = AWS_ERROR,
                    .times = 3,
                    .code = "IncorrectState" },
                  NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *where = xasprintf("line %d", rows[i].line);
                struct world world;

                setup(&world, "reboot");
                scripted_fault(&world.aws, rows[i].fault);
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                expect_all_well(&world, 2, where);
                if (rows[i].event && captured_words(rows[i].event) == 0)
                        fail_msg("%s: not said: %s", where, rows[i].event);
                world_done(&world);
        }
}

/* The image exists, and lists lag: the call is made again in the end, and EC2 refuses the name.
 * */
static void a_lost_answer_while_lists_lag_makes_no_second_image(void **state)
{
        static const usec_t lags[] = { MINUTES(1), MINUTES(3), MINUTES(8) };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(lags); i++) {
                struct world world;

                setup(&world, "reboot");
                world.model.hidden = lags[i];
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .outcome = AWS_UNKNOWN,
                                                                    .effect = true,
                                                                    .times = 2 });
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                expect_all_well(&world, 2, "lists lag");
                assert_true(lags[i] < MINUTES(3) || world.model.refused > 0);
                world_done(&world);
        }
}

/* An image of somebody else has the name: it is not taken over. */
static void an_image_of_others_under_the_name_is_not_taken_over(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        setup(&world, "crash");
        model_add_image(&world.model, "eu-west-1", "s-i-1-20260302T010000Z");
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world_task(&world, "s.20260302T010000Z", "i-1", &detail), OUTCOME_FAILED);
        assert_true(detail && strstr(detail, "is not ours"));
        assert_int_equal(world_task(&world, "s.20260302T010000Z", "i-2", NULL), OUTCOME_DONE);
        assert_int_equal(world_run(&world, "s.20260302T010000Z", NULL), OUTCOME_PARTIAL);
        world_done(&world);
}

/* EC2 refuses one instance for good: one line has EC2's words, and the other instance has its
 * image. */
static void a_refused_instance_does_not_stop_the_others(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        setup(&world, "crash");
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .about = "i-1",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "UnauthorizedOperation",
                                                            .message = "You may not" });
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        assert_int_equal(world_run(&world, "s.20260302T010000Z", &detail), OUTCOME_PARTIAL);
        assert_true(detail && strstr(detail, "UnauthorizedOperation"));
        assert_true(detail && strstr(detail, "You may not"));
        assert_int_equal(captured_words("UnauthorizedOperation"), 1);
        assert_int_equal(world_images(&world, "i-2"), 1);
        world_done(&world);
}

/* The state cannot be written in the middle of a run: nothing moves until it can, then
 * everything does. */
static void a_state_that_cannot_be_written_holds_up_the_run_until_it_can(void **state)
{
        (void)state;
        for (unsigned int n = 0; n < 60; n += 3) {
                _cleanup_free_ char *where = xasprintf("after %u callbacks", n);
                struct world world;
                size_t calls;

                setup(&world, "reboot");
                virtual_run_until(world.loop, at("2026-03-02T01:00:00Z"));
                for (unsigned int i = 0; i < n; i++)
                        virtual_step(world.loop, USEC_INFINITY - 1);
                world_protect(&world, true);
                calls = scripted_count(&world.aws, "CreateImage", NULL);
                virtual_run_for(world.loop, MINUTES(25));
                assert_int_equal(scripted_count(&world.aws, "CreateImage", NULL), calls);
                assert_int_equal(captured_events(&events[EVENT_STORE_FAILED]), 1);
                world_protect(&world, false);
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                expect_all_well(&world, 2, where);
                world_done(&world);
        }
}

/* Who stays down as long as the state cannot be written is in the line, and status says it, too. */
static void a_full_disk_is_logged_with_the_instances_that_are_down(void **state)
{
        static const char *const consistencies[] = { "stop", "crash" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(consistencies); i++) {
                struct world world;
                bool stops = streq(consistencies[i], "stop");

                setup(&world, consistencies[i]);
                virtual_run_until(world.loop, at("2026-03-02T01:00:20Z"));
                assert_null(manager_store_failure(world.manager));
                world_protect(&world, true);
                virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
                assert_non_null(strstr(manager_store_failure(world.manager), "cannot be written"));
                assert_int_equal(captured_events(&events[EVENT_STORE_FAILED]), 1);
                assert_int_equal(captured_words("and i-1 stays stopped") > 0, stops);
                world_protect(&world, false);
                virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
                assert_null(manager_store_failure(world.manager));
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_crash_at_any_commit_makes_one_image),
                cmocka_unit_test(a_stop_at_any_callback_makes_one_image),
                cmocka_unit_test(a_lost_answer_makes_no_second_image),
                cmocka_unit_test(a_lost_answer_while_lists_lag_makes_no_second_image),
                cmocka_unit_test(an_image_of_others_under_the_name_is_not_taken_over),
                cmocka_unit_test(a_refused_instance_does_not_stop_the_others),
                cmocka_unit_test(a_state_that_cannot_be_written_holds_up_the_run_until_it_can),
                cmocka_unit_test(a_full_disk_is_logged_with_the_instances_that_are_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
