/* The states of a snapshot, and what Create- and DeleteSnapshot do. */
#include "sim/sim-snapshot.h"

#include "base/alloc.h"
#include "sim/sim-image.h"

static const char *const state_names[] = {
        [SNAPSHOT_IS_PENDING] = "pending",
        [SNAPSHOT_IS_COMPLETED] = "completed",
        [SNAPSHOT_IS_ERROR] = "error",
};

const char *snapshot_state_name(enum snapshot_state state)
{
        return state_names[state];
}

enum snapshot_state snapshot_state(const struct snapshot *snapshot, usec_t now)
{
        if (now < snapshot->done || (snapshot->stuck && !snapshot->error))
                return SNAPSHOT_IS_PENDING;
        return snapshot->error ? SNAPSHOT_IS_ERROR : SNAPSHOT_IS_COMPLETED;
}

unsigned int snapshot_progress(const struct snapshot *snapshot, usec_t now)
{
        usec_t whole = snapshot->done - snapshot->resource.created;
        usec_t gone = now - snapshot->resource.created;
        unsigned int percent;

        if (snapshot_state(snapshot, now) == SNAPSHOT_IS_COMPLETED)
                return 100;
        if (gone <= 0)
                return 0;
        percent = gone >= whole ? 99 : (unsigned int)(99.0 * (double)gone / (double)whole);
        return snapshot->stuck && percent > snapshot->stuck ? snapshot->stuck : percent;
}

static usec_t draw_duration(struct sim *sim, unsigned int gib)
{
        return sim_wait(sim, WAIT_SNAPSHOT) + (usec_t)gib * sim_wait(sim, WAIT_SNAPSHOT_PER_GIB);
}

struct snapshot *snapshot_begin(struct sim_location *location, const struct snapshot_order *order)
{
        struct sim *sim = location->sim;
        struct snapshot *snapshot =
                resource_add(location, KIND_SNAPSHOT, sizeof(*snapshot), order->start,
                             order->start + sim_wait(sim, WAIT_VISIBLE));
        struct volume *volume = resource_find(location, KIND_VOLUME, order->volume_id);

        snapshot->volume = xstrdup(order->volume_id);
        snapshot->description = xstrdup(order->description);
        snapshot->size = order->size;
        snapshot->encrypted = order->encrypted;
        snapshot->done = order->start + draw_duration(sim, order->size);
        if (volume && volume->last_snapshot < order->start)
                volume->last_snapshot = order->start;
        if (order->tags)
                tags_copy(&snapshot->resource.tags, order->tags);
        if (order->orders) {
                snapshot->error = steal(order->orders->snapshot_error);
                snapshot->stuck = order->orders->snapshot_stuck;
                order->orders->snapshot_stuck = 0;
        }
        return snapshot;
}

static size_t count_pending(const struct sim_location *location, const char *volume, usec_t now)
{
        size_t n = 0;

        FOREACH_RESOURCE(resource, location, KIND_SNAPSHOT)
        {
                const struct snapshot *snapshot = (const struct snapshot *)resource;

                n += resource->gone > now && (!volume || streq(snapshot->volume, volume)) &&
                     snapshot_state(snapshot, now) == SNAPSHOT_IS_PENDING;
        }
        return n;
}

bool snapshot_room(struct call *call, const char *const *volumes, size_t n)
{
        size_t max = call->sim->pending_snapshots_max;

        if (max && count_pending(call->location, NULL, call->now) + n > max)
                return fail(call, "PendingSnapshotLimitExceeded",
                            "The limit of %zu pending snapshots has been reached", max);
        for (size_t i = 0; i < n; i++)
                if (count_pending(call->location, volumes[i], call->now) >= SNAPSHOTS_PER_VOLUME)
                        return fail(call, "ConcurrentSnapshotLimitExceeded",
                                    "Maximum allowed in-progress snapshots for a single volume "
                                    "exceeded: %s.",
                                    volumes[i]);
        return true;
}

const struct image *snapshot_user(const struct snapshot *snapshot, usec_t now,
                                  const struct image *but)
{
        FOREACH_RESOURCE(resource, snapshot->resource.location, KIND_IMAGE)
        {
                const struct image *image = (const struct image *)resource;

                if (image != but && now < image->snapshots_free &&
                    image_has_snapshot(image, snapshot->resource.id))
                        return image;
        }
        return NULL;
}

bool create_snapshot(struct call *call)
{
        const char *description = param(&call->params, "Description");
        struct volume *volume = read_resource(call, KIND_VOLUME, "VolumeId");
        _cleanup_(tags_done) struct tags tags = {};
        const char *const volumes[] = { param(&call->params, "VolumeId") };
        usec_t spacing = sim_wait(call->sim, WAIT_SNAPSHOT_SPACING);

        if (!volume || !read_tag_specification(call, 1 << KIND_SNAPSHOT, KIND_SNAPSHOT, &tags) ||
            !snapshot_room(call, volumes, 1))
                return false;
        if (volume->last_snapshot > call->now - spacing)
                return fail(call, "SnapshotCreationPerVolumeRateExceeded",
                            "The maximum per volume CreateSnapshot request rate has been exceeded."
                            " Use an increasing or variable sleep interval between requests.");
        struct snapshot *snapshot = snapshot_begin(
                call->location,
                &(struct snapshot_order){ .volume_id = volume->resource.id,
                                          .description = description ? description : "",
                                          .tags = &tags,
                                          .size = volume->size,
                                          .encrypted = volume->encrypted,
                                          .start = call->now });
        snapshot_print(call, snapshot);
        return true;
}

bool delete_snapshot(struct call *call)
{
        struct snapshot *snapshot = read_resource(call, KIND_SNAPSHOT, "SnapshotId");
        const struct image *user;

        if (!snapshot)
                return false;
        user = snapshot_user(snapshot, call->now, NULL);
        if (user)
                return fail(call, "InvalidSnapshot.InUse",
                            "The snapshot %s is currently in use by %s", snapshot->resource.id,
                            user->resource.id);
        if (snapshot->locked)
                return fail(call, "OperationNotPermitted",
                            "The snapshot %s is locked and cannot be deleted.",
                            snapshot->resource.id);
        snapshot->resource.gone = call->now;
        return answer_true(call);
}
