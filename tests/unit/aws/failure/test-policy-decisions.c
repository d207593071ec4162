/* Evaluates the IAM policies of config/policy/ for requests. */
#include "unit/aws/policy-file.h"

#include "aws/failure/policy.h"

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

static void the_policies_allow_what_their_features_need(void **state)
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

/* ---- values ---- */

static void values_are_filled_in(void **state)
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

/* ---- trust policies ---- */

static void the_trust_policies_name_the_principal_and_the_condition(void **state)
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
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_policies_allow_what_their_features_need),
                cmocka_unit_test(values_are_filled_in),
                cmocka_unit_test(the_trust_policies_name_the_principal_and_the_condition),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
