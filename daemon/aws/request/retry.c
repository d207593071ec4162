/* The table of error codes, and the verdict on an attempt. */
#include "aws/request/retry.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

enum treatment {
        TREAT_FINAL,
        TREAT_THROTTLE,
        TREAT_SERVER,
        TREAT_BUSY, /* another request works on the resource */
        TREAT_CLOCK,
        TREAT_SIGNATURE, /* clock or credentials */
        TREAT_AUTH,      /* clock or credentials, or a resource of another account */
        TREAT_KEY,
};

/* A code that is not in the table is final, unless its HTTP status is a throttling or server error.
 */
static const struct rule {
        const char *code;
        enum treatment treatment;
} rules[] = {
        { "RequestLimitExceeded", TREAT_THROTTLE },
        { "EC2ThrottledException", TREAT_THROTTLE },
        { "Throttling", TREAT_THROTTLE },
        { "ThrottlingException", TREAT_THROTTLE },
        { "ThrottledException", TREAT_THROTTLE },
        { "RequestThrottled", TREAT_THROTTLE },
        { "RequestThrottledException", TREAT_THROTTLE },
        { "TooManyRequestsException", TREAT_THROTTLE },
        { "TooManyRequests", TREAT_THROTTLE },
        { "BandwidthLimitExceeded", TREAT_THROTTLE },
        { "SlowDown", TREAT_THROTTLE },
        { "PriorRequestNotComplete", TREAT_THROTTLE },

        { "ConcurrentTagAccess", TREAT_BUSY },
        { "ResourceContention", TREAT_BUSY }, /* HTTP 500, but Auto Scaling has done nothing */
        { "ResourceContentionFault", TREAT_BUSY },
        { "ScalingActivityInProgress", TREAT_BUSY },
        { "ScalingActivityInProgressFault", TREAT_BUSY },

        { "InternalError", TREAT_SERVER },
        { "InternalFailure", TREAT_SERVER },
        { "InternalServerError", TREAT_SERVER },
        { "InternalServiceError", TREAT_SERVER },
        { "ServerInternal", TREAT_SERVER },
        { "ServiceUnavailable", TREAT_SERVER },
        { "ServiceUnavailableException", TREAT_SERVER },
        { "HealthUnavailable", TREAT_SERVER }, /* of ELB's targets */
        { "HealthUnavailableException", TREAT_SERVER },
        { "Unavailable", TREAT_SERVER },
        { "RequestTimeout", TREAT_SERVER },
        { "RequestTimeoutException", TREAT_SERVER },
        { "IDPCommunicationError", TREAT_SERVER }, /* STS could not reach the identity provider */

        /* HTTP 500, but the lack lasts for minutes: the task of the call waits, not the call. */
        { "InsufficientInstanceCapacity", TREAT_FINAL },
        { "InsufficientHostCapacity", TREAT_FINAL },
        { "InsufficientVolumeCapacity", TREAT_FINAL },
        { "InsufficientAddressCapacity", TREAT_FINAL },
        { "InsufficientCapacity", TREAT_FINAL },
        { "InsufficientReservedInstanceCapacity", TREAT_FINAL },
        { "InsufficientCapacityOnOutpost", TREAT_FINAL },
        { "UnfulfillableCapacity", TREAT_FINAL },

        { "RequestExpired", TREAT_SIGNATURE }, /* also for expired temporary credentials */
        { "InvalidSecurity.RequestHasExpired", TREAT_CLOCK },
        { "RequestTimeTooSkewed", TREAT_CLOCK },
        { "RequestInTheFuture", TREAT_CLOCK },

        { "AuthFailure", TREAT_AUTH },
        { "SignatureDoesNotMatch", TREAT_SIGNATURE },
        { "InvalidSignatureException", TREAT_SIGNATURE },
        { "IncompleteSignature", TREAT_KEY },
        { "IncompleteSignatureException", TREAT_KEY },
        { "InvalidClientTokenId", TREAT_KEY },
        { "UnrecognizedClientException", TREAT_KEY },
        { "ExpiredToken", TREAT_KEY },
        { "ExpiredTokenException", TREAT_KEY },
        { "MissingAuthenticationToken", TREAT_KEY },
        { "MissingAuthenticationTokenException", TREAT_KEY },
};

