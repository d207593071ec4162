/*
 * The wall clock of this machine beside the clock of AWS, by the `Date` of answers. Only for the
 * files of this folder; others read it with aws_clock().
 *
 * An answer counts when it was signed for and AWS itself wrote it: the Date of a proxy is no
 * witness. What is kept is AWS's time at an instant of the monotonic clock, so that a step of the
 * wall clock is noticed without another answer. Date has whole seconds and is as old as the way
 * back took, at most the time-out of a request (60 s).
 */
#pragma once

#include "aws/aws.h"

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
