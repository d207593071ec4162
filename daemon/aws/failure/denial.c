/* Reads the message of a denial, and writes the statement that would allow the action. */
#include "aws/failure/denial.h"

#include <stdlib.h>
#include <string.h>

#include "aws/config/endpoint.h"
#include "aws/failure/policy.h"
#include "base/alloc.h"

/* The action, resource and identity that a message of AWS names; strings are owned. */
struct denial {
        char *who, *principal; /* the caller in the form of CloudTrail and of policies; or NULL */
        char *action;
        char *resource; /* "*" when the message names none */

        const char *partition, *owner; /* borrowed: for statements */
};

bool denial_is(const struct aws_reply *reply)
{
        static const char *const codes[] = { "UnauthorizedOperation", /* EC2 */
                                             "AccessDenied", "AccessDeniedException",
                                             "KMSAccessDeniedException" };

        for (size_t i = 0; reply->outcome == AWS_ERROR && i < ELEMENTS(codes); i++)
                if (streq(reply->code, codes[i]))
                        return true;
        return false;
}

/* ---- the message ---- */

/* The word behind `words` in a message, or NULL. Caller frees. */
static char *word_after(const char *message, const char *words)
{
        const char *word = message ? strstr(message, words) : NULL;
        size_t size;

        if (!word)
                return NULL;
        word += strlen(words);
        size = strcspn(word, " \"\\\t\r\n");
        while (size > 0 && strchr(".,;", word[size - 1]))
                size--;
        return size > 0 ? xstrndup(word, size) : NULL;
}

/* arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION is a session of arn:aws:iam::ACCOUNT:role/NAME.
 * The ARN of the session does not have the path of the role, so a role with a path is named
 * wrongly. */
static char *principal_of(const char *who)
{
        const char *sts = who ? strstr(who, ":sts::") : NULL;
        const char *name = who ? strstr(who, ":assumed-role/") : NULL;

        if (!sts || !name || name < sts)
                return xstrdup(who);
        name += strlen(":assumed-role/");
        return xasprintf("%.*s:iam::%.*s:role/%.*s", (int)(sts - who), who,
                         (int)strcspn(sts + 6, ":"), sts + 6, (int)strcspn(name, "/"), name);
}

/* Replaces arn:aws:ec2:REGION:ACCOUNT:KIND/ID by all resources of that kind, because AWS would
 * refuse the next resource as well. ARNs of keys and roles stay as they are. */
static char *widen(char *resource)
{
        _cleanup_free_ char *narrow = resource;
        const char *part = strstr(resource, ":ec2:"), *rest, *slash;

        if (!part)
                return steal(narrow);
        rest = strchr(part + 5, ':');
        slash = rest ? strchr(rest, '/') : NULL;
        return slash ? xasprintf("%.*s*%.*s/*", (int)(part + 5 - resource), resource,
                                 (int)(slash - rest), rest)
                     : steal(narrow);
}

static void denial_read(struct denial *denial, const char *message, const struct action *action)
{
        denial->who = word_after(message, "User: ");
        denial->principal = principal_of(denial->who);
        denial->action = word_after(message, "not authorized to perform: ");
        if (!denial->action)
                denial->action = xasprintf("%s:%s", action->service->name, action->name);
        denial->resource = word_after(message, " on resource: ");
        denial->resource = denial->resource ? widen(denial->resource) : xstrdup("*");
}

static void denial_done(struct denial *denial)
{
        free(denial->who);
        free(denial->principal);
        free(denial->action);
        free(denial->resource);
}

/* ---- statements ---- */

/* Statements for a policy of the caller, from the table of policy.h. An action outside of that
 * table (on a key, a role) is allowed on the one resource. */
static void write_permission(struct text *text, const struct denial *denial,
                             const struct action *action)
{
        const struct policy_values values = { .partition = denial->partition,
                                              .owner = denial->owner };
        struct policy_statement statement;
        size_t n = 0;

        for (; policy_find(denial->action, action->name, denial->resource, &values, n, &statement);
             n++) {
                text_printf(text, "%s%s", n ? ", " : "", statement.text);
                free(statement.text);
        }
        if (!n)
                text_printf(text, "{\"Effect\":\"Allow\",\"Action\":\"%s\",\"Resource\":\"%s\"}",
                            denial->action, denial->resource);
}

/* " (policy/core.json: RemoveOurs)": the file and the Sids of the statements. */
static void write_file(struct text *text, const struct denial *denial, const struct action *action)
{
        const struct policy_values values = { .partition = "aws", .owner = "" };
        struct policy_statement statement;
        size_t n = 0;

        for (; policy_find(denial->action, action->name, denial->resource, &values, n, &statement);
             n++) {
                if (n)
                        text_printf(text, ", %s", statement.sid);
                else
                        text_printf(text, " (policy/%s.json: %s", policy_name(statement.feature),
                                    statement.sid);
                free(statement.text);
        }
        if (n)
                text_append(text, ")");
}

/* Conditions in the policy of a role or a key. A role in a customer's account requires the
 * external_id of the settings. A grant on a key is only for EC2, which attaches the volume. */
static const struct {
        const char *action, *condition, *note;
} narrowing[] = {
        { "sts:AssumeRole", "{\"StringEquals\":{\"sts:ExternalId\":\"EXTERNAL-ID\"}}",
          ", where EXTERNAL-ID is the external_id of the settings" },
        { "kms:CreateGrant", "{\"Bool\":{\"kms:GrantIsForAWSResource\":\"true\"}}", "" },
};

