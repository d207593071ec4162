/*
 * What would be done, without doing it and without the daemon: the same search and the same
 * retention as a run, read from AWS, on an engine that has no store. Images that carry our tags are
 * taken for ours, since there are no rows to ask.
 */
#pragma once

#include "aws/client/aws.h"
#include "loop/loop.h"
#include "runs/events/watch.h"
#include "settings/settings.h"

struct planning;

/* `event` gets an event per image task (an instance that would be imaged), per decision about an
 * image, and a last one about the run itself with neither. */
struct planning *planning_new(struct loop *loop, struct aws *aws, struct settings *settings,
                              const char *schedule, watch_fn *event, void *userdata);
struct planning *planning_free(struct planning *planning);
DEFINE_CLEANUP(struct planning, planning_free);
