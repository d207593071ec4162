/*
 * The endpoint of a service in a region. Pure.
 * https://docs.aws.amazon.com/general/latest/gr/rande.html
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct endpoint {
        char *url;    /* "https://ec2.eu-west-1.amazonaws.com/" */
        char *host;   /* value of the Host header: with a port that is not the default of the scheme
                       */
        char *target; /* path of the URL, never empty */
        const char *region; /* for the signature, literal; NULL: the region of endpoint_resolve() */
};

/* The settings, besides the region, that decide about the endpoint. */
struct endpoint_options {
        const char *override; /* a configured URL instead of AWS's endpoint, or NULL. Plain http is
                               * allowed to the loopback only: it would show a session token */
        bool legacy; /* STS only: the global endpoint for the regions that were open in 2019;
                      * https://docs.aws.amazon.com/sdkref/latest/guide/feature-sts-regionalized-endpoints.html
                      */
        bool fips,
                dualstack; /* https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html
                            */
};

/* 0, or -EINVAL with the reason in *ret_error (caller frees). */
int endpoint_resolve(const char *service, const char *region,
                     const struct endpoint_options *options, struct endpoint *ret,
                     char **ret_error);
void endpoint_done(struct endpoint *endpoint);

/* "aws", "aws-cn", ...: the partition of a region, as in ARNs. */
const char *endpoint_partition(const char *region);
/* The region of a partition (by its name in ARNs) with its global services, for requests without a
 * known region. An unknown partition gives the region of "aws". */
const char *endpoint_partition_region(const char *name);

/* Whether `host` (of `size` characters) is the loopback: localhost, 127.0.0.0/8, [::1]. */
bool endpoint_is_loopback(const char *host, size_t size);