enum { STATUS_TIMEOUT = 408, STATUS_TOO_MANY = 429, STATUS_BANDWIDTH = 509 };

static enum treatment treatment_of(const struct attempt *attempt)
{
        for (size_t i = 0; attempt->code && i < ELEMENTS(rules); i++)
                if (streq(rules[i].code, attempt->code))
                        return rules[i].treatment;
        if (attempt->status == STATUS_TOO_MANY || attempt->status == STATUS_BANDWIDTH)
                return TREAT_THROTTLE;
        if (attempt->status >= 500 || attempt->status == STATUS_TIMEOUT)
                return TREAT_SERVER;
        return TREAT_FINAL;
}

bool retry_is_throttle(const char *code, int status)
{
        struct attempt attempt = { .code = code, .status = status };

        return treatment_of(&attempt) == TREAT_THROTTLE;
}

/* Half of an exponentially growing ceiling, plus a random part of the other half. */
static usec_t backoff(unsigned int attempts, usec_t base, usec_t most,
                      const struct attempt *attempt)
{
        sec_t hint = attempt->hint < RETRY_HINT_MAX ? attempt->hint : RETRY_HINT_MAX;
        usec_t ceiling = base, delay;

        for (unsigned int i = 1; i < attempts && ceiling < most; i++)
                ceiling *= 2;
        if (ceiling > most)
                ceiling = most;
        delay = ceiling / 2 + (usec_t)(attempt->random % (uint64_t)(ceiling / 2 + 1));
        return delay > hint * USEC_PER_SEC ? delay : hint * USEC_PER_SEC;
}

/* `last` is the verdict after RETRY_FAILURES_MAX attempts. */
static enum verdict failed(struct retry *retry, const struct attempt *attempt, enum verdict last,
                           usec_t *ret_after)
{
        if (++retry->failures >= RETRY_FAILURES_MAX)
                return last;
        *ret_after = backoff(retry->failures, 250 * USEC_PER_MSEC, 20 * USEC_PER_SEC, attempt);
        return VERDICT_AGAIN;
}

static enum verdict throttled(struct retry *retry, const struct attempt *attempt, enum verdict last,
                              usec_t *ret_after)
{
        if (++retry->throttles >= RETRY_THROTTLES_MAX)
                return last;
        *ret_after = backoff(retry->throttles, USEC_PER_SEC, 30 * USEC_PER_SEC, attempt);
        return VERDICT_AGAIN;
}

static enum verdict fix_clock(struct retry *retry)
{
        if (retry->clock_fixed)
                return VERDICT_FINAL;
        retry->clock_fixed = true;
        return VERDICT_FIX_CLOCK;
}

/* EC2's message for an unknown key is "AWS was not able to validate the provided access
 * credentials". */
static bool is_about_the_key(const struct attempt *attempt)
{
        return attempt->message && strstr(attempt->message, "the provided access credentials");
}

/* `last` is the verdict after a refresh. */
static enum verdict refresh(struct retry *retry, enum verdict last)
{
        if (retry->refreshed)
                return last;
        retry->refreshed = true;
        return VERDICT_REFRESH;
}

