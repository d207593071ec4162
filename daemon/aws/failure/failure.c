/* Describes failed calls: outcome, code, message, and a hint by code. */
#include "aws/failure/failure.h"

#include <string.h>

#include "aws/failure/denial.h"
#include "base/alloc.h"
#include "base/text.h"

#define NO_AGENT                                                                                   \
        "Systems Manager does not reach it: the SSM agent has to run, and the instance profile "   \
        "to allow it (AmazonSSMManagedInstanceCore)"

static const struct hint {
        const char *code, *advice; /* %s: the action */
        bool prefix;               /* `code` is the beginning of codes */
} hints[] = {
        { "RegionDisabledException", "STS is switched off in this region for the account", false },
        { "InvalidIdentityToken", "the token file holds no token the role trusts", false },
        { "OptInRequired", "enable the region, or subscribe the account to EC2", false },
        { "AuthFailure",
          "check the credentials, and that the region is enabled for the account; EC2 also says "
          "this of "
          "what another account owns",
          false },
        { "SignatureDoesNotMatch", "check the secret key", false },
        { "InvalidClientTokenId", "this access key does not exist or is not active", false },
        { "UnrecognizedClientException", "this access key does not exist or is not active", false },
        { "ExpiredToken", "the session token ran out: provide new credentials", true },
        { "RequestExpired", "check this machine's clock, then whether the session token ran out",
          false },
        { "RequestTimeTooSkewed", "check this machine's clock", false },
        { "RequestInTheFuture", "check this machine's clock", false },
        { "RequestLimitExceeded", "others in this account use up its quota of %s", false },
        { "Throttling", "others in this account use up its quota of %s", true },
        { "PendingVerification", "AWS is still verifying the account", false },
        { "Blocked", "the account is blocked: talk to AWS Support", false },
        { "InsufficientInstanceCapacity", "AWS has no room in this zone now: wait minutes", false },
        { "SnapshotLimitExceeded", "raise the quota of snapshots, or keep fewer", false },
        { "PendingSnapshotLimitExceeded", "too many snapshots at once: run fewer images together",
          false },
        { "ResourceLimitExceeded", "too many at once, or a quota to be raised", false },
        { "TagPolicyViolation", "a tag policy of the organization forbids one of the tags", false },
        { "TagLimitExceeded", "50 tags is the most: copy or set fewer", false },
        { "OperationNotPermitted", "it is protected: amid does not lift protections", false },
        { "IncorrectInstanceState", "it is on its way to another state: wait", false },
        { "InvalidInstanceId", NO_AGENT, false }, /* Systems Manager; EC2's code ends in ID */
        { "TargetNotConnected", NO_AGENT, false },
        { "UnsupportedPlatformType", "shell scripts run on Linux only", false },
        { "InvocationDoesNotExist", "it takes seconds until a command is there", false },
        { "InvalidTarget", "a target has to run, and in the network of its group", false },
        { "TargetGroupNotFound", "the target group was removed", true },
        { "ResourceContention", "the group is being changed by somebody else", true },
};

static const struct hint *find_hint(const char *code)
{
        for (size_t i = 0; code && i < ELEMENTS(hints); i++)
                if (hints[i].prefix ? startswith(code, hints[i].code) != NULL
                                    : streq(code, hints[i].code))
                        return &hints[i];
        return NULL;
}

/* Fills the action into the %s of the hint's text. printf() is not used: the format is not literal.
 */
static void write_hint(struct text *text, const struct hint *hint, const char *action)
{
        const char *at = strstr(hint->advice, "%s");
        size_t size = at ? (size_t)(at - hint->advice) : strlen(hint->advice);

        text_append(text, "; ");
        text_write(text, hint->advice, size);
        if (at)
                text_printf(text, "%s%s", action, at + 2);
}

static const char encoded[] = " Encoded authorization failure message:";

static void write_message(struct text *text, const struct aws_reply *reply)
{
        const char *secret = reply->message ? strstr(reply->message, encoded) : NULL;

        /* The encoded part, about 700 characters, is left out: only STS can decode it. */
        if (reply->message)
                text_printf(text, ": %.*s",
                            (int)(secret ? (size_t)(secret - reply->message)
                                         : strlen(reply->message)),
                            reply->message);
}

static void write_request(struct text *text, const struct aws_reply *reply)
{
        if (reply->request_id)
                text_printf(text, " (request %s)", reply->request_id);
        if (reply->attempts > 1)
                text_printf(text, " after %u attempts", reply->attempts);
}

static void write_advice(struct text *text, const struct aws_reply *reply,
                         const struct action *action, const char *region)
{
        const struct hint *hint = find_hint(reply->code);

        if (reply->elsewhere)
                text_append(text, "; AWS takes this key elsewhere, so it is this region that "
                                  "refuses it: enable the region for the account, or take it out "
                                  "of 'regions'");
        else if (denial_is(reply))
                denial_advise(text, reply, action, region);
        else if (hint)
                write_hint(text, hint, action->name);
}

bool aws_may_have_acted(const struct aws_reply *reply)
{
        return reply->may_have_acted || reply->outcome == AWS_UNKNOWN ||
               reply->outcome == AWS_UNREACHABLE;
}

char *aws_describe_failure(const struct aws_reply *reply, const struct action *action,
                           const char *region)
{
        _cleanup_(text_done) struct text text = {};
        const char *service = action->service->name, *name = action->name;
        enum aws_outcome outcome = reply->outcome;

        if (outcome == AWS_UNSIGNED && reply->code)
                outcome = AWS_ERROR; /* AWS answered: it refused the credentials */
        switch (outcome) {
        case AWS_OK:
                text_printf(&text, "%s:%s in %s went well", service, name, region);
                break;
        case AWS_ERROR:
                text_printf(&text, "AWS answered %s to %s:%s in %s", reply->code, service, name,
                            region);
                break;
        case AWS_UNKNOWN:
                text_printf(&text, "%s:%s in %s was sent, but it is not known whether it happened",
                            service, name, region);
                break;
        case AWS_UNREACHABLE:
                text_printf(&text, "%s:%s in %s was not answered%s", service, name, region,
                            reply->status >= 200 && reply->status < 300 ? " in full" : "");
                break;
        case AWS_UNSIGNED:
                text_printf(&text, "%s:%s in %s was not sent", service, name, region);
                break;
        }
        write_message(&text, reply);
        write_request(&text, reply);
        write_advice(&text, reply, action, region);
        return text_steal(&text);
}

void aws_describe_refusal(const struct aws_reply *reply, const struct action *action,
                          const char *region, char **ret_what, char **ret_more)
{
        _cleanup_(text_done) struct text what = {}, more = {};

        if (reply->code) {
                text_printf(&what, "%s refused: %s", action->name, reply->code);
                write_message(&more, reply);
        } else {
                text_printf(&what, "%s not %s", action->name,
                            reply->outcome == AWS_UNSIGNED ? "sent" : "answered");
                write_message(&what, reply);
        }
        write_advice(&more, reply, action, region);
        *ret_what = text_steal(&what);
        *ret_more = text_steal(&more);
}
