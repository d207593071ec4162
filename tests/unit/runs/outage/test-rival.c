/* Another daemon with the same owner: what tells of it, and that this one makes no outages then. */
#include "unit/runs/levels.h"

#include "runs/outage/rival.h"

#define YAML(consistency)                                                                          \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n  s:\n"             \
        "    schedule: cron(0 1-3 * * ? *)\n    targets: {tags: {A: b}}\n    "                     \
        "consistency: " consistency "\n"
#define NEXT "s.20260302T020000Z"

/* An image as another daemon makes it of i-2 for the firing at 01:00. */
static struct model_image *add_theirs(struct world *world)
{
        static const char *const tags[][2] = {
                { TAG_OWNER, "amid" },
                { TAG_SCHEDULE, "s" },
                { TAG_RUN, RUN },
                { TAG_INSTANCE, "i-2" },
                { TAG_TIME, "2026-03-02T01:00:00Z" },
                { TAG_DAEMON, "theirs" },
        };
        struct model_image *image =
                model_add_image(&world->model, "eu-west-1", "s-i-2-20260302T010000Z");

        image->instance = xstrdup("i-2");
        for (size_t i = 0; i < ELEMENTS(tags); i++)
                model_set_tag(&image->tags, &image->n_tags, tags[i][0], tags[i][1]);
        return image;
}

static void an_image_of_another_daemon_ends_outages(void **state)
{
        static const struct {
                const char *name, *made, *tag, *value, *called, *instance;
                bool copy, another;
        } rows[] = {
                { .name = "theirs", .another = true },
                { .name = "of before this process began",
                  .made = "2026-03-02T00:05:00Z",
                  .another = false },
                { .name = "without the tag", .tag = TAG_DAEMON, .value = NULL },
                { .name = "of another owner", .tag = TAG_OWNER, .value = "them" },
                { .name = "a copy", .copy = true },
                { .name = "of another instance than it says", .instance = "i-9" },
                { .name = "made by people, who gave it a name", .called = "before the upgrade" },
                { .name = "of a schedule that is not ours", .tag = TAG_SCHEDULE, .value = "t" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                struct model_image *image;
                struct world world;

                world_setup(&world, YAML("reboot"), 1);
                virtual_run_until(world.loop,
                                  at(rows[i].made ? rows[i].made : "2026-03-02T00:30:00Z"));
                image = add_theirs(&world);
                if (rows[i].tag && rows[i].value)
                        model_set_tag(&image->tags, &image->n_tags, rows[i].tag, rows[i].value);
                else if (rows[i].tag)
                        xreplace(&image->tags[image->n_tags - 1].key, "other");
                if (rows[i].called)
                        xreplace(&image->name, rows[i].called);
                if (rows[i].copy || rows[i].instance)
                        xreplace(&image->instance, rows[i].instance);
                virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
                if ((world_outages(&world) == 0) != rows[i].another)
                        fail_msg("%s: %u outages", rows[i].name, world_outages(&world));
                assert_int_equal(captured_events(&events[EVENT_ANOTHER_DAEMON]), rows[i].another);
                if (rows[i].another) {
                        assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
                        assert_non_null(strstr(detail, image->id));
                        assert_non_null(manager_alert(world.manager));
                        /* the right one is restarted, and the other one has ended */
                        world_end(&world, true);
                        world_start(&world);
                        assert_null(manager_alert(world.manager));
                        virtual_run_until(world.loop, at("2026-03-02T02:50:00Z"));
                        assert_int_equal(world_task(&world, NEXT, "i-1", NULL), OUTCOME_DONE);
                        assert_int_equal(world_outages(&world), 1);
                }
                world_done(&world);
        }
}

/* Days, months and years are looked at, from the one in which this process began. */
static void an_image_is_found_however_long_this_process_has_run(void **state)
{
        static const struct {
                const char *name, *schedule, *made, *until, *asked, *not_asked;
        } rows[] = {
                { "minutes before midnight", "0 0 3 3 ? *", "2026-03-02T23:58:00Z",
                  "2026-03-03T00:50:00Z", "2026-03-02", "2026-02-27" },
                { "a month", "0 0 1 4 ? *", "2026-03-02T00:30:00Z", "2026-04-01T00:50:00Z",
                  "2026-03", "2026-03-0" },
                { "a year", "0 0 1 3 ? 2027", "2026-03-10T00:00:00Z", "2027-03-01T00:50:00Z",
                  "2026", "2026-" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(
                        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
                        "  s:\n    schedule: cron(%s)\n    targets: {tags: {A: b}}\n"
                        "    consistency: reboot\n",
                        rows[i].schedule);
                struct world world;

                world_setup(&world, yaml, 1);
                virtual_run_until(world.loop, at(rows[i].made));
                add_theirs(&world);
                virtual_run_until(world.loop, at(rows[i].until));
                if (world_outages(&world) || captured_events(&events[EVENT_ANOTHER_DAEMON]) != 1)
                        fail_msg("%s: not found", rows[i].name);
                assert_int_equal(scripted_count(&world.aws, "DescribeImages", rows[i].asked), 1);
                assert_int_equal(scripted_count(&world.aws, "DescribeImages", rows[i].not_asked),
                                 0);
                world_done(&world);
        }
}

/* Within a run the images of the days since the last look are read, not all since March. */
static void a_second_look_reads_what_is_new(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world,
                    "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n  s:\n"
                    "    schedule: cron(0 1 1 5 ? *)\n    targets: {tags: {A: b}}\n"
                    "    consistency: reboot\n    reboot: {max_parallel: 1}\n",
                    2);
        world.model.takes = MINUTES(5);
        virtual_run_until(world.loop, at("2026-05-01T03:00:00Z"));
        assert_int_equal(world_outages(&world), 2);
        assert_int_equal(scripted_count(&world.aws, "DescribeImages", "2026-03"), 1);
        assert_int_equal(scripted_count(&world.aws, "DescribeImages", "2026-05-01"), 1);
        world_done(&world);
}

/* Nobody is down for it: the images go on. */
static void images_without_an_outage_go_on(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, YAML("crash"), 1);
        virtual_run_until(world.loop, at("2026-03-02T00:30:00Z"));
        add_theirs(&world);
        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_DONE);
        world_done(&world);
}

