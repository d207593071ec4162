/* The outcome of a call by the answers that it gets. */
#include "unit/aws/call.h"

struct failure_row {
        const char *name;
        enum aws_outcome outcome;
        const struct action *action;
        struct fake_answer script[8];
        size_t n_sent;
        const char *code;
};

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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_outcome_follows_the_answers),
                cmocka_unit_test(a_refused_attempt_has_not_acted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
