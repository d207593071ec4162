/* The table of IAM statements, and the documents that are made of it. */
#include "aws/failure/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

static const struct {
        const char *name, *help;
} features[POLICY_FEATURES] = {
        [POLICY_CORE] = { "core", "images of running and stopped instances, and retention" },
        [POLICY_STATUS_CHECKS] = { "status-checks",
                                   "every consistency but crash: is the instance well" },
        [POLICY_STOP] = { "stop", "consistency stop" },
        [POLICY_ENCRYPTED] = { "encrypted", "consistency stop with volumes that are encrypted "
                                            "with a customer managed key" },
        [POLICY_FREEZE] = { "freeze", "consistency freeze, and proof: ssm" },
        [POLICY_TARGET_GROUPS] = { "target-groups",
                                   "reboot and stop with target_groups watch or drain" },
        [POLICY_DRAIN] = { "drain", "target_groups: drain" },
        [POLICY_STANDBY] = { "standby", "auto_scaling: standby" },
        [POLICY_ROLES] = { "roles",
                           "accounts with role_arn: for the identity that takes the role" },
        [POLICY_SESSION_TAGS] = { "session-tags", "accounts with role_arn and session_tags" },
        [POLICY_EXPLAIN] = { "explain", "reads the reason of a denial where EC2 encodes it" },
};

const char *policy_name(enum policy_feature feature)
{
        return features[feature].name;
}

const char *policy_help(enum policy_feature feature)
{
        return features[feature].help;
}

/* ---- the statements ---- */

/* The placeholders {partition} and {owner} in texts stand for the fields of policy_values. */
struct condition {
        const char *operator, * key, *value;
};

struct row {
        enum policy_feature feature;
        const char *sid;
        const char *actions[6];
        const char *resources[3];
        struct condition conditions[3];
        const char *targets;    /* prefix of the condition key for a tag of a target, or NULL */
        const char *within;     /* only for a call of this action ("CreateImage"); NULL: for any */
        const char *not_within; /* not for a call of this action */
        bool named; /* the resource is an example: advice names the resource of the denial */
};

#define INSTANCES "arn:{partition}:ec2:*:*:instance/*"
/* Images and snapshots have no account in their ARN. */
#define IMAGES    "arn:{partition}:ec2:*::image/*"
#define SNAPSHOTS "arn:{partition}:ec2:*::snapshot/*"
#define ROLE      "arn:{partition}:iam::111122223333:role/amid"
#define OURS                                                                                       \
        {                                                                                          \
                "StringEquals", "aws:ResourceTag/amid:owner", "{owner}"                            \
        }

