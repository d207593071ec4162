/*
 * Where a service of a region answers. Pure.
 * https://docs.aws.amazon.com/general/latest/gr/rande.html
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct endpoint {
        char *url;          /* "https://ec2.eu-west-1.amazonaws.com/" */
        char *host;         /* as in the Host header: with the port unless it is the scheme's own */
        char *target;       /* path of the URL, never empty */
        const char *region; /* to sign for, literal; NULL: the one that was asked for */
};

/* What decides besides the region. */
struct endpoint_options {
        const char
                *override; /* an endpoint URL that was set up instead of AWS's own, or NULL; http
                            * goes to the loopback only, a session token would travel in the open */
        bool legacy;       /* STS only: the global endpoint for the regions that were open in 2019;
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
/* The region of a partition (by its name in ARNs) that its global services are in: where to ask
 * when no region is known. That of "aws" for one we do not know. */
const char *endpoint_partition_region(const char *name);

/* Whether `host` (of `size` characters) is this machine: localhost, 127.0.0.0/8, [::1]. */
bool endpoint_is_loopback(const char *host, size_t size);
