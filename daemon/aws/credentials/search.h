/*
 * One search for credentials along the table of source.h. Files and the environment are read anew
 * each time.
 */
#pragma once

#include "aws/config/shared.h"
#include "aws/request/call.h"
#include "aws/request/credentials.h"

enum search_kind {
        SEARCH_CHAIN = 1 << 0,       /* every source */
        SEARCH_PROFILE = 1 << 1,     /* what a profile itself says: it is another one's source */
        SEARCH_ENVIRONMENT = 1 << 2, /* one source: credential_source of a role */
        SEARCH_CONTAINER = 1 << 3,
        SEARCH_INSTANCE = 1 << 4,
};

struct search;
/* `credentials` is borrowed; when it is NULL, `why` tells every source that was tried. */
typedef void search_fn(struct credentials *credentials, const char *why, void *userdata);

struct search_options {
        enum search_kind kind;
        const struct source *sources; /* where it may find them: source.h */
        const char *profile;          /* NULL: that of the environment, else "default" */
        const char *endpoint_url;     /* of every service, or NULL */
        const struct search *outer;   /* whose source this is, or NULL */
};
/* Calls back once, never from inside this. `tools` is borrowed. Never NULL. */
struct search *search_new(const struct tools *tools, const struct search_options *options,
                          search_fn *done, void *userdata);
struct search *search_free(struct search *search);
DEFINE_CLEANUP(struct search, search_free);
