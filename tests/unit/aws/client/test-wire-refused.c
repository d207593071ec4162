/* Replies that are errors, exceed limits, or have an unexpected form. */
#include "unit/aws/decode.h"

#include <errno.h>

#include "aws/services/autoscaling.h"
#include "aws/services/elb.h"
#include "aws/services/ssm.h"

static void an_error_has_its_code_and_message(void **state)
{
        static const struct {
                int line;
                const struct action *action;
                const char *header, *body, *code, *message;
        } rows[] = {
                { __LINE__, &ssm_send_command, NULL,
                  "{\"__type\":\"InvalidInstanceId\",\"message\":\"m\"}", "InvalidInstanceId",
                  "m" },
                { __LINE__, &ssm_send_command, NULL,
                  "{\"__type\":\"com.amazonaws.ssm#ThrottlingException\",\"Message\":\"m\"}",
                  "ThrottlingException", "m" },
                { __LINE__, &ssm_send_command, NULL, "{\"__type\":\"a#b#C:http://d/e#f\"}", "C",
                  NULL },
                { __LINE__, &ssm_send_command, "A:http://internal.amazon.com/coral/",
                  "{\"message\":\"m\"}", "A", "m" },
                { __LINE__, &ssm_send_command, "A:http://internal.amazon.com/coral/",
                  "{\"__type\":\"B\"}", "B", NULL },
                { __LINE__, &ssm_send_command, "ns#A", "", "A", NULL },
                { __LINE__, &ssm_send_command, NULL, "{\"code\":\"A\",\"message\":\"m\"}", "A",
                  "m" },
                { __LINE__, &elb_register_targets, NULL,
                  "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>InvalidTarget</Code>"
                  "<Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>",
                  "InvalidTarget", "m" },
                { __LINE__, &autoscaling_enter_standby, NULL,
                  "<ErrorResponse><Error><Code>ResourceContention</Code></Error></ErrorResponse>",
                  "ResourceContention", NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct shape_decoded decoded;
                char *error = NULL;

                if (decode(rows[i].action, NULL, 400, rows[i].body, rows[i].header, &decoded,
                           &error) < 0)
                        fail_msg("row of line %d: %s", rows[i].line, error);
                if (!streq(decoded.code, rows[i].code) || !streq(decoded.message, rows[i].message))
                        fail_msg("row of line %d: %s: %s", rows[i].line, decoded.code,
                                 decoded.message);
                shape_decoded_done(&decoded);
        }
}

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
        enum { DEPTH = 100000 };
        _cleanup_free_ char *deep = repeated("{\"Commands\":", "[", DEPTH, "");
        _cleanup_free_ char *rows_too_many =
                repeated("{\"Commands\":[", "{},", REPLY_ROWS_MAX, "{}]}");
        _cleanup_free_ char *too_long =
                repeated("{\"Commands\":[{},{\"Comment\":\"", "0123456789abcdef",
                         REPLY_TEXT_MAX / 16 + 1, "\"}]}");
        _cleanup_free_ char *too_large =
                repeated("{\"Commands\":[", "[0,0,0,0,0,0,0],", REPLY_JSON_MAX / 16 + 1, "0]}");
        const struct {
                int line, status;
                const char *json, *error;
        } rows[] = {
                { __LINE__, 200, "", "not JSON" },
                { __LINE__, 500, "", "not JSON" },
                { __LINE__, 502, "<html><body>Bad Gateway</body></html>", "not JSON" },
                { __LINE__, 200, "[]", "no object" },
                { __LINE__, 200, "\"Commands\"", "no object" },
                { __LINE__, 200, "{\"Commands\":[{\"CommandId\":\"c\"}]", "not JSON" },
                { __LINE__, 200, "{\"Commands\":[{\"CommandId\":\"c\"}]}{", "junk" },
                { __LINE__, 400, "{}", "an error without a code of AWS" },
                { __LINE__, 400, "{\"__type\":\":\",\"message\":7}", "without a code" },
                { __LINE__, 403, "{\"code\":403}", "without a code" },
                { __LINE__, 403, "{\"code\":\"A\\u001b[2J\"}", "without a code" },
                { __LINE__, 200, deep, "not JSON" },
                { __LINE__, 200, too_large, "more than 4194304 bytes" },
                { __LINE__, 200, rows_too_many, "more than 100000 rows" },
                { __LINE__, 200, too_long, "more than 1048576 characters" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct ssm_commands commands = {};
                struct shape_decoded decoded;
                _cleanup_free_ char *error = NULL;
                int r = decode(&ssm_list_commands, &commands, rows[i].status, rows[i].json, NULL,
                               &decoded, &error);

                if (r != -EBADMSG || !strstr(error, rows[i].error))
                        fail_msg("row of line %d: %d %s", rows[i].line, r, error);
                /* A refused page adds nothing. */
                if (commands.n_commands || commands.commands)
                        fail_msg("row of line %d: rows were left", rows[i].line);
        }
}

/* A member of JSON with another type than in the shape is ignored. */
static void a_member_of_another_type_is_ignored(void **state)
{
        struct ssm_commands commands = {};

        (void)state;
        assert_null(decode_good(&ssm_list_commands, &commands,
                                "{\"Commands\":[7,\"x\",null,[{\"CommandId\":\"no\"}],"
                                "{\"CommandId\":{\"a\":1},\"Comment\":[\"a\",\"b\"],\"Status\":7,"
                                "\"InstanceIds\":\"i-1\",\"RequestedDateTime\":true,"
                                "\"StatusDetails\":5}],\"NextToken\":null,\"Commands2\":[{}]}"));
        /* An object counts as a row, and a text as a list of one text. */
        assert_int_equal(commands.n_commands, 1);
        assert_null(commands.commands[0].id);
        assert_string_equal(commands.commands[0].comment, "b");
        assert_int_equal(commands.commands[0].status, SSM_STATUS_OTHER);
        assert_string_equal(commands.commands[0].details, "5");
        assert_int_equal(commands.commands[0].requested, 0);
        assert_int_equal(commands.commands[0].n_instances, 1);
        shape_done(ssm_list_commands.output, &commands);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_error_has_its_code_and_message),
                cmocka_unit_test(a_reply_beyond_a_limit_is_refused),
                cmocka_unit_test(a_member_of_another_type_is_ignored),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
