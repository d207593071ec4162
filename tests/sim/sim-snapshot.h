/* Snapshots: begun, filling up, completed or failed. */
#pragma once

#include <stdbool.h>

#include "sim/sim-call.h"

enum snapshot_state { SNAPSHOT_IS_PENDING, SNAPSHOT_IS_COMPLETED, SNAPSHOT_IS_ERROR };

enum { SNAPSHOTS_PER_VOLUME = 5 }; /* pending at a time; more: ConcurrentSnapshotLimitExceeded */

struct snapshot_order {
        const char *volume_id, *description;
        const struct tags *tags;
        unsigned int size;
        bool encrypted;
        usec_t start;
        struct orders *orders; /* of the instance: the first snapshot takes them; or NULL */
};
struct snapshot *snapshot_begin(struct sim_location *location, const struct snapshot_order *order);

enum snapshot_state snapshot_state(const struct snapshot *snapshot, usec_t now);
const char *snapshot_state_name(enum snapshot_state state);
/* 0 to 100. */
unsigned int snapshot_progress(const struct snapshot *snapshot, usec_t now);
/* Whether more snapshots of these volumes may begin; fails the call when not. */
bool snapshot_room(struct call *call, const char *const *volumes, size_t n);
/* The image that still needs it, or NULL. */
const struct image *snapshot_user(const struct snapshot *snapshot, usec_t now,
                                  const struct image *but);

/* Its members, as CreateSnapshot answers. */
void snapshot_print(struct call *call, const struct snapshot *snapshot);

bool describe_snapshots(struct call *call);
bool create_snapshot(struct call *call);
bool delete_snapshot(struct call *call);
