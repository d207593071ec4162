/* The interval of a poll: short after a change, longer from request to request. */
#include "runs/location/poll.h"

/* How much longer each interval is than the one before, in percent. */
enum { GROWTH = 150 };

static void poll_arm(struct poll *poll, usec_t delay)
{
        poll->due = loop_monotonic(poll->loop) + delay;
        timer_arm(poll->timer, delay);
}

static void poll_ask(void *userdata)
{
        struct poll *poll = userdata;

        poll->asking = true;
        poll->hurry = false;
        poll->ask(poll->userdata);
}

void poll_init(struct poll *poll, struct loop *loop, usec_t first, usec_t longest, timer_fn *ask,
               void *userdata)
{
        *poll = (struct poll){
                .loop = loop,
                .first = first,
                .longest = longest,
                .interval = first,
                .ask = ask,
                .userdata = userdata,
        };
        poll->timer = timer_new(loop, poll_ask, poll);
}

void poll_done(struct poll *poll)
{
        poll->timer = timer_free(poll->timer);
}

void poll_soon(struct poll *poll, usec_t delay)
{
        poll->interval = poll->first;
        poll->hurry = true;
        /* A request that is due sooner is not put off: tasks that come one after the other would
         * delay it for ever. */
        if (!poll->asking &&
            (!timer_is_armed(poll->timer) || poll->due > loop_monotonic(poll->loop) + delay))
                poll_arm(poll, delay);
}

void poll_hurry(struct poll *poll)
{
        poll_soon(poll, poll->first);
}

void poll_answered(struct poll *poll, bool more, usec_t soon)
{
        usec_t delay = poll->interval;

        poll->asking = false;
        if (!more)
                return;
        if (poll->hurry) {
                delay = poll->first;
        } else {
                poll->interval = poll->interval * GROWTH / 100;
                if (poll->interval > poll->longest)
                        poll->interval = poll->longest;
        }
        if (soon && soon < delay)
                delay = soon > poll->first ? soon : poll->first;
        /* A tenth of jitter keeps regions and installations from asking in step. */
        delay += (usec_t)(loop_random(poll->loop) % (uint64_t)(delay / 10 + 1));
        poll_arm(poll, delay);
}
