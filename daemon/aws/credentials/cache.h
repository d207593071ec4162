/*
 * The credentials of one account, kept between calls and refreshed before they expire. They come
 * from the provider chain (chain.h); where the settings name a role, STS exchanges these for the
 * credentials of the role.
 *
 * At most one refresh is under way at a time, and all calls that need new credentials wait for it.
 * A refresh that fails leaves the old set in use as long as AWS accepts that set. Where the
 * settings expect an account id, STS has to confirm the account of each set before its first use.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
#pragma once

#include <stdbool.h>

#include "aws/credentials/chain.h"
#include "aws/credentials/explain.h"
#include "aws/credentials/sts.h"
#include "aws/request/credentials.h"

enum {
        CREDENTIALS_ADVISORY =
                15 * 60, /* seconds before expiry: a refresh starts, calls use the old set */
        CREDENTIALS_MANDATORY = 10 * 60, /* seconds before expiry: calls wait for the new set */
        CREDENTIALS_BACKOFF = 30,        /* seconds from one failed refresh to the next */
        CREDENTIALS_REJECT_AGE = 10,     /* seconds: a refusal of a younger set starts no refresh */
};

struct credentials_cache;
struct credentials_cache_wait;
/* Without credentials `error` lists every provider and why it had none. */
typedef signer_fn credentials_cache_fn;

struct credentials_cache_options {
        const struct tools *tools;
        const char *profile;      /* NULL: the profile of the environment, else "default" */
        const char *endpoint_url; /* of every service, or NULL */
        const char *region;       /* of the STS endpoint */
        /* `role` is assumed with the credentials of `base` (borrowed). No role: both are NULL. */
        struct credentials_cache *base;
        const struct sts_role *role;
        const char *expect_account; /* or NULL */
};
/* Strings are copied. Never NULL. */
struct credentials_cache *credentials_cache_new(const struct credentials_cache_options *options);
/* No wait may be left. */
struct credentials_cache *credentials_cache_free(struct credentials_cache *cache);
DEFINE_CLEANUP(struct credentials_cache, credentials_cache_free);

/* Calls `on_account` with the account id (borrowed) of the current set and of every later set.
 * Where the provider does not give the id, STS is asked in the background: no call waits for its
 * reply, and an STS failure is not reported. */
typedef void credentials_cache_account_fn(const char *account, void *userdata);
void credentials_cache_watch_account(struct credentials_cache *cache,
                                     credentials_cache_account_fn *on_account, void *userdata);

/* The set to sign with now (borrowed: take a reference to keep it), or NULL when the caller has to
 * wait for a refresh. Starts a refresh when the set is near its expiry. */
struct credentials *credentials_cache_current(struct credentials_cache *cache);
/* Calls back once, never from inside this. Never NULL. */
struct credentials_cache_wait *credentials_cache_wait(struct credentials_cache *cache,
                                                      credentials_cache_fn *done, void *userdata);
struct credentials_cache_wait *credentials_cache_wait_free(struct credentials_cache_wait *wait);
DEFINE_CLEANUP(struct credentials_cache_wait, credentials_cache_wait_free);

/* AWS refused `credentials`: a refresh comes before the next use. False when the set is too young
 * for a refresh to bring another one. If the providers return the same set again, it stays in use:
 * the refusal may come from one region that is not enabled for the account. */
bool credentials_cache_reject(struct credentials_cache *cache,
                              const struct credentials *credentials);

/* The signer of calls, which uses the current set. Owned by the cache. */
struct signer *credentials_cache_signer(struct credentials_cache *cache);
/* Asks STS for the account and ARN of `credentials`, a set of this cache. */
struct sts *credentials_cache_identify(struct credentials_cache *cache,
                                       struct credentials *credentials, sts_fn *done,
                                       void *userdata);
/* The region of the STS endpoint. */
const char *credentials_cache_region(const struct credentials_cache *cache);
void credentials_cache_set_region(struct credentials_cache *cache, const char *region);
