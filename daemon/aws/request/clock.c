/* Compares the Date of answers with the wall clock. */
#include "aws/request/clock.h"

#include "aws/request/retry.h"

/* The difference between wall clock and monotonic clock that counts as a step of the wall clock.
 * Both clocks are read in whole seconds, and NTP slews the wall clock by 0.05 % at most. Seconds.
 */
enum { SLEW = 3, SLEW_PER = 2000 };

void clock_sample_take(struct clock_sample *sample, const struct loop *loop, const char *date)
{
        sec_t theirs;

        if (!date || !parse_http_date(date, &theirs)) {
                sample->undated = true;
                return;
        }
        *sample = (struct clock_sample){
                .compared = true,
                .theirs = theirs,
                .ours = loop_wall(loop),
                .at = loop_monotonic(loop),
        };
}

void clock_sample_read(const struct clock_sample *sample, const struct loop *loop,
                       struct aws_clock *ret)
{
        sec_t since = (loop_monotonic(loop) - sample->at) / USEC_PER_SEC;
        sec_t run_away = loop_wall(loop) - (sample->ours + since);

        *ret = (struct aws_clock){};
        if (!sample->compared) {
                ret->state = sample->undated ? AWS_CLOCK_UNDATED : AWS_CLOCK_UNKNOWN;
                return;
        }
        ret->state = AWS_CLOCK_COMPARED;
        ret->theirs = sample->theirs + since;
        ret->age = since;
        ret->stepped = run_away > SLEW + since / SLEW_PER || -run_away > SLEW + since / SLEW_PER;
}
