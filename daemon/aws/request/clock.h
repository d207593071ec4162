/*
 * The wall clock of this machine beside the clock of AWS, by the `Date` of answers. The
 * daemon reads it with aws_clock().
 *
 * An answer counts when it was signed for and AWS itself wrote it: the Date of a proxy is no
 * witness. What is kept is AWS's time at an instant of the monotonic clock, so that a step of the
 * wall clock is noticed without another answer. Date has whole seconds and is as old as the way
 * back took, at most the time-out of a request (60 s).
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "loop/loop.h"

/* AWS's time, as the last answer to a signed request told it in its Date. */
enum aws_clock_state {
        AWS_CLOCK_UNKNOWN,  /* no answer came yet */
        AWS_CLOCK_UNDATED,  /* answers have no Date: an emulator's */
        AWS_CLOCK_COMPARED, /* the rest is known */
};
struct aws_clock {
        enum aws_clock_state state;
        sec_t theirs; /* AWS's time now: that of the answer, and what the monotonic clock counted */
        sec_t age;    /* seconds since the answer */
        bool stepped; /* the wall clock was set since */
};
struct clock_sample {
        bool compared, undated; /* there was such an answer with a Date; there were only others */
        sec_t theirs;           /* AWS's time */
        sec_t ours;             /* the wall clock */
        usec_t at;              /* monotonic */
};

/* An answer of AWS came. `date`: its header, or NULL. */
void clock_sample_take(struct clock_sample *sample, const struct loop *loop, const char *date);
void clock_sample_read(const struct clock_sample *sample, const struct loop *loop,
                       struct aws_clock *ret);
