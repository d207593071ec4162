/*
 * What EC2 takes of one volume, respected rather than run into: at least 15 s from one snapshot to
 * the next, and at most 5 under way. Within CreateImage it answers well to what is too fast, and
 * the image fails later with no more than Server.InternalError (boto3#1698). Volumes are told by
 * their instance; those of st1 and sc1, of which only one snapshot may be under way, are not told
 * apart, and EC2's refusal is waited out.
 * https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html
 */
#pragma once

#include "runs/engine/engine.h"

enum {
        VOLUME_SNAPSHOT_GAP = 15, /* seconds */
        VOLUME_SNAPSHOTS_MAX = 5, /* under way at once */
        VOLUME_SNAPSHOT_LOOK = 5, /* seconds until a task looks again what became of the others */
};

/* Whether an image of the task's instance may be begun now; otherwise says what it waits for, and
 * wakes the task. */
bool volumes_allow(struct task *task);
/* An image of the task's instance has been begun, or may have been. */
void volumes_note(struct task *task);
/* For the end of the engine. */
void volumes_forget(struct engine *engine);
