/*
 * A set of credentials: an immutable, counted snapshot (who they are of may be learnt later). A
 * request signs with one whole set.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/time.h"

struct credentials {
        unsigned int references;
        char *access_key, *secret, *token; /* `token` NULL for those of a user; wiped on free */
        const char *source;                /* literal, for messages */
        sec_t expires;                     /* SEC_NEVER: not known to */
        char *account;                     /* the account they are of, where the source told */
        char *arn;                         /* who they are, where AWS told */
};

/* One reference; strings are copied. */
struct credentials *credentials_new(const char *source, const char *access_key, const char *secret,
                                    const char *token, sec_t expires);
struct credentials *credentials_ref(struct credentials *credentials);
struct credentials *credentials_unref(struct credentials *credentials);
DEFINE_CLEANUP(struct credentials, credentials_unref);

/* The account an ARN names, in a buffer of 12 digits and a NUL; false when it names none. */
enum { ACCOUNT_ID_SIZE = 13 };
bool account_of_arn(const char *arn, char account[static ACCOUNT_ID_SIZE]);
