/*
 * One run of the provider chain: tries the providers of a table (provider.h) in order. Each run
 * reads the shared files and the environment anew.
 */
#pragma once

#include "aws/config/shared.h"
#include "aws/request/call.h"
#include "aws/request/credentials.h"

enum chain_kind {
        CHAIN_DEFAULT = 1 << 0,     /* every provider */
        CHAIN_PROFILE = 1 << 1,     /* the providers of a profile: the source_profile of a role */
        CHAIN_ENVIRONMENT = 1 << 2, /* one provider each: the credential_source of a role */
        CHAIN_CONTAINER = 1 << 3,
        CHAIN_INSTANCE = 1 << 4,
};

struct chain;
/* `credentials` is borrowed; NULL: `why` lists every provider that was tried, with its reason. */
typedef void chain_fn(struct credentials *credentials, const char *why, void *userdata);

struct chain_options {
        enum chain_kind kind;
        const struct provider *providers; /* provider.h */
        const char *profile;              /* NULL: the profile of the environment, else "default" */
        const char *endpoint_url;         /* of every service, or NULL */
        const struct chain *outer; /* the chain whose role needs these credentials, or NULL */
};
/* Calls back once, never from inside this. `tools` is borrowed. Never NULL. */
struct chain *chain_new(const struct tools *tools, const struct chain_options *options,
                        chain_fn *done, void *userdata);
struct chain *chain_free(struct chain *chain);
DEFINE_CLEANUP(struct chain, chain_free);
