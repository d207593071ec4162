/*
 * The successor of an image that is removed: newer by EC2's clock, and of the same consistency at
 * least. The decision to remove was made from a list that may be hours old. So a successor is
 * looked up in the store, and described together with the image right before DeregisterImage.
 */
#pragma once

#include "aws/services/ec2.h"
#include "runs/engine/engine.h"

/* *ret_id: the successor of the image of `row` by the state (the caller frees it), or NULL: there
 * is none, or its schedule no longer retains. 0, or negative errno. */
int successor_find(const struct task *task, const struct store_image *row, char **ret_id);
/* Whether EC2 lists the successor as available and with the tags of its row. */
bool successor_is_there(const struct task *task, const struct ec2_images *found, const char *id);
