/*
 * The weather on the network: what befalls a request, and how likely that is.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "sim/simulation/dice.h"

enum network_outcome {
        NETWORK_ANSWERED,
        NETWORK_UNSENT,      /* no connection */
        NETWORK_LOST_BEFORE, /* connection reset before the request was acted on */
        NETWORK_LOST_AFTER,  /* and after */
        NETWORK_TRUNCATED,   /* half an answer, then a reset */
        NETWORK_GARBLED,     /* a whole answer that is not XML to its end */
        NETWORK_HTML,        /* a proxy's page in place of the request, with any status */
        NETWORK_HTML_AFTER,  /* the same in place of the answer */
        NETWORK_500,
        NETWORK_503,
        NETWORK_THROTTLED, /* RequestLimitExceeded, beyond the buckets */
};
#define NETWORK_OUTCOMES (NETWORK_THROTTLED + 1)
extern const char *const network_outcome_names[NETWORK_OUTCOMES];
/* Whether the request is acted on. */
bool network_outcome_is_acted_on(enum network_outcome outcome);

/* How likely each is for one request. All zero: fair. */
struct network_faults {
        double chance[NETWORK_OUTCOMES]; /* but NETWORK_ANSWERED */
        double slow;                     /* the answer takes minutes */
};
bool network_is_fault_free(const struct network_faults *faults);
/* Some mishaps, each `much` likely. */
struct network_faults network_faults_draw(struct dice *dice, double much);
enum network_outcome network_draw_outcome(const struct network_faults *faults, struct dice *dice);
/* How long a request or an answer travels. */
usec_t network_draw_latency(const struct network_faults *faults, struct dice *dice);
