/* Members to query parameters and replies to members, by the tables of ec2.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "aws/services/autoscaling.h"
#include "aws/services/ec2.h"
#include "aws/services/elb.h"
#include "base/alloc.h"

/* ---- encoding ---- */

static const struct ec2_tag two_tags[] = { { (char[]){ "Name" }, (char[]){ "a&b=c d+\xc3\xa9" } },
                                           { (char[]){ "empty" }, (char[]){ "" } } };

static void members_become_query_parameters(void **state)
{
        struct ec2_tag_specification specifications[] = { { "image", two_tags, 2 },
                                                          { "snapshot", two_tags, 1 } };
        struct ec2_no_device exclude[] = { { "/dev/sdf", "" } };
        const struct create_image create = { .instance = "i-1",
                                             .name = "web/1",
                                             .no_reboot = true,
                                             .exclude = exclude,
                                             .n_exclude = 1,
                                             .tag_specifications = specifications,
                                             .n_tag_specifications = 2 };
        struct ec2_filter filters[] = { { "tag:Env", (const char *[]){ "prod", "stage" }, 2 },
                                        { "name", (const char *[]){ "x" }, 1 } };
        const struct describe_images describe = { .filters = filters,
                                                  .n_filters = 2,
                                                  .include_disabled = true };
        const struct create_image plain = { .instance = "i-1", .name = "n", .description = "" };
        const struct create_tags tags = { (const char *[]){ "ami-1", "snap-1" }, 2, two_tags, 2 };
        const struct describe_images nothing = {};
        const struct {
                int line;
                const struct action *action;
                const void *input;
                const char *query;
        } rows[] = {
                { __LINE__, &ec2_create_image, &create,
                  "&InstanceId=i-1&Name=web%2F1&NoReboot=true"
                  "&BlockDeviceMapping.1.DeviceName=%2Fdev%2Fsdf&BlockDeviceMapping.1.NoDevice="
                  "&TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=Name"
                  "&TagSpecification.1.Tag.1.Value=a%26b%3Dc+d%2B%C3%A9"
                  "&TagSpecification.1.Tag.2.Key=empty&TagSpecification.1.Tag.2.Value="
                  "&TagSpecification.2.ResourceType=snapshot&TagSpecification.2.Tag.1.Key=Name"
                  "&TagSpecification.2.Tag.1.Value=a%26b%3Dc+d%2B%C3%A9" },
                { __LINE__, &ec2_create_image, &plain, "&InstanceId=i-1&Name=n&Description=" },
                { __LINE__, &ec2_describe_images, &describe,
                  "&Filter.1.Name=tag%3AEnv&Filter.1.Value.1=prod&Filter.1.Value.2=stage"
                  "&Filter.2.Name=name&Filter.2.Value.1=x&IncludeDisabled=true" },
                { __LINE__, &ec2_describe_images, &nothing, "" },
                { __LINE__, &ec2_create_tags, &tags,
                  "&ResourceId.1=ami-1&ResourceId.2=snap-1&Tag.1.Key=Name"
                  "&Tag.1.Value=a%26b%3Dc+d%2B%C3%A9&Tag.2.Key=empty&Tag.2.Value=" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text query = {};

                shape_encode(rows[i].action->input, rows[i].input, &query);
                if (!streq(text_get(&query), rows[i].query))
                        fail_msg("row of line %d: %s", rows[i].line, text_get(&query));
        }
}

static void members_of_every_type_are_encoded(void **state)
{
        struct everything {
                char *text;
                bool flag;
                unsigned int count;
                sec_t time;
                int word;
                char **texts;
                size_t n_texts;
        };
        static const char *const words[] = { "zero", "one", NULL };
        static const struct field fields[] = {
                FIELD("text", AS_TEXT, struct everything, text),
                FIELD("flag", AS_FLAG, struct everything, flag),
                FIELD("count", AS_COUNT, struct everything, count),
                FIELD("time", AS_TIME, struct everything, time),
                FIELD_ENUM("word", struct everything, word, words),
                FIELD("texts/item", AS_TEXTS, struct everything, texts),
                {},
        };
        static const struct shape shape = { sizeof(struct everything), fields };
        static const char xml[] = "<xResponse><text>t</text><flag>true</flag><count>7</count>"
                                  "<time>2027-01-01T00:00:00.123Z</time><word>two</word>"
                                  "<texts><item>a</item><item/></texts></xResponse>";
        struct everything all = {};
        struct shape_decoded decoded;
        _cleanup_(text_done) struct text query = {};
        char *error = NULL;

        (void)state;
        assert_int_equal(shape_decode(&shape, &all,
                                      &(struct shape_source){ .text = xml, .size = strlen(xml) },
                                      &decoded, &error),
                         0);
        assert_int_equal(all.word, 2);
        all.word = 1;
        shape_encode(&shape, &all, &query);
        assert_string_equal(text_get(&query),
                            "&text=t&flag=true&count=7&time=2027-01-01T00%3A00%3A00Z&word=one"
                            "&texts/item.1=a&texts/item.2=");
        shape_decoded_done(&decoded);
        shape_done(&shape, &all);
        assert_null(all.texts);
}

/* ---- decoding ---- */

static int decode(const struct action *action, void *object, const char *xml,
                  struct shape_decoded *ret, char **ret_error)
{
        /* On the heap and without a NUL, so that the address sanitizer finds a read beyond the end.
         */
        size_t size = strlen(xml);
        _cleanup_free_ char *copy = xmemdup(xml, size);

        return shape_decode(action ? action->output : NULL, object,
                            &(struct shape_source){ copy, size, "nextToken", NULL }, ret,
                            ret_error);
}

static void a_reply_with_instances_is_decoded(void **state)
{
        static const char xml[] =
                "<?xml version=\"1.0\"?>\n<DescribeInstancesResponse xmlns=\"urn:x\">\n"
                "<requestId>r-1</requestId><reservationSet>"
                "<item><reservationId>r-a</reservationId><groupSet><item><instanceId>no"
                "</instanceId></item></groupSet><instancesSet>"
                "<item><instanceId>i-1</instanceId><imageId>ami-9</imageId>"
                "<instanceState><code>80</code><name>stopped</name></instanceState>"
                "<launchTime>2026-12-31T23:59:59.000Z</launchTime>"
                "<placement><availabilityZone>us-east-1a</availabilityZone></placement>"
                "<unheardOf><instanceId>no</instanceId><tagSet><item/></tagSet></unheardOf>"
                "<rootDeviceType>ebs</rootDeviceType><blockDeviceMapping>"
                "<item><deviceName>/dev/sda1</deviceName><ebs><volumeId>vol-1</volumeId>"
                "<status>attached</status></ebs></item>"
                "<item><deviceName>/dev/sdf</deviceName></item></blockDeviceMapping>"
                "<tagSet><item><key>Name</key><value>a &amp; b &#228;</value></item>"
                "<item><key>empty</key><value/></item></tagSet></item>"
                "<item><instanceId>i-2</instanceId><tagSet/></item></instancesSet></item>"
                "<item><instancesSet><item><instanceId>i-3</"
                "instanceId><instanceState><name>dreaming"
                "</name></instanceState></item></instancesSet></item>"
                "</reservationSet></DescribeInstancesResponse>";
        struct ec2_instances all = {};
        struct shape_decoded decoded;
        char *error = NULL;
        const struct ec2_instance *first;

        (void)state;
        assert_int_equal(decode(&ec2_describe_instances, &all, xml, &decoded, &error), 0);
        assert_string_equal(decoded.request_id, "r-1");
        assert_null(decoded.next_token);
        assert_int_equal(all.n_instances, 3);
        first = &all.instances[0];
        assert_string_equal(first->id, "i-1");
        assert_string_equal(first->image_id, "ami-9");
        assert_string_equal(first->zone, "us-east-1a");
        assert_int_equal(first->state, INSTANCE_STOPPED);
        assert_int_equal(first->launched, 1798761599);
        assert_null(first->lifecycle);
        assert_int_equal(first->n_devices, 2);
        assert_string_equal(first->devices[0].volume, "vol-1");
        assert_string_equal(first->devices[1].device, "/dev/sdf");
        assert_null(first->devices[1].volume);
        assert_int_equal(first->n_tags, 2);
        assert_string_equal(ec2_tag_value(first->tags, first->n_tags, "Name"), "a & b \xc3\xa4");
        assert_string_equal(ec2_tag_value(first->tags, first->n_tags, "empty"), "");
        assert_null(ec2_tag_value(first->tags, first->n_tags, "name"));
        assert_string_equal(all.instances[1].id, "i-2");
        assert_int_equal(all.instances[1].n_tags, 0);
        assert_string_equal(all.instances[2].id, "i-3");
        assert_int_equal(all.instances[2].state, INSTANCE_OTHER);
        shape_decoded_done(&decoded);
        shape_done(ec2_describe_instances.output, &all);
        assert_int_equal(all.n_instances, 0);
}

/* A new word of EC2, which may appear in the journal. */
static void a_word_that_is_in_no_table_is_called_unknown(void **state)
{
        (void)state;
        assert_string_equal(ec2_word(instance_state_names, INSTANCE_STOPPED), "stopped");
        assert_string_equal(ec2_word(instance_state_names, INSTANCE_OTHER), "unknown");
        assert_string_equal(ec2_word(image_state_names, IMAGE_OTHER), "unknown");
        assert_string_equal(ec2_word(snapshot_state_names, SNAPSHOT_OTHER), "unknown");
        assert_string_equal(ec2_word(check_status_names, CHECK_OTHER), "unknown");
}

static void replies_with_statuses_and_snapshots_are_decoded(void **state)
{
        struct ec2_instance_statuses statuses = {};
        struct ec2_snapshots snapshots = {};
        struct shape_decoded decoded;
        char *error = NULL;

        (void)state;
        assert_int_equal(
                decode(&ec2_describe_instance_status, &statuses,
                       "<DescribeInstanceStatusResponse><instanceStatusSet><item><instanceId>i-1"
                       "</instanceId><instanceState><code>16</code><name>running</name>"
                       "</instanceState><systemStatus><status>impaired</"
                       "status><details><item><name>"
                       "reachability</name><status>failed</status></item></details></systemStatus>"
                       "<instanceStatus><status>initializing</status></instanceStatus></item>"
                       "</instanceStatusSet></DescribeInstanceStatusResponse>",
                       &decoded, &error),
                0);
        assert_int_equal(statuses.n_statuses, 1);
        assert_int_equal(statuses.statuses[0].state, INSTANCE_RUNNING);
        assert_int_equal(statuses.statuses[0].system, CHECK_IMPAIRED);
        assert_int_equal(statuses.statuses[0].instance, CHECK_INITIALIZING);
        shape_decoded_done(&decoded);
        shape_done(ec2_describe_instance_status.output, &statuses);
        assert_int_equal(
                decode(&ec2_describe_snapshots, &snapshots,
                       "<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>snap-1"
                       "</snapshotId><status>error</status><statusMessage>key is gone"
                       "</statusMessage><progress>42%</progress><startTime>2027-01-01T00:00:00Z"
                       "</startTime></item></snapshotSet></DescribeSnapshotsResponse>",
                       &decoded, &error),
                0);
        assert_int_equal(snapshots.snapshots[0].state, SNAPSHOT_ERROR);
        assert_string_equal(snapshots.snapshots[0].message, "key is gone");
        assert_string_equal(snapshots.snapshots[0].progress, "42%");
        shape_decoded_done(&decoded);
        shape_done(ec2_describe_snapshots.output, &snapshots);
}

static void an_error_reply_has_its_code(void **state)
{
        static const struct {
                int line;
                const char *xml, *code, *message, *request_id;
        } rows[] = {
                { __LINE__,
                  "<Response><Errors><Error><Code>A</Code><Message>m</Message></Error></Errors>"
                  "<RequestID>r</RequestID></Response>",
                  "A", "m", "r" },
                { __LINE__,
                  "<?xml version=\"1.0\"?><ErrorResponse><Errors><Error><Code>A</Code><Message>m"
                  "</Message><Type>Sender</Type></Error></Errors></ErrorResponse>",
                  "A", "m", NULL },
                { __LINE__,
                  "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>A</Code><Message>m"
                  "</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                  "A", "m", "r" },
                { __LINE__,
                  "<Response><Errors><Error><Code>A</Code></Error><Error><Code>B</Code></Error>"
                  "</Errors></Response>",
                  "A", NULL, NULL },
                { __LINE__,
                  "<x:AssumeRoleResponse xmlns:x=\"y\"><x:ResponseMetadata><x:RequestId>r"
                  "</x:RequestId></x:ResponseMetadata></x:AssumeRoleResponse>",
                  NULL, NULL, "r" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct shape_decoded decoded;
                char *error = NULL;

                if (decode(NULL, NULL, rows[i].xml, &decoded, &error) < 0 ||
                    !streq(decoded.code, rows[i].code) ||
                    !streq(decoded.message, rows[i].message) ||
                    !streq(decoded.request_id, rows[i].request_id))
                        fail_msg("row of line %d", rows[i].line);
                shape_decoded_done(&decoded);
        }
}

/* Expat reports the end of an empty element whose start handler stopped the parser. Each limit is
 * reached by an empty element, and by a list at each depth. */
static void nothing_is_decoded_after_a_refusal(void **state)
{
        static const struct {
                const struct action *action;
                const char *head, *item, *error;
        } rows[] = {
                { &ec2_describe_images, "<xResponse><imagesSet>", "<item/>", "100000 rows" },
                { &ec2_describe_instances, "<xResponse><reservationSet><item><instancesSet>",
                  "<item/>", "100000 rows" },
                { &elb_describe_target_groups,
                  "<xResponse><DescribeTargetGroupsResult><TargetGroups><member>"
                  "<LoadBalancerArns>",
                  "<member/>", "100000 rows" },
                { &autoscaling_describe_groups,
                  "<xResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups>", "<member/>",
                  "100000 rows" },
                { &autoscaling_describe_groups,
                  "<xResponse><DescribeAutoScalingGroupsResult><AutoScalingGroups><member>"
                  "<SuspendedProcesses>",
                  "<member><ProcessName/></member>", "100000 rows" },
                { &ec2_describe_images, "", "<notOfAws/>", "not a reply of AWS" },
                { &ec2_describe_images,
                  "<xResponse><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
                  "<a><a><a><a><a><a><a><a><a>",
                  "<a/>", "deeper than 32" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const struct action *action = rows[i].action;
                _cleanup_(text_done) struct text xml = {};
                _cleanup_free_ void *object = xcalloc(1, action->output->size);
                _cleanup_free_ void *zero = xcalloc(1, action->output->size);
                _cleanup_free_ char *error = NULL;
                struct shape_decoded decoded;

                text_append(&xml, rows[i].head);
                for (size_t k = 0; k < REPLY_ROWS_MAX + 3; k++)
                        text_append(&xml, rows[i].item);
                if (decode(action, object, text_get(&xml), &decoded, &error) != -EBADMSG ||
                    !strstr(error, rows[i].error))
                        fail_msg("%s %s: %s", action->name, rows[i].item, error);
                assert_memory_equal(object, zero, action->output->size);
        }
}

/* ---- refusals ---- */

static char *repeated(const char *head, const char *item, size_t n, const char *tail)
{
        _cleanup_(text_done) struct text text = {};

        text_append(&text, head);
        for (size_t i = 0; i < n; i++)
                text_append(&text, item);
        text_append(&text, tail);
        return text_steal(&text);
}

static void a_reply_beyond_a_limit_is_refused(void **state)
{
        _cleanup_free_ char *deep = repeated("<xResponse>", "<a>", REPLY_DEPTH_MAX, "");
        _cleanup_free_ char *rows_too_many =
                repeated("<xResponse><imagesSet>", "<item/>", REPLY_ROWS_MAX + 1,
                         "</imagesSet></xResponse>");
        _cleanup_free_ char *too_long =
                repeated("<xResponse><imagesSet><item><name>", "0123456789abcdef",
                         REPLY_TEXT_MAX / 16 + 1, "</name></item></imagesSet></xResponse>");
        const struct {
                int line;
                const char *xml, *error;
        } rows[] = {
                { __LINE__, "", "no element found" },
                { __LINE__, "   ", "no element found" },
                { __LINE__, "Internal Server Error", "syntax error" },
                { __LINE__, "{\"a\":1}", "not well-formed" },
                { __LINE__, "<xResponse><imagesSet><item><imageId>ami-1</imageId></item>",
                  "no element found" },
                { __LINE__, "<xResponse><imagesSet><item></imagesSet></xResponse>", "mismatched" },
                { __LINE__, "<xResponse/><xResponse/>", "junk" },
                { __LINE__, "<html><body>Sign in</body></html>", "not a reply of AWS but <html>" },
                { __LINE__, "<!doctype html><html/>", "" },
                { __LINE__, "<!DOCTYPE xResponse><xResponse/>", "document type" },
                { __LINE__, "<!DOCTYPE a [<!ENTITY b \"bb\">]><xResponse>&b;</xResponse>",
                  "document type" },
                { __LINE__, "<xResponse>&b;</xResponse>", "undefined entity" },
                { __LINE__, "<xResponse><a>\xff\xfe</a></xResponse>", "not well-formed" },
                { __LINE__, deep, "nested deeper than 32" },
                { __LINE__, rows_too_many, "more than 100000 rows" },
                { __LINE__, too_long, "more than 1048576 characters" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct ec2_images images = {};
                struct shape_decoded decoded;
                _cleanup_free_ char *error = NULL;
                int r = decode(&ec2_describe_images, &images, rows[i].xml, &decoded, &error);

                if (r != -EBADMSG || !strstr(error, rows[i].error))
                        fail_msg("row of line %d: %d %s", rows[i].line, r, error);
                /* A refused page adds nothing. */
                if (images.n_images || images.images)
                        fail_msg("row of line %d: rows were left", rows[i].line);
        }
}

static void pages_add_up(void **state)
{
        static const char one[] = "<xResponse><imagesSet><item><imageId>ami-1</imageId></item>"
                                  "<item><imageId>ami-2</imageId></item></imagesSet></xResponse>";
        struct ec2_images images = {};
        struct shape_decoded decoded;
        char *error = NULL;

        (void)state;
        for (unsigned int i = 0; i < 100; i++) {
                assert_int_equal(decode(&ec2_describe_images, &images, one, &decoded, &error), 0);
                shape_decoded_done(&decoded);
        }
        assert_int_equal(images.n_images, 200);
        for (size_t i = 0; i < images.n_images; i++)
                assert_string_equal(images.images[i].id, i % 2 ? "ami-2" : "ami-1");
        shape_done(ec2_describe_images.output, &images);
}

static void a_literal_filter_is_no_pattern(void **state)
{
        _cleanup_free_ char *literal = ec2_filter_literal("a*b?c\\d"),
                            *plain = ec2_filter_literal("");

        (void)state;
        assert_string_equal(literal, "a\\*b\\?c\\\\d");
        assert_string_equal(plain, "");
}

static void dates_are_few_however_long_ago_the_first_is(void **state)
{
        static const struct {
                const char *first, *last, *values;
        } rows[] = {
                { "2026-11-30T00:00:00Z", "2026-11-30T23:59:59Z", "2026-11-30*" },
                { "2026-11-30T23:59:59Z", "2026-12-01T00:00:00Z", "2026-11-30* 2026-12-01*" },
                { "2026-12-29T12:00:00Z", "2027-01-04T11:00:00Z",
                  "2026-12-29* 2026-12-30* 2026-12-31* 2027-01-01* 2027-01-02* 2027-01-03* "
                  "2027-01-04*" },
                { "2026-12-29T12:00:00Z", "2027-01-05T00:00:00Z", "2026-12* 2027-01*" },
                { "2026-06-30T12:00:00Z", "2026-12-01T00:00:00Z",
                  "2026-06* 2026-07* 2026-08* 2026-09* 2026-10* 2026-11* 2026-12*" },
                { "2026-05-31T23:00:00Z", "2026-12-01T00:00:00Z", "2026*" },
                { "2026-05-31T23:00:00Z", "2028-01-01T00:00:00Z", "2026* 2027* 2028*" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text joined = {};
                sec_t first, last;
                char **values;
                size_t n;

                assert_true(parse_rfc3339(rows[i].first, &first));
                assert_true(parse_rfc3339(rows[i].last, &last));
                values = ec2_filter_dates(first, last, &n);
                for (size_t j = 0; j < n; j++)
                        text_printf(&joined, "%s%s", j ? " " : "", values[j]);
                assert_string_equal(text_get(&joined), rows[i].values);
                strings_free(values, n);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(members_become_query_parameters),
                cmocka_unit_test(members_of_every_type_are_encoded),
                cmocka_unit_test(a_reply_with_instances_is_decoded),
                cmocka_unit_test(a_word_that_is_in_no_table_is_called_unknown),
                cmocka_unit_test(replies_with_statuses_and_snapshots_are_decoded),
                cmocka_unit_test(an_error_reply_has_its_code),
                cmocka_unit_test(a_reply_beyond_a_limit_is_refused),
                cmocka_unit_test(nothing_is_decoded_after_a_refusal),
                cmocka_unit_test(pages_add_up),
                cmocka_unit_test(a_literal_filter_is_no_pattern),
                cmocka_unit_test(dates_are_few_however_long_ago_the_first_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
