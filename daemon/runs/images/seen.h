/*
 * What EC2 shows of an image, written into its row.
 *
 * States of a row beside those of EC2:
 *
 *     deregistering   DeregisterImage was about to be sent, and its outcome is not known. A refusal
 *                     restores the state of before. The next run describes the image and decides
 *                     anew; when EC2 provably no longer has it, the removal goes on.
 *     deregistered    EC2 no longer has the image, by our own call; snapshots may be left
 *     released        EC2 has the image, and it no longer carries our tags. Not touched; ours again
 *                     when the tags come back
 *     gone            removed, by us or by somebody else
 */
#pragma once

#include "aws/services/ec2.h"
#include "runs/engine/engine.h"

#define STATE_DEREGISTERING "deregistering"
#define STATE_DEREGISTERED  "deregistered"
#define STATE_RELEASED      "released"
#define STATE_GONE          "gone"

/* Stores the row of an image that EC2 has described. A dry run does so too, since that decides
 * nothing; but not while the clock is not known to be right, for which no dry run waits. */
void image_save_seen(struct task *task, struct store_image *row);

/* Stores that EC2 no longer has the image. `why`: the evidence, for people. */
void image_note_gone(struct task *task, struct store_image *row, const char *why);

/* For each image of a list that a task reads: EC2 lists a deregistered image for a while, in that
 * state. Where the store has a row that fits the image, and amid did not deregister it, the row
 * becomes "gone"; true then. */
bool image_note_deregistered(struct task *task, const struct ec2_image *image);

/* Stores, and logs once, that an image is no longer ours. `why`: how it differs from its row. */
void image_release(struct task *task, struct store_image *row, const char *why);
