/*
 * The wall clock of this machine beside the clock of AWS, by the header Date of answers. The daemon
 * reads the comparison with aws_clock().
 *
 * Only answers of AWS itself to signed requests count: the Date of a proxy is no evidence. A sample
 * has AWS's time at an instant of the monotonic clock, so that a later step of the wall clock is
 * noticed without another answer. Date has whole seconds and is older than its arrival by the time
 * of transport, at most the time-out of a request (60 s).
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "loop/loop.h"

/* Whether AWS's time is known. */
enum aws_clock_state {
        AWS_CLOCK_UNKNOWN,  /* no answer yet */
        AWS_CLOCK_UNDATED,  /* answers without a Date, which emulators of AWS send */
        AWS_CLOCK_COMPARED, /* the other fields of struct aws_clock are valid */
};
struct aws_clock {
        enum aws_clock_state state;
        sec_t theirs; /* AWS's time now: the Date of the answer plus its age on the monotonic clock
                       */
        sec_t age;    /* seconds since the answer */
        bool stepped; /* the wall clock was set after the answer */
};
struct clock_sample {
        bool compared, undated; /* an answer with a Date was taken; one without a Date was taken */
        sec_t theirs;           /* AWS's time */
        sec_t ours;             /* the wall clock */
        usec_t at;              /* monotonic */
};

/* Takes an answer of AWS. `date`: its header Date, or NULL. */
void clock_sample_take(struct clock_sample *sample, const struct loop *loop, const char *date);
void clock_sample_read(const struct clock_sample *sample, const struct loop *loop,
                       struct aws_clock *ret);
