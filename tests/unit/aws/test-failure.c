/* What people read at three in the morning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "aws/ec2.h"

static void test_texts(void **state)
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
                  "authorized (request r-1); allow it to this identity in IAM: "
                  "{\"Effect\":\"Allow\",\"Action\":\"ec2:CreateImage\",\"Resource\":\"*\"}" },
                /* what AWS names is the better answer */
                { __LINE__,
                  { .outcome = AWS_ERROR,
                    .code = "UnauthorizedOperation",
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
                  "identity-based policy allows the ec2:CreateTags action.; allow it to this "
                  "identity in IAM: "
                  "{\"Effect\":\"Allow\",\"Action\":\"ec2:CreateTags\",\"Resource\":"
                  "\"arn:aws:ec2:us-east-1::image/*\"}" },
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
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *text =
                        aws_describe_failure(&rows[i].reply, &ec2_create_image, "us-east-1");

                if (!streq(text, rows[i].text))
                        fail_msg("row of line %d: %s", rows[i].line, text);
        }
}

/* The tables hold together: EC2's own limits, and what must not be repeated. */
static void test_actions(void **state)
{
        (void)state;
        for (size_t i = 0; ec2_actions[i]; i++) {
                const struct action *action = ec2_actions[i];
                bool reads = startswith(action->name, "Describe") != NULL;

                bool paged = reads && action != &ec2_describe_regions;

                assert_ptr_equal(action->service, &service_ec2);
                assert_true(action->input || action == &ec2_describe_regions);
                assert_true(action->bucket.capacity >= 1);
                assert_true(action->bucket.refill_per_second > 0);
                assert_int_equal(action->paged, paged);
                assert_int_equal(action->page_size, paged ? 1000 : 0);
                assert_int_equal(action->repeatable, action != &ec2_create_image);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts),
                cmocka_unit_test(test_actions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
