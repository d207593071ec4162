/* Failures of aws_call(): retries, outcome and message. */
#include "unit/aws/call.h"

struct failure_row {
        const char *name;
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
#define ERROR(number, word)                                                                        \
        {                                                                                          \
                .status = (number), .body = FAILED(word)                                           \
        }

static const struct failure_row failures[] = {
        /* A lost answer of an action that is not repeatable. */
        { .name = "lost",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { LOST },
          .n_sent = 1 },
        { .name = "a proxy's 500",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 500, .body = HTML } },
          .n_sent = 1 },
        { .name = "a proxy's 502 without a body",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 502, .body = "" } },
          .n_sent = 1 },
        { .name = "a success that is cut",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .body = "<CreateImageResponse><ima" } },
          .n_sent = 1 },
        { .name = "a success without a body",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .body = "" } },
          .n_sent = 1 },
        { .name = "a proxy's 400",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 400, .body = HTML } },
          .n_sent = 1 },
        { .name = "a proxy's 403",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 403, .body = HTML } },
          .n_sent = 1 },
        { .name = "a redirect",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 302, .body = "" } },
          .n_sent = 1 },
        { .name = "a success of another kind",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 204, .body = "" } },
          .n_sent = 1 },
        { .name = "a proxy's 429",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 429, .body = "" } },
          .n_sent = 1 },
        { .name = "a 403 in JSON",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 403, .body = "{\"code\": 403, \"message\": \"Forbidden\"}" } },
          .n_sent = 1 },
        { .name = "an error that is cut",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 400, .body = "<Response><Errors><Error><Code>Blo" } },
          .n_sent = 1 },
        /* Well-formed errors without a code, or with a number as the code: not of AWS. */
        { .name = "an error without a code",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 400, .body = "<Response/>" } },
          .n_sent = 1 },
        { .name = "an error with a number as its code",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { ERROR(403, "403") },
          .n_sent = 1 },
        { .name = "an error with a sentence as its code",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { ERROR(403, "Access denied") },
          .n_sent = 1 },
        { .name = "a success with the status of an error",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .status = 400, .body = CREATED } },
          .n_sent = 1 },
        /* A success of another action, or without the id of the image. */
        { .name = "a success of another action",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .body = IMAGES("", "") } },
          .n_sent = 1 },
        { .name = "an error with the status of a success",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .body = FAILED("Blocked") } },
          .n_sent = 1 },
        { .name = "a success without the id of the image",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { { .body = "<CreateImageResponse><imageId/></CreateImageResponse>" } },
          .n_sent = 1 },
        /* JSON that a proxy can write, as an answer of a JSON service. */
        { .name = "a proxy's JSON",
          .outcome = AWS_UNKNOWN,
          .action = &ssm_send_command,
          .script = { { .status = 403, .body = "{\"code\":\"AccessDenied\",\"message\":\"no\"}" } },
          .n_sent = 1 },
        { .name = "a success without AWS's headers",
          .outcome = AWS_UNKNOWN,
          .action = &ssm_send_command,
          .script = { { .body = "{\"Command\":{\"CommandId\":\"c-1\"}}" } },
          .n_sent = 1 },
        { .name = "a success without the command",
          .outcome = AWS_UNKNOWN,
          .action = &ssm_send_command,
          .script = { { .body = "{\"status\":\"ok\"}", .request_id = "r-1" } },
          .n_sent = 1 },
        { .name = "an error of Systems Manager",
          .outcome = AWS_ERROR,
          .action = &ssm_send_command,
          .script = { { .status = 400,
                        .body = "{\"code\":\"AccessDenied\",\"message\":\"no\"}",
                        .request_id = "r-1" } },
          .n_sent = 1,
          .code = "AccessDenied" },
        { .name = "a server error",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { ERROR(500, "InternalError") },
          .n_sent = 1,
          .code = "InternalError" },
        { .name = "a server that is not available",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { ERROR(503, "Unavailable") },
          .n_sent = 1,
          .code = "Unavailable" },
        /* AWS has not carried out a throttled request, so it is repeated. */
        { .name = "throttled, not sent, and a success",
          .outcome = AWS_OK,
          .action = &ec2_create_image,
          .script = { ERROR(503, "RequestLimitExceeded"), UNSENT, { .body = CREATED } },
          .n_sent = 3 },
        { .name = "throttled and lost",
          .outcome = AWS_UNKNOWN,
          .action = &ec2_create_image,
          .script = { ERROR(503, "RequestLimitExceeded"), LOST },
          .n_sent = 2 },
        { .name = "a final error",
          .outcome = AWS_ERROR,
          .action = &ec2_create_image,
          .script = { ERROR(400, "InvalidAMIName.Duplicate") },
          .n_sent = 1,
          .code = "InvalidAMIName.Duplicate" },
        { .name = "lack of capacity",
          .outcome = AWS_ERROR,
          .action = &ec2_create_image,
          .script = { ERROR(500, "InsufficientInstanceCapacity") },
          .n_sent = 1,
          .code = "InsufficientInstanceCapacity" },
        { .name = "never sent",
          .outcome = AWS_UNREACHABLE,
          .action = &ec2_create_image,
          .script = { UNSENT, UNSENT, UNSENT, UNSENT, UNSENT, UNSENT, UNSENT, UNSENT },
          .n_sent = 8 },
        /* A repeatable action. */
        { .name = "lost twice, for a repeatable action",
          .outcome = AWS_OK,
          .action = &ec2_describe_images,
          .script = { LOST, LOST, { .body = IMAGES("", "") } },
          .n_sent = 3 },
        { .name = "a proxy's 500, for a repeatable action",
          .outcome = AWS_OK,
          .action = &ec2_describe_images,
          .script = { { .status = 500, .body = HTML }, { .body = IMAGES("", "") } },
          .n_sent = 2 },
        { .name = "a login page, for a repeatable action",
          .outcome = AWS_OK,
          .action = &ec2_describe_images,
          .script = { { .body = "<html><body>Please log in</body></html>" },
                      { .body = IMAGES("", "") } },
          .n_sent = 2 },
        { .name = "a server error, for a repeatable action",
          .outcome = AWS_OK,
          .action = &ec2_describe_images,
          .script = { ERROR(500, "InternalError"), { .body = IMAGES("", "") } },
          .n_sent = 2 },
        { .name = "always lost",
          .outcome = AWS_UNREACHABLE,
          .action = &ec2_describe_images,
          .script = { LOST, LOST, LOST, LOST, LOST, LOST, LOST, LOST },
          .n_sent = 8 },
        { .name = "a denial",
          .outcome = AWS_ERROR,
          .action = &ec2_describe_images,
          .script = { ERROR(403, "UnauthorizedOperation") },
          .n_sent = 1,
          .code = "UnauthorizedOperation" },
        /* A 403 of a proxy, which may be there only for a while. */
        { .name = "always a proxy's 403",
          .outcome = AWS_UNREACHABLE,
          .action = &ec2_describe_images,
          .script = { { .status = 403, .body = HTML },
                      { .status = 403, .body = HTML },
                      { .status = 403, .body = HTML },
                      { .status = 403, .body = HTML },
                      { .status = 403, .body = HTML },
                      { .status = 403, .body = HTML },
                      { .status = 403, .body = HTML },
                      { .status = 403, .body = HTML } },
          .n_sent = 8 },
        { .name = "a redirect, for a repeatable action",
          .outcome = AWS_OK,
          .action = &ec2_describe_images,
          .script = { { .status = 302, .body = "" }, { .body = IMAGES("", "") } },
          .n_sent = 2 },
        { .name = "a proxy's 429, for a repeatable action",
          .outcome = AWS_OK,
          .action = &ec2_describe_images,
          .script = { { .status = 429, .body = "" }, { .body = IMAGES("", "") } },
          .n_sent = 2 },
        /* A refused key that was read just now is not read again. */
        { .name = "a refusal of the request or the key",
          .outcome = AWS_ERROR,
          .action = &ec2_describe_images,
          .script = { ERROR(401, "AuthFailure") },
          .n_sent = 1,
          .code = "AuthFailure" },
        /* AWS refused the key and not the request: the caller may repeat the call. */
        { .name = "an unknown key",
          .outcome = AWS_UNSIGNED,
          .action = &ec2_create_image,
          .script = { ERROR(401, "InvalidClientTokenId") },
          .n_sent = 1,
          .code = "InvalidClientTokenId" },
        { .name = "a key that EC2 cannot validate",
          .outcome = AWS_UNSIGNED,
          .action = &ec2_create_image,
          .script = { { .status = 401,
                        .body = "<Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was "
                                "not able "
                                "to validate the provided access "
                                "credentials</Message></Error></Errors>"
                                "</Response>" } },
          .n_sent = 1,
          .code = "AuthFailure" },
};

