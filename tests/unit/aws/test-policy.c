/* The IAM policies of config/policy/ allow what amid calls, each in the file of its feature, on
 * what is ours and on the targets, and nothing else. */
#include "unit/aws/policy.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "aws/actions.h"
#include "aws/explain.h"
#include "aws/policy.h"
#include "base/cleanup.h"

#define FOLDER "config/policy" /* make runs tests at the top of the tree */

enum { FILE_MAX = 16384 };

/* All of a file, NUL-terminated. Caller frees. */
static char *slurp(const char *name)
{
        _cleanup_free_ char *path = xasprintf(FOLDER "/%s.json", name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char *text = xcalloc(FILE_MAX + 1, 1);

        if (fd < 0 || read(fd, text, FILE_MAX) < 0)
                fail_msg("%s cannot be read", path);
        return text;
}

static cJSON *read_document(const char *name)
{
        _cleanup_free_ char *text = slurp(name);
        cJSON *document = cJSON_Parse(text);

        assert_non_null(document);
        assert_string_equal(policy_text(document, "Version", 0), "2012-10-17");
        return document;
}

static void test_the_files_are_what_the_table_prints(void **state)
{
        (void)state;
        for (int feature = 0; feature < POLICY_FEATURES; feature++) {
                _cleanup_free_ char *text = slurp(policy_name((enum policy_feature)feature));
                cJSON *document = policy_document(1U << feature, &policy_example);
                char *printed = cJSON_Print(document);
                _cleanup_free_ char *line = xasprintf("%s\n", printed);

                assert_string_equal(text, line); /* else: make print */
                cJSON_free(printed);
                cJSON_Delete(document);
        }
}

/* ---- every action in its file ---- */

static const struct placed {
        const char *action;
        enum policy_feature feature;
} placed[] = {
        { "ec2:DescribeInstances", POLICY_CORE },
        { "ec2:DescribeImages", POLICY_CORE },
        { "ec2:DescribeSnapshots", POLICY_CORE },
        { "ec2:CreateImage", POLICY_CORE },
        { "ec2:CreateTags", POLICY_CORE },
        { "ec2:DeregisterImage", POLICY_CORE },
        { "ec2:DeleteSnapshot", POLICY_CORE },
        { "ec2:DescribeInstanceStatus", POLICY_STATUS_CHECKS },
        { "ec2:DescribeInstanceTypes", POLICY_STOP },
        { "ec2:StopInstances", POLICY_STOP },
        { "ec2:StartInstances", POLICY_STOP },
        /* EC2 calls it in the name of who calls StartInstances. */
        { "kms:CreateGrant", POLICY_ENCRYPTED },
        { "ssm:DescribeInstanceInformation", POLICY_FREEZE },
        { "ssm:GetCommandInvocation", POLICY_FREEZE },
        { "ssm:ListCommands", POLICY_FREEZE },
        { "ssm:CancelCommand", POLICY_FREEZE },
        { "ssm:SendCommand", POLICY_FREEZE },
        { "elasticloadbalancing:DescribeTargetGroups", POLICY_TARGET_GROUPS },
        { "elasticloadbalancing:DescribeTargetHealth", POLICY_TARGET_GROUPS },
        { "elasticloadbalancing:RegisterTargets", POLICY_DRAIN },
        { "elasticloadbalancing:DeregisterTargets", POLICY_DRAIN },
        { "autoscaling:DescribeAutoScalingInstances", POLICY_STANDBY },
        { "autoscaling:DescribeAutoScalingGroups", POLICY_STANDBY },
        { "autoscaling:EnterStandby", POLICY_STANDBY },
        { "autoscaling:ExitStandby", POLICY_STANDBY },
        { "ec2:DescribeRegions", POLICY_REGIONS },
        { "sts:AssumeRole", POLICY_ROLES },
        { "sts:DecodeAuthorizationMessage", POLICY_EXPLAIN },
};

static const struct placed *place_of(const char *action)
{
        for (size_t i = 0; i < ELEMENTS(placed); i++)
                if (streq(placed[i].action, action))
                        return &placed[i];
        return NULL;
}

/* Everybody may ask who he is, and a token is all that a web identity has. */
static bool needs_no_statement(const struct action *action)
{
        return action == &sts_get_caller_identity || action == &sts_assume_role_with_web_identity;
}

static void test_every_action_of_the_program_has_a_file(void **state)
{
        (void)state;
        for (size_t i = 0; aws_actions[i]; i++) {
                _cleanup_free_ char *name =
                        xasprintf("%s:%s", aws_actions[i]->service->name, aws_actions[i]->name);

                if (!place_of(name) != needs_no_statement(aws_actions[i]))
                        fail_msg("%s: has a file: %d", name, !!place_of(name));
        }
}

static bool is_called(const char *action)
{
        for (size_t i = 0; aws_actions[i]; i++) {
                _cleanup_free_ char *name =
                        xasprintf("%s:%s", aws_actions[i]->service->name, aws_actions[i]->name);

                if (streq(name, action))
                        return true;
        }
        return streq(action, "kms:CreateGrant");
}

static void test_each_file_allows_the_actions_of_its_feature_and_no_other(void **state)
{
        size_t found[ELEMENTS(placed)] = {};

        (void)state;
        for (int feature = 0; feature < POLICY_FEATURES; feature++) {
                cJSON *document = read_document(policy_name((enum policy_feature)feature));
                const cJSON *statement;
                const char *action;

                cJSON_ArrayForEach (statement,
                                    cJSON_GetObjectItemCaseSensitive(document, "Statement")) {
                        assert_null(cJSON_GetObjectItemCaseSensitive(statement, "NotAction"));
                        assert_null(cJSON_GetObjectItemCaseSensitive(statement, "Principal"));
                        for (int i = 0; (action = policy_text(statement, "Action", i)); i++) {
                                const struct placed *place = place_of(action);

                                if (!place || (int)place->feature != feature || !is_called(action))
                                        fail_msg("%s does not belong into %s", action,
                                                 policy_name((enum policy_feature)feature));
                                found[place - placed]++;
                        }
                }
                cJSON_Delete(document);
        }
        for (size_t i = 0; i < ELEMENTS(placed); i++)
                if (!found[i])
                        fail_msg("%s is allowed nowhere", placed[i].action);
}

/* ---- who may do what: our own documents, evaluated ---- */

#define INSTANCE "arn:aws:ec2:eu-west-1:111122223333:instance/i-1"
#define IMAGE    "arn:aws:ec2:eu-west-1::image/ami-1"
#define SNAPSHOT "arn:aws:ec2:eu-west-1::snapshot/snap-1"
#define KEY      "arn:aws:kms:eu-west-1:111122223333:key/1"
#define GROUP    "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/"
#define SCALING                                                                                    \
        "arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:1:autoScalingGroupName/"
#define OWNER  "aws:ResourceTag/amid:owner"
#define TARGET "aws:ResourceTag/Backup"

static const struct decision {
        const char *name;
        enum policy_feature feature;
        struct asked asked;
        bool allowed;
} decisions[] = {
        { "an image of a target",
          POLICY_CORE,
          { "ec2:CreateImage", INSTANCE, { { TARGET, { "nightly" } } } },
          true },
        { "an image of an instance without the tag",
          POLICY_CORE,
          { "ec2:CreateImage", INSTANCE, {} },
          false },
        { "an image of an instance whose tag says otherwise",
          POLICY_CORE,
          { "ec2:CreateImage", INSTANCE, { { TARGET, { "never" } } } },
          false },
        { "an image, the thing itself", POLICY_CORE, { "ec2:CreateImage", IMAGE, {} }, true },
        { "a snapshot, the thing itself", POLICY_CORE, { "ec2:CreateImage", SNAPSHOT, {} }, true },
        { "tags in the create call",
          POLICY_CORE,
          { "ec2:CreateTags",
            IMAGE,
            { { "ec2:CreateAction", { "CreateImage" } },
              { "aws:RequestTag/amid:owner", { "amid" } },
              { "aws:TagKeys", { "amid:owner", "amid:daemon", "Team" } } } },
          true },
        { "tags in the create call that name another owner",
          POLICY_CORE,
          { "ec2:CreateTags",
            IMAGE,
            { { "ec2:CreateAction", { "CreateImage" } },
              { "aws:RequestTag/amid:owner", { "other" } },
              { "aws:TagKeys", { "amid:owner" } } } },
          false },
        { "tags in the create call without owner",
          POLICY_CORE,
          { "ec2:CreateTags",
            SNAPSHOT,
            { { "ec2:CreateAction", { "CreateImage" } }, { "aws:TagKeys", { "Team" } } } },
          false },
        { "tags in a copy",
          POLICY_CORE,
          { "ec2:CreateTags",
            IMAGE,
            { { "ec2:CreateAction", { "CopyImage" } },
              { "aws:RequestTag/amid:owner", { "amid" } },
              { "aws:TagKeys", { "amid:owner" } } } },
          false },
        { "our owner on the image of a stranger",
          POLICY_CORE,
          { "ec2:CreateTags",
            IMAGE,
            { { "aws:RequestTag/amid:owner", { "amid" } }, { "aws:TagKeys", { "amid:owner" } } } },
          false },
        { "consistency on the image of a stranger",
          POLICY_CORE,
          { "ec2:CreateTags", IMAGE, { { "aws:TagKeys", { "amid:consistency" } } } },
          false },
        { "consistency on our image",
          POLICY_CORE,
          { "ec2:CreateTags",
            IMAGE,
            { { OWNER, { "amid" } }, { "aws:TagKeys", { "amid:consistency" } } } },
          true },
        { "consistency on our snapshot",
          POLICY_CORE,
          { "ec2:CreateTags",
            SNAPSHOT,
            { { OWNER, { "amid" } }, { "aws:TagKeys", { "amid:consistency" } } } },
          true },
        { "another schedule on our image",
          POLICY_CORE,
          { "ec2:CreateTags",
            IMAGE,
            { { OWNER, { "amid" } }, { "aws:TagKeys", { "amid:consistency", "amid:schedule" } } } },
          false },
        { "no tag at all on our image",
          POLICY_CORE,
          { "ec2:CreateTags", IMAGE, { { OWNER, { "amid" } } } },
          false },
        { "tags on an instance",
          POLICY_CORE,
          { "ec2:CreateTags",
            INSTANCE,
            { { OWNER, { "amid" } }, { "aws:TagKeys", { "amid:consistency" } } } },
          false },
        { "removal of our image",
          POLICY_CORE,
          { "ec2:DeregisterImage", IMAGE, { { OWNER, { "amid" } } } },
          true },
        { "removal of our snapshot",
          POLICY_CORE,
          { "ec2:DeleteSnapshot", SNAPSHOT, { { OWNER, { "amid" } } } },
          true },
        { "removal of the image of a stranger",
          POLICY_CORE,
          { "ec2:DeregisterImage", IMAGE, {} },
          false },
        { "removal of the image of another installation",
          POLICY_CORE,
          { "ec2:DeregisterImage", IMAGE, { { OWNER, { "other" } } } },
          false },
        { "removal of the snapshot of a stranger",
          POLICY_CORE,
          { "ec2:DeleteSnapshot", SNAPSHOT, {} },
          false },
        { "a stop by the core", POLICY_CORE, { "ec2:StopInstances", INSTANCE, {} }, false },

        { "a stop of a target",
          POLICY_STOP,
          { "ec2:StopInstances", INSTANCE, { { TARGET, { "nightly" } } } },
          true },
        { "a start of a target",
          POLICY_STOP,
          { "ec2:StartInstances", INSTANCE, { { TARGET, { "nightly" } } } },
          true },
        { "a stop of another instance", POLICY_STOP, { "ec2:StopInstances", INSTANCE, {} }, false },
        { "a start of another instance",
          POLICY_STOP,
          { "ec2:StartInstances", INSTANCE, { { TARGET, { "never" } } } },
          false },

        { "a grant for a volume at the start",
          POLICY_ENCRYPTED,
          { "kms:CreateGrant",
            KEY,
            { { "kms:GrantIsForAWSResource", { "true" } },
              { "kms:ViaService", { "ec2.eu-west-1.amazonaws.com" } } } },
          true },
        { "a grant for somebody",
          POLICY_ENCRYPTED,
          { "kms:CreateGrant",
            KEY,
            { { "kms:GrantIsForAWSResource", { "false" } },
              { "kms:ViaService", { "ec2.eu-west-1.amazonaws.com" } } } },
          false },
        { "a grant through another service",
          POLICY_ENCRYPTED,
          { "kms:CreateGrant",
            KEY,
            { { "kms:GrantIsForAWSResource", { "true" } },
              { "kms:ViaService", { "rds.eu-west-1.amazonaws.com" } } } },
          false },
        { "a grant asked for directly",
          POLICY_ENCRYPTED,
          { "kms:CreateGrant", KEY, { { "kms:GrantIsForAWSResource", { "true" } } } },
          false },

        { "a command to a target",
          POLICY_FREEZE,
          { "ssm:SendCommand", INSTANCE, { { "ssm:resourceTag/Backup", { "nightly" } } } },
          true },
        { "a command to an instance without the tag",
          POLICY_FREEZE,
          { "ssm:SendCommand", INSTANCE, {} },
          false },
        { "the shell document of AWS",
          POLICY_FREEZE,
          { "ssm:SendCommand", "arn:aws:ssm:eu-west-1::document/AWS-RunShellScript", {} },
          true },
        { "another document",
          POLICY_FREEZE,
          { "ssm:SendCommand", "arn:aws:ssm:eu-west-1::document/AWS-RunPatchBaseline", {} },
          false },
        { "a document of the account under that name",
          POLICY_FREEZE,
          { "ssm:SendCommand",
            "arn:aws:ssm:eu-west-1:111122223333:document/AWS-RunShellScript",
            {} },
          false },
        { "a command to a machine that is no instance",
          POLICY_FREEZE,
          { "ssm:SendCommand",
            "arn:aws:ssm:eu-west-1:111122223333:managed-instance/mi-1",
            { { "ssm:resourceTag/Backup", { "nightly" } } } },
          false },

        { "the named target group",
          POLICY_DRAIN,
          { "elasticloadbalancing:DeregisterTargets", GROUP "NAME/1", {} },
          true },
        { "another target group",
          POLICY_DRAIN,
          { "elasticloadbalancing:DeregisterTargets", GROUP "web/1", {} },
          false },
        { "back into the named one",
          POLICY_DRAIN,
          { "elasticloadbalancing:RegisterTargets", GROUP "NAME/1", {} },
          true },
        { "the named Auto Scaling group",
          POLICY_STANDBY,
          { "autoscaling:EnterStandby", SCALING "NAME", {} },
          true },
        { "another Auto Scaling group",
          POLICY_STANDBY,
          { "autoscaling:EnterStandby", SCALING "web", {} },
          false },

        { "the named role",
          POLICY_ROLES,
          { "sts:AssumeRole", "arn:aws:iam::111122223333:role/amid", {} },
          true },
        { "another role",
          POLICY_ROLES,
          { "sts:AssumeRole", "arn:aws:iam::111122223333:role/admin", {} },
          false },
};

static void test_decisions(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(decisions); i++) {
                const struct decision *row = &decisions[i];
                cJSON *document = read_document(policy_name(row->feature));

                if (policy_allows(document, &row->asked) != row->allowed)
                        fail_msg("%s: %s", row->name, row->allowed ? "denied" : "allowed");
                cJSON_Delete(document);
        }
}

