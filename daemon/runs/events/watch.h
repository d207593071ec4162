/*
 * Watches: those who get a report of each change in a run. The list knows rows of the store only;
 * the engine fills in the event.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "store/store.h"

/* Details of an open task that are not in the store. */
struct task_progress {
        int percent;          /* of its snapshots; -1 not known yet */
        const char *snapshot; /* of these, the one that is furthest from complete; NULL: none */
        int snapshot_percent;
        const char *waiting; /* what it waits for, for people; or NULL */
};

/* The decision about an image. */
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

/* A change in a run, or with `task` in that task. `decision`: of dry runs of prune, and of
 * adoptions. The callback may free any watch. */
struct run_event {
        const struct store_run *run;
        const struct store_task *task;
        const struct task_progress *progress; /* of `task`, may be NULL */
        const struct prune_decision *decision;
};

struct watch;
typedef void watch_fn(const struct run_event *event, void *userdata);

/* The watches of an engine; all zero at the beginning. */
struct watches {
        struct watch *first;    /* struct watch.next */
        unsigned int reporting; /* reports under way: a callback may cause another */
};
/* `run` NULL: all runs. */
struct watch *watch_new(struct watches *watches, const char *run, watch_fn *callback,
                        void *userdata);
struct watch *watch_free(struct watch *watch);
DEFINE_CLEANUP(struct watch, watch_free);

void watches_report(struct watches *watches, const struct run_event *event);
/* The list ends before its watches, which stay valid and get no more reports. */
void watches_orphan(struct watches *watches);
