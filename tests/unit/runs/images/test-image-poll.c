/* Images from pending to their end, however long, and what is asked of EC2 meanwhile. */
#include "unit/runs/world.h"

#define SETTINGS                                                                                   \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"                   \
        "  s:\n    schedule: at(2026-03-02T01:00:00)\n    targets: {tags: {A: b}}\n"               \
        "    consistency: crash\n"
#define RUN "s.20260302T010000Z"

/* One instance whose image is being made, and the image. */
static struct model_image *begin(struct world *world, usec_t takes)
{
        world_init(world);
        world->model.takes = takes;
        model_add_instance(&world->model, "i-1", "eu-west-1", "A", "b");
        world_apply(world, SETTINGS);
        virtual_run_until(world->loop, at("2026-03-02T01:00:02Z"));
        assert_int_equal(world->model.n_images, 1);
        return world->model.images[0];
}

static char *image_row(struct world *world, const char *id, bool snapshots)
{
        struct store_image row;
        char *value;

        assert_int_equal(store_load_image(world->store, "default", "eu-west-1", id, &row), 1);
        value = snapshots ? steal(row.snapshots) : steal(row.state);
        store_image_done(&row);
        return value;
}

static void expect_row(struct world *world, const char *id, const char *state)
{
        _cleanup_free_ char *found = image_row(world, id, false);

        assert_string_equal(found, state);
}

