/* Network faults: how likely each outcome of a request is, and how long a request travels. */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "sim/simulation/dice.h"

enum network_outcome {
        NETWORK_ANSWERED,
        NETWORK_UNSENT,      /* no connection */
        NETWORK_LOST_BEFORE, /* connection reset before the request is carried out */
        NETWORK_LOST_AFTER,  /* and afterwards */
        NETWORK_TRUNCATED,   /* half an answer, then a reset */
        NETWORK_GARBLED,     /* a whole answer whose XML ends early */
        NETWORK_HTML, /* a proxy's page instead of carrying out the request, with any status */
        NETWORK_HTML_AFTER, /* a proxy's page instead of the answer */
        NETWORK_500,
        NETWORK_503,
        NETWORK_THROTTLED, /* RequestLimitExceeded, although the token buckets have tokens */
};
#define NETWORK_OUTCOMES (NETWORK_THROTTLED + 1)
extern const char *const network_outcome_names[NETWORK_OUTCOMES];
/* Whether a request with this outcome is carried out. */
bool network_outcome_is_acted_on(enum network_outcome outcome);

/* How likely each outcome is for one request. All zero: there are no network faults. */
struct network_faults {
        double chance[NETWORK_OUTCOMES]; /* except NETWORK_ANSWERED */
        double slow;                     /* the likelihood that the answer takes minutes */
};
bool network_is_fault_free(const struct network_faults *faults);
/* Draws some of the faults, each `much` likely. */
struct network_faults network_faults_draw(struct dice *dice, double much);
enum network_outcome network_draw_outcome(const struct network_faults *faults, struct dice *dice);
/* How long a request or an answer travels. */
usec_t network_draw_latency(const struct network_faults *faults, struct dice *dice);