/* A statement for a resource-based policy: a role's trust policy (`resource` NULL) or a key policy.
 */
static void write_trust(struct text *text, const struct denial *denial, const char *resource)
{
        const char *note = "";

        text_append(text, "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":");
        text_printf(text, "\"%s\"},\"Action\":\"%s\"",
                    denial->principal ? denial->principal : "WHO ASKS", denial->action);
        if (resource)
                text_printf(text, ",\"Resource\":\"%s\"", resource);
        for (size_t i = 0; i < ELEMENTS(narrowing); i++)
                if (streq(narrowing[i].action, denial->action)) {
                        text_printf(text, ",\"Condition\":%s", narrowing[i].condition);
                        note = narrowing[i].note;
                }
        text_printf(text, "}%s", note);
}

/* ---- advice ---- */

enum policy { POLICY_IDENTITY, POLICY_RESOURCE, POLICY_LIMIT };

/* The kinds of policies by their names in AWS's messages. */
static const struct {
        const char *name;
        enum policy kind;
} policies[] = {
        { "identity-based policy", POLICY_IDENTITY }, { "resource-based policy", POLICY_RESOURCE },
        { "role trust policy", POLICY_RESOURCE },     { "service control policy", POLICY_LIMIT },
        { "resource control policy", POLICY_LIMIT },  { "permissions boundary", POLICY_LIMIT },
        { "session policy", POLICY_LIMIT },           { "VPC endpoint policy", POLICY_LIMIT },
};

/* The index in `policies` of the kind that the message names after `before`, or -1. */
static int find_policy(const char *message, const char *before)
{
        const char *at = message ? strstr(message, before) : NULL;

        for (size_t i = 0; at && i < ELEMENTS(policies); i++) {
                const char *name = strstr(at, policies[i].name);

                /* Between them stands an article at most. */
                if (name && name - at <= (long)strlen(before) + 3)
                        return (int)i;
        }
        return -1;
}

static void advise_deny(struct text *text, const struct denial *denial, int policy)
{
        text_append(text, "; an explicit deny");
        if (policy >= 0)
                text_printf(text, " in a%s %s", policies[policy].kind == POLICY_IDENTITY ? "n" : "",
                            policies[policy].name);
        text_printf(
                text,
                " forbids it, which no permission outweighs: there, %s on %s has to be excepted",
                denial->action, denial->resource);
        if (denial->principal)
                text_printf(text, " for %s", denial->principal);
}

static void advise_identity(struct text *text, const struct denial *denial,
                            const struct action *action)
{
        text_printf(text, "; allow it to %s in IAM",
                    denial->principal ? denial->principal : "this identity");
        write_file(text, denial, action);
        text_append(text, ": ");
        write_permission(text, denial, action);
}

static void advise_resource(struct text *text, const struct denial *denial)
{
        if (startswith(denial->action, "sts:")) {
                text_printf(text, "; allow it in the trust policy of %s: ", denial->resource);
                write_trust(text, denial, NULL);
        } else if (startswith(denial->action, "kms:")) {
                text_append(text, "; allow it in the policy of the key: ");
                write_trust(text, denial, "*");
        } else {
                text_append(text, "; allow it in the policy of the resource: ");
                write_trust(text, denial, denial->resource);
        }
}

/* Both policies have to allow the action, and the message does not say which of them lacks it. */
static void advise_both(struct text *text, const struct denial *denial, const struct action *action)
{
        advise_identity(text, denial, action);
        text_append(text, startswith(denial->action, "sts:")
                                  ? " and in the role's trust policy, if its conditions (external "
                                    "id, tags) are met: "
                                  : " and in the key's policy: ");
        write_trust(text, denial, startswith(denial->action, "sts:") ? NULL : "*");
}

static void advise(struct text *text, const struct denial *denial, const struct action *action,
                   const char *message)
{
        int lacking = find_policy(message, "because no ");
        bool two_sides = startswith(denial->action, "sts:") || startswith(denial->action, "kms:");

        if (message && strstr(message, "explicit deny")) {
                advise_deny(text, denial, find_policy(message, "explicit deny in a"));
        } else if (streq(action->name, "AssumeRoleWithWebIdentity")) {
                text_append(text, "; the role's trust policy has to name the provider of the token "
                                  "(Principal, Federated), with conditions that the token meets");
        } else if (lacking < 0 && two_sides) {
                advise_both(text, denial, action);
        } else if (lacking < 0 || policies[lacking].kind == POLICY_IDENTITY) {
                advise_identity(text, denial, action);
        } else if (policies[lacking].kind == POLICY_RESOURCE) {
                advise_resource(text, denial);
        } else {
                text_printf(text, "; the %s has to allow it as well: ", policies[lacking].name);
                write_permission(text, denial, action);
        }
}

void denial_advise(struct text *text, const struct aws_reply *reply, const struct action *action,
                   const char *region)
{
        _cleanup_(denial_done) struct denial denial = {
                .partition = endpoint_partition(region),
                .owner = reply->owner ? reply->owner : "OWNER",
        };

        denial_read(&denial, reply->message, action);
        advise(text, &denial, action, reply->message);
}
