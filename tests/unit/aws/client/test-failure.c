/* Descriptions of failed calls, with advice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "aws/client/actions.h"
#include "aws/credentials/sts.h"
#include "aws/services/autoscaling.h"
#include "aws/services/ec2.h"
#include "aws/services/elb.h"
#include "aws/services/ssm.h"

static void a_failure_is_described_with_advice(void **state)
{
        static const struct {
                int line;
                struct aws_reply reply;
                const char *text;
        } rows[] = {
                { __LINE__,
                  { .outcome = AWS_ERROR,
                    .code = "UnauthorizedOperation",
                    .message = "You are not authorized",
                    .request_id = "r-1",
                    .status = 403,
                    .attempts = 1 },
                  "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: You are not "
                  "authorized (request r-1); allow it to this identity in IAM "
                  "(policy/core.json: CreateImagesOfTargets, CreateImages): "
                  "{\"Sid\":\"CreateImagesOfTargets\",\"Effect\":\"Allow\","
                  "\"Action\":\"ec2:CreateImage\","
                  "\"Resource\":\"arn:aws:ec2:*:*:instance/*\",\"Condition\":{\"StringEquals\":"
                  "{\"aws:ResourceTag/TAG\":\"VALUE\"}}}, "
                  "{\"Sid\":\"CreateImages\",\"Effect\":\"Allow\","
                  "\"Action\":\"ec2:CreateImage\",\"Resource\":[\"arn:aws:ec2:*::image/"
                  "*\",\"arn:aws:ec2:*::snapshot/*\"]}" },
                /* the action in AWS's message goes before the called one */
                { __LINE__,
                  { .outcome = AWS_ERROR,
                    .code = "UnauthorizedOperation",
                    .owner = "prod",
                    .message = "You are not authorized to perform this operation. User: "
                               "arn:aws:sts::111122223333:assumed-role/amid/x is not authorized to "
                               "perform: ec2:CreateTags on resource: "
                               "arn:aws:ec2:us-east-1::image/* because no identity-based policy "
                               "allows the ec2:CreateTags action. Encoded authorization failure "
                               "message: AAAABBBBCCCC",
                    .attempts = 1 },
                  "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: You are not "
                  "authorized to perform this operation. User: "
                  "arn:aws:sts::111122223333:assumed-role/amid/x is not authorized to perform: "
                  "ec2:CreateTags on resource: arn:aws:ec2:us-east-1::image/* because no "
                  "identity-based policy allows the ec2:CreateTags action.; allow it to "
                  "arn:aws:iam::111122223333:role/amid in IAM (policy/core.json: "
                  "TagWhatIsCreated): {\"Sid\":\"TagWhatIsCreated\",\"Effect\":\"Allow\","
                  "\"Action\":\"ec2:CreateTags\",\"Resource\":[\"arn:aws:ec2:*::image/"
                  "*\",\"arn:aws:ec2:*::snapshot/*\"]"
                  ",\"Condition\":{\"StringEquals\":{\"ec2:CreateAction\":\"CreateImage\","
                  "\"aws:RequestTag/amid:owner\":\"prod\"}}}" },
                { __LINE__,
                  { .outcome = AWS_ERROR, .code = "InvalidAMIName.Duplicate", .attempts = 3 },
                  "AWS answered InvalidAMIName.Duplicate to ec2:CreateImage in us-east-1 after 3 "
                  "attempts" },
                { __LINE__,
                  { .outcome = AWS_ERROR, .code = "ExpiredTokenException", .attempts = 1 },
                  "AWS answered ExpiredTokenException to ec2:CreateImage in us-east-1; the session "
                  "token ran out: provide new credentials" },
                { __LINE__,
                  { .outcome = AWS_UNKNOWN, .message = "the wire was cut", .attempts = 1 },
                  "ec2:CreateImage in us-east-1 was sent, but it is not known whether it happened: "
                  "the wire was cut" },
                { __LINE__,
                  { .outcome = AWS_UNREACHABLE, .message = "no route", .attempts = 8 },
                  "ec2:CreateImage in us-east-1 was not answered: no route after 8 attempts" },
                { __LINE__,
                  { .outcome = AWS_UNSIGNED, .message = "no credentials: x" },
                  "ec2:CreateImage in us-east-1 was not sent: no credentials: x" },
                { __LINE__,
                  { .outcome = AWS_UNSIGNED,
                    .code = "InvalidClientTokenId",
                    .message = "The token is invalid; access key ****MPLE of the environment",
                    .attempts = 1 },
                  "AWS answered InvalidClientTokenId to ec2:CreateImage in us-east-1: The token is "
                  "invalid; access key ****MPLE of the environment; this access key does not exist "
                  "or "
                  "is not active" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *text =
                        aws_describe_failure(&rows[i].reply, &ec2_create_image, "us-east-1");

                if (!streq(text, rows[i].text))
                        fail_msg("row of line %d: %s", rows[i].line, text);
        }
}

