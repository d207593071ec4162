/* Inside a search, for the sources. */
#pragma once

#include "aws/credentials/imds-credentials.h"
#include "aws/credentials/process.h"
#include "aws/credentials/search.h"
#include "aws/credentials/source.h"
#include "aws/credentials/sts.h"
#include "base/text.h"

struct search {
        const struct tools *tools;
        const struct search *outer;
        enum search_kind kind;
        char *profile;        /* its name, never NULL */
        char *endpoint_url;   /* or NULL */
        bool explicit_;       /* the settings named the profile: the environment does not count */
        struct shared shared; /* the shared files */
        struct shared system; /* the systemd credential `aws`; without `where` there is none */
        struct timer *timer;  /* the next time to look */
        unsigned int attempts;
        const struct source *sources, *source; /* the table, and its present row */
        struct text tried;

        /* What was asked; at most one. */
        struct imds_credentials *imds;
        struct process *process;
        struct http_slot *http;
        struct sts *sts;
        struct search *inner; /* of another profile, whose credentials assume a role */

        search_fn *done;
        void *userdata;
};

/* The answer of a source that said SOURCE_ASKED: credentials (borrowed), or why there are none.
 * The last thing to be done with the search: it may be gone afterwards. */
void search_take(struct search *search, struct credentials *credentials, const char *why);

/* A key of the profile. */
const char *search_value(const struct search *search, const char *key);
/* The region to call STS in: that of the environment or the profile, when it is in the partition of
 * `arn`, else one that is. Caller frees. */
char *search_region(const struct search *search, const char *arn);
