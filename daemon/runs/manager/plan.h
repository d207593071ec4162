/*
 * A plan: what a run would do, without a change and without the daemon. The same targets and the
 * same retention as in a run, read from AWS by an engine without a store. An image with our tags
 * counts as ours, since there are no rows.
 */
#pragma once

#include "aws/client/aws.h"
#include "loop/loop.h"
#include "runs/events/watch.h"
#include "settings/settings.h"

struct planning;

/* `event` gets an event for each image task (an instance that would be imaged), one for each
 * decision about an image, and a last one for the run, with neither. */
struct planning *planning_new(struct loop *loop, struct aws *aws, struct settings *settings,
                              const char *schedule, watch_fn *event, void *userdata);
struct planning *planning_free(struct planning *planning);
DEFINE_CLEANUP(struct planning, planning_free);