static enum verdict decide_error(struct retry *retry, const struct attempt *attempt,
                                 usec_t *ret_after)
{
        bool skewed = attempt->skew > RETRY_SKEW_MAX || attempt->skew < -RETRY_SKEW_MAX;

        switch (treatment_of(attempt)) {
        case TREAT_FINAL:
                return VERDICT_FINAL;
        case TREAT_THROTTLE:
                return throttled(retry, attempt, VERDICT_FINAL, ret_after);
        case TREAT_BUSY:
                return failed(retry, attempt, VERDICT_FINAL, ret_after);
        case TREAT_SERVER:
                if (!attempt->repeatable)
                        return VERDICT_UNKNOWN;
                return failed(retry, attempt, VERDICT_FINAL, ret_after);
        case TREAT_CLOCK:
                return attempt->skew ? fix_clock(retry) : refresh(retry, VERDICT_REFUSED);
        case TREAT_SIGNATURE:
                return skewed && !retry->clock_fixed ? fix_clock(retry)
                                                     : refresh(retry, VERDICT_REFUSED);
        case TREAT_AUTH:
                if (skewed && !retry->clock_fixed)
                        return fix_clock(retry);
                return refresh(retry, is_about_the_key(attempt) ? VERDICT_REFUSED : VERDICT_FINAL);
        case TREAT_KEY:
                return refresh(retry, VERDICT_REFUSED);
        }
        return VERDICT_FINAL;
}

/* An answer that AWS did not write, or that was cut: a proxy's page, a redirect. It proves nothing
 * about the request, whatever its status. */
static enum verdict decide_unreadable(struct retry *retry, const struct attempt *attempt,
                                      usec_t *ret_after)
{
        if (!attempt->repeatable)
                return VERDICT_UNKNOWN;
        if (retry_is_throttle(NULL, attempt->status))
                return throttled(retry, attempt, VERDICT_UNREACHABLE, ret_after);
        return failed(retry, attempt, VERDICT_UNREACHABLE, ret_after);
}

enum verdict retry_decide(struct retry *retry, const struct attempt *attempt, usec_t *ret_after)
{
        bool success = attempt->status >= 200 && attempt->status < 300;

        *ret_after = 0;
        switch (attempt->outcome) {
        case HTTP_UNSENT:
                return failed(retry, attempt, VERDICT_UNREACHABLE, ret_after);
        case HTTP_LOST:
                if (!attempt->repeatable)
                        return VERDICT_UNKNOWN;
                return failed(retry, attempt, VERDICT_UNREACHABLE, ret_after);
        case HTTP_ANSWERED:
                break;
        }
        if (!attempt->readable)
                return decide_unreadable(retry, attempt, ret_after);
        return success ? VERDICT_GOOD : decide_error(retry, attempt, ret_after);
}

bool retry_may_have_acted(const struct attempt *attempt)
{
        struct attempt once = *attempt;
        struct retry retry = {};
        usec_t after;

        once.repeatable = false;
        return retry_decide(&retry, &once, &after) == VERDICT_UNKNOWN;
}

/* The number in the first `count` digits. */
static int digits(const char *text, int count)
{
        int value = 0;

        for (; count > 0; count--, text++)
                value = 10 * value + (*text - '0');
        return value;
}

bool parse_http_date(const char *text, sec_t *ret)
{
        static const char form[] = "???, ## ??? #### ##:##:## GMT";
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        struct civil civil;
        char name[4];
        const char *month;

        if (strlen(text) != strlen(form))
                return false;
        for (size_t i = 0; form[i]; i++)
                if (form[i] == '#' ? !isdigit((unsigned char)text[i])
                                   : form[i] != '?' && form[i] != text[i])
                        return false;
        memcpy(name, text + 8, 3);
        name[3] = '\0';
        month = strstr(months, name);
        if (!month || (month - months) % 3 != 0)
                return false;
        civil = (struct civil){
                .year = digits(text + 12, 4),
                .month = (int)((month - months) / 3) + 1,
                .day = digits(text + 5, 2),
                .hour = digits(text + 17, 2),
                .minute = digits(text + 20, 2),
                .second = digits(text + 23, 2),
        };
        if (civil.second == 60) /* a leap second */
                civil.second = 59;
        if (!civil_is_valid(&civil))
                return false;
        *ret = sec_from_civil(&civil);
        return true;
}
