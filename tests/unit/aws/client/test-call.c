/* Requests of aws_call(), their pages, and many calls at once. */
#include "unit/aws/call.h"

/* ---- one request ---- */

/* A JSON service with its own host and a signed header with the action. */
static void a_json_request_names_its_action_in_a_signed_header(void **state)
{
        static const struct fake_answer script[] = {
                { .status = 400,
                  .body = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}",
                  .request_id = "r-7" },
                { .body = "{\"Commands\":[],\"NextToken\":\"t/1\"}", .request_id = "r-8" },
                { .status = 400,
                  .body = "{\"message\":\"no\"}",
                  .error_type = "AccessDeniedException:http://x/",
                  .request_id = "r-9" },
        };
        const struct ssm_list_commands input = {};
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ssm_list_commands, &input);
        assert_int_equal(world.outcome, AWS_ERROR);
        assert_int_equal(world.http.n_sent, 3);
        for (size_t i = 0; i < 3; i++) {
                const struct fake_sent *sent = &world.http.sent[i];

                assert_string_equal(sent->url, "https://ssm.us-east-1.amazonaws.com/");
                assert_string_equal(sent->content_type, "application/x-amz-json-1.1");
                assert_string_equal(sent->target, "AmazonSSM.ListCommands");
                assert_non_null(
                        strstr(sent->authorization,
                               "/us-east-1/ssm/aws4_request, "
                               "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "));
                assert_string_equal(sent->body,
                                    i < 2 ? "{\"MaxResults\":50}"
                                          : "{\"MaxResults\":50,\"NextToken\":\"t/1\"}");
        }
        assert_string_equal(world.described,
                            "AWS answered AccessDeniedException to ssm:ListCommands in us-east-1: "
                            "no (request r-9) after 3 attempts; allow it to this identity in IAM "
                            "(policy/freeze.json: FreezeLook): {\"Sid\":\"FreezeLook\","
                            "\"Effect\":\"Allow\",\"Action\":\"ssm:ListCommands\","
                            "\"Resource\":\"*\"}");
        world_done(&world);
}

/* The parameters of pages of Elastic Load Balancing. */
static void load_balancing_pages_by_markers(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult>"
                          "<TargetGroups/><NextMarker>t/1</NextMarker></DescribeTargetGroupsResult>"
                          "</DescribeTargetGroupsResponse>" },
                { .body = "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult>"
                          "<TargetGroups/></DescribeTargetGroupsResult>"
                          "</DescribeTargetGroupsResponse>" },
        };
        const struct elb_describe_target_groups input = {};
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &elb_describe_target_groups, &input);
        assert_int_equal(world.outcome, AWS_OK);
        assert_int_equal(world.http.n_sent, 2);
        assert_null(world.http.sent[0].target);
        assert_string_equal(world.http.sent[1].url,
                            "https://elasticloadbalancing.us-east-1.amazonaws.com/");
        assert_string_equal(
                world.http.sent[1].body,
                "Action=DescribeTargetGroups&Version=2015-12-01&PageSize=400&Marker=t%2F1");
        world_done(&world);
}

static void a_call_sends_one_signed_request(void **state)
{
        static const struct fake_answer script[] = { { .body = IMAGES(IMAGE("ami-1"), "") } };
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_images, &mine);
        assert_int_equal(world.outcome, AWS_OK);
        assert_int_equal(world.images.n_images, 1);
        assert_string_equal(world.images.images[0].id, "ami-1");
        assert_int_equal(world.images.images[0].state, IMAGE_AVAILABLE);
        assert_string_equal(world.request_id, "r-1");
        assert_int_equal(world.attempts, 1);
        assert_string_equal(world.http.sent[0].url, "https://ec2.us-east-1.amazonaws.com/");
        assert_string_equal(
                world.http.sent[0].body,
                "Action=DescribeImages&Version=2016-11-15&Owner.1=self&MaxResults=1000");
        assert_string_equal(world.http.sent[0].date, "20270115T080000Z");
        assert_non_null(startswith(world.http.sent[0].authorization,
                                   "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20270115/us-east-1/ec2/"
                                   "aws4_request, SignedHeaders=content-type;host;x-amz-date, "
                                   "Signature="));
        world_done(&world);
}