static const struct row rows[] = {
        /* List actions support neither resources nor conditions. DescribeRegions also serves to
         * read AWS's clock. */
        {
                .feature = POLICY_CORE,
                .sid = "Look",
                .actions = { "ec2:DescribeInstances", "ec2:DescribeImages", "ec2:DescribeSnapshots",
                             "ec2:DescribeRegions" },
                .resources = { "*" },
        },
        /* EC2 authorizes CreateImage for the instance, the image and each snapshot. Of these only
         * the instance exists before the call and has tags. */
        {
                .feature = POLICY_CORE,
                .sid = "CreateImagesOfTargets",
                .actions = { "ec2:CreateImage" },
                .resources = { INSTANCES },
                .targets = "aws:ResourceTag/",
        },
        {
                .feature = POLICY_CORE,
                .sid = "CreateImages",
                .actions = { "ec2:CreateImage" },
                .resources = { IMAGES, SNAPSHOTS },
        },
        /* Tags within CreateImage. Their keys come from the settings and from the instance, so
         * aws:TagKeys cannot be limited here. */
        {
                .feature = POLICY_CORE,
                .sid = "TagWhatIsCreated",
                .actions = { "ec2:CreateTags" },
                .resources = { IMAGES, SNAPSHOTS },
                .conditions = { { "StringEquals", "ec2:CreateAction", "CreateImage" },
                                { "StringEquals", "aws:RequestTag/amid:owner", "{owner}" } },
                .within = "CreateImage",
        },
        /* ForAllValues is also true for a request without keys, hence Null. */
        {
                .feature = POLICY_CORE,
                .sid = "RaiseConsistency",
                .actions = { "ec2:CreateTags" },
                .resources = { IMAGES, SNAPSHOTS },
                .conditions = { OURS,
                                { "ForAllValues:StringEquals", "aws:TagKeys", "amid:consistency" },
                                { "Null", "aws:TagKeys", "false" } },
                .not_within = "CreateImage",
        },
        {
                .feature = POLICY_CORE,
                .sid = "RemoveOurs",
                .actions = { "ec2:DeregisterImage", "ec2:DeleteSnapshot" },
                .resources = { IMAGES, SNAPSHOTS },
                .conditions = { OURS },
        },

        /* CreateImage reboots the instance itself: amid does not call ec2:RebootInstances. */
        {
                .feature = POLICY_STATUS_CHECKS,
                .sid = "StatusChecksLook",
                .actions = { "ec2:DescribeInstanceStatus" },
                .resources = { "*" },
        },

        {
                .feature = POLICY_STOP,
                .sid = "StopLook",
                .actions = { "ec2:DescribeInstanceTypes" },
                .resources = { "*" },
        },
        {
                .feature = POLICY_STOP,
                .sid = "StopAndStartTargets",
                .actions = { "ec2:StopInstances", "ec2:StartInstances" },
                .resources = { INSTANCES },
                .targets = "aws:ResourceTag/",
        },
        /* When a start attaches an encrypted volume, EC2 creates a grant in the caller's name.
         * Without the permission the instance goes back to stopped, with Client.InternalError. In
         * China service names end in amazonaws.com.cn. */
        {
                .feature = POLICY_ENCRYPTED,
                .sid = "StartWithEncryptedVolumes",
                .actions = { "kms:CreateGrant" },
                .resources = { "arn:{partition}:kms:*:*:key/*" },
                .conditions = { { "Bool", "kms:GrantIsForAWSResource", "true" },
                                { "StringLike", "kms:ViaService", "ec2.*.amazonaws.com*" } },
                .named = true,
        },

        {
                .feature = POLICY_FREEZE,
                .sid = "FreezeLook",
                .actions = { "ssm:DescribeInstanceInformation", "ssm:GetCommandInvocation",
                             "ssm:ListCommands", "ssm:CancelCommand" },
                .resources = { "*" },
        },
        /* The ARNs of AWS's own documents have no account. No other document may be sent. */
        {
                .feature = POLICY_FREEZE,
                .sid = "FreezeDocument",
                .actions = { "ssm:SendCommand" },
                .resources = { "arn:{partition}:ssm:*::document/AWS-RunShellScript" },
        },
        /* SendCommand has its own condition key for tags: the global aws:ResourceTag would also
         * need aws:ViaAWSService.
         * https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command-setting-up.html
         */
        {
                .feature = POLICY_FREEZE,
                .sid = "FreezeTargets",
                .actions = { "ssm:SendCommand" },
                .resources = { INSTANCES },
                .targets = "ssm:resourceTag/",
        },

        {
                .feature = POLICY_TARGET_GROUPS,
                .sid = "TargetGroupsLook",
                .actions = { "elasticloadbalancing:DescribeTargetGroups",
                             "elasticloadbalancing:DescribeTargetHealth" },
                .resources = { "*" },
        },
        {
                .feature = POLICY_DRAIN,
                .sid = "DrainTargetGroups",
                .actions = { "elasticloadbalancing:DeregisterTargets",
                             "elasticloadbalancing:RegisterTargets" },
                .resources = { "arn:{partition}:elasticloadbalancing:*:*:targetgroup/NAME/*" },
                .named = true,
        },
        {
                .feature = POLICY_STANDBY,
                .sid = "StandbyLook",
                .actions = { "autoscaling:DescribeAutoScalingInstances",
                             "autoscaling:DescribeAutoScalingGroups" },
                .resources = { "*" },
        },
        {
                .feature = POLICY_STANDBY,
                .sid = "StandbyInGroups",
                .actions = { "autoscaling:EnterStandby", "autoscaling:ExitStandby" },
                .resources = { "arn:{partition}:autoscaling:*:*:autoScalingGroup:*:"
                               "autoScalingGroupName/NAME" },
                .named = true,
        },

        {
                .feature = POLICY_ROLES,
                .sid = "TakeRoles",
                .actions = { "sts:AssumeRole" },
                .resources = { ROLE },
                .named = true,
        },
        /* For a role in another account both policies have to allow the tags of the session. */
        {
                .feature = POLICY_SESSION_TAGS,
                .sid = "TagSessions",
                .actions = { "sts:TagSession" },
                .resources = { ROLE },
                .named = true,
        },
        {
                .feature = POLICY_EXPLAIN,
                .sid = "Explain",
                .actions = { "sts:DecodeAuthorizationMessage" },
                .resources = { "*" },
        },
};

