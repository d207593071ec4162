/*
 * The clock guard: with a wall clock that is wrong no firing is claimed and nothing is removed.
 *
 * A firing claimed under a clock that is ahead by years makes all older images look expired; one
 * claimed under a clock that is behind is out of its order. So the wall clock is compared with
 * AWS's (aws_clock()) before a firing is claimed and before anything is removed. A comparison is
 * fresh for 15 minutes, and until the wall clock is set; else one DescribeRegions is sent first.
 * Its reply has the time, also where it is a refusal.
 *
 * The clock is also compared when amid starts or reads its settings, and before a request of an
 * operator: manager_holds().
 *
 *   - The clocks are more than 5 minutes apart: no firing is claimed (once they agree it counts
 *     as missed), no retention is decided, nothing is removed, an operator's run is refused.
 *     Logged once as critical, shown in STATUS= and by `amictl status`; compared again each minute.
 *   - AWS cannot be asked, for 30 s: a firing is claimed all the same, since nothing can be made
 *     or removed without AWS; nothing is removed. Before such a run touches an instance, AWS
 *     has answered it, and the time of its claim is compared then.
 *   - Answers have no Date (an emulator's): there is nothing to compare with; logged once.
 */
#pragma once

#include "runs/location/location.h"

enum {
        CLOCK_TOLERANCE = 5 * 60, /* seconds between the clocks that do no harm */
        CLOCK_FRESH = 15 * 60,    /* seconds that a comparison is good for */
        CLOCK_TIMEOUT = 30,       /* seconds that a firing waits for a comparison */
        CLOCK_LOOK_AGAIN = 60,    /* seconds, while the clock is wrong or AWS silent */
};

enum clock_state {
        CLOCK_AGREES, /* or there is nothing to compare with */
        CLOCK_WRONG,
        CLOCK_ASKED,   /* a comparison is under way: `changed` tells when it has ended */
        CLOCK_UNKNOWN, /* AWS cannot be asked */
};

struct clock_guard;

/* `changed` is called when a comparison has ended, and each minute while the clock is wrong. */
struct clock_guard *clock_guard_new(struct locations *locations, timer_fn *changed, void *userdata);
struct clock_guard *clock_guard_free(struct clock_guard *guard);

/* Asks AWS when the last comparison is no longer fresh. */
enum clock_state clock_guard_check(struct clock_guard *guard);
/* The same by the last comparison, without a request. */
enum clock_state clock_guard_peek(struct clock_guard *guard);
/* Whether the clock was found to be wrong; "the clock of this machine
 * is ahead by 5844d 3h" (caller frees), or NULL. */
char *clock_guard_wrong(const struct clock_guard *guard);

/* Whether a clock that is so many seconds ahead of AWS's is wrong. */
bool clock_is_wrong(sec_t ahead);
