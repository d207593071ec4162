/* Verdicts on attempts, the number of attempts, and the Date header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "aws/request/retry.h"
#include "base/text.h"

#define ERROR(number, word) .status = (number), .code = (word), .readable = true

static void the_first_answer_decides_the_verdict(void **state)
{
        static const struct {
                int line;
                struct attempt attempt;
                enum verdict once, repeatable; /* not repeatable, repeatable */
        } rows[] = {
                { __LINE__, { .status = 200, .readable = true }, VERDICT_GOOD, VERDICT_GOOD },
                { __LINE__, { .status = 200 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .outcome = HTTP_LOST }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .outcome = HTTP_UNSENT }, VERDICT_AGAIN, VERDICT_AGAIN },
                /* throttling: AWS has not carried out the request */
                { __LINE__, { ERROR(503, "RequestLimitExceeded") }, VERDICT_AGAIN, VERDICT_AGAIN },
                { __LINE__, { ERROR(503, "EC2ThrottledException") }, VERDICT_AGAIN, VERDICT_AGAIN },
                { __LINE__, { ERROR(400, "Throttling") }, VERDICT_AGAIN, VERDICT_AGAIN },
                { __LINE__, { ERROR(429, "NeverHeardOf") }, VERDICT_AGAIN, VERDICT_AGAIN },
                { __LINE__, { ERROR(509, "NeverHeardOf") }, VERDICT_AGAIN, VERDICT_AGAIN },
                { __LINE__, { ERROR(400, "ConcurrentTagAccess") }, VERDICT_AGAIN, VERDICT_AGAIN },
                { __LINE__, { ERROR(400, "ThrottlingException") }, VERDICT_AGAIN, VERDICT_AGAIN },
                { __LINE__,
                  { ERROR(400, "TooManyRequestsException") },
                  VERDICT_AGAIN,
                  VERDICT_AGAIN },
                /* HTTP 500, but AWS has not carried out the request */
                { __LINE__, { ERROR(500, "ResourceContention") }, VERDICT_AGAIN, VERDICT_AGAIN },
                /* server errors: AWS may have carried out the request */
                { __LINE__, { ERROR(500, "InternalServerError") }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { ERROR(500, "InternalError") }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { ERROR(503, "Unavailable") }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { ERROR(500, "NeverHeardOf") }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 502 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 503 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 504 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 408 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                /* lack of capacity is no server error, with any status */
                { __LINE__,
                  { ERROR(500, "InsufficientInstanceCapacity") },
                  VERDICT_FINAL,
                  VERDICT_FINAL },
                { __LINE__,
                  { ERROR(503, "InsufficientHostCapacity") },
                  VERDICT_FINAL,
                  VERDICT_FINAL },
                /* final errors */
                { __LINE__, { ERROR(403, "UnauthorizedOperation") }, VERDICT_FINAL, VERDICT_FINAL },
                { __LINE__,
                  { ERROR(400, "InvalidAMIName.Duplicate") },
                  VERDICT_FINAL,
                  VERDICT_FINAL },
                { __LINE__,
                  { ERROR(400, "IncorrectInstanceState") },
                  VERDICT_FINAL,
                  VERDICT_FINAL },
                { __LINE__, { ERROR(412, "DryRunOperation") }, VERDICT_FINAL, VERDICT_FINAL },
                /* not written by AWS */
                { __LINE__, { .status = 204 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 301 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 307 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 400 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 403 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 404 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 407 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 413 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 429 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { .status = 509 }, VERDICT_UNKNOWN, VERDICT_AGAIN },
                { __LINE__, { ERROR(400, "AccessDeniedException") }, VERDICT_FINAL, VERDICT_FINAL },
                { __LINE__, { ERROR(400, "InvalidInstanceId") }, VERDICT_FINAL, VERDICT_FINAL },
                { __LINE__,
                  { ERROR(400, "InvocationDoesNotExist") },
                  VERDICT_FINAL,
                  VERDICT_FINAL },
                { __LINE__, { ERROR(400, "ValidationError") }, VERDICT_FINAL, VERDICT_FINAL },
                /* clock or credentials */
                { __LINE__,
                  { ERROR(400, "InvalidSignatureException"), .skew = 300 },
                  VERDICT_FIX_CLOCK,
                  VERDICT_FIX_CLOCK },
                { __LINE__,
                  { ERROR(400, "ExpiredTokenException"), .skew = 300 },
                  VERDICT_REFRESH,
                  VERDICT_REFRESH },
                { __LINE__,
                  { ERROR(400, "UnrecognizedClientException"), .skew = 300 },
                  VERDICT_REFRESH,
                  VERDICT_REFRESH },
                { __LINE__,
                  { ERROR(400, "RequestExpired"), .skew = 7200 },
                  VERDICT_FIX_CLOCK,
                  VERDICT_FIX_CLOCK },
                { __LINE__,
                  { ERROR(400, "RequestExpired"), .skew = -7200 },
                  VERDICT_FIX_CLOCK,
                  VERDICT_FIX_CLOCK },
                { __LINE__,
                  { ERROR(400, "RequestExpired"), .skew = 10 },
                  VERDICT_REFRESH,
                  VERDICT_REFRESH },
                { __LINE__,
                  { ERROR(400, "RequestTimeTooSkewed"), .skew = 200 },
                  VERDICT_FIX_CLOCK,
                  VERDICT_FIX_CLOCK },
                { __LINE__,
                  { ERROR(401, "AuthFailure"), .skew = 241 },
                  VERDICT_FIX_CLOCK,
                  VERDICT_FIX_CLOCK },
                { __LINE__,
                  { ERROR(401, "AuthFailure"), .skew = 240 },
                  VERDICT_REFRESH,
                  VERDICT_REFRESH },
                { __LINE__,
                  { ERROR(403, "SignatureDoesNotMatch") },
                  VERDICT_REFRESH,
                  VERDICT_REFRESH },
                { __LINE__,
                  { ERROR(400, "ExpiredToken"), .skew = 7200 },
                  VERDICT_REFRESH,
                  VERDICT_REFRESH },
                { __LINE__,
                  { ERROR(403, "InvalidClientTokenId") },
                  VERDICT_REFRESH,
                  VERDICT_REFRESH },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                for (int repeatable = 0; repeatable < 2; repeatable++) {
                        struct attempt attempt = rows[i].attempt;
                        struct retry retry = {};
                        enum verdict verdict;
                        usec_t after;

                        attempt.repeatable = repeatable;
                        verdict = retry_decide(&retry, &attempt, &after);
                        if (verdict != (repeatable ? rows[i].repeatable : rows[i].once))
                                fail_msg("row of line %d, repeatable %d: %d", rows[i].line,
                                         repeatable, verdict);
                        if (retry_may_have_acted(&attempt) != (rows[i].once == VERDICT_UNKNOWN))
                                fail_msg("row of line %d: may have acted", rows[i].line);
                        if ((after > 0) != (verdict == VERDICT_AGAIN))
                                fail_msg("row of line %d: after %ld us", rows[i].line, (long)after);
                }
        }
}

