/*
 * What EC2 shows of an image, written into its row.
 *
 * States of a row beside those of EC2:
 *
 *     deregistering   DeregisterImage was about to be sent, and its outcome is not known. A refusal
 *                     puts the state of before back. The next run looks at the image and decides
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

/* Saves what EC2 said of an image. A dry run does so too, since it has asked and changes nothing by
 * it; not while the clock is not known to be right, which holds up no dry run. */
void image_save_seen(struct task *task, struct store_image *row);

/* Writes down that EC2 no longer has the image: `why` is what tells. */
void image_note_gone(struct task *task, struct store_image *row, const char *why);

/* For each image of a list that a task reads: EC2 lists a deregistered image for a while, in that
 * state. Where the store has a row that fits the image, and amid did not deregister it, the row
 * becomes "gone"; true then. */
bool image_note_deregistered(struct task *task, const struct ec2_image *image);

/* Writes down, and says once, that an image is no longer ours: `why` is what does not fit. */
void image_release(struct task *task, struct store_image *row, const char *why);
