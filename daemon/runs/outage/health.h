/*
 * The state and the status checks of instances: one DescribeInstanceStatus for all that are waited
 * for in a location.
 *
 * EC2 measures its status checks once a minute, so an `ok` read right after CreateImage was
 * measured before the reboot. `ok` counts once the checks were seen not-ok since, or after
 * `settle`. A check that failed before the reboot goes on failing for a while: where EC2 says since
 * when one fails, that decides.
 *
 * DescribeInstanceStatus has no filter for ids, and one id that EC2 does not know (for a moment)
 * fails the whole request. In the same round the others are asked about without it, and it is
 * looked for with DescribeInstances and a filter, which is also where StateReason comes from.
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/location/gone.h"

/* One patient. Read it whenever woken. */
struct patient {
        char *instance;
        int state;         /* enum instance_state */
        int system, check; /* enum check_status */
        usec_t since;      /* monotonic: when the watch began */
        bool asked;        /* there is a reading since then */
        usec_t read;       /* when; monotonic */
        bool was_down;     /* seen not running, or with checks that are not ok: it did reboot */
        sec_t impaired;    /* no proof of that: since when a check was said to fail, the latest
                              there was, by EC2's clock; 0: none */
        struct gone gone;  /* what is known of its end: patient_is_gone() */
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
        struct task *task;    /* woken after each reading */
        struct patient *next; /* of doctor->all */
};

/* Watches the instance of `task` (row.subject); the task owns the result until health_end(). */
struct patient *health_begin(struct task *task);
/* The same for one look at an instance that is not touched yet: it is asked about within a second,
 * together with all others that are looked at then. */
struct patient *health_look(struct task *task);
struct patient *health_end(struct patient *patient);
/* Of the calls that ask for the instances of the location, for task_await(); NULL: none is watched.
 */
const struct refusal *health_refusal(const struct location *location);

/* Whether it runs and passes its checks, going by the last reading. */
bool patient_is_well(const struct patient *patient);

/* Whether it provably no longer exists, or is about to be terminated. */
bool patient_is_gone(const struct patient *patient);