/* What changes something is limited by a resource. */
static void test_only_lists_are_allowed_on_everything(void **state)
{
        static const char *const lists[] = { ":Describe", ":Get", ":List", ":CancelCommand",
                                             ":DecodeAuthorizationMessage" };
        cJSON *document = policy_document(~0U, &policy_example);
        const cJSON *statement;
        const char *action;

        (void)state;
        cJSON_ArrayForEach (statement, cJSON_GetObjectItemCaseSensitive(document, "Statement"))
                for (int i = 0; (action = policy_text(statement, "Action", i)); i++) {
                        bool list = false;

                        for (size_t j = 0; j < ELEMENTS(lists); j++)
                                list = list || strstr(action, lists[j]);
                        if (list != streq(policy_text(statement, "Resource", 0), "*"))
                                fail_msg("%s", action);
                }
        cJSON_Delete(document);
}

/* ---- filled in ---- */

static void test_values_are_filled_in(void **state)
{
        static const char *const values[] = { "nightly", "daily" };
        static const char *const ids[] = { "i-1" };
        static const struct policy_tag tags[] = { { "Backup", values, 2 }, { "Env", values, 1 } };
        static const struct policy_targets targets[] = {
                { .set = ~0U, .tags = tags, .n_tags = 2 },
                { .set = 1U << POLICY_CORE, .ids = ids, .n_ids = 1 },
        };
        const struct policy_values filled = {
                .partition = "aws-cn", .owner = "prod", .targets = targets, .n_targets = 2
        };
        static const struct {
                const char *name;
                struct asked asked;
                bool allowed;
        } rows[] = {
                { "both tags, the second value",
                  { "ec2:CreateImage",
                    "arn:aws-cn:ec2:cn-north-1:1:instance/i-2",
                    { { TARGET, { "daily" } }, { "aws:ResourceTag/Env", { "nightly" } } } },
                  true },
                { "one of the tags",
                  { "ec2:CreateImage",
                    "arn:aws-cn:ec2:cn-north-1:1:instance/i-2",
                    { { TARGET, { "daily" } } } },
                  false },
                { "an id",
                  { "ec2:CreateImage", "arn:aws-cn:ec2:cn-north-1:1:instance/i-1", {} },
                  true },
                { "a stop of an id that is never stopped",
                  { "ec2:StopInstances", "arn:aws-cn:ec2:cn-north-1:1:instance/i-1", {} },
                  false },
                { "our image",
                  { "ec2:DeregisterImage",
                    "arn:aws-cn:ec2:cn-north-1::image/ami-1",
                    { { OWNER, { "prod" } } } },
                  true },
                { "the image of owner amid",
                  { "ec2:DeregisterImage",
                    "arn:aws-cn:ec2:cn-north-1::image/ami-1",
                    { { OWNER, { "amid" } } } },
                  false },
        };
        cJSON *document = policy_document(1U << POLICY_CORE | 1U << POLICY_STOP, &filled);

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++)
                if (policy_allows(document, &rows[i].asked) != rows[i].allowed)
                        fail_msg("%s: %s", rows[i].name, rows[i].allowed ? "denied" : "allowed");
        cJSON_Delete(document);
}

