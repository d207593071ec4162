/*
 * The credentials of one account: found by a search (search.h), where settings name a role
 * exchanged for those of the role, fetched anew before they run out.
 *
 * There is one refresh at a time and every call that needs it waits for that one. A refresh that
 * fails leaves the old set in use as long as AWS takes it. Where an account id is expected, a set
 * is in use only after AWS said that it is of that account: once for each set.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
#pragma once

#include <stdbool.h>

#include "aws/credentials/explain.h"
#include "aws/credentials/search.h"
#include "aws/credentials/sts.h"
#include "aws/request/credentials.h"

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
typedef signer_fn keyring_fn;

struct keyring_options {
        const struct tools *tools;
        const char *profile;      /* NULL: that of the environment, else "default" */
        const char *endpoint_url; /* of every service, or NULL */
        const char *region;       /* to call STS in */
        /* The role to take with the credentials of `base`, which is borrowed; else both NULL. */
        struct keyring *base;
        const struct sts_role *role;
        const char *expect_account; /* or NULL */
};
/* Strings are copied. Never NULL. */
struct keyring *keyring_new(const struct keyring_options *options);
/* No wait may be left. */
struct keyring *keyring_free(struct keyring *keyring);
DEFINE_CLEANUP(struct keyring, keyring_free);

/* Lets AWS be asked, beside what else goes on, whose credentials these are, now and for every set
 * to come; `learnt` is told when it is known (the account id is borrowed). Nobody waits for it, and
 * nothing is said when AWS does not answer. */
typedef void keyring_learnt_fn(const char *account, void *userdata);
void keyring_learn(struct keyring *keyring, keyring_learnt_fn *learnt, void *userdata);

/* The set to sign with now (borrowed: take a reference to keep it), or NULL when one has to wait.
 * Starts a refresh when it is time. */
struct credentials *keyring_current(struct keyring *keyring);
/* Calls back once, never from inside this. Never NULL. */
struct keyring_wait *keyring_wait(struct keyring *keyring, keyring_fn *done, void *userdata);
struct keyring_wait *keyring_wait_free(struct keyring_wait *wait);
DEFINE_CLEANUP(struct keyring_wait, keyring_wait_free);

/* AWS refused `credentials`: they are fetched anew before the next use. False when that is of no
 * use, because they were fetched just now. A set that comes again stays in use: the refusal may
 * be one region's, which is not open to the account. */
bool keyring_reject(struct keyring *keyring, const struct credentials *credentials);

/* Who signs with the current set, for calls; of the keyring. */
struct signer *keyring_signer(struct keyring *keyring);
/* Asks AWS whose `credentials`, a set of this keyring, are. */
struct sts *keyring_identify(struct keyring *keyring, struct credentials *credentials, sts_fn *done,
                             void *userdata);
/* The region to call STS in. */
const char *keyring_region(const struct keyring *keyring);
void keyring_set_region(struct keyring *keyring, const char *region);
