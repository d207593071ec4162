/* aws_call() with a wrong clock, without credentials, and refused. */
#include "unit/aws/call.h"

static void requests_are_signed_by_the_clock_of_aws_after_a_refusal(void **state)
{
        static const struct fake_answer script[] = {
                { .status = 400,
                  .body = FAILED("RequestExpired"),
                  .date = "Fri, 15 Jan 2027 10:00:00 GMT" }, /* two hours after ours */
                { .body = IMAGES("", "") },
                { .body = IMAGES("", "") },
        };
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_images, &mine);
        assert_int_equal(world.outcome, AWS_OK);
        assert_string_equal(world.http.sent[0].date, "20270115T080000Z");
        assert_string_equal(world.http.sent[1].date, "20270115T100000Z");
        /* Later calls use AWS's clock, also after the wall clock was corrected. */
        fake_run_for(&world.loop, 60 * USEC_PER_SEC);
        world.loop.wall0 += 7200;
        call(&world, &ec2_describe_images, &mine);
        assert_string_equal(world.http.sent[2].date, "20270115T100100Z");
        world_done(&world);
}

/* STS accepts the key that a disabled region refuses, and refuses a deleted key. STS is asked only
 * after the region has refused the key for a while. */
static void a_region_that_refuses_a_valid_key_is_reported(void **state)
{
        static const struct {
                const char *name;
                struct fake_answer sts;
                bool elsewhere;
        } rows[] = {
                { "the region's",
                  { .body = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::"
                            "111122223333:user/a</Arn><Account>111122223333</Account>"
                            "</GetCallerIdentityResult></GetCallerIdentityResponse>" },
                  true },
                { "the key's", { .status = 403, .body = FAILED("InvalidClientTokenId") }, false },
                { "unknown", { .status = 403, .body = FAILED("Blocked") }, false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const struct fake_answer script[] = {
                        { .status = 401, .body = FAILED("UnrecognizedClientException") },
                        { .status = 401, .body = FAILED("UnrecognizedClientException") },
                        { .status = 401, .body = FAILED("UnrecognizedClientException") },
                        rows[i].sts,
                };
                struct world world;

                world_init(&world, ROWS(script));
                fake_run_for(&world.loop, USEC_PER_SEC);
                call(&world, &ec2_describe_images, &mine);
                assert_int_equal(world.outcome, AWS_UNSIGNED);
                assert_null(strstr(world.described, "elsewhere"));
                fake_run_for(&world.loop, 20 * USEC_PER_SEC);
                call(&world, &ec2_describe_images, &mine);
                assert_int_equal(world.outcome, AWS_UNSIGNED);
                if (!!strstr(world.described, "takes this key elsewhere") != rows[i].elsewhere)
                        fail_msg("%s: %s", rows[i].name, world.described);
                assert_int_equal(world.http.n_sent, ELEMENTS(script));
                world_done(&world);
        }
}

static void the_clock_is_corrected_only_once(void **state)
{
        static const struct fake_answer script[] = {
                { .status = 400,
                  .body = FAILED("RequestTimeTooSkewed"),
                  .date = "Fri, 15 Jan 2027 10:00:00 GMT" },
                { .status = 400,
                  .body = FAILED("RequestTimeTooSkewed"),
                  .date = "Fri, 15 Jan 2027 12:00:00 GMT" },
        };
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_images, &mine);
        assert_int_equal(world.outcome, AWS_ERROR);
        assert_string_equal(world.code, "RequestTimeTooSkewed");
        world_done(&world);
}

static void an_expired_token_is_refreshed_once(void **state)
{
        static const struct fake_answer script[] = {
                { .body = IMAGES("", "") },
                { .status = 400, .body = FAILED("ExpiredToken") },
                { .body = IMAGES("", "") },
                { .status = 400, .body = FAILED("ExpiredToken") },
                { .status = 400, .body = FAILED("ExpiredToken") },
        };
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        setenv("AWS_SESSION_TOKEN", "old", 1);
        call(&world, &ec2_describe_images, &mine);
        fake_run_for(&world.loop, 60 * USEC_PER_SEC);
        setenv("AWS_SESSION_TOKEN", "new", 1);
        for (unsigned int i = 0; i < 2; i++) {
                call(&world, &ec2_describe_images, &mine);
                fake_run_for(&world.loop, 60 * USEC_PER_SEC);
        }
        assert_string_equal(world.http.sent[1].token, "old");
        assert_string_equal(world.http.sent[2].token, "new");
        assert_int_equal(world.http.n_sent, 5); /* the second time one refresh does not help */
        assert_int_equal(world.outcome, AWS_UNSIGNED);
        assert_non_null(strstr(world.described, "access key **** of the environment"));
        assert_string_equal(world.code, "ExpiredToken");
        world_done(&world);
}

