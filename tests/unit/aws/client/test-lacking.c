/* Replies without a member that AWS always sends are refused: a missing list is no empty list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "aws/client/actions.h"
#include "aws/credentials/sts.h"
#include "aws/request/wire.h"
#include "aws/services/autoscaling.h"
#include "aws/services/ec2.h"
#include "aws/services/elb.h"
#include "aws/services/ssm.h"
#include "base/alloc.h"

static int decode(const struct action *action, void *object, const char *text, char **ret_error)
{
        struct shape_decoded decoded = {};
        int r = wire_decode(action, object,
                            &(struct http_reply){ .status = 200,
                                                  .body = text,
                                                  .body_size = strlen(text),
                                                  .content_type = wire_content_type(action) },
                            &decoded, ret_error);

        if (r == 0)
                shape_decoded_done(&decoded);
        return r;
}

#define XML(action, members) "<" action "Response>" members "</" action "Response>"
#define RESULT(action, members)                                                                    \
        XML(action, "<" action "Result>" members "</" action "Result>"                             \
                    "<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>")

static const struct {
        const struct action *action;
        const char *empty, *none; /* an empty list, as the service sends it; no list */
} lists[] = {
        { &ec2_describe_instances, XML("DescribeInstances", "<reservationSet/>"),
          XML("DescribeInstances", "<requestId>r</requestId>") },
        { &ec2_describe_instances,
          XML("DescribeInstances", "<x:reservationSet xmlns:x=\"urn:x\">\n</x:reservationSet>"),
          XML("DescribeInstances", "<instancesSet/>") },
        { &ec2_describe_instance_status, XML("DescribeInstanceStatus", "<instanceStatusSet/>"),
          XML("DescribeInstanceStatus", "<item/>") },
        { &ec2_describe_instance_types, XML("DescribeInstanceTypes", "<instanceTypeSet/>"),
          XML("DescribeInstanceTypes", "") },
        { &ec2_describe_images, XML("DescribeImages", "<imagesSet/>"),
          XML("DescribeImages", "<a><imagesSet/></a>") },
        { &ec2_describe_images, XML("DescribeImages", "<imagesSet/><nextToken>t</nextToken>"),
          XML("DescribeImages", "<nextToken>t</nextToken>") },
        { &ec2_describe_snapshots, XML("DescribeSnapshots", "<snapshotSet/>"),
          XML("DescribeSnapshots", "<imagesSet/>") },
        { &ec2_describe_regions, XML("DescribeRegions", "<regionInfo/>"),
          XML("DescribeRegions", "") },
        { &ec2_stop_instances, XML("StopInstances", "<instancesSet/>"), XML("StopInstances", "") },
        { &ec2_start_instances, XML("StartInstances", "<instancesSet/>"),
          XML("StartInstances", "") },
        { &elb_describe_target_groups, RESULT("DescribeTargetGroups", "<TargetGroups/>"),
          RESULT("DescribeTargetGroups", "") },
        { &elb_describe_target_groups, RESULT("DescribeTargetGroups", "<TargetGroups/>"),
          XML("DescribeTargetGroups", "<TargetGroups/>") },
        { &elb_describe_target_health,
          RESULT("DescribeTargetHealth", "<TargetHealthDescriptions/>"),
          RESULT("DescribeTargetHealth", "") },
        { &autoscaling_describe_instances,
          RESULT("DescribeAutoScalingInstances", "<AutoScalingInstances/>"),
          RESULT("DescribeAutoScalingInstances", "") },
        { &autoscaling_describe_groups, RESULT("DescribeAutoScalingGroups", "<AutoScalingGroups/>"),
          RESULT("DescribeAutoScalingGroups", "") },
        { &ssm_describe_instance_information, "{\"InstanceInformationList\":[]}", "{}" },
        { &ssm_list_commands, "{\"Commands\":[]}", "{\"Commands\":null}" },
        { &ssm_list_commands, "{\"Commands\":[]}", "{\"Commands\":\"\",\"NextToken\":\"t\"}" },
};

static bool has_list(const struct action *action)
{
        for (const struct field *field = action->output ? action->output->fields : NULL;
             field && field->name; field++)
                if (field->type == AS_ROWS)
                        return true;
        return false;
}