static const struct ssm_send_command command = { .document = SSM_RUN_SHELL_SCRIPT };

static void the_outcome_follows_the_answers(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(failures); i++) {
                const struct failure_row *row = &failures[i];
                const void *input = row->action == &ec2_create_image   ? (const void *)&image
                                    : row->action == &ssm_send_command ? &command
                                                                       : (const void *)&mine;
                struct world world;

                world_init(&world, ROWS(row->script));
                call(&world, row->action, input);
                if (world.outcome != row->outcome || !streq(world.code, row->code) ||
                    world.http.n_sent != row->n_sent || world.attempts != row->n_sent)
                        fail_msg("%s: outcome %d, code %s, %zu sent", row->name, world.outcome,
                                 world.code, world.http.n_sent);
                if (row->outcome != AWS_OK && !world.message)
                        fail_msg("%s: no message", row->name);
                world_done(&world);
        }
}

/* The last attempt is refused: the attempt before decides whether AWS may have acted. */
static void a_refused_attempt_has_not_acted(void **state)
{
        static const struct {
                const char *name;
                struct fake_answer first;
                bool may_have_acted;
        } rows[] = {
                { "lost", LOST, true },
                { "server error", ERROR(500, "InternalError"), true },
                { "a proxy", { .status = 502, .body = HTML }, true },
                { "not sent", UNSENT, false },
                { "throttled", ERROR(503, "RequestLimitExceeded"), false },
                { "another request", ERROR(400, "ConcurrentTagAccess"), false },
        };
        static const struct deregister_image input = { .image = "ami-1" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const struct fake_answer script[] = { rows[i].first,
                                                      ERROR(403, "UnauthorizedOperation") };
                struct world world;

                world_init(&world, ROWS(script));
                call(&world, &ec2_deregister_image, &input);
                assert_int_equal(world.outcome, AWS_ERROR);
                assert_int_equal(world.http.n_sent, 2);
                if (world.may_have_acted != rows[i].may_have_acted)
                        fail_msg("%s: %d", rows[i].name, world.may_have_acted);
                world_done(&world);
        }
}

