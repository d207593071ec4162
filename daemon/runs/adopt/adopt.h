/*
 * The adopt run: images that carry the tags of this installation (amid:owner) but have no row in
 * the store are taken back into it, after the state was lost or moved.
 *
 * Tags can be copied (CopyImage copies them, people do), so an image is adopted only when
 * everything fits that amid knows of an image it has made:
 *
 *     tags              amid:schedule, amid:run, amid:instance and amid:time are there
 *     schedule          it is in the settings. Of another one neither the name nor the delay can be
 *                       checked, and nothing is lost by waiting: without its schedule no image is
 *                       ever removed
 *     name              as `image.name` of the schedule gives it
 *     SourceInstanceId  is amid:instance: it was made by CreateImage, of that instance
 *     CreationDate      not before amid:time less 5 minutes, and not after it by more than
 *                       missed.within + flexible_window + 24 h
 *     uniqueness        no other image of this schedule, instance and firing is known
 *
 * The rest is left, and listed with its reason. The consistency of an adopted image is that
 * of its tag amid:consistency. What tags cannot tell: the steps of the run that made it, and the
 * snapshots of images that are not available.
 */
#pragma once

#include "runs/engine/engine.h"

extern const struct task_kind adoption_task;

struct verdict adopt_begin(struct run *run);
