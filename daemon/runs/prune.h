/*
 * Retention: find the images of a schedule in a place, decide which go and why, remove those. Part
 * of every backup run and a run of its own. Internal to runs/.
 *
 *     retention task, one per schedule and place:  describe-images, find-uses
 *     removal task, one per image:                 deregister-image, delete-snapshots,
 * record-removal
 *
 * An image is only ever considered when it carries our tags and has our row in the store.
 */
#pragma once

#include "runs/engine.h"

extern const struct task_kind retention_task, removal_task;

struct verdict prune_begin_find(struct run *run);
struct verdict prune_begin_remove(struct run *run);

/* State of a row whose image we deregistered and whose snapshots are not all deleted yet. */
#define STATE_DEREGISTERED "deregistered"

/* prune-remove.c: the removal of an image the retention task decided on. */
void removal_add(struct task *retention, const struct store_image *image, const char *why);
