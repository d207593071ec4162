/*
 * The limits of EC2 for snapshots of one volume: at least 15 s from one snapshot to the next, and
 * at most 5 under way. amid stays below them, since CreateImage succeeds beyond them and the image
 * fails later, with no more than Server.InternalError (boto3#1698). An instance stands for its
 * volumes. Volumes of type st1 and sc1, which allow one snapshot under way, are not known as such
 * here: EC2 refuses the second, and the task asks again until that is over.
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html
 */
#pragma once

#include "runs/engine/engine.h"

enum {
        VOLUME_SNAPSHOT_GAP = 15, /* seconds */
        VOLUME_SNAPSHOTS_MAX = 5, /* under way at once */
        VOLUME_SNAPSHOT_LOOK = 5, /* seconds until a task checks the images of the others again */
};

/* Whether an image of the task's instance may be begun now; otherwise says what it waits for, and
 * wakes the task. */
bool snapshot_limits_allow(struct task *task);
/* An image of the task's instance has been begun, or may have been. */
void snapshot_limits_note(struct task *task);
/* For the end of the engine. */
void snapshot_limits_forget(struct engine *engine);