#define USER      "User: arn:aws:iam::111122223333:user/amid is not authorized to perform: "
#define ROLE      "arn:aws:iam::444455556666:role/amid"
#define KEY       "arn:aws:kms:us-east-1:111122223333:key/1"
#define GROUP     "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/1"
#define SAYS(...) "{\"Effect\":\"Allow\"," __VA_ARGS__ "}"
#define MAY(action, resource, more)                                                                \
        SAYS("\"Action\":\"" action "\",\"Resource\":\"" resource "\"" more)
#define TRUST(action, more)                                                                        \
        SAYS("\"Principal\":{\"AWS\":\"arn:aws:iam::111122223333:user/amid\"},"                    \
             "\"Action\":\"" action "\"" more)
/* A statement of amid's policies; `resource` has its quotes. */
#define NAMED(sid, action, resource, more)                                                         \
        "{\"Sid\":\"" sid "\",\"Effect\":\"Allow\",\"Action\":\"" action                           \
        "\",\"Resource\":" resource more "}"
#define IMAGES         "[\"arn:aws:ec2:*::image/*\",\"arn:aws:ec2:*::snapshot/*\"]"
#define EXTERNAL       ",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"EXTERNAL-ID\"}}"
#define FOR_EC2        ",\"Condition\":{\"Bool\":{\"kms:GrantIsForAWSResource\":\"true\"}}"
#define OURS           ",\"Condition\":{\"StringEquals\":{\"aws:ResourceTag/amid:owner\":\"prod\"}}"
#define TARGET(prefix) ",\"Condition\":{\"StringEquals\":{\"" prefix "/TAG\":\"VALUE\"}}"
#define GRANT                                                                                      \
        ",\"Condition\":{\"Bool\":{\"kms:GrantIsForAWSResource\":\"true\"},"                       \
        "\"StringLike\":{\"kms:ViaService\":\"ec2.*.amazonaws.com*\"}}"

