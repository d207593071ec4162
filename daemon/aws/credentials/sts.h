/*
 * The Security Token Service: the identity behind credentials, and credentials of an assumed role.
 * https://docs.aws.amazon.com/STS/latest/APIReference/
 */
#pragma once

#include "aws/request/call.h"
#include "aws/request/credentials.h"

extern const struct action sts_get_caller_identity, sts_assume_role,
        sts_assume_role_with_web_identity;

struct sts_options {
        const struct tools *tools;
        const char *region;
        const char *endpoint_url, *profile; /* as for service_endpoint_new(); may be NULL */
        /* The signature: by the signer, else by the credentials, else none (web identities). */
        struct signer *signer;
        struct credentials *credentials;
};

/* The default name of the role session, which CloudTrail shows. */
#define STS_SESSION_NAME "amid"

struct sts_tag {
        const char *key, *value;
};
struct sts_role {
        const char *arn, *session;
        const char *external_id;    /* or NULL */
        unsigned int duration;      /* seconds; 0: an hour */
        const struct sts_tag *tags; /* of the session */
        size_t n_tags;
        const char *source; /* of the credentials, literal */
};

struct sts;
/* `credentials` is borrowed; NULL: `why` is the reason. */
typedef void sts_fn(struct credentials *credentials, const char *why, void *userdata);

/* The STS requests call back once, never from inside the call, and copy their strings. Never NULL.
 */

/* GetCallerIdentity: sets account and ARN of options->credentials, and calls back with the same
 * set. */
struct sts *sts_identify(const struct sts_options *options, sts_fn *done, void *userdata);
struct sts *sts_assume(const struct sts_options *options, const struct sts_role *role, sts_fn *done,
                       void *userdata);
/* AssumeRoleWithWebIdentity: with a token instead of a signature. */
struct sts *sts_assume_with_token(const struct sts_options *options, const struct sts_role *role,
                                  const char *token, sts_fn *done, void *userdata);
struct sts *sts_free(struct sts *sts);
DEFINE_CLEANUP(struct sts, sts_free);
