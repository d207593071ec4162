/*
 * A place is a service of a region as one account reaches it: endpoint, governor, clock. Only for
 * the files of this folder.
 */
#pragma once

#include <stdbool.h>

#include "aws/endpoint.h"
#include "aws/governor.h"
#include "aws/service.h"
#include "aws/shared.h"

struct place {
        struct loop *loop;
        const struct service *service;
        char *region;
        struct endpoint endpoint;
        char *endpoint_error; /* why there is none */
        struct governor *governor;

        /* The server's clock, once ours proved wrong: it told `server_time` at `anchor`
         * (monotonic), so that a later correction of ours does no harm. */
        bool server_clock;
        sec_t server_time;
        usec_t anchor;

        usec_t refused; /* monotonic: since when it takes no key; 0: it took the last one */

        struct place *next;
};

/* The endpoint is `endpoint_url` (may be NULL), else what the environment and the profile say, else
 * AWS's own. `percent`: the share of the governor. Never NULL. */
struct place *place_new(struct loop *loop, const struct service *service, const char *region,
                        const char *endpoint_url, const char *profile, unsigned int percent);
/* No call may be left. */
struct place *place_free(struct place *place);

/* The region to sign for. */
const char *place_signing_region(const struct place *place);
/* The time to sign with. */
sec_t place_now(const struct place *place);
/* The server says it is `server_time` now. */
void place_set_clock(struct place *place, sec_t server_time);

/* What the environment and profile `profile` say about the endpoint of a service; `override`
 * borrows from them. 0, or -EINVAL with the reason in *ret_error (caller frees). */
int place_endpoint_options(const struct shared *shared, const char *profile,
                           const struct service *service, struct endpoint_options *ret,
                           char **ret_error);
