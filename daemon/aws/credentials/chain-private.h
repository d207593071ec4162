/* The struct of a chain, for the files of the providers. */
#pragma once

#include "aws/credentials/chain.h"
#include "aws/credentials/imds-credentials.h"
#include "aws/credentials/process.h"
#include "aws/credentials/provider.h"
#include "aws/credentials/sts.h"
#include "base/text.h"

struct chain {
        const struct tools *tools;
        const struct chain *outer;
        enum chain_kind kind;
        char *profile;        /* name, never NULL */
        char *endpoint_url;   /* or NULL */
        bool explicit_;       /* the settings name the profile: the environment is not used */
        struct shared shared; /* the shared files */
        struct shared system; /* the systemd credential `aws`; without `where` there is none */
        struct timer *timer;  /* the next attempt of the present provider */
        unsigned int attempts;
        const struct provider *providers, *provider; /* the table, and its present row */
        struct text tried;

        /* The request of the present provider: at most one of these is set. */
        struct imds_credentials *imds;
        struct process *process;
        struct http_slot *http;
        struct sts *sts;
        struct chain *inner; /* gets the credentials that assume a role */

        chain_fn *done;
        void *userdata;
};

/* Ends a provider that returned PROVIDER_PENDING: `credentials` (borrowed), or NULL and `why`. The
 * callback may free the chain: the caller must not use the chain afterwards. */
void chain_complete(struct chain *chain, struct credentials *credentials, const char *why);

/* The value of a key of the profile in the shared files, or NULL. */
const char *chain_value(const struct chain *chain, const char *key);
/* The region of the STS endpoint: the region of the environment or the profile when it is in the
 * partition of `arn`, else a region of that partition. Caller frees. */
char *chain_region(const struct chain *chain, const char *arn);
