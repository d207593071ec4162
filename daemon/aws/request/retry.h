/*
 * What to do after an attempt: a pure function of what came back and what was tried before.
 *
 * The rules, and how long they go on:
 *   - An error code decides before the status does: EC2 reports a lack of capacity as a server
 *     error, and hammering it helps nobody.
 *   - Throttling is a definite no, also to what must not be done twice: repeated up to
 *     RETRY_THROTTLES_MAX times, about ten minutes in all.
 *   - Nothing sent: repeated, RETRY_FAILURES_MAX attempts, about half a minute.
 *   - Lost answers and server errors: repeated like that when a second time does no harm, else the
 *     outcome is unknown at once.
 *   - An unreadable answer, whatever its status: the same. A proxy may answer 403 to a request that
 *     AWS has carried out, so only an error that AWS itself wrote says that nothing happened.
 *   - A signature that was refused: the clock is set right once or the credentials are fetched
 *     anew once. When that does not help, AWS has not said no to the request but to the key, which
 *     somebody may be rotating: whoever asked may ask again with the next one.
 *   - Anything else AWS says is its last word; callers know what to wait for.
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
        RETRY_HINT_MAX = 60,      /* seconds of Retry-After that we follow */
        RETRY_SKEW_MAX = 4 * 60,  /* seconds; beyond it a refused signature is the clock's fault */
};

enum verdict {
        VERDICT_GOOD,        /* take the reply */
        VERDICT_FINAL,       /* AWS said no */
        VERDICT_AGAIN,       /* after `after` */
        VERDICT_FIX_CLOCK,   /* take the server's time, then again at once */
        VERDICT_REFRESH,     /* fetch credentials anew, then again at once */
        VERDICT_REFUSED,     /* the credentials are of no use; it did not happen */
        VERDICT_UNKNOWN,     /* it may have happened */
        VERDICT_UNREACHABLE, /* no use to go on; AWS did not say no */
};

struct attempt {
        enum http_outcome outcome;
        int status;
        bool readable;              /* the body is a reply of AWS; an error of AWS has a code */
        const char *code, *message; /* of a readable error, or NULL */
        bool repeatable;            /* a second time does no harm */
        sec_t skew;                 /* the server's time less ours; 0 when it did not tell */
        sec_t hint;                 /* Retry-After, seconds; 0: none */
        uint64_t random;
};

/* What was tried before; zero it for every new request. */
struct retry {
        unsigned int failures, throttles;
        bool clock_fixed, refreshed;
};

enum verdict retry_decide(struct retry *retry, const struct attempt *attempt, usec_t *ret_after);

/* Whether the attempt may have been carried out, or may be yet, though it did not end well: no
 * answer of AWS came back, or a server error. What is not repeatable is then unknown. */
bool retry_may_have_acted(const struct attempt *attempt);

/* Whether `code` says that there were too many requests. */
bool retry_is_throttle(const char *code, int status);

/* `Sun, 06 Nov 1994 08:49:37 GMT`, the form of the Date header (RFC 9110 section 5.6.7). */
bool parse_http_date(const char *text, sec_t *ret);