static void an_available_image_is_recorded_with_its_snapshots(void **state)
{
        _cleanup_free_ char *snapshots = NULL;
        struct store_image row;
        struct world world;
        struct model_image *image;

        (void)state;
        image = begin(&world, MINUTES(30));
        expect_row(&world, image->id, "pending");
        virtual_run_until(world.loop, at("2026-03-02T01:29:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_OPEN);
        /* when its speed so far promises it, not only after the longest interval */
        virtual_run_until(world.loop, at("2026-03-02T01:30:45Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        expect_row(&world, image->id, "available");
        snapshots = image_row(&world, image->id, true);
        assert_string_equal(snapshots, image->snapshot);
        assert_int_equal(store_load_image(world.store, "default", "eu-west-1", image->id, &row), 1);
        assert_in_range(row.created, at("2026-03-02T01:00:00Z"), at("2026-03-02T01:00:05Z"));
        store_image_done(&row);
        assert_int_equal(virtual_armed(world.loop), 0);
        world_done(&world);
}

static void a_failed_image_is_recorded_with_the_reason(void **state)
{
        static const struct {
                int line;
                const char *reason, *snapshot_error, *said;
        } rows[] = {
                { __LINE__, "the disk is gone", NULL, "Client.InternalError: the disk is gone" },
                { __LINE__, NULL, "key is disabled", "key is disabled" },
                { __LINE__, "the disk is gone", "key is disabled", "the disk is gone" },
                { __LINE__, NULL, NULL, "EC2 gave no reason" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;
                struct model_image *image = begin(&world, MINUTES(3));

                image->fails = true;
                image->reason = rows[i].reason;
                image->snapshot_error = rows[i].snapshot_error;
                virtual_run_until(world.loop, at("2026-03-02T02:00:00Z"));
                assert_int_equal(world_run(&world, RUN, &detail), OUTCOME_FAILED);
                if (!strstr(detail, rows[i].said))
                        fail_msg("line %d: %s", rows[i].line, detail);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_FAILED]), 1);
                expect_row(&world, image->id, "failed");
                assert_int_equal(virtual_armed(world.loop), 0);
                world_done(&world);
        }
}

/* An image that is not listed is normal for a while, and gone when its absence lasts. */
static void an_image_counts_as_gone_only_after_lasting_absence(void **state)
{
        static const struct {
                const char *name;
                enum outcome outcome;
                const char *said;
                usec_t hidden;
                const char *silence; /* AWS cannot be reached until then */
                bool gone;           /* somebody deregisters it */
        } rows[] = {
                { .name = "listed after minutes", .outcome = OUTCOME_DONE, .hidden = MINUTES(5) },
                { .name = "listed within the hour",
                  .outcome = OUTCOME_DONE,
                  .hidden = MINUTES(45) },
                { .name = "never listed",
                  .outcome = OUTCOME_FAILED,
                  .said = "never listed",
                  .hidden = HOURS(2) },
                { .name = "deregistered by somebody",
                  .outcome = OUTCOME_FAILED,
                  .said = "somebody deregistered it",
                  .gone = true },
                /* one empty list after a long silence is no proof */
                { .name = "one empty list after a long silence",
                  .outcome = OUTCOME_DONE,
                  .hidden = MINUTES(42),
                  .silence = "2026-03-02T01:40:00Z" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;
                struct model_image *image = begin(&world, MINUTES(30));

                image->hidden = rows[i].hidden;
                if (rows[i].silence) {
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "DescribeImages",
                                                                .times = SCRIPTED_ALWAYS,
                                                                .outcome = AWS_UNREACHABLE });
                        virtual_run_until(world.loop, at(rows[i].silence));
                        scripted_no_faults(&world.aws);
                }
                virtual_run_for(world.loop, MINUTES(4));
                image->gone = rows[i].gone;
                virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
                if (world_run(&world, RUN, &detail) != rows[i].outcome)
                        fail_msg("%s: %s", rows[i].name, detail);
                if (rows[i].said)
                        assert_non_null(strstr(detail, rows[i].said));
                if (rows[i].outcome == OUTCOME_FAILED)
                        expect_row(&world, image->id, "gone");
                world_done(&world);
        }
}

/* An image takes two days, over a restart, without progress for hours: that is logged each hour,
 * and it is available in the end. */
static void an_image_that_takes_days_is_followed_and_logged_each_hour(void **state)
{
        struct world world;
        struct model_image *image;

        (void)state;
        image = begin(&world, HOURS(48));
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(captured_events(&events[EVENT_IMAGE_STALLED]), 0);
        image->percent = 7;
        virtual_run_until(world.loop, at("2026-03-02T05:45:00Z"));
        assert_int_equal(captured_events(&events[EVENT_IMAGE_STALLED]), 3);
        assert_true(captured_words("has stood at 7 % for 1h") == 1);
        /* which names schedule, instance, image, snapshot and what to do */
        assert_true(captured_words(image->snapshot) == 3);
        assert_true(captured_words("of i-1 (schedule s) is pending") == 3);
        assert_true(captured_words("`amictl cancel " RUN " --abandon`") == 3);
        image->percent = -1;
        virtual_run_until(world.loop, at("2026-03-02T08:00:00Z"));
        assert_int_equal(captured_events(&events[EVENT_IMAGE_STALLED]), 3);
        world_end(&world, false);
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-04T02:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        world_done(&world);
}

/* An image that is pending without any snapshot counts as stalled, too. */
static void an_image_without_snapshots_is_logged_as_stalled(void **state)
{
        struct world world;

        (void)state;
        begin(&world, USEC_INFINITY)->snapshot_gone = true;
        virtual_run_until(world.loop, at("2026-03-02T03:30:00Z"));
        assert_int_equal(captured_events(&events[EVENT_IMAGE_STALLED]), 2);
        assert_true(captured_words("none of its snapshots has shown a percentage") == 2);
        world_done(&world);
}

struct heard {
        int percent;
        unsigned int reports;
};

static void hear(const struct run_event *event, void *userdata)
{
        struct heard *heard = userdata;

        if (!event->task || !event->progress || event->progress->percent < 0)
                return;
        assert_true(event->progress->percent >= heard->percent);
        heard->percent = event->progress->percent;
        heard->reports++;
}

static void watchers_get_the_percentage(void **state)
{
        struct watch *watch;
        struct heard heard = {};
        struct world world;

        (void)state;
        begin(&world, MINUTES(30));
        watch = manager_watch(world.manager, RUN, hear, &heard);
        virtual_run_until(world.loop, at("2026-03-02T01:15:00Z"));
        assert_in_range(heard.percent, 40, 50);
        assert_true(heard.reports > 10);
        virtual_run_until(world.loop, at("2026-03-02T01:31:00Z"));
        assert_in_range(heard.percent, 90, 100);
        world_done(&world);
        watch_free(watch); /* it outlives the manager */
}

/* The interval grows from 5 s to 60 s, and on to a tenth of the age, but not beyond 5 minutes, nor
 * beyond 60 s while somebody watches. */
static void the_interval_grows_with_the_age_of_the_image(void **state)
{
        static const struct {
                int line;
                bool watched;
                unsigned int least, most; /* questions */
        } rows[] = { { __LINE__, false, 60, 100 }, { __LINE__, true, 160, 260 } };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct heard heard = {};
                struct watch *watch = NULL;
                struct world world;
                usec_t last = 0, made;
                unsigned int n = 0;

                made = begin(&world, HOURS(3))->created;
                if (rows[i].watched)
                        watch = manager_watch(world.manager, RUN, hear, &heard);
                virtual_run_until(world.loop, at("2026-03-02T05:00:00Z"));
                for (size_t j = 0; j < world.aws.n_calls; j++) {
                        const struct scripted_call *call = &world.aws.calls[j];
                        usec_t gap = call->at - last, most = (last - made) / 10;

                        if (!startswith(call->action, "Describe") || call->at <= made)
                                continue;
                        if (most < 60 * USEC_PER_SEC || rows[i].watched)
                                most = 60 * USEC_PER_SEC;
                        if (most > 300 * USEC_PER_SEC)
                                most = 300 * USEC_PER_SEC;
                        if (n++ && gap > most * 11 / 10 + USEC_PER_SEC)
                                fail_msg("line %d: question %u after %lld s", rows[i].line, n,
                                         (long long)(gap / USEC_PER_SEC));
                        last = call->at;
                }
                if (n < rows[i].least || n > rows[i].most)
                        fail_msg("line %d: %u questions", rows[i].line, n);
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                world_done(&world);
                watch_free(watch);
        }
}

