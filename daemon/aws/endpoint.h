/*
 * Where a service of a region answers. Pure.
 * https://docs.aws.amazon.com/general/latest/gr/rande.html
 */
#pragma once

#include "base/cleanup.h"

struct endpoint {
        char *url;    /* "https://ec2.eu-west-1.amazonaws.com/" */
        char *host;   /* as in the Host header: with the port unless it is the scheme's own */
        char *target; /* path of the URL, never empty */
};

/*
 * `override` (may be NULL) is an endpoint URL that was set up instead of AWS's own; http goes to
 * the loopback only, since a session token would travel in the open.
 * 0, or -EINVAL with the reason in *ret_error (caller frees).
 */
int endpoint_resolve(const char *service, const char *region, const char *override,
                     struct endpoint *ret, char **ret_error);
void endpoint_done(struct endpoint *endpoint);

/* "aws", "aws-cn", ...: the partition of a region, as in ARNs. */
const char *endpoint_partition(const char *region);
