/*
 * Credentials of one account: found by a chain of sources, fetched anew before they run out.
 *
 * A set is an immutable, counted snapshot; a request signs with one whole set. There is one refresh
 * at a time and every call that needs it waits for that one. A refresh that fails leaves the old
 * set in use as long as AWS takes it.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
#pragma once

#include <stdbool.h>

#include "aws/imds.h"
#include "base/cleanup.h"
#include "base/time.h"
#include "loop/loop.h"

struct credentials {
        unsigned int references;
        char *access_key, *secret, *token; /* `token` NULL for those of a user; wiped on free */
        const char *source;                /* literal, for messages */
        sec_t expires;                     /* SEC_NEVER: not known to */
};

/* One reference; strings are copied. */
struct credentials *credentials_new(const char *source, const char *access_key, const char *secret,
                                    const char *token, sec_t expires);
struct credentials *credentials_ref(struct credentials *credentials);
struct credentials *credentials_unref(struct credentials *credentials);
DEFINE_CLEANUP(struct credentials, credentials_unref);

enum {
        CREDENTIALS_ADVISORY =
                15 * 60, /* seconds before the end: fetched while the old one serves */
        CREDENTIALS_MANDATORY = 10 * 60, /* seconds before the end: calls wait for the new set */
        CREDENTIALS_PATIENCE = 30,       /* seconds from one failed refresh to the next */
        CREDENTIALS_REJECT_AGE = 10,     /* seconds: a younger set is not fetched anew */
};

struct keyring;
struct keyring_wait;
/* `error` tells, when there are no credentials, every source and why it had nothing. */
typedef void keyring_fn(struct credentials *credentials, const char *error, void *userdata);

/* `profile` NULL: $AWS_PROFILE, else "default". */
struct keyring *keyring_new(struct loop *loop, struct imds *imds, const char *profile);
/* No wait may be left. */
struct keyring *keyring_free(struct keyring *keyring);
DEFINE_CLEANUP(struct keyring, keyring_free);

/* The set to sign with now (borrowed: take a reference to keep it), or NULL when one has to wait.
 * Starts a refresh when it is time. */
struct credentials *keyring_current(struct keyring *keyring);
/* Calls back once, never from inside this. Never NULL. */
struct keyring_wait *keyring_wait(struct keyring *keyring, keyring_fn *done, void *userdata);
struct keyring_wait *keyring_wait_free(struct keyring_wait *wait);
DEFINE_CLEANUP(struct keyring_wait, keyring_wait_free);

/* AWS refused `credentials`: they are fetched anew before the next use. False when that is of no
 * use, because they were fetched just now. */
bool keyring_reject(struct keyring *keyring, const struct credentials *credentials);
