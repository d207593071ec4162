/* aws_call() as a whole, on virtual time against an http that answers from a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "aws/ec2.h"
#include "aws/elb.h"
#include "aws/ssm.h"
#include "unit/aws/fake.h"

#define ROWS(answers) answers, ELEMENTS(answers)

/* ---- a world to call in ---- */

struct world {
        struct loop loop;
        struct http http;
        struct aws *aws;
        struct aws_account *account;
        struct aws_slot *slot;

        unsigned int answers;
        enum aws_outcome outcome;
        char *code, *message, *request_id, *described;
        unsigned int attempts;
        const struct action *action;
        struct ec2_images images;
        struct ec2_created_image created;
};

static void world_init(struct world *world, const struct fake_answer *script, size_t n)
{
        *world = (struct world){ .loop = { .wall0 = 1800000000 } };
        world->http = (struct http){ .loop = &world->loop, .script = script, .n_script = n };
        setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
        setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
        unsetenv("AWS_SESSION_TOKEN");
        unsetenv("AWS_ENDPOINT_URL");
        unsetenv("AWS_ENDPOINT_URL_EC2");
        unsetenv("AWS_PROFILE");
        unsetenv("CREDENTIALS_DIRECTORY");
        setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
        setenv("AWS_CONFIG_FILE", "/dev/null", 1);
        assert_int_equal(aws_new(&world->loop, &world->http, &world->aws), 0);
        world->account =
                aws_account(world->aws, &(struct aws_account_options){ .name = "default" });
}

static void world_done(struct world *world)
{
        aws_slot_free(world->slot);
        aws_account_unref(world->account);
        aws_free(world->aws);
        assert_int_equal(world->http.open, 0);
        assert_null(world->loop.timers);
        fake_http_done(&world->http);
        free(world->code);
        free(world->message);
        free(world->request_id);
        free(world->described);
        if (ec2_describe_images.output)
                shape_done(ec2_describe_images.output, &world->images);
        free(world->created.id);
}

static void on_done(const struct aws_reply *reply, void *userdata)
{
        struct world *world = userdata;

        world->answers++;
        world->outcome = reply->outcome;
        world->attempts = reply->attempts;
        world->code = xstrdup(reply->code);
        world->message = xstrdup(reply->message);
        world->request_id = xstrdup(reply->request_id);
        world->described = aws_describe_failure(reply, world->action, "us-east-1");
        if (reply->output && world->action == &ec2_describe_images) {
                world->images = *(struct ec2_images *)reply->output;
                *(struct ec2_images *)reply->output = (struct ec2_images){};
        } else if (reply->output && world->action == &ec2_create_image) {
                world->created.id = steal(((struct ec2_created_image *)reply->output)->id);
        }
        /* What the runs will do. */
        world->slot = aws_slot_free(world->slot);
}

static void start(struct world *world, const struct action *action, const void *input)
{
        world->action = action;
        world->slot = aws_call(world->account, "us-east-1", action, input, on_done, world);
        assert_int_equal(world->answers, 0);
}

static void call(struct world *world, const struct action *action, const void *input)
{
        start(world, action, input);
        fake_run(&world->loop);
        assert_int_equal(world->answers, 1);
}

static const struct describe_images mine = { .owners = (const char *[]){ "self" }, .n_owners = 1 };
static const struct create_image image = { .instance = "i-1", .name = "web-1" };

#define IMAGES(items, more)                                                                        \
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">"              \
        "<requestId>r-1</requestId><imagesSet>" items "</imagesSet>" more                          \
        "</DescribeImagesResponse>"
#define IMAGE(id) "<item><imageId>" id "</imageId><imageState>available</imageState></item>"
#define CREATED   "<CreateImageResponse><imageId>ami-1</imageId></CreateImageResponse>"
#define FAILED(code)                                                                               \
        "<Response><Errors><Error><Code>" code                                                     \
        "</Code><Message>because</Message></Error></Errors>"                                       \
        "<RequestID>r-9</RequestID></Response>"
#define HTML "<!doctype html><html><body>Internal Server Error</body></html>"

/* ---- one request ---- */

/* A service that speaks JSON: its own host, a header that names the action, also signed. */
static void test_json_service(void **state)
{
        static const struct fake_answer script[] = {
                { .status = 400,
                  .body = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}" },
                { .body = "{\"Commands\":[],\"NextToken\":\"t/1\"}" },
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
                            "no (request r-9) after 3 attempts; allow it to this identity in IAM: "
                            "{\"Effect\":\"Allow\",\"Action\":\"ssm:ListCommands\",\"Resource\":"
                            "\"*\"}");
        world_done(&world);
}

