/* Worlds with days of images of an instance, and what is left of them. Include it in one file of a
 * program. */
#pragma once

#include "world.h"

#include "runs/retire/retire.h"

#define SETTINGS                                                                                   \
        "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"                   \
        "  s:\n    schedule: cron(0 12 * * ? *)\n    start: 2026-04-01T00:00:00\n"                 \
        "    targets: {tags: {A: b}}\n    consistency: crash\n    retain: {last: %d}\n"

/* Days of images of an instance, made by the runs themselves, in order. */
static inline void setup(struct world *world, int days, int last)
{
        _cleanup_free_ char *keep = xasprintf(SETTINGS, 1000);
        _cleanup_free_ char *yaml = xasprintf(SETTINGS, last);

        world_init(world);
        world->loop->wall_ahead = at("2026-04-01T00:00:00Z") * USEC_PER_SEC - world->loop->now;
        world->model.takes = USEC_PER_SEC;
        model_add_instance(&world->model, "i-1", "eu-west-1", "A", "b");
        world_apply(world, keep);
        virtual_run_for(world->loop, HOURS(24 * days));
        assert_int_equal(world->model.n_images, days);
        world_apply(world, yaml);
        captured_clear();
}

static inline char *prune(struct world *world, bool dry)
{
        _cleanup_free_ char *error = NULL;
        char *run = NULL;

        assert_int_equal(manager_prune(world->manager, "s", dry, &run, &error), 0);
        virtual_run_for(world->loop, HOURS(2));
        return run;
}

/* The images that are left, as "1 2 5", with ! where the snapshot is not as the image. */
static inline void expect_left(const struct world *world, const char *expected, int line)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < world->model.n_images; i++) {
                const struct model_image *image = world->model.images[i];

                if (!image->gone || !image->snapshot_gone)
                        text_printf(&text, "%s%zu%s", text_size(&text) ? " " : "", i + 1,
                                    image->gone != image->snapshot_gone ? "!" : "");
        }
        if (!streq(text_get(&text), expected))
                fail_msg("line %d: %s are left, expected %s", line, text_get(&text), expected);
}
#define LEFT(world, expected) expect_left(&(world), (expected), __LINE__)

static inline struct store_image load(struct world *world, size_t i)
{
        struct store_image row;

        assert_int_equal(store_load_image(world->store, "default", "eu-west-1",
                                          world->model.images[i]->id, &row),
                         1);
        return row;
}

static inline void expect_state(struct world *world, size_t i, const char *state, int line)
{
        struct store_image row = load(world, i);

        if (!streq(row.state, state))
                fail_msg("line %d: image %zu is %s (%s), expected %s", line, i + 1, row.state,
                         row.detail ? row.detail : "-", state);
        store_image_done(&row);
}

static inline bool is_recorded_gone(struct world *world, size_t i)
{
        struct store_image row = load(world, i);
        bool gone = row.removed != SEC_NONE;

        assert_int_equal(gone, streq(row.state, STATE_GONE));
        store_image_done(&row);
        return gone;
}

static inline void expect_calls(const struct world *world, size_t deregister, size_t delete)
{
        assert_int_equal(scripted_count(&world->aws, "DeregisterImage", NULL), deregister);
        assert_int_equal(scripted_count(&world->aws, "DeleteSnapshot", NULL), delete);
}

/* The decisions of a run or a dry run: of each action how often, and why the last time. */
struct decisions {
        unsigned int count[PRUNE_ACTIONS];
        char *why[PRUNE_ACTIONS];
};

static inline void hear_decision(const struct run_event *event, void *userdata)
{
        struct decisions *decisions = userdata;

        if (!event->decision)
                return;
        assert_true(*event->decision->why);
        decisions->count[event->decision->action]++;
        xreplace(&decisions->why[event->decision->action], event->decision->why);
}

static inline void decisions_done(struct decisions *decisions)
{
        for (size_t i = 0; i < PRUNE_ACTIONS; i++)
                free(decisions->why[i]);
}

static inline struct decisions dry_run(struct world *world)
{
        struct decisions decisions = {};
        struct watch *watch = manager_watch(world->manager, NULL, hear_decision, &decisions);

        free(prune(world, true));
        watch_free(watch);
        return decisions;
}
