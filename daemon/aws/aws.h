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

#include "aws/service.h"
#include "aws/shape.h"
#include "base/cleanup.h"
#include "base/time.h"
#include "http/http.h"
#include "loop/loop.h"

struct aws;
struct aws_account;

enum { AWS_SHARE_DEFAULT = 50 }; /* percent of each published token bucket that we use at most */

/* The file with the certificates to trust, by $AWS_CA_BUNDLE or the profile of the environment, for
 * http_new(). NULL: the system's. Caller frees. 0, or -EPERM with the reason in *ret_error (caller
 * frees) where others may change it. */
int aws_ca_bundle(char **ret, char **ret_error);

int aws_new(struct loop *loop, struct http *http, struct aws **ret);
/* All accounts and slots have to be gone. */
struct aws *aws_free(struct aws *aws);
DEFINE_CLEANUP(struct aws, aws_free);

/* AWS's time, as the last answer to a signed request told it in its Date. */
enum aws_clock_state {
        AWS_CLOCK_UNKNOWN,  /* no answer came yet */
        AWS_CLOCK_UNDATED,  /* answers have no Date: an emulator's */
        AWS_CLOCK_COMPARED, /* the rest is known */
};
struct aws_clock {
        enum aws_clock_state state;
        sec_t theirs; /* AWS's time now: that of the answer, and what the monotonic clock counted */
        sec_t age;    /* seconds since the answer */
        bool stepped; /* the wall clock was set since */
};
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

/* The kind of token bucket an action draws from:
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
struct bucket {
        double capacity, refill_per_second;
};

/* What goes first when many wait. */
enum priority {
        PRIORITY_START,  /* what ends an outage */
        PRIORITY_CREATE, /* what the schedule is about */
        PRIORITY_FOLLOW, /* looking */
        PRIORITY_TAG,
        PRIORITY_PRUNE, /* can wait */
};

/* How the pages of an action are asked for. */
struct paging {
        const char *size;  /* parameter: the most rows of a page */
        const char *token; /* parameter: which page */
        const char *next;  /* path of the next page's token in the reply */
};

struct action {
        const char *name;              /* "DescribeImages" */
        const struct service *service; /* service.h */
        enum priority priority;
        struct bucket bucket;        /* as published, for one account and region */
        const struct shape *input;   /* of the C struct that aws_call() takes */
        const struct shape *output;  /* NULL: no reply worth reading */
        const struct paging *paging; /* NULL: one page */
        unsigned int page_size;
        const char
                *ids; /* paged: the parameter with explicit ids; EC2 refuses a page size with it */
        bool repeatable; /* a second time does no harm: repeat after a lost answer */
};

enum aws_outcome {
        AWS_OK,
        AWS_ERROR,       /* AWS said no, for good, and why: `code` */
        AWS_UNKNOWN,     /* not repeatable, sent, and no answer: it may have happened */
        AWS_UNREACHABLE, /* no answer of AWS after all retries, or one beyond the limits of a call;
                          * what is not repeatable did not happen */
        AWS_UNSIGNED,    /* no credentials, or with `code` none that AWS takes; it did not happen */
};

struct aws_reply {
        enum aws_outcome outcome;
        void *output;   /* of action->output; freed after the callback, members may be stolen */
        bool elsewhere; /* AWS_UNSIGNED: AWS takes these credentials elsewhere at this moment */
        const char *code, *message, *request_id; /* NULL when there is none */
        const char *owner;                       /* of aws_set_owner(), or NULL */
        int status;
        unsigned int attempts;
        bool may_have_acted; /* an attempt was not answered: see aws_may_have_acted() */
        sec_t date; /* of the last answer by AWS's clock, its header Date; 0: it did not tell */
};

struct aws_slot;
typedef void aws_done_fn(const struct aws_reply *reply, void *userdata);

/* How long it goes on: retry.h. `input` is encoded before this returns. `account` is referenced by
 * the call. Never NULL. */
struct aws_slot *aws_call(struct aws_account *account, const char *region,
                          const struct action *action, const void *input, aws_done_fn *done,
                          void *userdata);
/* Whether nothing has been sent yet because others of ours go first. */
bool aws_slot_is_queued(const struct aws_slot *slot);
/* From now on calls back at each attempt that comes to nothing and is not the last: `after` is the
 * time until the next attempt, and the reply is what done() would get if there were none. The
 * callback must not free the slot. */
typedef void aws_retry_fn(const struct action *action, const struct aws_reply *reply, usec_t after,
                          void *userdata);
void aws_slot_watch(struct aws_slot *slot, aws_retry_fn *retry, void *userdata);
struct aws_slot *aws_slot_free(struct aws_slot *slot);
DEFINE_CLEANUP(struct aws_slot, aws_slot_free);

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

/* One token bucket as it is now. */
struct aws_usage {
        const char *account; /* its name, or those of all who draw from it */
        const char *service, *region, *action;
        double capacity, refill_per_second; /* our share */
        double tokens;                      /* left now */
        double factor;                      /* of that share we take ourselves: AWS throttled us */
        unsigned long long requests, throttles;
        unsigned int waiting, in_flight;
};
/* Every bucket that was ever drawn from. */
typedef void aws_usage_fn(const struct aws_usage *usage, void *userdata);
void aws_usage(struct aws *aws, aws_usage_fn *callback, void *userdata);

/* Whether an attempt of the call has no answer and may have been carried out, or may be yet: a
 * refusal of a later attempt, or of the next call, does not tell that nothing happened. An attempt
 * that AWS refused, also for now (throttling, another request to the same thing), was not. */
bool aws_may_have_acted(const struct aws_reply *reply);

/* "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: ... (request 1234)", with
 * what to do where the code says it. Caller frees. */
char *aws_describe_failure(const struct aws_reply *reply, const struct action *action,
                           const char *region);
/* The same of a call that is asked again, in two parts: the call and the code, "CreateImage
 * refused: UnauthorizedOperation", and AWS's message with the advice, ": You are not ...; ...".
 * Neither has the request id or the number of attempts, so that a call which is refused again and
 * again has the same words each time. The caller frees both. */
void aws_describe_refusal(const struct aws_reply *reply, const struct action *action,
                          const char *region, char **ret_what, char **ret_more);