/* While snapshots are pending only they are polled; the image is described now and then, and
 * once they are complete. */
static void pending_snapshots_alone_are_polled(void **state)
{
        struct world world;
        size_t images, snapshots;

        (void)state;
        begin(&world, MINUTES(4));
        virtual_run_until(world.loop, at("2026-03-02T01:10:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
        images = scripted_count(&world.aws, "DescribeImages", NULL);
        snapshots = scripted_count(&world.aws, "DescribeSnapshots", NULL);
        assert_in_range(images, 2, 3);
        assert_in_range(snapshots, 6, 11);
        world_done(&world);
}

/* The images of a region share one request; more than EC2 takes in one are asked for in two. */
static void the_images_of_a_region_share_a_request(void **state)
{
        static const struct {
                int line;
                unsigned int instances;
                size_t questions; /* each time */
        } rows[] = { { __LINE__, 150, 1 }, { __LINE__, 250, 2 } };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;
                size_t before;

                world_init(&world);
                world.model.takes = MINUTES(30);
                for (unsigned int j = 0; j < rows[i].instances; j++) {
                        _cleanup_free_ char *id = xasprintf("i-%u", j);

                        model_add_instance(&world.model, id, "eu-west-1", "A", "b");
                }
                world_apply(&world, SETTINGS);
                virtual_run_until(world.loop, at("2026-03-02T01:15:00Z"));
                before = scripted_count(&world.aws, "DescribeSnapshots", NULL);
                virtual_run_for(world.loop, MINUTES(10));
                assert_in_range(scripted_count(&world.aws, "DescribeSnapshots", NULL) - before,
                                4 * rows[i].questions, 7 * rows[i].questions);
                virtual_run_for(world.loop, MINUTES(10));
                assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_DONE);
                assert_int_equal(virtual_armed(world.loop), 0);
                world_done(&world);
        }
}

/* Images that begin one after the other, faster than the interval, do not put off the poll. */
static void new_images_do_not_put_off_the_poll(void **state)
{
        struct world world;
        size_t questions;

        (void)state;
        world_init(&world);
        world.model.takes = HOURS(1);
        for (unsigned int j = 0; j < 30; j++) {
                _cleanup_free_ char *id = xasprintf("i-%u", j);
                _cleanup_free_ char *about = xasprintf("InstanceId=%s&", id);

                model_add_instance(&world.model, id, "eu-west-1", "A", "b");
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .about = xstrdup(about),
                                                                    .delay = (usec_t)(j + 1) * 4 *
                                                                             USEC_PER_SEC });
        }
        /* the answers come four seconds apart */
        world_apply(&world, SETTINGS);
        virtual_run_until(world.loop, at("2026-03-02T01:02:10Z"));
        questions = scripted_count(&world.aws, "DescribeImages", "image-id");
        assert_true(questions >= 12);
        for (size_t i = 0; i < world.aws.n_faults; i++)
                free((char *)(uintptr_t)world.aws.faults[i].about);
        scripted_no_faults(&world.aws);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_available_image_is_recorded_with_its_snapshots),
                cmocka_unit_test(a_failed_image_is_recorded_with_the_reason),
                cmocka_unit_test(an_image_counts_as_gone_only_after_lasting_absence),
                cmocka_unit_test(an_image_that_takes_days_is_followed_and_logged_each_hour),
                cmocka_unit_test(an_image_without_snapshots_is_logged_as_stalled),
                cmocka_unit_test(watchers_get_the_percentage),
                cmocka_unit_test(the_interval_grows_with_the_age_of_the_image),
                cmocka_unit_test(pending_snapshots_alone_are_polled),
                cmocka_unit_test(the_images_of_a_region_share_a_request),
                cmocka_unit_test(new_images_do_not_put_off_the_poll),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
