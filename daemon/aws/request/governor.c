/* Queues of tickets per action, their buckets, and the timer that grants them. */
#include "aws/request/governor.h"

#include <assert.h>
#include <utlist.h>

#include "aws/request/bucket.h"
#include "base/alloc.h"
#include "base/text.h"

/* The waiting tickets of an action. */
struct queue {
        const struct action *action;
        struct bucket_level level;
        unsigned long long requests, throttles;
        unsigned int in_flight;
        struct ticket *waiting; /* oldest first */
        struct queue *next;
};

struct ticket {
        struct governor *governor;
        struct queue *queue;
        uint64_t number; /* in order of arrival */
        ticket_fn *granted;
        void *userdata;
        bool in_flight;
        struct ticket *prev, *next;
};

struct governor {
        unsigned int references;
        struct loop *loop;
        struct timer *timer;
        unsigned int percent, in_flight;
        uint64_t tickets;
        struct queue *queues;
};

/* Whether the first ticket of `queue` goes before `ticket` (may be NULL). */
static bool goes_first(const struct queue *queue, const struct ticket *ticket)
{
        enum priority mine = queue->action->priority;

        if (!ticket || mine != ticket->queue->action->priority)
                return !ticket || mine < ticket->queue->action->priority;
        return queue->waiting->number < ticket->number;
}

/* The next ticket whose bucket has a token; else NULL, and *ret_wait is the time until one has. */
static struct ticket *find_next(struct governor *governor, usec_t *ret_wait)
{
        usec_t now = loop_monotonic(governor->loop);
        struct ticket *first = NULL;
        struct queue *queue;

        *ret_wait = USEC_INFINITY;
        LL_FOREACH (governor->queues, queue) {
                usec_t wait;

                if (!queue->waiting)
                        continue;
                wait = bucket_wait(&queue->level, now);
                if (wait < *ret_wait)
                        *ret_wait = wait;
                if (wait == 0 && goes_first(queue, first))
                        first = queue->waiting;
        }
        return first;
}

static void schedule(struct governor *governor)
{
        usec_t wait = USEC_INFINITY;

        if (governor->in_flight < GOVERNOR_REQUESTS_MAX)
                find_next(governor, &wait);
        if (wait == USEC_INFINITY)
                timer_disarm(governor->timer);
        else
                timer_arm(governor->timer, wait);
}

/* Grants only one ticket, because its callback may free the governor. */
static void on_timer(void *userdata)
{
        struct governor *governor = userdata;
        usec_t wait;
        struct ticket *ticket = find_next(governor, &wait);

        if (ticket) {
                bucket_take(&ticket->queue->level, loop_monotonic(governor->loop));
                DL_DELETE(ticket->queue->waiting, ticket);
                ticket->in_flight = true;
                ticket->queue->requests++;
                ticket->queue->in_flight++;
                governor->in_flight++;
        }
        schedule(governor);
        if (ticket)
                ticket->granted(ticket->userdata);
}

struct governor *governor_new(struct loop *loop, unsigned int percent)
{
        struct governor *governor = xnew(struct governor);

        governor->references = 1;
        governor->loop = loop;
        governor->percent = percent;
        governor->timer = timer_new(loop, on_timer, governor);
        return governor;
}

struct governor *governor_ref(struct governor *governor)
{
        governor->references++;
        return governor;
}

struct governor *governor_unref(struct governor *governor)
{
        struct queue *queue, *next;

        if (!governor || --governor->references > 0)
                return NULL;
        assert(governor->in_flight == 0);
        LL_FOREACH_SAFE (governor->queues, queue, next) {
                assert(!queue->waiting);
                free(queue);
        }
        timer_free(governor->timer);
        free(governor);
        return NULL;
}

void governor_set_percent(struct governor *governor, unsigned int percent)
{
        usec_t now = loop_monotonic(governor->loop);
        struct queue *queue;

        if (governor->percent == percent)
                return;
        governor->percent = percent;
        LL_FOREACH (governor->queues, queue) {
                bucket_set_share(&queue->level, &queue->action->bucket, percent, now);
        }
        schedule(governor);
}

void governor_usage(struct governor *governor, struct aws_usage *usage, aws_usage_fn *callback,
                    void *userdata)
{
        struct queue *queue;

        LL_FOREACH (governor->queues, queue) {
                const struct bucket_level *level = &queue->level;
                struct ticket *ticket;

                bucket_fill(&queue->level, loop_monotonic(governor->loop));
                usage->action = queue->action->name;
                usage->capacity = level->share.capacity;
                usage->refill_per_second = level->share.refill_per_second;
                usage->tokens = level->tokens;
                usage->factor = level->factor;
                usage->requests = queue->requests;
                usage->throttles = queue->throttles;
                usage->in_flight = queue->in_flight;
                usage->waiting = 0;
                DL_FOREACH (queue->waiting, ticket) {
                        usage->waiting++;
                }
                callback(usage, userdata);
        }
}

static struct queue *queue_of(struct governor *governor, const struct action *action)
{
        struct queue *queue;

        LL_FOREACH (governor->queues, queue) {
                if (queue->action == action)
                        return queue;
        }
        queue = xnew(struct queue);
        queue->action = action;
        bucket_init(&queue->level, &action->bucket, governor->percent,
                    loop_monotonic(governor->loop));
        LL_PREPEND(governor->queues, queue);
        return queue;
}

struct ticket *governor_enter(struct governor *governor, const struct action *action,
                              ticket_fn *granted, void *userdata)
{
        struct ticket *ticket = xnew(struct ticket);

        *ticket = (struct ticket){
                .governor = governor_ref(governor),
                .queue = queue_of(governor, action),
                .number = governor->tickets++,
                .granted = granted,
                .userdata = userdata,
        };
        DL_APPEND(ticket->queue->waiting, ticket);
        schedule(governor);
        return ticket;
}

struct ticket *ticket_free(struct ticket *ticket)
{
        if (!ticket)
                return NULL;
        if (ticket->in_flight) {
                ticket->queue->in_flight--;
                ticket->governor->in_flight--;
        } else {
                DL_DELETE(ticket->queue->waiting, ticket);
        }
        schedule(ticket->governor);
        governor_unref(ticket->governor);
        free(ticket);
        return NULL;
}

void ticket_throttled(struct ticket *ticket)
{
        ticket->queue->throttles++;
        bucket_drain(&ticket->queue->level, loop_monotonic(ticket->governor->loop));
        schedule(ticket->governor);
}