static void a_list_that_is_not_there_is_no_empty_list(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(lists); i++) {
                const struct action *action = lists[i].action;
                _cleanup_free_ void *object = xcalloc(1, action->output->size);
                _cleanup_free_ void *zero = xcalloc(1, action->output->size);
                _cleanup_free_ char *error = NULL;

                if (decode(action, object, lists[i].empty, &error) < 0)
                        fail_msg("%s: %s", lists[i].empty, error);
                if (decode(action, object, lists[i].none, &error) != -EBADMSG ||
                    !strstr(error, "a reply without "))
                        fail_msg("%s: %s", lists[i].none, error);
                assert_memory_equal(object, zero, action->output->size);
        }
        for (size_t i = 0; aws_actions[i]; i++) {
                bool tried = !has_list(aws_actions[i]);

                for (size_t k = 0; k < ELEMENTS(lists); k++)
                        tried = tried || lists[k].action == aws_actions[i];
                if (!tried)
                        fail_msg("%s is not in the table", aws_actions[i]->name);
        }
}

#define KEYS(id, secret, token, expires)                                                           \
        RESULT("AssumeRole", "<Credentials>" id secret token expires "</Credentials>")
#define ID      "<AccessKeyId>A</AccessKeyId>"
#define SECRET  "<SecretAccessKey>s</SecretAccessKey>"
#define TOKEN   "<SessionToken>t</SessionToken>"
#define EXPIRES "<Expiration>2027-01-01T00:00:00Z</Expiration>"

static const struct {
        const struct action *action;
        const char *text, *lacks; /* NULL: nothing */
} members[] = {
        { &ec2_create_image, XML("CreateImage", "<imageId>ami-1</imageId>"), NULL },
        { &ec2_create_image, XML("CreateImage", "<imageId/>"), "imageId" },
        { &ec2_describe_images,
          XML("DescribeImages", "<imagesSet><item><imageId>ami-1</imageId></item></imagesSet>"),
          NULL },
        { &ec2_describe_images,
          XML("DescribeImages", "<imagesSet><item><imageId>ami-1</imageId></item>"
                                "<item><name>web</name></item></imagesSet>"),
          "imageId" },
        { &ec2_describe_instances,
          XML("DescribeInstances", "<reservationSet><item><instancesSet><item/></instancesSet>"
                                   "</item></reservationSet>"),
          "instanceId" },
        { &ec2_describe_snapshots,
          XML("DescribeSnapshots", "<snapshotSet><item><snapshotId/></item></snapshotSet>"),
          "snapshotId" },
        { &ssm_send_command, "{\"Command\":{\"Status\":\"Pending\"}}", "Command/CommandId" },
        { &sts_get_caller_identity,
          RESULT("GetCallerIdentity", "<Account>111122223333</Account><Arn>arn:1</Arn>"), NULL },
        { &sts_get_caller_identity, RESULT("GetCallerIdentity", "<Arn>arn:1</Arn>"),
          "GetCallerIdentityResult/Account" },
        { &sts_get_caller_identity, RESULT("GetCallerIdentity", "<Account>111122223333</Account>"),
          "GetCallerIdentityResult/Arn" },
        { &sts_assume_role, KEYS(ID, SECRET, TOKEN, EXPIRES), NULL },
        { &sts_assume_role, KEYS("", SECRET, TOKEN, EXPIRES), "AccessKeyId" },
        { &sts_assume_role, KEYS(ID, "", TOKEN, EXPIRES), "SecretAccessKey" },
        { &sts_assume_role, KEYS(ID, SECRET, "", EXPIRES), "SessionToken" },
        { &sts_assume_role, KEYS(ID, SECRET, TOKEN, ""), "Expiration" },
        { &sts_assume_role, KEYS(ID, SECRET, TOKEN, "<Expiration>soon</Expiration>"),
          "Expiration" },
};

static void a_reply_without_a_required_member_is_refused(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(members); i++) {
                const struct action *action = members[i].action;
                _cleanup_free_ void *object = xcalloc(1, action->output->size);
                _cleanup_free_ char *error = NULL;
                int r = decode(action, object, members[i].text, &error);

                if (members[i].lacks ? r != -EBADMSG || !strstr(error, members[i].lacks) : r != 0)
                        fail_msg("%s: %d %s", members[i].text, r, error);
                shape_done(action->output, object);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_list_that_is_not_there_is_no_empty_list),
                cmocka_unit_test(a_reply_without_a_required_member_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