/* ---- statements ---- */

/* `text` with its placeholders replaced. Caller frees. */
static char *fill(const char *text, const struct policy_values *values)
{
        const struct {
                const char *name, *value;
        } placeholders[] = { { "{partition}", values->partition }, { "{owner}", values->owner } };
        _cleanup_(text_done) struct text filled = {};

        while (*text) {
                const char *value = NULL;

                for (size_t i = 0; !value && i < ELEMENTS(placeholders); i++)
                        if (startswith(text, placeholders[i].name)) {
                                value = placeholders[i].value;
                                text += strlen(placeholders[i].name);
                        }
                if (value)
                        text_append(&filled, value);
                else
                        text_write(&filled, text++, 1);
        }
        return text_steal(&filled);
}

/* Adds a list of texts; a single text without the list, which IAM also accepts. */
static void add_texts(cJSON *object, const char *key, const char *const *texts, size_t n)
{
        cJSON *list;

        if (n == 1) {
                cJSON_AddStringToObject(object, key, texts[0]);
                return;
        }
        list = cJSON_AddArrayToObject(object, key);
        for (size_t i = 0; i < n; i++)
                cJSON_AddItemToArray(list, cJSON_CreateString(texts[i]));
}

static cJSON *operator_of(cJSON *conditions, const char *operator)
{
        cJSON *found = cJSON_GetObjectItemCaseSensitive(conditions, operator);

        return found ? found : cJSON_AddObjectToObject(conditions, operator);
}

static void add_conditions(cJSON *statement, const struct row *row,
                           const struct policy_values *values, const struct policy_targets *targets)
{
        cJSON *conditions = cJSON_CreateObject();

        for (size_t i = 0; i < ELEMENTS(row->conditions) && row->conditions[i].key; i++) {
                const struct condition *condition = &row->conditions[i];
                _cleanup_free_ char *value = fill(condition->value, values);

                cJSON_AddStringToObject(operator_of(conditions, condition->operator),
                                        condition->key, value);
        }
        for (size_t i = 0; targets && i < targets->n_tags; i++) {
                const struct policy_tag *tag = &targets->tags[i];
                _cleanup_free_ char *key = xasprintf("%s%s", row->targets, tag->key);

                add_texts(operator_of(conditions, "StringEquals"), key, tag->values, tag->n_values);
        }
        if (conditions->child)
                cJSON_AddItemToObject(statement, "Condition", conditions);
        else
                cJSON_Delete(conditions);
}

static void add_resources(cJSON *statement, const struct row *row,
                          const struct policy_values *values, const struct policy_targets *targets)
{
        char **resources = NULL;
        size_t n = 0;

        if (targets && targets->n_ids) {
                for (size_t i = 0; i < targets->n_ids; i++)
                        *append(resources, n) = xasprintf("arn:%s:ec2:*:*:instance/%s",
                                                          values->partition, targets->ids[i]);
        } else if (streq(row->resources[0], ROLE) && values->n_roles) {
                for (size_t i = 0; i < values->n_roles; i++)
                        *append(resources, n) = xstrdup(values->roles[i]);
        } else {
                for (size_t i = 0; i < ELEMENTS(row->resources) && row->resources[i]; i++)
                        *append(resources, n) = fill(row->resources[i], values);
        }
        add_texts(statement, "Resource", (const char *const *)resources, n);
        strings_free(resources, n);
}

/* `number` > 0 is added to the Sid, which has to be unique in a document with several targets. */
static cJSON *make(const struct row *row, const char *action, const struct policy_values *values,
                   const struct policy_targets *targets, size_t number)
{
        cJSON *statement = cJSON_CreateObject();
        _cleanup_free_ char *sid =
                number ? xasprintf("%s%zu", row->sid, number) : xstrdup(row->sid);
        const char *actions[ELEMENTS(row->actions)] = {};
        size_t n = 0;

        cJSON_AddStringToObject(statement, "Sid", sid);
        cJSON_AddStringToObject(statement, "Effect", "Allow");
        for (size_t i = 0; i < ELEMENTS(row->actions) && row->actions[i]; i++)
                if (!action || streq(action, row->actions[i]))
                        actions[n++] = row->actions[i];
        add_texts(statement, "Action", actions, n);
        add_resources(statement, row, values, targets);
        add_conditions(statement, row, values, targets);
        return statement;
}