/* One search serves all tasks with a slot, and no instance goes down before EC2 has answered it. */
static void a_location_is_asked_once(void **state)
{
        struct world world;
        size_t asked;

        (void)state;
        world_setup(&world, YAML("reboot\n    reboot: {max_parallel: 30}"), 30);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeImages",
                                                            .about = "owner",
                                                            .outcome = AWS_UNREACHABLE,
                                                            .times = 2 });
        virtual_run_until(world.loop, at("2026-03-02T01:00:05Z"));
        assert_int_equal(world_outages(&world), 0);
        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
        assert_int_equal(world_outages(&world), 30);
        asked = scripted_count(&world.aws, "DescribeImages", "owner");
        assert_in_range(asked, 3, 4);
        world_done(&world);
}

/* EC2 refuses the name, and the image that has it is the other daemon's. */
static void a_name_that_another_daemon_has_taken_tells_of_it(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, YAML("crash"), 2);
        virtual_run_until(world.loop, at("2026-03-02T00:59:59Z"));
        add_theirs(&world);
        virtual_run_until(world.loop, at("2026-03-02T01:50:00Z"));
        assert_int_equal(captured_events(&events[EVENT_ANOTHER_DAEMON]), 1);
        assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_DONE);
        assert_int_equal(world_images(&world, NULL), 2);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_of_another_daemon_ends_outages),
                cmocka_unit_test(an_image_is_found_however_long_this_process_has_run),
                cmocka_unit_test(a_second_look_reads_what_is_new),
                cmocka_unit_test(images_without_an_outage_go_on),
                cmocka_unit_test(a_location_is_asked_once),
                cmocka_unit_test(a_name_that_another_daemon_has_taken_tells_of_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