/* Rows: a message of AWS, and the advice for it. */
static void a_denial_names_the_policy_and_the_statement(void **state)
{
        static const struct {
                int line;
                const struct action *action;
                const char *code, *message, *advice; /* the end of the text */
        } rows[] = {
                { __LINE__, &ec2_deregister_image, "UnauthorizedOperation",
                  USER
                  "ec2:DeregisterImage on resource: arn:aws:ec2:us-east-1::image/ami-1 because "
                  "no identity-based policy allows the ec2:DeregisterImage action",
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM (policy/core.json: "
                  "RemoveOurs): " NAMED("RemoveOurs", "ec2:DeregisterImage", IMAGES, OURS) },
                { __LINE__, &ec2_create_tags, "UnauthorizedOperation",
                  USER "ec2:CreateTags on resource: arn:aws:ec2:us-east-1::image/ami-1",
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM (policy/core.json: "
                  "RaiseConsistency): " NAMED(
                          "RaiseConsistency", "ec2:CreateTags", IMAGES,
                          ",\"Condition\":{\"StringEquals\":{\"aws:ResourceTag/"
                          "amid:owner\":\"prod\"},"
                          "\"ForAllValues:StringEquals\":{\"aws:TagKeys\":\"amid:consistency\"},"
                          "\"Null\":{\"aws:TagKeys\":\"false\"}}") },
                { __LINE__, &ssm_send_command, "AccessDeniedException",
                  USER "ssm:SendCommand on resource: "
                       "arn:aws:ec2:us-east-1:111122223333:instance/i-1 because no identity-based "
                       "policy allows the ssm:SendCommand action",
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM (policy/freeze.json: "
                  "FreezeTargets): " NAMED("FreezeTargets", "ssm:SendCommand",
                                           "\"arn:aws:ec2:*:*:instance/*\"",
                                           TARGET("ssm:resourceTag")) },
                { __LINE__, &elb_deregister_targets, "AccessDenied",
                  USER "elasticloadbalancing:DeregisterTargets on resource: " GROUP,
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM (policy/drain.json: "
                  "DrainTargetGroups): " NAMED("DrainTargetGroups",
                                               "elasticloadbalancing:DeregisterTargets",
                                               "\"" GROUP "\"", "") },
                /* an action outside of amid's policies is allowed on the one resource */
                { __LINE__, &ec2_start_instances, "UnauthorizedOperation",
                  USER "kms:Decrypt on resource: " KEY
                       " because no identity-based policy allows the kms:Decrypt action",
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM: " MAY("kms:Decrypt",
                                                                                   KEY, "") },
                { __LINE__, &ec2_create_image, "UnauthorizedOperation",
                  USER "ec2:CreateImage on resource: "
                       "arn:aws:ec2:eu-west-1:111122223333:instance/i-1 with an explicit deny in a "
                       "service control policy",
                  "; an explicit deny in a service control policy forbids it, which no permission "
                  "outweighs: there, ec2:CreateImage on "
                  "arn:aws:ec2:*:111122223333:instance/* has to be excepted for "
                  "arn:aws:iam::111122223333:user/amid" },
                { __LINE__, &ec2_create_image, "UnauthorizedOperation",
                  USER "ec2:CreateImage with an explicit deny in an identity-based policy",
                  "; an explicit deny in an identity-based policy forbids it, which no permission "
                  "outweighs: there, ec2:CreateImage on * has to be excepted for "
                  "arn:aws:iam::111122223333:user/amid" },
                { __LINE__, &ec2_create_image, "UnauthorizedOperation",
                  USER "ec2:CreateImage with an explicit deny",
                  "; an explicit deny forbids it, which no permission outweighs: there, "
                  "ec2:CreateImage on * has to be excepted for "
                  "arn:aws:iam::111122223333:user/amid" },
                { __LINE__, &ec2_describe_images, "UnauthorizedOperation",
                  USER "ec2:DescribeImages because no permissions boundary allows the "
                       "ec2:DescribeImages action",
                  "; the permissions boundary has to allow it as well: " NAMED(
                          "Look", "ec2:DescribeImages", "\"*\"", "") },
                /* a role: both policies, unless AWS names one */
                { __LINE__, &sts_assume_role, "AccessDenied",
                  USER "sts:AssumeRole on resource: " ROLE,
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM (policy/roles.json: "
                  "TakeRoles): " NAMED("TakeRoles", "sts:AssumeRole", "\"" ROLE "\"",
                                       "") " and in the role's trust policy, if its "
                                           "conditions (external id, tags) are met: " TRUST(
                                                   "sts:AssumeRole",
                                                   EXTERNAL) ", where EXTERNAL-ID is "
                                                             "the external_id of the settings" },
                { __LINE__, &sts_assume_role, "AccessDenied",
                  USER "sts:TagSession on resource: " ROLE
                       " because no role trust policy allows the sts:TagSession action",
                  "; allow it in the trust policy of " ROLE ": " TRUST("sts:TagSession", "") },
                { __LINE__, &sts_assume_role, "AccessDenied",
                  USER "sts:AssumeRole on resource: " ROLE
                       " because no identity-based policy allows the sts:AssumeRole action",
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM (policy/roles.json: "
                  "TakeRoles): " NAMED("TakeRoles", "sts:AssumeRole", "\"" ROLE "\"", "") },
                { __LINE__, &sts_assume_role_with_web_identity, "AccessDenied",
                  "Not authorized to perform sts:AssumeRoleWithWebIdentity",
                  "; the role's trust policy has to name the provider of the token (Principal, "
                  "Federated), with conditions that the token meets" },
                /* a key: the same */
                { __LINE__, &ec2_create_image, "AccessDeniedException",
                  USER "kms:CreateGrant on resource: " KEY
                       " because no resource-based policy allows the kms:CreateGrant action",
                  "; allow it in the policy of the key: " TRUST("kms:CreateGrant",
                                                                ",\"Resource\":\"*\"" FOR_EC2) },
                { __LINE__, &ec2_create_image, "AccessDeniedException",
                  USER "kms:CreateGrant on resource: " KEY,
                  "; allow it to arn:aws:iam::111122223333:user/amid in IAM "
                  "(policy/encrypted.json: "
                  "StartWithEncryptedVolumes): " NAMED(
                          "StartWithEncryptedVolumes", "kms:CreateGrant", "\"" KEY "\"",
                          GRANT) " and in the key's policy: " TRUST("kms:CreateGrant",
                                                                    ",\"Resource\":\"*"
                                                                    "\"" FOR_EC2) },
                /* a message without names */
                { __LINE__, &ec2_stop_instances, "UnauthorizedOperation", NULL,
                  "; allow it to this identity in IAM (policy/stop.json: "
                  "StopAndStartTargets): " NAMED("StopAndStartTargets", "ec2:StopInstances",
                                                 "\"arn:aws:ec2:*:*:instance/*\"",
                                                 TARGET("aws:ResourceTag")) },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct aws_reply reply = { .outcome = AWS_ERROR,
                                           .code = rows[i].code,
                                           .message = rows[i].message,
                                           .owner = "prod",
                                           .attempts = 1 };
                _cleanup_free_ char *text =
                        aws_describe_failure(&reply, rows[i].action, "us-east-1");

                if (!endswith(text, rows[i].advice))
                        fail_msg("row of line %d: %s", rows[i].line, text);
        }
}

/* Limits of AWS in the tables of actions, and actions that are not repeatable. */
static void the_tables_of_actions_respect_the_limits_of_aws(void **state)
{
        static const struct {
                const struct action *action;
                unsigned int page_size; /* the most AWS takes */
        } paged[] = {
                { &ec2_describe_instances, 1000 },
                { &ec2_describe_instance_status, 1000 },
                { &ec2_describe_instance_types, 100 },
                { &ec2_describe_images, 1000 },
                { &ec2_describe_snapshots, 1000 },
                { &ssm_describe_instance_information, 50 },
                { &ssm_list_commands, 50 },
                { &elb_describe_target_groups, 400 },
                { &autoscaling_describe_instances, 50 },
                { &autoscaling_describe_groups, 100 },
        };
        static const struct action *const once[] = { &ec2_create_image, &ssm_send_command };

        (void)state;
        for (size_t i = 0; aws_actions[i]; i++) {
                const struct action *action = aws_actions[i];
                unsigned int page_size = 0;
                bool repeatable = true;

                for (size_t j = 0; j < ELEMENTS(paged); j++)
                        if (paged[j].action == action)
                                page_size = paged[j].page_size;
                for (size_t j = 0; j < ELEMENTS(once); j++)
                        repeatable = repeatable && once[j] != action;
                assert_non_null(action->service);
                assert_true((action->service->protocol == PROTOCOL_JSON_1_1) ==
                            (action->service->target != NULL));
                assert_true(action->bucket.capacity >= 1);
                assert_true(action->bucket.refill_per_second > 0);
                assert_int_equal(action->paging != NULL, page_size > 0);
                assert_int_equal(action->page_size, page_size);
                assert_int_equal(action->repeatable, repeatable);
                for (size_t j = 0; j < i; j++)
                        assert_ptr_not_equal(action, aws_actions[j]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_failure_is_described_with_advice),
                cmocka_unit_test(a_denial_names_the_policy_and_the_statement),
                cmocka_unit_test(the_tables_of_actions_respect_the_limits_of_aws),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
