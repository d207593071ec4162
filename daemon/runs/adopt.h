/*
 * The adopt run: images that carry the tags of this installation (amid:owner) but have no row in
 * the store are taken back into it, after the state was lost or moved. What tags cannot tell: the
 * steps of the run that made them, and the snapshots of images that are not available. Internal to
 * runs/.
 */
#pragma once

#include "runs/engine.h"

extern const struct task_kind adoption_task;

struct verdict adopt_begin(struct run *run);
