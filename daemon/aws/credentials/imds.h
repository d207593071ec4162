/*
 * The instance metadata service, version 2 only: every request carries a token. Version 1, which
 * needs no token and can be reached by forged requests of other programs, is never used.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
 *
 * $AWS_EC2_METADATA_DISABLED=true, $AWS_EC2_METADATA_SERVICE_ENDPOINT and
 * $AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE (IPv4, IPv6) are honoured.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"
#include "http/http.h"
#include "loop/loop.h"

enum {
        IMDS_ATTEMPTS_MAX = 3,
        IMDS_TOKEN_SECONDS = 21600, /* lifetime of a token, the maximum of IMDS */
        IMDS_BODY_MAX = 64 << 10,
};

/* The client, shared by all queries; it keeps the token. */
struct imds;
struct imds *imds_new(struct loop *loop, struct http *http);
/* All queries have to be freed before. */
struct imds *imds_free(struct imds *imds);
DEFINE_CLEANUP(struct imds, imds_free);

/* `body` is NUL-terminated and borrowed; NULL: `error` is the reason. */
typedef void imds_fn(const char *body, size_t size, const char *error, void *userdata);
struct imds_query;
/* GETs `path`, which starts after "/latest/". Calls back once, never from inside this. */
struct imds_query *imds_get(struct imds *imds, const char *path, imds_fn *done, void *userdata);
struct imds_query *imds_query_free(struct imds_query *query);
DEFINE_CLEANUP(struct imds_query, imds_query_free);
