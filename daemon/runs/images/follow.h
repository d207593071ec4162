/*
 * Following images to their end, with one question for all that are pending in a location: at first
 * DescribeImages, DescribeSnapshots while these are on their way, DescribeImages again once they
 * are complete. The interval grows from 5 s to 60 s, and for those that take long to 5 minutes, but
 * when the percentages say that one will be complete it is asked then. Never gives up.
 *
 * An image that EC2 does not list is not gone: right after CreateImage that is normal, and lists
 * are eventually consistent. Only absence that lasts is taken for a removal: gone.h.
 */
#pragma once

#include "aws/services/ec2.h"
#include "runs/engine/engine.h"
#include "runs/location/gone.h"

enum sight {
        SIGHT_NONE, /* not looked yet, or not listed yet */
        SIGHT_PENDING,
        SIGHT_AVAILABLE,
        SIGHT_FAILED, /* failed, error, invalid: `reason` */
        SIGHT_GONE,   /* deregistered by somebody, or not listed for long */
};

/* One followed image. Read it whenever woken. */
struct followed {
        char *image, *run, *instance;
        enum sight sight;
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
        bool failing;          /* it has failed, and its snapshots may say why */
        usec_t stall_told;     /* 0: not reported */
        struct task *task;     /* woken when anything above changes */
        struct followed *next; /* of follower->all */
};

/* Follows the image of `task` (row.image); the task owns the result until follow_end(). */
struct followed *follow_begin(struct task *task);
struct followed *follow_end(struct followed *followed);
/* Of the calls that follow the images of the location, for task_await(); NULL: it follows none. */
const struct refusal *follow_refusal(const struct location *location);

/* followed.c: what is seen of one image, at the monotonic time `now`; wakes its task when that
 * changes anything for it. */
void followed_see_image(struct followed *followed, const struct ec2_image *image, usec_t now);
/* Its snapshots are among these: the percentage, and the reason where one failed. */
void followed_see_snapshots(struct followed *followed, const struct ec2_snapshots *snapshots,
                            usec_t now);
/* EC2 does not list it. */
void followed_miss(struct followed *followed, usec_t now);
/* Says in the journal, from time to time, that it makes no progress. */
void followed_check_stall(struct followed *followed, usec_t now);
/* Sets what is seen; `reason` NULL: stays as it is. */
void followed_set(struct followed *followed, enum sight sight, const char *reason);