/* Rows: a reply that is repeated, the number of attempts, their duration and the last verdict. */
static void attempts_end_after_their_limit(void **state)
{
        static const struct {
                const char *name;
                struct attempt attempt;
                unsigned int attempts;
                enum verdict last;
                sec_t least, most;
        } rows[] = {
                { .name = "never sent",
                  .attempt = { .outcome = HTTP_UNSENT },
                  .attempts = 8,
                  .last = VERDICT_UNREACHABLE,
                  .least = 15,
                  .most = 33 },
                { .name = "lost",
                  .attempt = { .outcome = HTTP_LOST, .repeatable = true },
                  .attempts = 8,
                  .last = VERDICT_UNREACHABLE,
                  .least = 15,
                  .most = 33 },
                { .name = "a server error",
                  .attempt = { ERROR(500, "InternalError"), .repeatable = true },
                  .attempts = 8,
                  .last = VERDICT_FINAL,
                  .least = 15,
                  .most = 33 },
                { .name = "a bad gateway",
                  .attempt = { .status = 502, .repeatable = true },
                  .attempts = 8,
                  .last = VERDICT_UNREACHABLE,
                  .least = 15,
                  .most = 33 },
                { .name = "a proxy's 403",
                  .attempt = { .status = 403, .repeatable = true },
                  .attempts = 8,
                  .last = VERDICT_UNREACHABLE,
                  .least = 15,
                  .most = 33 },
                { .name = "throttled",
                  .attempt = { ERROR(503, "RequestLimitExceeded") },
                  .attempts = 30,
                  .last = VERDICT_FINAL,
                  .least = 360,
                  .most = 760 },
                { .name = "throttled with a long Retry-After",
                  .attempt = { .status = 429, .hint = 3600, .repeatable = true },
                  .attempts = 30,
                  .last = VERDICT_UNREACHABLE,
                  .least = 29 * SEC_PER_MIN,
                  .most = 29 * SEC_PER_MIN },
                { .name = "a wrong clock",
                  .attempt = { ERROR(400, "RequestExpired"), .skew = 7200 },
                  .attempts = 3,
                  .last = VERDICT_REFUSED,
                  .least = 0,
                  .most = 0 },
                { .name = "a refusal of the request or the key",
                  .attempt = { ERROR(403, "AuthFailure") },
                  .attempts = 2,
                  .last = VERDICT_FINAL,
                  .least = 0,
                  .most = 0 },
                { .name = "a refusal of the key",
                  .attempt = { ERROR(401, "AuthFailure"),
                               .message = "AWS was not able to validate the provided access "
                                          "credentials" },
                  .attempts = 2,
                  .last = VERDICT_REFUSED,
                  .least = 0,
                  .most = 0 },
                { .name = "an unknown key",
                  .attempt = { ERROR(403, "InvalidClientTokenId") },
                  .attempts = 2,
                  .last = VERDICT_REFUSED,
                  .least = 0,
                  .most = 0 },
                { .name = "an expired token",
                  .attempt = { ERROR(403, "ExpiredToken") },
                  .attempts = 2,
                  .last = VERDICT_REFUSED,
                  .least = 0,
                  .most = 0 },
                { .name = "a wrong signature",
                  .attempt = { ERROR(403, "SignatureDoesNotMatch") },
                  .attempts = 2,
                  .last = VERDICT_REFUSED,
                  .least = 0,
                  .most = 0 },
        };
        static const uint64_t randoms[] = { 0, UINT64_MAX };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                for (size_t k = 0; k < ELEMENTS(randoms); k++) {
                        struct attempt attempt = rows[i].attempt;
                        struct retry retry = {};
                        unsigned int attempts = 0;
                        usec_t after, all = 0;
                        enum verdict verdict;

                        attempt.random = randoms[k];
                        do {
                                verdict = retry_decide(&retry, &attempt, &after);
                                all += after;
                                attempts++;
                        } while (verdict == VERDICT_AGAIN || verdict == VERDICT_FIX_CLOCK ||
                                 verdict == VERDICT_REFRESH);
                        if (attempts != rows[i].attempts || verdict != rows[i].last ||
                            all < rows[i].least * USEC_PER_SEC || all > rows[i].most * USEC_PER_SEC)
                                fail_msg("%s: %u attempts, verdict %d, %ld us", rows[i].name,
                                         attempts, verdict, (long)all);
                }
        }
}