/* What load balancing calls its pages. */
static void test_marker_pages(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult>"
                          "<NextMarker>t/1</NextMarker></DescribeTargetGroupsResult>"
                          "</DescribeTargetGroupsResponse>" },
                { .body = "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult/>"
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

static void test_one(void **state)
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

static void test_pages(void **state)
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

static void test_ids_without_page_size(void **state)
{
        static const struct fake_answer script[] = {
                { .body = "<DescribeInstanceStatusResponse/>" },
                { .body = "<DescribeInstanceStatusResponse/>" },
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
        free(steal(world.request_id));
        free(steal(world.described));
        world.answers = 0;
        call(&world, &ec2_describe_instance_status, &all);
        assert_true(endswith(world.http.sent[1].body, "&IncludeAllInstances=true&MaxResults=1000"));
        world_done(&world);
}

/* ---- failures, as rows ---- */

struct failure_row {
        int line;
        enum aws_outcome outcome;
        const struct action *action;
        struct fake_answer script[8];
        size_t n_sent;
        const char *code;
};

#define LOST                                                                                       \
        {                                                                                          \
                .outcome = HTTP_LOST                                                               \
        }
#define UNSENT                                                                                     \
        {                                                                                          \
                .outcome = HTTP_UNSENT                                                             \
        }
#define ERROR(number, word)                                                                        \
        {                                                                                          \
                .status = (number), .body = FAILED(word)                                           \
        }

static const struct failure_row failures[] = {
        /* Lost answers: what must not be done twice is not. */
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { LOST }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .status = 500, .body = HTML } }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .status = 502, .body = "" } }, 1, NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { { .body = "<CreateImageResponse><ima" } },
          1,
          NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .body = "" } }, 1, NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { ERROR(500, "InternalError") },
          1,
          "InternalError" },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { ERROR(503, "Unavailable") },
          1,
          "Unavailable" },
        /* A definite no may be repeated, though. */
        { __LINE__,
          AWS_OK,
          &ec2_create_image,
          { ERROR(503, "RequestLimitExceeded"), UNSENT, { .body = CREATED } },
          3,
          NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { ERROR(503, "RequestLimitExceeded"), LOST },
          2,
          NULL },
        { __LINE__,
          AWS_ERROR,
          &ec2_create_image,
          { ERROR(400, "InvalidAMIName.Duplicate") },
          1,
          "InvalidAMIName.Duplicate" },
        { __LINE__,
          AWS_ERROR,
          &ec2_create_image,
          { ERROR(500, "InsufficientInstanceCapacity") },
          1,
          "InsufficientInstanceCapacity" },
        { __LINE__,
          AWS_UNREACHABLE,
          &ec2_create_image,
          { UNSENT, UNSENT, UNSENT, UNSENT, UNSENT, UNSENT, UNSENT, UNSENT },
          8,
          NULL },
        /* Reading again does no harm. */
        { __LINE__,
          AWS_OK,
          &ec2_describe_images,
          { LOST, LOST, { .body = IMAGES("", "") } },
          3,
          NULL },
        { __LINE__,
          AWS_OK,
          &ec2_describe_images,
          { { .status = 500, .body = HTML }, { .body = IMAGES("", "") } },
          2,
          NULL },
        { __LINE__,
          AWS_OK,
          &ec2_describe_images,
          { { .body = "<html><body>Please log in</body></html>" }, { .body = IMAGES("", "") } },
          2,
          NULL },
        { __LINE__,
          AWS_OK,
          &ec2_describe_images,
          { ERROR(500, "InternalError"), { .body = IMAGES("", "") } },
          2,
          NULL },
        { __LINE__,
          AWS_UNREACHABLE,
          &ec2_describe_images,
          { LOST, LOST, LOST, LOST, LOST, LOST, LOST, LOST },
          8,
          NULL },
        { __LINE__,
          AWS_ERROR,
          &ec2_describe_images,
          { ERROR(403, "UnauthorizedOperation") },
          1,
          "UnauthorizedOperation" },
        /* nobody of AWS says so: whoever stands on the way may go away again */
        { __LINE__,
          AWS_ERROR,
          &ec2_describe_images,
          { { .status = 403, .body = HTML },
            { .status = 403, .body = HTML },
            { .status = 403, .body = HTML },
            { .status = 403, .body = HTML },
            { .status = 403, .body = HTML },
            { .status = 403, .body = HTML },
            { .status = 403, .body = HTML },
            { .status = 403, .body = HTML } },
          8,
          "HTTP 403" },
        { __LINE__,
          AWS_ERROR,
          &ec2_describe_images,
          { { .status = 302, .body = "" } },
          1,
          "HTTP 302" },
        { __LINE__,
          AWS_OK,
          &ec2_describe_images,
          { { .status = 429, .body = "" }, { .body = IMAGES("", "") } },
          2,
          NULL },
        /* A key that AWS refuses and that was read just now is not read again. */
        { __LINE__,
          AWS_ERROR,
          &ec2_describe_images,
          { ERROR(401, "AuthFailure") },
          1,
          "AuthFailure" },
        /* It is said of the key and not of the request: whoever asked may ask again. */
        { __LINE__,
          AWS_UNSIGNED,
          &ec2_create_image,
          { ERROR(401, "InvalidClientTokenId") },
          1,
          "InvalidClientTokenId" },
        { __LINE__,
          AWS_UNSIGNED,
          &ec2_create_image,
          { { .status = 401,
              .body = "<Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was not able "
                      "to validate the provided access credentials</Message></Error></Errors>"
                      "</Response>" } },
          1,
          "AuthFailure" },
};

