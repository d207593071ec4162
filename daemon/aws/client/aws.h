/*
 * Calls to AWS: credentials, endpoint, signature, governor, retries and pages lie behind
 * aws_call().
 *
 * A call is answered once, with the last word on it: retries have been made, all pages collected.
 * The caller owns the slot and may free it at any time (no answer then; what was sent stays sent).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "aws/failure/failure.h"
#include "aws/request/call.h"
#include "aws/request/clock.h"
#include "aws/request/governor.h"
#include "base/cleanup.h"
#include "base/time.h"
#include "http/http.h"
#include "loop/loop.h"

struct aws;
struct aws_account;

enum { AWS_SHARE_DEFAULT = 50 }; /* percent of each published token bucket that we use at most */

int aws_new(struct loop *loop, struct http *http, struct aws **ret);
/* All accounts and slots have to be gone. */
struct aws *aws_free(struct aws *aws);
DEFINE_CLEANUP(struct aws, aws_free);

/* AWS's time, as the last answer to a signed request told it. */
void aws_clock(const struct aws *aws, struct aws_clock *ret);

/* Percent of each published token bucket that all accounts use at most; also of those under way. */
void aws_set_share(struct aws *aws, unsigned int percent);
/* The owner of the settings, which policies name; for the advice after a denial. Copied. */
void aws_set_owner(struct aws *aws, const char *owner);

struct aws_account_options {
        const char *name;         /* in messages */
        const char *endpoint_url; /* NULL: $AWS_ENDPOINT_URL_EC2, $AWS_ENDPOINT_URL, AWS's own */
        const char *profile;      /* NULL: the default provider chain */

        /* The role to take with these credentials; NULL: none. */
        const char *role_arn;
        const char *external_id, *session_name; /* may be NULL */
        unsigned int duration;                  /* seconds; 0: an hour */
        const struct aws_tag {
                const char *key, *value;
        } * session_tags;
        size_t n_session_tags;

        const char *expect_account; /* refuse credentials of another account than this id */
        const char *region;         /* one of the account's, or NULL */
};

/* An account: its credentials and its buckets. Two accounts with equal options share one object, so
 * that a reload does not forget buckets and credentials. Accounts that turn out to be the same one
 * of AWS, by their account id, draw from the same buckets from then on. */
struct aws_account *aws_account(struct aws *aws, const struct aws_account_options *options);
struct aws_account *aws_account_unref(struct aws_account *account);
DEFINE_CLEANUP(struct aws_account, aws_account_unref);
const char *aws_account_name(const struct aws_account *account);

/* Sends a request of an account. How long it goes on: request/retry.h. `input` is encoded before
 * this returns. `account` is referenced by the call. Never NULL. */
struct aws_slot *aws_call(struct aws_account *account, const char *region,
                          const struct action *action, const void *input, aws_done_fn *done,
                          void *userdata);
/* Finds the region the daemon itself is set up for: $AWS_REGION, $AWS_DEFAULT_REGION, the profile,
 * IMDS. `region` is NULL when none of them knows; `error` then tells what was tried. */
struct aws_region_slot;
typedef void aws_region_fn(const char *region, const char *error, void *userdata);
struct aws_region_slot *aws_find_region(struct aws_account *account, aws_region_fn *done,
                                        void *userdata);
struct aws_region_slot *aws_region_slot_free(struct aws_region_slot *slot);
DEFINE_CLEANUP(struct aws_region_slot, aws_region_slot_free);

/* All regions that are open to the account, sorted. `regions` is NULL when AWS could not be asked;
 * `error` then tells why. Where no setting tells which partition the account is in, the region that
 * aws_find_region() found does: it goes first. */
struct aws_regions_slot;
typedef void aws_regions_fn(char *const *regions, size_t n, const char *error, void *userdata);
struct aws_regions_slot *aws_list_regions(struct aws_account *account, aws_regions_fn *done,
                                          void *userdata);
struct aws_regions_slot *aws_regions_slot_free(struct aws_regions_slot *slot);
DEFINE_CLEANUP(struct aws_regions_slot, aws_regions_slot_free);

/* Who the account's credentials are of. Strings are borrowed; all but `error` are NULL when there
 * are no credentials, or AWS does not tell. */
struct aws_identity {
        const char *account, *arn, *source, *error;
        sec_t expires; /* SEC_NEVER: not known to */
};
struct aws_whoami_slot;
typedef void aws_whoami_fn(const struct aws_identity *identity, void *userdata);
struct aws_whoami_slot *aws_whoami(struct aws_account *account, aws_whoami_fn *done,
                                   void *userdata);
struct aws_whoami_slot *aws_whoami_slot_free(struct aws_whoami_slot *slot);
DEFINE_CLEANUP(struct aws_whoami_slot, aws_whoami_slot_free);

/* Calls back for every bucket that was ever drawn from. */
void aws_usage(struct aws *aws, aws_usage_fn *callback, void *userdata);

/* The call that waits longest for AWS, of those that do for `longer` or more; call.h. */
bool aws_find_underway(const struct aws *aws, usec_t longer, struct aws_underway *ret);
