/*
 * The weather on the network: what befalls a request, and how likely that is.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "sim/simulation/dice.h"

enum fate {
        FATE_ANSWERED,
        FATE_UNSENT,      /* no connection */
        FATE_LOST_BEFORE, /* connection reset before the request was acted on */
        FATE_LOST_AFTER,  /* and after */
        FATE_TRUNCATED,   /* half an answer, then a reset */
        FATE_GARBLED,     /* a whole answer that is not XML to its end */
        FATE_HTML,        /* a proxy's page in place of the request, with any status */
        FATE_HTML_AFTER,  /* the same in place of the answer */
        FATE_500,
        FATE_503,
        FATE_THROTTLED, /* RequestLimitExceeded, beyond the buckets */
};
#define FATES (FATE_THROTTLED + 1)
extern const char *const fate_names[FATES];
/* Whether the request is acted on. */
bool fate_is_acted_on(enum fate fate);

/* How likely each is for one request. All zero: fair. */
struct weather {
        double mishap[FATES]; /* but FATE_ANSWERED */
        double slow;          /* the answer takes minutes */
};
bool weather_is_fair(const struct weather *weather);
/* Some mishaps, each `much` likely. */
struct weather weather_draw(struct dice *dice, double much);
enum fate weather_fate(const struct weather *weather, struct dice *dice);
/* How long a request or an answer travels. */
usec_t weather_latency(const struct weather *weather, struct dice *dice);