static void nothing_is_sent_without_credentials(void **state)
{
        static const struct fake_answer script[] = { UNSENT, UNSENT, UNSENT };
        struct capacities capacities = {};
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        unsetenv("AWS_ACCESS_KEY_ID");
        unsetenv("AWS_SECRET_ACCESS_KEY");
        call(&world, &ec2_describe_images, &mine);
        assert_int_equal(world.outcome, AWS_UNSIGNED);
        assert_int_equal(world.attempts, 0);
        assert_string_equal(
                world.message,
                "no credentials: environment: no $AWS_ACCESS_KEY_ID; assumed role: no role_arn; "
                "web identity: no token file; single sign-on: no sso_account_id; credentials file: "
                "no profile default in /dev/null and /dev/null; credential_process: none; config "
                "file: no profile default in it; systemd credential: no $CREDENTIALS_DIRECTORY; "
                "container: no $AWS_CONTAINER_CREDENTIALS_..._URI; instance metadata: no session "
                "token: the wire was cut");
        /* A call that waits for credentials takes no token. Otherwise more requests would be sent
         * after the wait than the bucket has refilled. */
        aws_usage(world.aws, on_usage, &capacities);
        assert_int_equal(capacities.buckets, 0);
        world_done(&world);
}

/* STS decodes the message of a denial, and is not asked again after it has denied to decode. */
static void an_encoded_refusal_is_decoded_until_that_is_denied(void **state)
{
        static const char refusal[] =
                "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not "
                "authorized to perform this operation. Encoded authorization failure message: "
                "a-B_c</Message></Error></Errors><RequestID>r-9</RequestID></Response>";
        static const char decoded[] =
                "<DecodeAuthorizationMessageResponse><DecodeAuthorizationMessageResult>"
                "<DecodedMessage>{&quot;allowed&quot;:false,&quot;explicitDeny&quot;:false,"
                "&quot;context&quot;:{&quot;principal&quot;:{&quot;arn&quot;:"
                "&quot;arn:aws:iam::111122223333:user/amid&quot;},&quot;action&quot;:"
                "&quot;ec2:CreateTags&quot;,&quot;resource&quot;:"
                "&quot;arn:aws:ec2:us-east-1::snapshot/*&quot;}}</DecodedMessage>"
                "</DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>";
        static const struct fake_answer script[] = {
                { .status = 403, .body = refusal },
                { .body = decoded },
                { .status = 403, .body = refusal },
                { .status = 403,
                  .body = "<ErrorResponse><Error><Code>AccessDenied</Code></Error></"
                          "ErrorResponse>" },
                { .status = 403, .body = refusal },
        };
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_create_image, &image);
        assert_int_equal(world.outcome, AWS_ERROR);
        assert_string_equal(world.http.sent[1].url, "https://sts.us-east-1.amazonaws.com/");
        assert_string_equal(world.http.sent[1].body,
                            "Action=DecodeAuthorizationMessage&Version=2011-06-15"
                            "&EncodedMessage=a-B_c");
        assert_string_equal(
                world.described,
                "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: User: "
                "arn:aws:iam::111122223333:user/amid is not authorized to perform: ec2:CreateTags "
                "on resource: arn:aws:ec2:us-east-1::snapshot/* (request r-9); allow it to "
                "arn:aws:iam::111122223333:user/amid in IAM (policy/core.json: TagWhatIsCreated): "
                "{\"Sid\":\"TagWhatIsCreated\",\"Effect\":\"Allow\",\"Action\":\"ec2:CreateTags\","
                "\"Resource\":[\"arn:aws:ec2:*::image/*\",\"arn:aws:ec2:*::snapshot/*\"],"
                "\"Condition\":{\"StringEquals\":{\"ec2:CreateAction\":\"CreateImage\","
                "\"aws:RequestTag/amid:owner\":\"prod\"}}}");
        for (size_t sent = 4; sent <= 5; sent++) {
                call(&world, &ec2_create_image, &image);
                assert_int_equal(world.outcome, AWS_ERROR);
                assert_int_equal(world.http.n_sent, sent);
                assert_non_null(startswith(
                        world.described,
                        "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: You "
                        "are not authorized to perform this operation. (request r-9); allow it to "
                        "this identity in IAM (policy/core.json: CreateImagesOfTargets, "
                        "CreateImages): {"));
        }
        world_done(&world);
}

static void an_endpoint_in_plain_http_is_refused(void **state)
{
        struct world world;

        (void)state;
        world_init(&world, NULL, 0);
        setenv("AWS_ENDPOINT_URL", "http://ec2.example.com/", 1);
        call(&world, &ec2_describe_images, &mine);
        assert_int_equal(world.outcome, AWS_UNREACHABLE);
        assert_non_null(strstr(world.message, "loopback"));
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(requests_are_signed_by_the_clock_of_aws_after_a_refusal),
                cmocka_unit_test(a_region_that_refuses_a_valid_key_is_reported),
                cmocka_unit_test(the_clock_is_corrected_only_once),
                cmocka_unit_test(an_expired_token_is_refreshed_once),
                cmocka_unit_test(nothing_is_sent_without_credentials),
                cmocka_unit_test(an_encoded_refusal_is_decoded_until_that_is_denied),
                cmocka_unit_test(an_endpoint_in_plain_http_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