static void all_pages_are_collected(void **state)
{
        static const struct fake_answer script[] = {
                { .body = IMAGES(IMAGE("ami-1"), "<nextToken>a/b+c=</nextToken>") },
                { .status = 503, .body = FAILED("RequestLimitExceeded") },
                { .outcome = HTTP_LOST },
                { .body = "<DescribeImagesResponse><imagesSet>" IMAGE("ami-2") }, /* cut off */
                { .body = IMAGES(IMAGE("ami-2") IMAGE("ami-3"), "<nextToken>t2</nextToken>") },
                { .body = IMAGES("",
                                 "<nextToken>t3</nextToken>") }, /* empty, and yet not the end */
                { .body = IMAGES(IMAGE("ami-4"), "<nextToken/>") },
        };
        static const char *const tokens[] = { "",
                                              "&NextToken=a%2Fb%2Bc%3D",
                                              "&NextToken=a%2Fb%2Bc%3D",
                                              "&NextToken=a%2Fb%2Bc%3D",
                                              "&NextToken=a%2Fb%2Bc%3D",
                                              "&NextToken=t2",
                                              "&NextToken=t3" };
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_images, &mine);
        assert_int_equal(world.outcome, AWS_OK);
        assert_int_equal(world.images.n_images, 4);
        for (size_t i = 0; i < 4; i++) {
                const char id[] = { 'a', 'm', 'i', '-', (char)('1' + i), '\0' };

                assert_string_equal(world.images.images[i].id, id);
        }
        assert_int_equal(world.http.n_sent, ELEMENTS(script));
        for (size_t i = 0; i < ELEMENTS(tokens); i++)
                assert_true(endswith(world.http.sent[i].body,
                                     *tokens[i] ? tokens[i] : "&MaxResults=1000"));
        world_done(&world);
}

static void explicit_ids_exclude_a_page_size(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "<DescribeInstanceStatusResponse><instanceStatusSet/>"
                          "</DescribeInstanceStatusResponse>" },
                { .body = "<DescribeInstanceStatusResponse><instanceStatusSet/>"
                          "</DescribeInstanceStatusResponse>" },
        };
        const struct describe_instance_status by_id = { .ids = (const char *[]){ "i-1", "i-2" },
                                                        .n_ids = 2,
                                                        .include_all = true };
        const struct describe_instance_status all = { .include_all = true };
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_instance_status, &by_id);
        assert_string_equal(world.http.sent[0].body,
                            "Action=DescribeInstanceStatus&Version=2016-11-15&InstanceId.1=i-1"
                            "&InstanceId.2=i-2&IncludeAllInstances=true");
        call(&world, &ec2_describe_instance_status, &all);
        assert_true(endswith(world.http.sent[1].body, "&IncludeAllInstances=true&MaxResults=1000"));
        world_done(&world);
}

/* ---- many at once ---- */

struct many {
        struct world world;
        struct aws_slot *slots[200];
        unsigned int answers;
};

static void on_one_of_many(const struct aws_reply *reply, void *userdata)
{
        struct many *many = userdata;

        assert_int_equal(reply->outcome, AWS_OK);
        many->answers++;
}

/* 200 calls of CreateImage: at most 8 under way, and at most half of the published bucket. */
static void two_hundred_calls_stay_within_the_share(void **state)
{
        static struct fake_answer script[200];
        struct many many = {};
        struct http *http = &many.world.http;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(script); i++)
                script[i] = (struct fake_answer){ .body = CREATED, .delay = 30 * USEC_PER_MSEC };
        world_init(&many.world, ROWS(script));
        for (size_t i = 0; i < ELEMENTS(many.slots); i++)
                many.slots[i] = aws_call(many.world.account, "us-east-1", &ec2_create_image, &image,
                                         on_one_of_many, &many);
        fake_run(&many.world.loop);
        assert_int_equal(many.answers, 200);
        assert_int_equal(http->most_open, 8);
        for (size_t i = 0; i < http->n_sent; i++)
                for (size_t j = i; j < http->n_sent; j++) {
                        double seconds = (double)(http->sent[j].at - http->sent[i].at) / 1e6;

                        assert_true((double)(j - i + 1) <= 25 + 2.5 * seconds + 1e-6);
                }
        for (size_t i = 0; i < ELEMENTS(many.slots); i++)
                aws_slot_free(many.slots[i]);
        world_done(&many.world);
}

