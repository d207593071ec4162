/*
 * The adopt run: images that carry the tags of this installation (amid:owner) but have no row in
 * the store are taken back into it, after the state was lost or moved.
 *
 * Tags can be copied (by CopyImage, and by people), so an image is adopted only when it has all
 * that an image made by amid has:
 *
 *     tags              amid:schedule, amid:run, amid:instance and amid:time are there
 *     schedule          it is in the settings. Without its schedule neither name nor delay can be
 *                       checked; and no image is removed without its schedule, so that nothing is
 *                       lost until the schedule is back
 *     name              as `image.name` of the schedule gives it
 *     SourceInstanceId  is amid:instance: it was made by CreateImage, of that instance
 *     CreationDate      not before amid:time less 5 minutes, and not after it by more than
 *                       missed.within + flexible_window + 24 h
 *     uniqueness        no other image of this schedule, instance and firing is known
 *
 * Other images are left, and listed with the reason. The consistency of an adopted image is that
 * of its tag amid:consistency. Tags do not contain the steps of the run, nor the
 * snapshots of an image that is not available.
 */
#pragma once

#include "runs/engine/engine.h"

extern const struct task_kind adoption_task;

struct verdict adopt_begin(struct run *run);
