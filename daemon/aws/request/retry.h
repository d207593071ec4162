/*
 * The verdict after an attempt: a pure function of the answer and of the attempts before.
 *
 * The rules and their limits:
 *   - The error code goes before the HTTP status: EC2 reports a lack of capacity, which lasts for
 *     minutes, as a server error.
 *   - Throttling: AWS has not carried out the request, so it is repeated even when the action is
 * not repeatable. RETRY_THROTTLES_MAX attempts, about ten minutes in all.
 *   - A request that could not be sent: RETRY_FAILURES_MAX attempts, about half a minute in all.
 *   - Lost answers and server errors: the same number of attempts for a repeatable action. For any
 *     other action the outcome is unknown at once.
 *   - Unreadable answers with any status: the same. A proxy may answer 403 to a request that AWS
 * has carried out, so only an error that AWS itself wrote proves that nothing happened.
 *   - Refused signatures: the clock is corrected once, or the credentials are refreshed once. When
 *     that does not help, AWS has refused the key and not the request. The key may be in rotation,
 *     so the caller may repeat the call with the next key.
 *   - All other errors of AWS are final for the call. Its caller decides about waiting.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "http/http.h"

enum {
        RETRY_FAILURES_MAX = 8,   /* attempts */
        RETRY_THROTTLES_MAX = 30, /* attempts */
        RETRY_HINT_MAX = 60,      /* seconds: a longer Retry-After is cut to this */
        RETRY_SKEW_MAX = 4 * 60,  /* seconds: with a larger skew the clock explains a refusal */
};

enum verdict {
        VERDICT_GOOD,        /* use the reply */
        VERDICT_FINAL,       /* AWS refused the request */
        VERDICT_AGAIN,       /* repeat after `after` */
        VERDICT_FIX_CLOCK,   /* set the endpoint's clock, then repeat at once */
        VERDICT_REFRESH,     /* refresh the credentials, then repeat at once */
        VERDICT_REFUSED,     /* AWS refused the credentials and has not carried out the request */
        VERDICT_UNKNOWN,     /* AWS may have carried out the request */
        VERDICT_UNREACHABLE, /* no more attempts, and no answer of AWS */
};

struct attempt {
        enum http_outcome outcome;
        int status;
        bool readable;              /* AWS wrote the answer; an error of AWS has a code */
        const char *code, *message; /* of a readable error, or NULL */
        bool repeatable;            /* a second time does no harm */
        sec_t skew;                 /* AWS's time minus the wall clock; 0: the answer has no Date */
        sec_t hint;                 /* Retry-After, seconds; 0: none */
        uint64_t random;
};

/* Counters of a request's attempts. A new request, also for a page, starts with zeros. */
struct retry {
        unsigned int failures, throttles;
        bool clock_fixed, refreshed;
};

enum verdict retry_decide(struct retry *retry, const struct attempt *attempt, usec_t *ret_after);

/* Whether AWS may have carried out a failed attempt, or may do so later: there is no answer of AWS,
 * or a server error. The outcome of an action that is not repeatable is then unknown. */
bool retry_may_have_acted(const struct attempt *attempt);

/* Whether code or status mean that AWS throttled the request. */
bool retry_is_throttle(const char *code, int status);

/* `Sun, 06 Nov 1994 08:49:37 GMT`, the form of the Date header (RFC 9110 section 5.6.7). */
bool parse_http_date(const char *text, sec_t *ret);
