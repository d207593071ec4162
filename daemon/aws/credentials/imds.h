/*
 * The instance metadata service, version 2 only: every request carries a token, and version 1,
 * which a forged request could reach, is never tried.
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
        IMDS_TOKEN_SECONDS = 21600, /* the longest that can be asked for */
        IMDS_BODY_MAX = 64 << 10,
};

/* Shared by all who ask; keeps the token. */
struct imds;
struct imds *imds_new(struct loop *loop, struct http *http);
/* No query may be left. */
struct imds *imds_free(struct imds *imds);
DEFINE_CLEANUP(struct imds, imds_free);

/* `body` (NUL-terminated, borrowed) or, when it is NULL, `error`. */
typedef void imds_fn(const char *body, size_t size, const char *error, void *userdata);
struct imds_query;
/* GETs `path`, which starts after "/latest/". Calls back once, never from inside this. */
struct imds_query *imds_get(struct imds *imds, const char *path, imds_fn *done, void *userdata);
struct imds_query *imds_query_free(struct imds_query *query);
DEFINE_CLEANUP(struct imds_query, imds_query_free);