/* ---- documents ---- */

const struct policy_values policy_example = {
        .partition = "aws",
        .owner = "amid",
        .targets =
                &(const struct policy_targets){
                        .set = ~0U,
                        .tags =
                                &(const struct policy_tag){
                                        .key = "Backup",
                                        .values = (const char *const[]){ "nightly" },
                                        .n_values = 1 },
                        .n_tags = 1 },
        .n_targets = 1,
};

cJSON *policy_document(unsigned int set, const struct policy_values *values)
{
        cJSON *document = cJSON_CreateObject();
        cJSON *statements;

        cJSON_AddStringToObject(document, "Version", "2012-10-17");
        statements = cJSON_AddArrayToObject(document, "Statement");
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                if (!(set & 1U << rows[i].feature))
                        continue;
                if (!rows[i].targets)
                        cJSON_AddItemToArray(statements, make(&rows[i], NULL, values, NULL, 0));
                for (size_t j = 0; rows[i].targets && j < values->n_targets; j++)
                        if (values->targets[j].set & 1U << rows[i].feature)
                                cJSON_AddItemToArray(statements,
                                                     make(&rows[i], NULL, values,
                                                          &values->targets[j],
                                                          values->n_targets > 1 ? j + 1 : 0));
        }
        return document;
}

/* ---- advice ---- */

/* "instance" of arn:aws:ec2:us-east-1:111122223333:instance/i-1. Caller frees. */
static char *kind_of(const char *arn)
{
        const char *kind = arn;

        for (int i = 0; i < 5; i++) {
                kind = strchr(kind, ':');
                if (!kind)
                        return xstrdup("");
                kind++;
        }
        return xstrndup(kind, strcspn(kind, ":/"));
}

static bool is_for(const struct row *row, const char *resource)
{
        _cleanup_free_ char *kind = kind_of(resource);

        if (!*kind || streq(row->resources[0], "*"))
                return true;
        for (size_t i = 0; i < ELEMENTS(row->resources) && row->resources[i]; i++) {
                _cleanup_free_ char *own = kind_of(row->resources[i]);

                if (streq(own, kind))
                        return true;
        }
        return false;
}

static bool fits(const struct row *row, const char *action, const char *called,
                 const char *resource)
{
        bool has_action = false;

        for (size_t i = 0; i < ELEMENTS(row->actions) && row->actions[i]; i++)
                has_action = has_action || streq(row->actions[i], action);
        return has_action && (!row->within || streq(row->within, called)) &&
               (!row->not_within || !streq(row->not_within, called)) && is_for(row, resource);
}

static const struct row *find_row(const char *action, const char *called, const char *resource,
                                  size_t n)
{
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (fits(&rows[i], action, called, resource) && n-- == 0)
                        return &rows[i];
        return NULL;
}

bool policy_find(const char *action, const char *called, const char *resource,
                 const struct policy_values *values, size_t i, struct policy_statement *ret)
{
        static const char *const value[] = { "VALUE" };
        static const struct policy_tag tag = { .key = "TAG", .values = value, .n_values = 1 };
        static const struct policy_targets unknown = { .tags = &tag, .n_tags = 1 };
        const struct row *row = find_row(action, called, resource, i);
        const struct policy_targets *targets = values->n_targets ? values->targets : &unknown;
        cJSON *statement;
        char *printed;

        if (!row)
                return false;
        statement = make(row, action, values, row->targets ? targets : NULL, 0);
        if (row->named && !streq(resource, "*"))
                cJSON_ReplaceItemInObjectCaseSensitive(statement, "Resource",
                                                       cJSON_CreateString(resource));
        printed = cJSON_PrintUnformatted(statement);
        *ret = (struct policy_statement){ .feature = row->feature,
                                          .sid = row->sid,
                                          .text = xstrdup(printed) };
        cJSON_free(printed);
        cJSON_Delete(statement);
        return true;
}
