/*
 * A set of credentials: an immutable snapshot with a reference count. Only `account` and `arn` may
 * be set later. A request is signed with one whole set.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/time.h"

struct credentials {
        unsigned int references;
        char *access_key, *secret, *token; /* `token` NULL: keys of an IAM user; wiped on free */
        const char *source;                /* literal, for messages: "the environment" */
        sec_t expires;                     /* SEC_NEVER: no expiry is known */
        char *account;                     /* account id by the provider or by STS, or NULL */
        char *arn;                         /* identity by STS, or NULL */
};

/* Returns one reference. Strings are copied. */
struct credentials *credentials_new(const char *source, const char *access_key, const char *secret,
                                    const char *token, sec_t expires);
struct credentials *credentials_ref(struct credentials *credentials);
struct credentials *credentials_unref(struct credentials *credentials);
DEFINE_CLEANUP(struct credentials, credentials_unref);

/* The account id in an ARN, in a buffer of 12 digits and a NUL; false for an ARN without one. */
enum { ACCOUNT_ID_SIZE = 13 };
bool account_of_arn(const char *arn, char account[static ACCOUNT_ID_SIZE]);
