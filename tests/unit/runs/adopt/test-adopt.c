/* Which images with our tags are adopted, and why the others are not. */
#include "unit/runs/removals.h"

/* How an image differs from what the run of 2026-04-01T12:00:00Z made of i-1; "": it has none. */
struct found_image {
        const char *name; /* of the row */
        const char *schedule, *run, *instance, *time;
        const char *image_name, *source;
        sec_t late; /* CreationDate after the firing */
        const char *why;
};

static const char *either(const char *value, const char *otherwise)
{
        return !value ? otherwise : *value ? value : NULL;
}

static struct model_image *add(struct world *world, const struct found_image *found)
{
        struct model_image *image = model_add_image(
                &world->model, "eu-west-1", either(found->image_name, "s-i-1-20260401T120000Z"));
        const struct {
                const char *key, *value;
        } tags[] = {
                { TAG_OWNER, "amid" },
                { TAG_SCHEDULE, either(found->schedule, "s") },
                { TAG_RUN, either(found->run, "s.20260401T120000Z") },
                { TAG_INSTANCE, either(found->instance, "i-1") },
                { TAG_TIME, either(found->time, "2026-04-01T12:00:00Z") },
                { TAG_CONSISTENCY, "stopped" },
        };

        image->instance = xstrdup(either(found->source, "i-1"));
        image->creation_date = at("2026-04-01T12:00:00Z") + found->late;
        for (size_t i = 0; i < ELEMENTS(tags); i++)
                if (tags[i].value)
                        model_set_tag(&image->tags, &image->n_tags, tags[i].key, tags[i].value);
        return image;
}

static struct decisions adopt(struct world *world, bool dry)
{
        _cleanup_free_ char *run = NULL, *error = NULL;
        struct decisions decisions = {};
        struct watch *watch = manager_watch(world->manager, NULL, hear_decision, &decisions);

        assert_int_equal(manager_adopt(world->manager, dry, &run, &error), 0);
        virtual_run_for(world->loop, MINUTES(5));
        watch_free(watch);
        return decisions;
}

static bool has_row(struct world *world, const struct model_image *image)
{
        struct store_image row;

        if (store_load_image(world->store, "default", "eu-west-1", image->id, &row) != 1)
                return false;
        assert_string_equal(row.consistency, "stopped"); /* that of the tag */
        store_image_done(&row);
        return true;
}