/* A call that is always throttled. */
static void throttling_without_end_ends_the_call_after_minutes(void **state)
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

/* Tokens of pages that repeat in circles of several lengths. */
static void a_repeated_token_ends_the_call(void **state)
{
        static const char *const bodies[] = {
                IMAGES(IMAGE("ami-1"), "<nextToken>t1</nextToken>"),
                IMAGES(IMAGE("ami-2"), "<nextToken>t2</nextToken>"),
                IMAGES(IMAGE("ami-3"), "<nextToken>t3</nextToken>"),
        };

        (void)state;
        for (size_t circle = 1; circle <= ELEMENTS(bodies); circle++) {
                struct fake_answer script[16];
                struct world world;

                for (size_t i = 0; i < ELEMENTS(script); i++)
                        script[i] = (struct fake_answer){ .body = bodies[i % circle] };
                world_init(&world, ROWS(script));
                call(&world, &ec2_describe_images, &mine);
                assert_int_equal(world.outcome, AWS_UNREACHABLE);
                assert_int_equal(world.images.n_images, 0);
                assert_true(world.http.n_sent <= 3 * circle + 1);
                assert_non_null(strstr(world.described, "was not answered in full: the pages go in "
                                                        "a circle"));
                world_done(&world);
        }
}

/* Each page is within the limits of a page. */
static void endless_pages_end_the_call(void **state)
{
        static const struct {
                const char *name, *item, *error;
                size_t items, pages;
        } rows[] = {
                { "rows", "<item><imageId>i</imageId></item>", "beyond 1500000 rows",
                  REPLY_ROWS_MAX, 16 },
                { "bytes", "<other>0123456789abcdef0123456789abcdef</other>", "beyond 256 MiB",
                  600000, 10 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text items = {};
                struct fake_answer script[16];
                struct world world;

                for (size_t k = 0; k < rows[i].items; k++)
                        text_append(&items, rows[i].item);
                for (size_t k = 0; k < ELEMENTS(script); k++)
                        script[k].body = xasprintf(IMAGES("%s", "<nextToken>t%zu</nextToken>"),
                                                   text_get(&items), k);
                for (size_t k = 0; k < ELEMENTS(script); k++)
                        script[k] = (struct fake_answer){ .body = script[k].body };
                world_init(&world, ROWS(script));
                call(&world, &ec2_describe_images, &mine);
                if (world.outcome != AWS_UNREACHABLE || world.http.n_sent != rows[i].pages ||
                    !strstr(world.described, rows[i].error))
                        fail_msg("%s: outcome %d after %zu pages: %s", rows[i].name, world.outcome,
                                 world.http.n_sent, world.described);
                world_done(&world);
                for (size_t k = 0; k < ELEMENTS(script); k++)
                        free((char *)(uintptr_t)script[k].body);
        }
}

static void a_retry_waits_as_long_as_retry_after(void **state)
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

/* What was told of the attempts in vain. */
struct told {
        unsigned int n;
        char *what;
};

static void on_retry(const struct action *action, const struct aws_reply *reply, usec_t after,
                     void *userdata)
{
        struct told *told = userdata;
        _cleanup_free_ char *more = NULL;

        assert_true(after > 0);
        assert_int_equal(reply->attempts, ++told->n);
        free(told->what);
        aws_describe_refusal(reply, action, "us-east-1", &told->what, &more);
}

static void each_attempt_before_the_last_is_reported(void **state)
{
        static const struct {
                const char *name;
                struct fake_answer script[4];
                size_t n_sent;
                unsigned int told;
                const char *what;
        } rows[] = {
                { "goes well", { { .body = IMAGES("", "") } }, 1, 0, NULL },
                { "throttled twice",
                  { ERROR(503, "RequestLimitExceeded"),
                    ERROR(503, "RequestLimitExceeded"),
                    { .body = IMAGES("", "") } },
                  3,
                  2,
                  "DescribeImages refused: RequestLimitExceeded" },
                { "a web page, then an answer",
                  { { .status = 502, .body = HTML }, { .body = IMAGES("", "") } },
                  2,
                  1,
                  "DescribeImages not answered: HTTP 502 with an unreadable answer" },
                { "refused for good", { ERROR(403, "UnauthorizedOperation") }, 1, 0, NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct told told = {};
                struct world world;

                world_init(&world, rows[i].script, rows[i].n_sent);
                start(&world, &ec2_describe_images, &mine);
                aws_slot_watch(world.slot, on_retry, &told);
                fake_run(&world.loop);
                assert_int_equal(world.answers, 1);
                if (told.n != rows[i].told ||
                    (rows[i].what && !startswith(told.what, rows[i].what)))
                        fail_msg("%s: %u, %s", rows[i].name, told.n, told.what ? told.what : "-");
                free(told.what);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_attempt_before_the_last_is_reported),
                cmocka_unit_test(the_outcome_follows_the_answers),
                cmocka_unit_test(a_refused_attempt_has_not_acted),
                cmocka_unit_test(throttling_without_end_ends_the_call_after_minutes),
                cmocka_unit_test(a_repeated_token_ends_the_call),
                cmocka_unit_test(endless_pages_end_the_call),
                cmocka_unit_test(a_retry_waits_as_long_as_retry_after),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