static void test_failures(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(failures); i++) {
                const struct failure_row *row = &failures[i];
                const void *input = row->action == &ec2_create_image ? (const void *)&image : &mine;
                struct world world;

                world_init(&world, ROWS(row->script));
                call(&world, row->action, input);
                if (world.outcome != row->outcome || !streq(world.code, row->code) ||
                    world.http.n_sent != row->n_sent || world.attempts != row->n_sent)
                        fail_msg("row of line %d: outcome %d, code %s, %zu sent", row->line,
                                 world.outcome, world.code, world.http.n_sent);
                if (row->outcome != AWS_OK && !world.message)
                        fail_msg("row of line %d: no message", row->line);
                world_done(&world);
        }
}

/* Throttled without end: minutes, not seconds, and not for ever. */
static void test_throttled_on_and_on(void **state)
{
        struct fake_answer script[64];
        struct world world;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(script); i++)
                script[i] = (struct fake_answer)ERROR(503, "RequestLimitExceeded");
        world_init(&world, ROWS(script));
        call(&world, &ec2_create_image, &image);
        assert_int_equal(world.outcome, AWS_ERROR);
        assert_string_equal(world.code, "RequestLimitExceeded");
        assert_in_range(world.loop.now / USEC_PER_SEC, 5 * 60, 15 * 60);
        assert_non_null(strstr(world.described, "quota of CreateImage"));
        world_done(&world);
}

struct capacities {
        double least, most; /* of DescribeImages */
        double factor;
        unsigned long long throttles;
        unsigned int buckets;
};

static void on_usage(const struct aws_usage *usage, void *userdata)
{
        struct capacities *capacities = userdata;

        assert_string_equal(usage->action, "DescribeImages");
        if (!capacities->buckets || usage->capacity < capacities->least)
                capacities->least = usage->capacity;
        if (!capacities->buckets || usage->capacity > capacities->most)
                capacities->most = usage->capacity;
        capacities->factor = usage->factor;
        capacities->throttles += usage->throttles;
        capacities->buckets++;
}

static void test_retry_after(void **state)
{
        static const struct fake_answer script[] = {
                { .status = 503, .body = FAILED("RequestLimitExceeded"), .retry_after = "17" },
                { .body = IMAGES("", "") },
        };
        struct capacities capacities = {};
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_images, &mine);
        assert_true(world.http.sent[1].at >= 17 * USEC_PER_SEC);
        /* the governor has heard of it */
        aws_usage(world.aws, on_usage, &capacities);
        assert_int_equal(capacities.throttles, 1);
        assert_true(capacities.factor >= 0.5 && capacities.factor < 0.6);
        world_done(&world);
}

/* ---- clock and credentials ---- */

static void test_clock_skew(void **state)
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
        /* Later calls know it, also after our own clock was put right. */
        fake_run_for(&world.loop, 60 * USEC_PER_SEC);
        world.loop.wall0 += 7200;
        free(steal(world.request_id));
        free(steal(world.described));
        world.answers = 0;
        call(&world, &ec2_describe_images, &mine);
        assert_string_equal(world.http.sent[2].date, "20270115T100100Z");
        world_done(&world);
}

static void test_clock_skew_once(void **state)
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

static void test_expired_token(void **state)
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
                free(steal(world.request_id));
                free(steal(world.described));
                world.answers = 0;
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

static void test_no_credentials(void **state)
{
        static const struct fake_answer script[] = { UNSENT, UNSENT, UNSENT };
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
        world_done(&world);
}

/* A refusal that only AWS can read is read by AWS; once it may not be asked, that is left alone. */
static void test_encoded_refusal(void **state)
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
                "arn:aws:iam::111122223333:user/amid in IAM: {\"Effect\":\"Allow\",\"Action\":"
                "\"ec2:CreateTags\",\"Resource\":\"arn:aws:ec2:*::snapshot/*\",\"Condition\":"
                "{\"StringEquals\":{\"ec2:CreateAction\":\"CreateImage\"}}}");
        for (size_t sent = 4; sent <= 5; sent++) {
                free(steal(world.code));
                free(steal(world.message));
                free(steal(world.request_id));
                free(steal(world.described));
                world.answers = 0;
                call(&world, &ec2_create_image, &image);
                assert_int_equal(world.outcome, AWS_ERROR);
                assert_int_equal(world.http.n_sent, sent);
                assert_string_equal(
                        world.described,
                        "AWS answered UnauthorizedOperation to ec2:CreateImage in us-east-1: You "
                        "are not authorized to perform this operation. (request r-9); allow it to "
                        "this identity in IAM: {\"Effect\":\"Allow\",\"Action\":"
                        "\"ec2:CreateImage\",\"Resource\":\"*\"}");
        }
        world_done(&world);
}

