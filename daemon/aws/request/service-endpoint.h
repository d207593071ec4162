/*
 * The endpoint of a service in a region for one account: address, governor and clock.
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
        char *endpoint_error; /* why `address` is empty, or NULL */
        struct governor *governor;

        /* AWS's clock, used for signatures after AWS refused the wall clock. AWS's time was
         * `server_time` at the monotonic time `anchor`, so a later correction of the wall clock has
         * no effect. */
        bool server_clock;
        sec_t server_time;
        usec_t anchor;

        usec_t refused; /* monotonic: the first of the refusals of keys; 0: the last was accepted */

        struct service_endpoint *next;
};

/* The address comes from `endpoint_url`, else from the environment and the profile, else it is
 * AWS's own. `percent`: the share of the governor. Never NULL. */
struct service_endpoint *service_endpoint_new(struct loop *loop, const struct service *service,
                                              const char *region, const char *endpoint_url,
                                              const char *profile, unsigned int percent);
/* All calls have to be freed before. */
struct service_endpoint *service_endpoint_free(struct service_endpoint *endpoint);

/* The region for signatures. */
const char *service_endpoint_signing_region(const struct service_endpoint *endpoint);
/* The time for signatures. */
sec_t service_endpoint_now(const struct service_endpoint *endpoint);
/* Signatures use AWS's clock from now on; its time is `server_time`. */
void service_endpoint_set_clock(struct service_endpoint *endpoint, sec_t server_time);
