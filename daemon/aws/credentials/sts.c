/* Actions of STS as tables, and the requests that return credentials or an identity. */
#include "aws/credentials/sts.h"

#include <stdlib.h>

#include "aws/failure/failure.h"
#include "base/alloc.h"
#include "base/text.h"

/* AWS publishes no token bucket of STS. Its quota is 600 requests a second. */
#define BUCKET_STS                                                                                 \
        {                                                                                          \
                100, 100                                                                           \
        }

struct identity {
        char *account, *arn;
};
SHAPE(identity_out, struct identity,
      FIELD_REQUIRED("GetCallerIdentityResult/Account", AS_TEXT, struct identity, account),
      FIELD_REQUIRED("GetCallerIdentityResult/Arn", AS_TEXT, struct identity, arn));

const struct action sts_get_caller_identity = {
        .name = "GetCallerIdentity",
        .service = &service_sts,
        .bucket = BUCKET_STS,
        .output = &identity_out,
        .repeatable = true,
};

SHAPE(tag, struct sts_tag, FIELD("Key", AS_TEXT, struct sts_tag, key),
      FIELD("Value", AS_TEXT, struct sts_tag, value));

struct assume {
        struct sts_role role;
        const char *token;
};
SHAPE(assume_role_in, struct assume, FIELD("RoleArn", AS_TEXT, struct assume, role.arn),
      FIELD("RoleSessionName", AS_TEXT, struct assume, role.session),
      FIELD("ExternalId", AS_TEXT, struct assume, role.external_id),
      FIELD("DurationSeconds", AS_COUNT, struct assume, role.duration),
      FIELD_ROWS("Tags.member", struct assume, role.tags, &tag),
      FIELD("WebIdentityToken", AS_TEXT, struct assume, token));

struct assumed {
        char *access_key, *secret, *token, *arn;
        sec_t expires;
};
#define ASSUMED(result)                                                                            \
        FIELD_REQUIRED(result "/Credentials/AccessKeyId", AS_TEXT, struct assumed, access_key),    \
                FIELD_REQUIRED(result "/Credentials/SecretAccessKey", AS_TEXT, struct assumed,     \
                               secret),                                                            \
                FIELD_REQUIRED(result "/Credentials/SessionToken", AS_TEXT, struct assumed,        \
                               token),                                                             \
                FIELD_REQUIRED(result "/Credentials/Expiration", AS_TIME, struct assumed,          \
                               expires),                                                           \
                FIELD(result "/AssumedRoleUser/Arn", AS_TEXT, struct assumed, arn)
SHAPE(assume_role_out, struct assumed, ASSUMED("AssumeRoleResult"));
SHAPE(assume_role_with_web_identity_out, struct assumed,
      ASSUMED("AssumeRoleWithWebIdentityResult"));

const struct action sts_assume_role = {
        .name = "AssumeRole",
        .service = &service_sts,
        .bucket = BUCKET_STS,
        .input = &assume_role_in,
        .output = &assume_role_out,
        .repeatable = true,
};
const struct action sts_assume_role_with_web_identity = {
        .name = "AssumeRoleWithWebIdentity",
        .service = &service_sts,
        .bucket = BUCKET_STS,
        .input = &assume_role_in,
        .output = &assume_role_with_web_identity_out,
        .repeatable = true,
};

/* ---- requests ---- */

struct sts {
        struct service_endpoint *endpoint;
        struct aws_slot *slot;
        const struct action *action;
        struct credentials *credentials; /* of sts_identify(), or NULL */
        char *role;                      /* ARN, for messages */
        const char *source;
        sts_fn *done;
        void *userdata;
};

struct sts *sts_free(struct sts *sts)
{
        if (!sts)
                return NULL;
        aws_slot_free(sts->slot);
        service_endpoint_free(sts->endpoint);
        credentials_unref(sts->credentials);
        free(sts->role);
        free(sts);
        return NULL;
}

static void fail(struct sts *sts, const struct aws_reply *reply)
{
        _cleanup_free_ char *failure =
                aws_describe_failure(reply, sts->action, sts->endpoint->region);
        _cleanup_free_ char *why =
                sts->role ? xasprintf("role %s: %s", sts->role, failure) : xstrdup(failure);

        sts->done(NULL, why, sts->userdata);
}

static void on_identity(const struct aws_reply *reply, void *userdata)
{
        struct sts *sts = userdata;
        const struct identity *identity = reply->output;

        if (reply->outcome != AWS_OK) {
                fail(sts, reply);
                return;
        }
        xreplace(&sts->credentials->account, identity->account);
        xreplace(&sts->credentials->arn, identity->arn);
        sts->done(sts->credentials, NULL, sts->userdata);
}

static void on_assumed(const struct aws_reply *reply, void *userdata)
{
        struct sts *sts = userdata;
        const struct assumed *assumed = reply->output;
        _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
        char account[ACCOUNT_ID_SIZE];

        if (reply->outcome != AWS_OK) {
                fail(sts, reply);
                return;
        }
        credentials = credentials_new(sts->source, assumed->access_key, assumed->secret,
                                      assumed->token, assumed->expires);
        credentials->arn = xstrdup(assumed->arn);
        if (assumed->arn && account_of_arn(assumed->arn, account))
                credentials->account = xstrdup(account);
        sts->done(credentials, NULL, sts->userdata);
}

static struct sts *ask(const struct sts_options *options, const struct action *action,
                       const struct assume *assume, aws_done_fn *answer, sts_fn *done,
                       void *userdata)
{
        struct sts *sts = xnew(struct sts);

        *sts = (struct sts){
                .endpoint =
                        service_endpoint_new(options->tools->loop, &service_sts, options->region,
                                             options->endpoint_url, options->profile, 100),
                .action = action,
                .credentials = credentials_ref(options->credentials),
                .role = assume ? xstrdup(assume->role.arn) : NULL,
                .source = assume ? assume->role.source : NULL,
                .done = done,
                .userdata = userdata,
        };
        sts->slot = call_new(
                &(struct call_options){
                        .tools = options->tools,
                        .endpoint = sts->endpoint,
                        .action = action,
                        .input = assume,
                        .signer = options->signer,
                        .credentials = options->credentials,
                },
                answer, sts);
        return sts;
}

struct sts *sts_identify(const struct sts_options *options, sts_fn *done, void *userdata)
{
        return ask(options, &sts_get_caller_identity, NULL, on_identity, done, userdata);
}

struct sts *sts_assume(const struct sts_options *options, const struct sts_role *role, sts_fn *done,
                       void *userdata)
{
        return ask(options, &sts_assume_role, &(struct assume){ .role = *role }, on_assumed, done,
                   userdata);
}

struct sts *sts_assume_with_token(const struct sts_options *options, const struct sts_role *role,
                                  const char *token, sts_fn *done, void *userdata)
{
        return ask(options, &sts_assume_role_with_web_identity,
                   &(struct assume){ .role = *role, .token = token }, on_assumed, done, userdata);
}
