/* Timers: a heap per clock, and the time source of each heap. */
#include <assert.h>

#include "base/alloc.h"
#include "loop/internal.h"
#include "loop/loop.h"

struct timer {
        struct loop *loop;
        struct timer_queue *queue; /* NULL while idle */
        size_t index;              /* in queue->heap */
        usec_t at;                 /* on the queue's clock */
        uint64_t turn;
        timer_fn *callback;
        void *userdata;
};

/* ---- a binary heap whose elements have their index ---- */

static bool is_before(const struct timer *a, const struct timer *b)
{
        return a->at != b->at ? a->at < b->at : a->turn < b->turn;
}

static void heap_put(struct timer_queue *queue, size_t index, struct timer *timer)
{
        queue->heap[index] = timer;
        timer->index = index;
}

/* Puts `timer` at the free `index`, or up or down from there by the order of the heap. */
static void heap_settle(struct timer_queue *queue, size_t index, struct timer *timer)
{
        while (index > 0) {
                size_t parent = (index - 1) / 2;

                if (!is_before(timer, queue->heap[parent]))
                        break;
                heap_put(queue, index, queue->heap[parent]);
                index = parent;
        }
        for (;;) {
                size_t child = 2 * index + 1;

                if (child >= queue->n)
                        break;
                if (child + 1 < queue->n && is_before(queue->heap[child + 1], queue->heap[child]))
                        child++;
                if (!is_before(queue->heap[child], timer))
                        break;
                heap_put(queue, index, queue->heap[child]);
                index = child;
        }
        heap_put(queue, index, timer);
}

/* ---- a queue: a heap, and a time source armed for its first timer ---- */

static void queue_set_source(struct timer_queue *queue)
{
        usec_t at = queue->n > 0 ? queue->heap[0]->at : USEC_INFINITY;
        int r;

        if (at == USEC_INFINITY) {
                r = sd_event_source_set_enabled(queue->source, SD_EVENT_OFF);
                assert(r >= 0);
                return;
        }
        r = sd_event_source_set_time(queue->source, (uint64_t)at);
        assert(r >= 0);
        r = sd_event_source_set_enabled(queue->source, SD_EVENT_ONESHOT);
        assert(r >= 0);
}

static void queue_remove(struct timer *timer)
{
        struct timer_queue *queue = timer->queue;
        struct timer *last = queue->heap[--queue->n];

        if (last != timer)
                heap_settle(queue, timer->index, last);
        timer->queue = NULL;
        if (timer->index == 0)
                queue_set_source(queue);
}

static void queue_insert(struct timer_queue *queue, struct timer *timer, usec_t at)
{
        timer->queue = queue;
        timer->at = at;
        timer->turn = queue->armed++;
        (void)append(queue->heap, queue->n);
        heap_settle(queue, queue->n - 1, timer);
        if (timer->index == 0)
                queue_set_source(queue);
}

/* Fires one timer per turn of the loop, so that a timer that arms itself again and again does not
 * block other event sources. */
static int on_queue(sd_event_source *source, uint64_t usec, void *userdata)
{
        struct timer_queue *queue = userdata;
        struct timer *timer = queue->heap[0];

        (void)source;
        (void)usec;
        /* The wall clock may have been set back after the time source fired. */
        if (timer->at > clock_now(queue->clock)) {
                queue_set_source(queue);
                return 0;
        }
        queue_remove(timer);
        timer->callback(timer->userdata); /* may free `timer` */
        return 0;
}

int timer_queue_init(struct timer_queue *queue, sd_event *event, clockid_t clock)
{
        int r;

        queue->clock = clock;
        /* Accuracy 1 us: as early as possible. 0 would mean a quarter of a second. */
        r = sd_event_add_time(event, &queue->source, clock, 0, 1, on_queue, queue);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(queue->source, SD_EVENT_OFF);
}

void timer_queue_done(struct timer_queue *queue)
{
        sd_event_source_unref(queue->source);
        free(queue->heap);
}

/* ---- timers ---- */

struct timer *timer_new(struct loop *loop, timer_fn *callback, void *userdata)
{
        struct timer *timer = xnew(struct timer);

        timer->loop = loop;
        timer->callback = callback;
        timer->userdata = userdata;
        return timer;
}

struct timer *timer_free(struct timer *timer)
{
        if (timer)
                timer_disarm(timer);
        free(timer);
        return NULL;
}

void timer_arm(struct timer *timer, usec_t delay)
{
        usec_t now = clock_now(CLOCK_BOOTTIME);

        timer_disarm(timer);
        if (delay < 0)
                delay = 0;
        queue_insert(&timer->loop->monotonic, timer,
                     delay < USEC_INFINITY - now ? now + delay : USEC_INFINITY);
}

void timer_arm_wall(struct timer *timer, sec_t at)
{
        timer_disarm(timer);
        if (at < 0)
                at = 0;
        queue_insert(&timer->loop->wall, timer,
                     at < USEC_INFINITY / USEC_PER_SEC ? at * USEC_PER_SEC : USEC_INFINITY);
}

void timer_disarm(struct timer *timer)
{
        if (timer->queue)
                queue_remove(timer);
}

bool timer_is_armed(const struct timer *timer)
{
        return timer->queue;
}
