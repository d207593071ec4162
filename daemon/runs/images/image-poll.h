/*
 * The image poll of a location: one request for all images that tasks wait for. DescribeImages
 * comes first, DescribeSnapshots while the snapshots are copied, DescribeImages again once these
 * are complete. The interval grows from 5 s to 60 s, and for images that take long to 5 minutes;
 * when the percentages say that an image will be complete, EC2 is asked at that time. The poll ends
 * only when no task has a watch any more.
 *
 * An image that EC2 does not list is not gone: right after CreateImage that is normal, and lists
 * are eventually consistent. Only absence that lasts counts as a removal: gone.h.
 */
#pragma once

#include "aws/services/ec2.h"
#include "runs/engine/engine.h"
#include "runs/location/gone.h"

enum seen_state {
        SEEN_NOTHING, /* not looked yet, or not listed yet */
        SEEN_PENDING,
        SEEN_AVAILABLE,
        SEEN_FAILED, /* failed, error, invalid: `reason` */
        SEEN_GONE,   /* deregistered by somebody, or not listed for long */
};

/* The watch of a task on its image. Read it whenever woken. */
struct image_watch {
        char *image, *run, *instance;
        enum seen_state seen;
        sec_t created; /* by EC2's clock: when it took the call; 0: not listed yet */
        int percent;   /* of its snapshots, by size unknown: the mean; -1 unknown */
        char *reason;  /* in AWS's words: StateReason, StateMessage of a snapshot */
        char **snapshots;
        size_t n_snapshots;
        usec_t added;     /* monotonic */
        struct gone gone; /* whether it is listed, and exists */
        usec_t moved;     /* percent last changed */
        char *slowest;    /* of its snapshots, the first that is not complete; or NULL */
        int slowest_percent;
        bool failing;             /* it has failed, and its snapshots may say why */
        usec_t stall_logged;      /* 0: not reported */
        struct task *task;        /* woken when anything above changes */
        struct image_watch *next; /* of the poll */
};

/* Watches the image of `task` (row.image); the task owns the result until image_watch_end(). */
struct image_watch *image_watch_begin(struct task *task);
struct image_watch *image_watch_end(struct image_watch *watch);
/* The refusal of the calls of the poll, for task_await(); NULL: no task of the location has a
 * watch. */
const struct refusal *image_poll_refusal(const struct location *location);

/* image-watch.c: what is seen of one image, at the monotonic time `now`; wakes its task when that
 * changes anything for it. */
void image_watch_see_image(struct image_watch *watch, const struct ec2_image *image, usec_t now);
/* Takes a list with its snapshots: the percentage, and the reason where one failed. */
void image_watch_see_snapshots(struct image_watch *watch, const struct ec2_snapshots *snapshots,
                               usec_t now);
/* EC2 does not list the image. */
void image_watch_miss(struct image_watch *watch, usec_t now);
/* Logs, from time to time, that the image makes no progress. */
void image_watch_check_stall(struct image_watch *watch, usec_t now);
/* Sets the seen state; `reason` NULL: the reason stays. */
void image_watch_set(struct image_watch *watch, enum seen_state seen, const char *reason);
