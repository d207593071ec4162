/*
 * The status poller of a location: one DescribeInstanceStatus for the state and the status checks
 * of all instances that tasks wait for. A task has a watch on its instance, and reads the last
 * answer there.
 *
 * EC2 measures its status checks once a minute, so an `ok` read right after CreateImage was
 * measured before the reboot. `ok` counts once the checks were seen not-ok since, or after
 * `settle`. A check that failed before the reboot goes on failing for a while: where EC2 gives the
 * time since when it fails, that time decides.
 *
 * DescribeInstanceStatus has no filter for ids, and one id that EC2 does not know (for a moment)
 * fails the whole request. In the same round the other ids are asked for without it, and it is
 * looked up by DescribeInstances with a filter, which also gives StateReason.
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/location/gone.h"

/* The watch of a task on its instance. Read it whenever woken. */
struct status_watch {
        char *instance;
        int state;         /* enum instance_state */
        int system, check; /* enum check_status */
        usec_t since;      /* monotonic: when the watch began */
        bool asked;        /* there is a reading since then */
        usec_t read;       /* when; monotonic */
        bool was_down; /* seen not running, or with checks that are not ok: the instance rebooted */
        sec_t impaired;   /* no proof of that: since when a check was said to fail, the latest
                             there was, by EC2's clock; 0: none */
        struct gone gone; /* what is known of its end: status_watch_is_gone() */
        /* Set by the task: when the instance is seen to stop, or to be stopped, its StateReason is
         * read before the task is woken; and again after pauses that grow, since EC2 may still give
         * that of an earlier stop. */
        bool wants_reason;
        usec_t reason_due; /* monotonic: not read before; 0: not read since the state changed */
        usec_t reason_pause;
        char *reason_code,
                *reason; /* StateReason, "Client.InternalError" and a sentence; or NULL */
        bool refused;    /* EC2 refused the last request for its status */
        bool suspect;    /* DescribeInstanceStatus did not know its id the last time: it is not
                            asked about together with others */
        /* Of the round: to be asked about; not known; to be looked for in a list; in the request.
         */
        bool due, unknown, listing, asking;
        struct task *task;         /* woken after each reading */
        struct status_watch *next; /* of the poller */
};

/* Watches the instance of `task` (row.subject); the task owns the result until status_watch_end().
 */
struct status_watch *status_watch_begin(struct task *task);
/* The same for one reading of an instance that is not touched yet: within a second, in one request
 * with all others. */
struct status_watch *status_watch_begin_once(struct task *task);
struct status_watch *status_watch_end(struct status_watch *watch);
/* The refusal of the calls of the poller, for task_await(); NULL: no task of the location has a
 * watch. */
const struct refusal *status_poll_refusal(const struct location *location);

/* Whether the instance runs and passes both status checks, by the last reading. */
bool status_watch_passes(const struct status_watch *watch);

/* Whether it provably no longer exists, or is about to be terminated. */
bool status_watch_is_gone(const struct status_watch *watch);