static void test_bad_endpoint(void **state)
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

/* ---- many at once ---- */

struct crowd {
        struct world world;
        struct aws_slot *slots[200];
        unsigned int answers;
};

static void on_crowd_done(const struct aws_reply *reply, void *userdata)
{
        struct crowd *crowd = userdata;

        assert_int_equal(reply->outcome, AWS_OK);
        crowd->answers++;
}

/* 200 creations: at most 8 on their way, and never more than our half of the published bucket. */
static void test_crowd(void **state)
{
        static struct fake_answer script[200];
        struct crowd crowd = {};
        struct http *http = &crowd.world.http;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(script); i++)
                script[i] = (struct fake_answer){ .body = CREATED, .delay = 30 * USEC_PER_MSEC };
        world_init(&crowd.world, ROWS(script));
        for (size_t i = 0; i < ELEMENTS(crowd.slots); i++)
                crowd.slots[i] = aws_call(crowd.world.account, "us-east-1", &ec2_create_image,
                                          &image, on_crowd_done, &crowd);
        fake_run(&crowd.world.loop);
        assert_int_equal(crowd.answers, 200);
        assert_int_equal(http->most_open, 8);
        for (size_t i = 0; i < http->n_sent; i++)
                for (size_t j = i; j < http->n_sent; j++) {
                        double seconds = (double)(http->sent[j].at - http->sent[i].at) / 1e6;

                        assert_true((double)(j - i + 1) <= 25 + 2.5 * seconds + 1e-6);
                }
        for (size_t i = 0; i < ELEMENTS(crowd.slots); i++)
                aws_slot_free(crowd.slots[i]);
        world_done(&crowd.world);
}

/* Slots may go at any moment; what they held is given back, and the others get on. */
static void test_drop(void **state)
{
        static struct fake_answer script[64];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(script); i++)
                script[i] = (struct fake_answer){ .body = CREATED, .delay = USEC_PER_SEC };
        for (unsigned int steps = 0; steps < 60; steps++) {
                struct crowd crowd = {};

                world_init(&crowd.world, ROWS(script));
                for (size_t i = 0; i < 20; i++)
                        crowd.slots[i] = aws_call(crowd.world.account, "us-east-1",
                                                  &ec2_create_image, &image, on_crowd_done, &crowd);
                for (unsigned int i = 0; i < steps; i++)
                        fake_step(&crowd.world.loop, USEC_INFINITY - 1);
                for (size_t i = 0; i < 20; i += 2)
                        aws_slot_free(crowd.slots[i]);
                fake_run(&crowd.world.loop);
                assert_true(crowd.answers >= 10);
                for (size_t i = 1; i < 20; i += 2)
                        aws_slot_free(crowd.slots[i]);
                world_done(&crowd.world);
        }
}

/* A reload with another api_share: for what is there, and for what comes. */
static void test_share(void **state)
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
        free(steal(world.request_id));
        free(steal(world.described));
        world.answers = 0;
        world.slot =
                aws_call(world.account, "eu-west-1", &ec2_describe_images, &mine, on_done, &world);
        fake_run(&world.loop);
        capacities = (struct capacities){};
        aws_usage(world.aws, on_usage, &capacities);
        assert_int_equal(capacities.buckets, 2);
        assert_true(capacities.least > 19 && capacities.most < 21);
        world_done(&world);
}

static void test_accounts_are_shared(void **state)
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
                cmocka_unit_test(test_one),
                cmocka_unit_test(test_json_service),
                cmocka_unit_test(test_marker_pages),
                cmocka_unit_test(test_pages),
                cmocka_unit_test(test_ids_without_page_size),
                cmocka_unit_test(test_failures),
                cmocka_unit_test(test_throttled_on_and_on),
                cmocka_unit_test(test_retry_after),
                cmocka_unit_test(test_clock_skew),
                cmocka_unit_test(test_clock_skew_once),
                cmocka_unit_test(test_expired_token),
                cmocka_unit_test(test_no_credentials),
                cmocka_unit_test(test_encoded_refusal),
                cmocka_unit_test(test_bad_endpoint),
                cmocka_unit_test(test_crowd),
                cmocka_unit_test(test_drop),
                cmocka_unit_test(test_share),
                cmocka_unit_test(test_accounts_are_shared),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
