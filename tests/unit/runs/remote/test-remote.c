/* What scripts on instances say, and what SSM says of them. */
#include "runs/remote/remote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

/* A literal where a reply owns its text. */
#define W(text) ((char *)(uintptr_t)(text))

static void a_value_is_read_from_the_last_line_of_its_name(void **state)
{
        static const struct {
                int line;
                const char *output, *key, *value;
        } rows[] = {
                { __LINE__, "amid-thaw: state=thawed thawed-by=amid\n", "thawed-by", "amid" },
                { __LINE__, "amid-thaw: state=thawed thawed-by=amid", "state", "thawed" },
                { __LINE__, "a\namid-thaw: state=stuck\nb\namid-thaw: state=thawed\nc", "state",
                  "thawed" },
                { __LINE__, "amid-thaw: state=\n", "state", "" },
                { __LINE__, "amid-thaw:   a=1   state=x  ", "state", "x" },
                { __LINE__, "amid-thaw: mystate=x\n", "state", NULL },
                { __LINE__, "amid-thaw: states=x\n", "state", NULL },
                { __LINE__, "amid-thaw: a\nstate=x\n", "state", NULL },
                { __LINE__, "amid-freeze: state=frozen\n", "state", NULL },
                { __LINE__, " amid-thaw: state=x\n", "state", NULL },
                { __LINE__, "amid-thaw state=x\n", "state", NULL },
                { __LINE__, "", "state", NULL },
                { __LINE__, NULL, "state", NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *value = remote_value(rows[i].output, "amid-thaw", rows[i].key);

                if (!streq(value, rows[i].value))
                        fail_msg("line %d: %s", rows[i].line, value ? value : "nothing");
        }
}

static void a_failure_has_the_status_and_the_last_words(void **state)
{
        static const struct {
                int line;
                struct ssm_invocation invocation;
                const char *text;
        } rows[] = {
                { __LINE__,
                  { .status = SSM_FAILED, .exit_status = 3, .errors = W("no\nway\n\n") },
                  "exit status 3: no way" },
                { __LINE__,
                  { .status = SSM_FAILED, .exit_status = 1, .details = W("Failed") },
                  "exit status 1" },
                { __LINE__,
                  { .status = SSM_TIMED_OUT, .exit_status = -1, .details = W("Undeliverable") },
                  "SSM says Undeliverable" },
                { __LINE__, { .status = SSM_TIMED_OUT, .exit_status = -1 }, "SSM says TimedOut" },
                { __LINE__, { .status = SSM_STATUS_OTHER, .exit_status = -1 }, "SSM says nothing" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *text = remote_failure(&rows[i].invocation);

                if (!streq(text, rows[i].text))
                        fail_msg("line %d: %s", rows[i].line, text);
        }
}

/* A command that may have begun may have frozen something; one that SSM has kept back has not.
 * */
static void only_a_command_that_SSM_kept_back_never_ran(void **state)
{
        static const struct {
                int line;
                enum aws_outcome outcome;
                struct ssm_invocation invocation;
                enum remote_state wanted;
        } rows[] = {
                { __LINE__, AWS_OK, { .status = SSM_PENDING, .exit_status = -1 }, REMOTE_GOES_ON },
                { __LINE__, AWS_OK, { .status = SSM_CANCELLING }, REMOTE_GOES_ON },
                { __LINE__, AWS_OK, { .status = SSM_STATUS_OTHER }, REMOTE_GOES_ON },
                { __LINE__, AWS_ERROR, {}, REMOTE_GOES_ON },
                { __LINE__, AWS_UNREACHABLE, {}, REMOTE_GOES_ON },
                { __LINE__, AWS_OK, { .status = SSM_SUCCESS }, REMOTE_DONE },
                { __LINE__, AWS_OK, { .status = SSM_FAILED, .exit_status = 1 }, REMOTE_FAILED },
                { __LINE__, AWS_OK, { .status = SSM_FAILED, .exit_status = -1 }, REMOTE_FAILED },
                { __LINE__,
                  AWS_OK,
                  { .status = SSM_TIMED_OUT,
                    .exit_status = -1,
                    .details = W("Delivery Timed Out") },
                  REMOTE_FAILED },
                { __LINE__,
                  AWS_OK,
                  { .status = SSM_FAILED, .exit_status = -1, .details = W("Undeliverable") },
                  REMOTE_NEVER },
                { __LINE__,
                  AWS_OK,
                  { .status = SSM_FAILED,
                    .exit_status = 1,
                    .started = 5,
                    .details = W("Terminated") },
                  REMOTE_FAILED },
                { __LINE__,
                  AWS_OK,
                  { .status = SSM_TIMED_OUT,
                    .exit_status = -1,
                    .details = W("Execution Timed Out") },
                  REMOTE_FAILED },
                { __LINE__,
                  AWS_OK,
                  { .status = SSM_CANCELLED, .exit_status = -1, .started = 5 },
                  REMOTE_FAILED },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct ssm_invocation invocation = rows[i].invocation;
                struct aws_reply reply = { .outcome = rows[i].outcome, .output = &invocation };

                if (remote_state(&reply) != rows[i].wanted)
                        fail_msg("line %d: %d", rows[i].line, (int)remote_state(&reply));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_value_is_read_from_the_last_line_of_its_name),
                cmocka_unit_test(a_failure_has_the_status_and_the_last_words),
                cmocka_unit_test(only_a_command_that_SSM_kept_back_never_ran),
        };

        return cmocka_run_group_tests_name("remote", tests, NULL, NULL);
}