static void a_date_header_is_parsed(void **state)
{
        static const struct {
                int line;
                const char *text;
                sec_t date; /* SEC_NONE: refused */
        } rows[] = {
                { __LINE__, "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
                { __LINE__, "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
                { __LINE__, "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
                { __LINE__, "Thu, 30 Feb 2024 23:59:59 GMT", SEC_NONE },
                { __LINE__, "Sun, 06 Nov 1994 08:49:37", SEC_NONE },
                { __LINE__, "Sun, 06 Nov 1994 08:49:37 GMT+1", SEC_NONE },
                { __LINE__, "Sun, 06 ovD 1994 08:49:37 GMT", SEC_NONE },
                { __LINE__, "Sun, 06 Nov 1994 24:00:00 GMT", SEC_NONE },
                { __LINE__, "Sun, -6 Nov 1994 08:49:37 GMT", SEC_NONE },
                { __LINE__, "1994-11-06T08:49:37Z", SEC_NONE },
                { __LINE__, "Sun, 06 Nov 19x4 08:49:37 GMT", SEC_NONE },
                { __LINE__, "", SEC_NONE },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                sec_t date = SEC_NONE;
                bool good = parse_http_date(rows[i].text, &date);

                if (good != (rows[i].date != SEC_NONE) || date != rows[i].date)
                        fail_msg("row of line %d: %ld", rows[i].line, (long)date);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_answer_decides_the_verdict),
                cmocka_unit_test(attempts_end_after_their_limit),
                cmocka_unit_test(a_date_header_is_parsed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
