/* The IAM policies of config/policy/ allow exactly the actions that amid calls, each in the file of
 * its feature. */
#include "unit/aws/policy-file.h"

#include "aws/client/actions.h"
#include "aws/credentials/explain.h"
#include "aws/failure/policy.h"

static void the_files_are_what_the_table_prints(void **state)
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
        /* EC2 calls it in the name of the caller of StartInstances. */
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
        { "ec2:DescribeRegions", POLICY_CORE },
        { "sts:AssumeRole", POLICY_ROLES },
        /* Needed within AssumeRole. */
        { "sts:TagSession", POLICY_SESSION_TAGS },
        { "sts:DecodeAuthorizationMessage", POLICY_EXPLAIN },
};

static const struct placed *place_of(const char *action)
{
        for (size_t i = 0; i < ELEMENTS(placed); i++)
                if (streq(placed[i].action, action))
                        return &placed[i];
        return NULL;
}

/* GetCallerIdentity needs no permission, and a web identity has only a token. */
static bool needs_no_statement(const struct action *action)
{
        return action == &sts_get_caller_identity || action == &sts_assume_role_with_web_identity;
}

static void every_action_of_the_program_has_a_file(void **state)
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
        return streq(action, "kms:CreateGrant") || streq(action, "sts:TagSession");
}

static void each_file_allows_the_actions_of_its_feature_and_no_other(void **state)
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

/* ---- all of them together ---- */

/* Actions that change something are limited to resources. */
static void only_lists_are_allowed_on_everything(void **state)
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

static void all_statements_fit_into_a_managed_policy(void **state)
{
        cJSON *document = policy_document(~0U, &policy_example);
        char *printed = cJSON_PrintUnformatted(document);

        (void)state;
        assert_in_range(strlen(printed), 1000, POLICY_SIZE_MAX);
        cJSON_free(printed);
        cJSON_Delete(document);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_files_are_what_the_table_prints),
                cmocka_unit_test(every_action_of_the_program_has_a_file),
                cmocka_unit_test(each_file_allows_the_actions_of_its_feature_and_no_other),
                cmocka_unit_test(only_lists_are_allowed_on_everything),
                cmocka_unit_test(all_statements_fit_into_a_managed_policy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
