/*
 * Calls to AWS: aws_call() hides credentials, endpoint, signature, governor, retries and pages.
 *
 * A call is answered once, after all retries and with all pages collected. The caller owns the slot
 * and may free it at any time: the callback is then not called, but AWS may still carry out a
 * request that was sent.
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
/* All accounts and slots have to be freed before. */
struct aws *aws_free(struct aws *aws);
DEFINE_CLEANUP(struct aws, aws_free);

/* The clock of AWS beside the wall clock, by the last reply to a signed request. */
void aws_clock(const struct aws *aws, struct aws_clock *ret);

/* Limits all accounts, also the existing ones, to `percent` of each published token bucket. */
void aws_set_share(struct aws *aws, unsigned int percent);
/* The key `owner` of the settings, which the policies name, for the advice after a denial. Copied.
 */
void aws_set_owner(struct aws *aws, const char *owner);

struct aws_account_options {
        const char *name;         /* for messages */
        const char *endpoint_url; /* NULL: $AWS_ENDPOINT_URL_EC2, $AWS_ENDPOINT_URL, AWS's own */
        const char *profile;      /* NULL: the default provider chain */

        /* The role to assume with the credentials of the profile, or NULL. */
        const char *role_arn;
        const char *external_id, *session_name; /* may be NULL */
        unsigned int duration;                  /* seconds; 0: an hour */
        const struct aws_tag {
                const char *key, *value;
        } * session_tags;
        size_t n_session_tags;

        const char *expect_account; /* account id: credentials of another account are refused */
        const char *region;         /* a region of the account, or NULL */
};

/* An account of the settings with its credentials and token buckets. Equal options give the same
 * object with one more reference, so that a reload of the settings keeps buckets and credentials.
 * Accounts that turn out to have the same AWS account id draw from the same buckets from then on.
 */
struct aws_account *aws_account(struct aws *aws, const struct aws_account_options *options);
struct aws_account *aws_account_unref(struct aws_account *account);
DEFINE_CLEANUP(struct aws_account, aws_account_unref);
const char *aws_account_name(const struct aws_account *account);

/* Sends a request with the credentials of the account. request/retry.h has the retries. `input` is
 * encoded before this returns. The call holds a reference to `account`. Never NULL. */
struct aws_slot *aws_call(struct aws_account *account, const char *region,
                          const struct action *action, const void *input, aws_done_fn *done,
                          void *userdata);
/* Finds the region that the daemon itself is configured for, by $AWS_REGION, $AWS_DEFAULT_REGION,
 * the profile or IMDS, in this order. `region` NULL: `error` lists what was tried. */
struct aws_region_slot;
typedef void aws_region_fn(const char *region, const char *error, void *userdata);
struct aws_region_slot *aws_find_region(struct aws_account *account, aws_region_fn *done,
                                        void *userdata);
struct aws_region_slot *aws_region_slot_free(struct aws_region_slot *slot);
DEFINE_CLEANUP(struct aws_region_slot, aws_region_slot_free);

/* Lists all regions that are enabled for the account, sorted by name. `regions` NULL: the call
 * failed, `error` has the reason. Where no setting gives the partition of the account, the region
 * found by aws_find_region() does, which therefore has to be called before. */
struct aws_regions_slot;
typedef void aws_regions_fn(char *const *regions, size_t n, const char *error, void *userdata);
struct aws_regions_slot *aws_list_regions(struct aws_account *account, aws_regions_fn *done,
                                          void *userdata);
struct aws_regions_slot *aws_regions_slot_free(struct aws_regions_slot *slot);
DEFINE_CLEANUP(struct aws_regions_slot, aws_regions_slot_free);

/* The identity behind the account's credentials, by sts:GetCallerIdentity. Strings are borrowed.
 * Without credentials, or without a reply of STS, all but `error` are NULL. */
struct aws_identity {
        const char *account, *arn, *source, *error;
        sec_t expires; /* SEC_NEVER: no expiry is known */
};
struct aws_whoami_slot;
typedef void aws_whoami_fn(const struct aws_identity *identity, void *userdata);
struct aws_whoami_slot *aws_whoami(struct aws_account *account, aws_whoami_fn *done,
                                   void *userdata);
struct aws_whoami_slot *aws_whoami_slot_free(struct aws_whoami_slot *slot);
DEFINE_CLEANUP(struct aws_whoami_slot, aws_whoami_slot_free);

/* Calls back for every token bucket that a request has drawn from. */
void aws_usage(struct aws *aws, aws_usage_fn *callback, void *userdata);

/* The call that has waited longest for AWS, if that is `longer` or more: see call.h. */
bool aws_find_underway(const struct aws *aws, usec_t longer, struct aws_underway *ret);