/* The report is about the call that was sent, with its attempt, and not about queued calls. */
static void the_call_that_waits_longest_is_reported(void **state)
{
        static const struct fake_answer script[] = {
                { .outcome = HTTP_LOST, .delay = 60 * USEC_PER_SEC },
                { .body = IMAGES(IMAGE("ami-1"), "<nextToken>t/1</nextToken>"),
                  .delay = 10 * USEC_PER_SEC },
                { .body = IMAGES(IMAGE("ami-2"), ""), .delay = 10 * USEC_PER_SEC },
        };
        struct aws_underway waited;
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        assert_false(aws_find_underway(world.aws, 0, &waited));
        start(&world, &ec2_describe_images, &mine);
        fake_run_for(&world.loop, 2 * USEC_PER_SEC);
        assert_false(aws_find_underway(world.aws, 3 * USEC_PER_SEC, &waited));
        fake_run_for(&world.loop, 2 * USEC_PER_SEC);
        assert_true(aws_find_underway(world.aws, 3 * USEC_PER_SEC, &waited));
        assert_ptr_equal(waited.action, &ec2_describe_images);
        assert_string_equal(waited.region, "us-east-1");
        assert_int_equal(waited.attempt, 1);
        assert_null(waited.trouble);
        assert_int_equal(waited.others, 0);
        fake_run_for(&world.loop, 57 * USEC_PER_SEC);
        assert_true(aws_find_underway(world.aws, 3 * USEC_PER_SEC, &waited));
        assert_int_equal(waited.attempt, 2);
        assert_string_equal(waited.trouble, "the wire was cut");
        /* the second page, which has not been asked for as long */
        while (world.http.n_sent < 3)
                fake_run_for(&world.loop, USEC_PER_SEC);
        assert_false(aws_find_underway(world.aws, 3 * USEC_PER_SEC, &waited));
        fake_run_for(&world.loop, 4 * USEC_PER_SEC);
        assert_true(aws_find_underway(world.aws, 3 * USEC_PER_SEC, &waited));
        assert_int_equal(waited.attempt, 1);
        assert_null(waited.trouble);
        fake_run(&world.loop);
        assert_int_equal(world.answers, 1);
        assert_false(aws_find_underway(world.aws, 0, &waited));
        world_done(&world);
}

static void a_freed_slot_does_not_hold_up_other_calls(void **state)
{
        static struct fake_answer script[64];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(script); i++)
                script[i] = (struct fake_answer){ .body = CREATED, .delay = USEC_PER_SEC };
        for (unsigned int steps = 0; steps < 60; steps++) {
                struct many many = {};

                world_init(&many.world, ROWS(script));
                for (size_t i = 0; i < 20; i++)
                        many.slots[i] = aws_call(many.world.account, "us-east-1", &ec2_create_image,
                                                 &image, on_one_of_many, &many);
                for (unsigned int i = 0; i < steps; i++)
                        fake_step(&many.world.loop, USEC_INFINITY - 1);
                for (size_t i = 0; i < 20; i += 2)
                        aws_slot_free(many.slots[i]);
                fake_run(&many.world.loop);
                assert_true(many.answers >= 10);
                for (size_t i = 1; i < 20; i += 2)
                        aws_slot_free(many.slots[i]);
                world_done(&many.world);
        }
}

/* A reload with another api_share changes existing and new buckets. */
static void another_share_counts_for_all_buckets(void **state)
{
        static const struct fake_answer script[] = { { .body = IMAGES("", "") },
                                                     { .body = IMAGES("", "") } };
        struct capacities capacities = {};
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_images, &mine);
        aws_usage(world.aws, on_usage, &capacities);
        assert_int_equal(capacities.buckets, 1);
        assert_true(capacities.least > 49 && capacities.most < 51);
        aws_set_share(world.aws, 20);
        capacities = (struct capacities){};
        aws_usage(world.aws, on_usage, &capacities);
        assert_true(capacities.least > 19 && capacities.most < 21);
        forget_answer(&world);
        world.slot =
                aws_call(world.account, "eu-west-1", &ec2_describe_images, &mine, on_done, &world);
        fake_run(&world.loop);
        capacities = (struct capacities){};
        aws_usage(world.aws, on_usage, &capacities);
        assert_int_equal(capacities.buckets, 2);
        assert_true(capacities.least > 19 && capacities.most < 21);
        world_done(&world);
}

static void equal_options_give_the_same_account(void **state)
{
        struct aws_account_options same = { .name = "default" };
        struct aws_account_options other = { .name = "default", .profile = "x" };
        struct aws_account *again, *another;
        struct world world;

        (void)state;
        world_init(&world, NULL, 0);
        again = aws_account(world.aws, &same);
        another = aws_account(world.aws, &other);
        assert_ptr_equal(again, world.account);
        assert_ptr_not_equal(another, world.account);
        aws_account_unref(again);
        aws_account_unref(another);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_json_request_names_its_action_in_a_signed_header),
                cmocka_unit_test(load_balancing_pages_by_markers),
                cmocka_unit_test(a_call_sends_one_signed_request),
                cmocka_unit_test(all_pages_are_collected),
                cmocka_unit_test(explicit_ids_exclude_a_page_size),
                cmocka_unit_test(two_hundred_calls_stay_within_the_share),
                cmocka_unit_test(the_call_that_waits_longest_is_reported),
                cmocka_unit_test(a_freed_slot_does_not_hold_up_other_calls),
                cmocka_unit_test(another_share_counts_for_all_buckets),
                cmocka_unit_test(equal_options_give_the_same_account),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
