/* An image under the wanted name is taken over only when it is the one that the task has asked for,
 * and copies that people have made hide nothing. */
#include "unit/runs/levels.h"

#define CRASH HEAD "    consistency: crash\n    retain: {last: 1}\n"

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
                { TAG_CONSISTENCY, ACHIEVED_CRASH },
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
                assert_int_equal(captured_events(&events[EVENT_IMAGE_FOUND]), !rows[i].says);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_STARTED]), 0);
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

/* People have copied a snapshot, tags and all: it is none of the image's, which is neither tagged
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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_is_taken_over_only_when_everything_fits),
                cmocka_unit_test(copies_of_our_image_do_not_hide_it),
                cmocka_unit_test(a_copied_snapshot_is_none_of_the_image),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