static void test_sizes(void **state)
{
        cJSON *document = policy_document(~0U, &policy_example);
        char *printed = cJSON_PrintUnformatted(document);

        (void)state;
        assert_in_range(strlen(printed), 1000, POLICY_SIZE_MAX);
        cJSON_free(printed);
        cJSON_Delete(document);
}

/* ---- who may take a role ---- */

static void test_the_trust_policies_name_who_and_how(void **state)
{
        cJSON *role = read_document("trust-role"), *instance = read_document("trust-instance");
        const cJSON *first =
                cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(role, "Statement"), 0);
        const cJSON *principal = cJSON_GetObjectItemCaseSensitive(first, "Principal");
        const struct asked without = {},
                           with = { .context = { { "sts:ExternalId", { "EXTERNAL-ID" } } } };

        (void)state;
        assert_string_equal(policy_text(first, "Action", 0), "sts:AssumeRole");
        assert_non_null(strstr(policy_text(principal, "AWS", 0), ":role/")); /* no whole account */
        assert_true(conditions_hold(first, &with));
        assert_false(conditions_hold(first, &without));

        first = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(instance, "Statement"), 0);
        principal = cJSON_GetObjectItemCaseSensitive(first, "Principal");
        assert_string_equal(policy_text(principal, "Service", 0), "ec2.amazonaws.com");
        assert_string_equal(policy_text(first, "Action", 0), "sts:AssumeRole");
        cJSON_Delete(role);
        cJSON_Delete(instance);
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_files_are_what_the_table_prints),
                cmocka_unit_test(test_every_action_of_the_program_has_a_file),
                cmocka_unit_test(test_each_file_allows_the_actions_of_its_feature_and_no_other),
                cmocka_unit_test(test_decisions),
                cmocka_unit_test(test_only_lists_are_allowed_on_everything),
                cmocka_unit_test(test_values_are_filled_in),
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_the_trust_policies_name_who_and_how),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
