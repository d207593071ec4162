/* Failures of aws_call(): retries, outcome and message. */
#include "unit/aws/call.h"

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
#define ERROR(number, word)                                                                        \
        {                                                                                          \
                .status = (number), .body = FAILED(word)                                           \
        }

static const struct failure_row failures[] = {
        /* A lost answer of an action that is not repeatable. */
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
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .status = 400, .body = HTML } }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .status = 403, .body = HTML } }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .status = 302, .body = "" } }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .status = 204, .body = "" } }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .status = 429, .body = "" } }, 1, NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { { .status = 403, .body = "{\"code\": 403, \"message\": \"Forbidden\"}" } },
          1,
          NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { { .status = 400, .body = "<Response><Errors><Error><Code>Blo" } },
          1,
          NULL },
        /* Well-formed errors without a code, or with a number as the code: not of AWS. */
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { { .status = 400, .body = "<Response/>" } },
          1,
          NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { ERROR(403, "403") }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { ERROR(403, "Access denied") }, 1, NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { { .status = 400, .body = CREATED } },
          1,
          NULL },
        /* A success of another action, or without the id of the image. */
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .body = IMAGES("", "") } }, 1, NULL },
        { __LINE__, AWS_UNKNOWN, &ec2_create_image, { { .body = FAILED("Blocked") } }, 1, NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ec2_create_image,
          { { .body = "<CreateImageResponse><imageId/></CreateImageResponse>" } },
          1,
          NULL },
        /* JSON that a proxy can write, as an answer of a JSON service. */
        { __LINE__,
          AWS_UNKNOWN,
          &ssm_send_command,
          { { .status = 403, .body = "{\"code\":\"AccessDenied\",\"message\":\"no\"}" } },
          1,
          NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ssm_send_command,
          { { .body = "{\"Command\":{\"CommandId\":\"c-1\"}}" } },
          1,
          NULL },
        { __LINE__,
          AWS_UNKNOWN,
          &ssm_send_command,
          { { .body = "{\"status\":\"ok\"}", .request_id = "r-1" } },
          1,
          NULL },
        { __LINE__,
          AWS_ERROR,
          &ssm_send_command,
          { { .status = 400,
              .body = "{\"code\":\"AccessDenied\",\"message\":\"no\"}",
              .request_id = "r-1" } },
          1,
          "AccessDenied" },
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
        /* AWS has not carried out a throttled request, so it is repeated. */
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
        /* A repeatable action. */
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
        /* A 403 of a proxy, which may be there only for a while. */
        { __LINE__,
          AWS_UNREACHABLE,
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
          NULL },
        { __LINE__,
          AWS_OK,
          &ec2_describe_images,
          { { .status = 302, .body = "" }, { .body = IMAGES("", "") } },
          2,
          NULL },
        { __LINE__,
          AWS_OK,
          &ec2_describe_images,
          { { .status = 429, .body = "" }, { .body = IMAGES("", "") } },
          2,
          NULL },
        /* A refused key that was read just now is not read again. */
        { __LINE__,
          AWS_ERROR,
          &ec2_describe_images,
          { ERROR(401, "AuthFailure") },
          1,
          "AuthFailure" },
        /* AWS refused the key and not the request: the caller may repeat the call. */
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
                        fail_msg("row of line %d: outcome %d, code %s, %zu sent", row->line,
                                 world.outcome, world.code, world.http.n_sent);
                if (row->outcome != AWS_OK && !world.message)
                        fail_msg("row of line %d: no message", row->line);
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