static void an_image_is_adopted_only_when_everything_fits(void **state)
{
        static const struct found_image rows[] = {
                { .name = "as it was made" },
                { .name = "the clock was a little behind", .late = -300 },
                { .name = "as late as a run may be", .late = 25 * SEC_PER_HOUR },
                { .name = "made before its firing",
                  .late = -301,
                  .why = "before its tag amid:time" },
                { .name = "made much later",
                  .late = 25 * SEC_PER_HOUR + 1,
                  .why = "too long after its tag amid:time" },
                { .name = "another name", .image_name = "golden", .why = "its name is golden" },
                { .name = "a copy of an image of ours, with its tags",
                  .image_name = "Copy of s-i-1-20260401T120000Z",
                  .source = "",
                  .why = "its name is Copy of" },
                { .name = "registered, and not made of an instance",
                  .source = "",
                  .why = "SourceInstanceId is missing" },
                { .name = "made of another instance",
                  .source = "i-2",
                  .why = "SourceInstanceId is i-2" },
                { .name = "a time to come",
                  .time = "2099-01-01T00:00:00Z",
                  .image_name = "s-i-1-20990101T000000Z",
                  .why = "before its tag amid:time" },
                { .name = "no time", .time = "soon", .why = "not a time" },
                { .name = "no run", .run = "", .why = "no tag amid:run" },
                { .name = "no schedule", .schedule = "", .why = "no tag amid:schedule" },
                { .name = "no instance", .instance = "", .why = "no tag amid:instance" },
                { .name = "a schedule that is not in the settings",
                  .schedule = "t",
                  .image_name = "t-i-1-20260401T120000Z",
                  .why = "schedule t is not in the settings" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(SETTINGS, 1);
                struct model_image *image;
                struct world world;

                world_init(&world);
                world.loop->wall_ahead =
                        at("2026-04-03T00:00:00Z") * USEC_PER_SEC - world.loop->now;
                world_apply(&world, yaml);
                image = add(&world, &rows[i]);
                for (int dry = 1; dry >= 0; dry--) {
                        struct decisions decisions = adopt(&world, dry);
                        unsigned int adopted = decisions.count[PRUNE_ADOPT],
                                     left = decisions.count[PRUNE_LEAVE];
                        const char *why = decisions.why[PRUNE_LEAVE];

                        if (adopted != !rows[i].why || left == !rows[i].why)
                                fail_msg("%s: %u adopted, %u left: %s", rows[i].name, adopted, left,
                                         why ? why : "-");
                        if (rows[i].why && !strstr(why, rows[i].why))
                                fail_msg("%s: %s", rows[i].name, why);
                        decisions_done(&decisions);
                        if (has_row(&world, image) != (!dry && !rows[i].why))
                                fail_msg("%s: dry %d: row", rows[i].name, dry);
                        assert_int_equal(captured_events(&events[EVENT_IMAGE_NOT_ADOPTED]),
                                         !dry && rows[i].why);
                }
                free(prune(&world, false));
                assert_false(image->gone);
                world_done(&world);
        }
}

/* Two images of one firing: the second, whatever it is, is not a second one of ours. */
static void one_image_of_a_firing_is_adopted(void **state)
{
        static const struct found_image found = { .name = "same" };
        _cleanup_free_ char *yaml = xasprintf(SETTINGS, 1);
        struct decisions decisions;
        struct world world;

        (void)state;
        world_init(&world);
        world.loop->wall_ahead = at("2026-04-03T00:00:00Z") * USEC_PER_SEC - world.loop->now;
        world_apply(&world, yaml);
        add(&world, &found);
        add(&world, &found);
        decisions = adopt(&world, false);
        assert_int_equal(decisions.count[PRUNE_ADOPT], 1);
        assert_int_equal(decisions.count[PRUNE_LEAVE], 1);
        decisions_done(&decisions);
        decisions = adopt(&world, false);
        assert_int_equal(decisions.count[PRUNE_ADOPT], 0);
        assert_int_equal(decisions.count[PRUNE_LEAVE], 1);
        assert_non_null(strstr(decisions.why[PRUNE_LEAVE], "another image"));
        decisions_done(&decisions);
        world_done(&world);
}

/* A row follows what EC2 lists, unless it tells of a removal, or the image is not the one it tells
 * of. */
static void the_row_of_a_listed_image_follows_its_state(void **state)
{
        static const struct {
                const char *was, *becomes;
                const char *instance; /* of the row */
                bool dry;
        } rows[] = {
                { "failed", "available", "i-1", false },
                { "disabled", "available", "i-1", false },
                { "failed", "failed", "i-1", true },
                { "failed", "failed", "i-2", false },
                { STATE_DEREGISTERING, STATE_DEREGISTERING, "i-1", false },
                { STATE_DEREGISTERED, STATE_DEREGISTERED, "i-1", false },
                { STATE_RELEASED, STATE_RELEASED, "i-1", false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *yaml = xasprintf(SETTINGS, 1);
                struct model_image *image;
                struct decisions decisions;
                struct store_image row;
                struct world world;

                world_init(&world);
                world.loop->wall_ahead =
                        at("2026-04-03T00:00:00Z") * USEC_PER_SEC - world.loop->now;
                world_apply(&world, yaml);
                image = add(&world, &(struct found_image){});
                decisions = adopt(&world, false);
                assert_int_equal(decisions.count[PRUNE_ADOPT], 1);
                decisions_done(&decisions);
                assert_int_equal(
                        store_load_image(world.store, "default", "eu-west-1", image->id, &row), 1);
                xreplace(&row.state, rows[i].was);
                xreplace(&row.instance, rows[i].instance);
                assert_int_equal(store_save_image(world.store, &row), 0);
                store_image_done(&row);
                decisions = adopt(&world, rows[i].dry);
                decisions_done(&decisions);
                assert_int_equal(
                        store_load_image(world.store, "default", "eu-west-1", image->id, &row), 1);
                if (!streq(row.state, rows[i].becomes))
                        fail_msg("row %zu: %s became %s", i, rows[i].was, row.state);
                store_image_done(&row);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_image_is_adopted_only_when_everything_fits),
                cmocka_unit_test(one_image_of_a_firing_is_adopted),
                cmocka_unit_test(the_row_of_a_listed_image_follows_its_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
