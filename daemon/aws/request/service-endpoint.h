/*
 * A service of a region as one account reaches it: its address, governor, clock. Only
 * for the files of this folder.
 */
#pragma once

#include <stdbool.h>

#include "aws/config/endpoint.h"
#include "aws/config/service.h"
#include "aws/config/shared.h"
#include "aws/request/governor.h"

struct service_endpoint {
        struct loop *loop;
        const struct service *service;
        char *region;
        struct endpoint address;
        char *endpoint_error; /* why there is none */
        struct governor *governor;

        /* The server's clock, once ours proved wrong: it told `server_time` at `anchor`
         * (monotonic), so that a later correction of ours does no harm. */
        bool server_clock;
        sec_t server_time;
        usec_t anchor;

        usec_t refused; /* monotonic: since when it takes no key; 0: it took the last one */

        struct service_endpoint *next;
};

/* The endpoint is `endpoint_url` (may be NULL), else what the environment and the profile say, else
 * AWS's own. `percent`: the share of the governor. Never NULL. */
struct service_endpoint *service_endpoint_new(struct loop *loop, const struct service *service,
                                              const char *region, const char *endpoint_url,
                                              const char *profile, unsigned int percent);
/* No call may be left. */
struct service_endpoint *service_endpoint_free(struct service_endpoint *endpoint);

/* The region to sign for. */
const char *service_endpoint_signing_region(const struct service_endpoint *endpoint);
/* The time to sign with. */
sec_t service_endpoint_now(const struct service_endpoint *endpoint);
/* The server says it is `server_time` now. */
void service_endpoint_set_clock(struct service_endpoint *endpoint, sec_t server_time);
