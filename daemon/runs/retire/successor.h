/*
 * The image that stays in the place of one that is removed: newer by EC2's clock, and worth as
 * much. The decision to remove was made from a list that may be hours old, after a restart days; so
 * the successor is looked for in the state and asked about together with the image, right before
 * DeregisterImage.
 */
#pragma once

#include "aws/services/ec2.h"
#include "runs/engine/engine.h"

/* *ret_id: the successor of the image of `row` by the state (the caller frees it), or NULL: there
 * is none, or its schedule no longer retains. 0, or negative errno. */
int successor_find(const struct task *task, const struct store_image *row, char **ret_id);
/* Whether EC2 lists it as available and with the tags of its row. */
bool successor_is_there(const struct task *task, const struct ec2_images *found, const char *id);
