/*
 * What moves in a run, and those who are told of it. Knows rows of the store only: who tells fills
 * in the event.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "store/store.h"

/* Live detail of an open task that the store does not hold. */
struct task_progress {
        int percent;          /* of its snapshots; -1 not known yet */
        const char *snapshot; /* of these, the one that is furthest from complete; NULL: none */
        int snapshot_percent;
        const char *waiting; /* what it waits for, for people; NULL when nothing is to say */
};

/* What was decided about an image. */
enum prune_action {
        PRUNE_KEEP,
        PRUNE_REMOVE,
        PRUNE_WAIT,  /* to be removed, by a later run */
        PRUNE_ADOPT, /* taken into the state */
        PRUNE_LEAVE, /* not taken into the state */
};
enum { PRUNE_ACTIONS = PRUNE_LEAVE + 1 };

/* Valid during the callback. */
struct prune_decision {
        const struct store_image *image;
        enum prune_action action;
        const char *why;
};

/* Something about a run moved: `task` is NULL when it is the run itself; `decision` is given by dry
 * runs of prune, and by adoptions. The callback may free any watch. */
struct run_event {
        const struct store_run *run;
        const struct store_task *task;
        const struct task_progress *progress; /* of `task`, may be NULL */
        const struct prune_decision *decision;
};

struct watch;
typedef void watch_fn(const struct run_event *event, void *userdata);

/* All who are told; all zero at the beginning. */
struct watches {
        struct watch *first;    /* struct watch.next */
        unsigned int reporting; /* they are being told */
};
/* `run` NULL: all runs. */
struct watch *watch_new(struct watches *watches, const char *run, watch_fn *callback,
                        void *userdata);
struct watch *watch_free(struct watch *watch);
DEFINE_CLEANUP(struct watch, watch_free);

void watches_report(struct watches *watches, const struct run_event *event);
/* The list goes away before its watches: they stay valid and are told nothing more. */
void watches_orphan(struct watches *watches);
