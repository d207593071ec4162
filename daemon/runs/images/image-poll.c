/* The image poll of a location: which images are in which request, and how long the poll waits. */
#include "runs/images/image-poll.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/naming.h"
#include "runs/location/poll.h"

#define FIRST_INTERVAL (5 * USEC_PER_SEC)
/* The longest interval: LONG_INTERVAL while somebody watches the progress; else a tenth of the age
 * of the youngest image, within these limits. */
#define LONG_INTERVAL    (60 * USEC_PER_SEC)
#define LONGEST_INTERVAL (300 * USEC_PER_SEC)
/* While its snapshots are pending, the image itself is described each time this has passed, to see
 * that it still exists. */
#define IMAGE_LOOK (600 * USEC_PER_SEC)
/* Images, or snapshots, in one request: EC2 takes 200 values of a filter. */
enum { PER_REQUEST = 200 };

struct image_poll {
        const struct engine *engine;
        struct location *location;
        struct poll timing;
        struct aws_slot *call;
        struct image_watch *all;                /* struct image_watch.next */
        struct image_watch *cursor;             /* the first one this round has not asked for */
        struct image_watch *asked[PER_REQUEST]; /* in this request; NULL: ended meanwhile */
        size_t n_asked;
        bool images_asked, snapshots_asked; /* for these, this time */
        struct refusal refusal;
};

/* ---- the poll ---- */

static usec_t image_poll_longest(const struct image_poll *poll)
{
        const struct engine *engine = poll->engine;
        usec_t now = loop_monotonic(engine->loop), youngest = USEC_INFINITY, longest;

        for (const struct image_watch *w = poll->all; w; w = w->next)
                if (now - w->added < youngest)
                        youngest = now - w->added;
        longest = engine->watches.first ? LONG_INTERVAL : youngest / 10;
        return longest < LONG_INTERVAL      ? LONG_INTERVAL
               : longest > LONGEST_INTERVAL ? LONGEST_INTERVAL
                                            : longest;
}

/* When the next image may be complete, by its speed so far; 0: unknown. An image without progress,
 * as at 99 % often, is expected to stay so for as long again. */
static usec_t image_poll_expect(const struct image_poll *poll)
{
        usec_t now = loop_monotonic(poll->location->loop), soonest = 0;

        for (const struct image_watch *w = poll->all; w; w = w->next) {
                usec_t left;

                if (w->seen != SEEN_PENDING || w->percent <= 0)
                        continue;
                left = (now - w->added) * (100 - w->percent) / w->percent;
                if (left < now - w->moved)
                        left = now - w->moved;
                if (left < FIRST_INTERVAL)
                        left = FIRST_INTERVAL;
                if (!soonest || left < soonest)
                        soonest = left;
        }
        return soonest;
}

static bool is_open(const struct image_watch *watch)
{
        return watch->seen == SEEN_NOTHING || watch->seen == SEEN_PENDING;
}

/* The next open image from `watch` on. */
static struct image_watch *open_from(struct image_watch *watch)
{
        while (watch && !is_open(watch))
                watch = watch->next;
        return watch;
}

/* Whether DescribeImages is needed: the snapshots do not show the state of the image. */
static bool needs_image(const struct image_watch *watch, usec_t now)
{
        return watch && is_open(watch) &&
               (watch->seen == SEEN_NOTHING || watch->gone.misses || watch->reason ||
                watch->percent < 0 || watch->percent >= 100 ||
                now - watch->gone.listed >= IMAGE_LOOK);
}

static bool needs_snapshots(const struct image_watch *watch, usec_t now)
{
        (void)now;
        return watch && (watch->failing || (is_open(watch) && watch->percent < 100));
}

static bool any_asked(const struct image_poll *poll,
                      bool (*needs)(const struct image_watch *watch, usec_t now))
{
        usec_t now = loop_monotonic(poll->location->loop);

        for (size_t i = 0; i < poll->n_asked; i++)
                if (needs(poll->asked[i], now))
                        return true;
        return false;
}

static void image_poll_begin_part(struct image_poll *poll);
static void image_poll_ask_images(struct image_poll *poll);
static void image_poll_ask_snapshots(struct image_poll *poll);

/* The images of this request are answered: the next part of the list is asked at once, the whole
 * list again after the interval. */
static void image_poll_part_done(struct image_poll *poll)
{
        poll->call = aws_slot_free(poll->call);
        poll->cursor = open_from(poll->cursor);
        poll->timing.longest = image_poll_longest(poll);
        if (poll->cursor)
                image_poll_begin_part(poll);
        else
                poll_answered(&poll->timing, open_from(poll->all) != NULL, image_poll_expect(poll));
        poll->refusal.retry_at = poll->timing.due;
}

static void image_poll_conclude(struct image_poll *poll)
{
        usec_t now = loop_monotonic(poll->location->loop);

        for (size_t i = 0; i < poll->n_asked; i++) {
                if (poll->asked[i] && poll->asked[i]->failing)
                        image_watch_set(poll->asked[i], SEEN_FAILED, NULL);
                if (poll->asked[i])
                        image_watch_check_stall(poll->asked[i], now);
        }
        image_poll_part_done(poll);
}

/* Sends each request at most once for a part: the images where one needs it, then the snapshots,
 * then the images after all, where the snapshots are complete. */
static void image_poll_continue(struct image_poll *poll)
{
        if (!poll->images_asked && any_asked(poll, needs_image))
                image_poll_ask_images(poll);
        else if (!poll->snapshots_asked && any_asked(poll, needs_snapshots))
                image_poll_ask_snapshots(poll);
        else
                image_poll_conclude(poll);
}

static void image_poll_on_snapshots(const struct aws_reply *reply, void *userdata)
{
        struct image_poll *poll = userdata;
        usec_t now = loop_monotonic(poll->location->loop);

        location_called(&poll->refusal, &ec2_describe_snapshots, reply);
        /* only percentages come from here: a failed request is not repeated */
        for (size_t i = 0; i < poll->n_asked; i++)
                if (poll->asked[i] && reply->outcome == AWS_OK)
                        image_watch_see_snapshots(poll->asked[i], reply->output, now);
        image_poll_continue(poll);
}

/* A filter by the ids of the snapshots where all are known; else by the runs, which also lists
 * snapshots that were complete long ago. */
static struct ec2_filter snapshot_filter(const struct image_poll *poll,
                                         const char *values[static PER_REQUEST])
{
        usec_t now = loop_monotonic(poll->location->loop);
        struct ec2_filter ids = { .name = "snapshot-id", .values = values };
        struct ec2_filter runs = { .name = "tag:" TAG_RUN, .values = values };

        for (size_t i = 0; i < poll->n_asked; i++) {
                const struct image_watch *watch = poll->asked[i];

                if (!needs_snapshots(watch, now))
                        continue;
                if (!watch->n_snapshots || ids.n_values + watch->n_snapshots > PER_REQUEST) {
                        ids.n_values = 0;
                        break;
                }
                for (size_t j = 0; j < watch->n_snapshots; j++)
                        values[ids.n_values++] = watch->snapshots[j];
        }
        if (ids.n_values)
                return ids;
        for (size_t i = 0; i < poll->n_asked; i++) {
                const struct image_watch *watch = poll->asked[i];

                if (needs_snapshots(watch, now) &&
                    !strings_contain((char **)(uintptr_t)values, runs.n_values, watch->run))
                        values[runs.n_values++] = watch->run;
        }
        return runs;
}

static void image_poll_ask_snapshots(struct image_poll *poll)
{
        const char *values[PER_REQUEST];
        struct ec2_filter filter = snapshot_filter(poll, values);
        struct describe_snapshots input = ec2_own_snapshots(&filter, 1);

        poll->snapshots_asked = true;
        aws_slot_free(poll->call);
        poll->call = location_call(&poll->refusal, &ec2_describe_snapshots, &input,
                                   image_poll_on_snapshots, poll);
}

static void image_poll_on_images(const struct aws_reply *reply, void *userdata)
{
        struct image_poll *poll = userdata;
        usec_t now = loop_monotonic(poll->location->loop);

        location_called(&poll->refusal, &ec2_describe_images, reply);
        if (reply->outcome != AWS_OK) {
                image_poll_part_done(poll); /* a failed poll fails no run: it asks again */
                return;
        }
        for (size_t i = 0; i < poll->n_asked; i++) {
                struct image_watch *watch = poll->asked[i];
                const struct ec2_image *image;

                if (!watch)
                        continue;
                image = ec2_find_image(reply->output, watch->image);
                if (image)
                        image_watch_see_image(watch, image, now);
                else
                        image_watch_miss(watch, now);
        }
        image_poll_continue(poll);
}

static void image_poll_ask_images(struct image_poll *poll)
{
        const char *ids[PER_REQUEST];
        struct ec2_filter filter = { .name = "image-id", .values = ids };
        struct describe_images input = ec2_own_images(&filter, 1);

        for (size_t i = 0; i < poll->n_asked; i++)
                if (poll->asked[i])
                        ids[filter.n_values++] = poll->asked[i]->image;
        poll->images_asked = true;
        aws_slot_free(poll->call);
        poll->call = location_call(&poll->refusal, &ec2_describe_images, &input,
                                   image_poll_on_images, poll);
}

static void image_poll_begin_part(struct image_poll *poll)
{
        struct image_watch *watch;
        size_t n_snapshots = 0;

        poll->n_asked = 0;
        for (watch = poll->cursor;
             watch && poll->n_asked < (MUTANT(polls_each_image_by_itself) ? 1 : PER_REQUEST);
             watch = open_from(watch->next)) {
                n_snapshots += watch->n_snapshots;
                if (poll->n_asked && n_snapshots > PER_REQUEST)
                        break;
                poll->asked[poll->n_asked++] = watch;
        }
        poll->cursor = watch;
        poll->images_asked = poll->snapshots_asked = false;
        image_poll_continue(poll);
}

static void image_poll_ask(void *userdata)
{
        struct image_poll *poll = userdata;

        poll->cursor = open_from(poll->all);
        if (poll->cursor)
                image_poll_begin_part(poll);
        else
                poll_answered(&poll->timing, false, 0);
}

/* ---- life ---- */

static void image_poll_free(void *part)
{
        struct image_poll *poll = part;

        aws_slot_free(poll->call);
        poll_done(&poll->timing);
        refusal_done(&poll->refusal);
        free(poll);
}

static struct image_poll *image_poll_of(const struct task *task)
{
        struct location *location = task->location;

        if (!location->image_poll) {
                location->image_poll = xnew(struct image_poll);
                location->image_poll->engine = task->run->engine;
                location_keep(location, image_poll_free, location->image_poll);
                location->image_poll->location = location->image_poll->refusal.location = location;
                poll_init(&location->image_poll->timing, location->loop, FIRST_INTERVAL,
                          LONG_INTERVAL, image_poll_ask, location->image_poll);
        }
        return location->image_poll;
}

const struct refusal *image_poll_refusal(const struct location *location)
{
        return location->image_poll ? &location->image_poll->refusal : NULL;
}

struct image_watch *image_watch_begin(struct task *task)
{
        struct image_poll *poll = image_poll_of(task);
        struct image_watch *watch = xnew(struct image_watch);
        usec_t now = loop_monotonic(task->run->engine->loop);

        *watch = (struct image_watch){
                .image = xstrdup(task->row.image),
                .run = xstrdup(task->row.run),
                .instance = xstrdup(task->row.subject),
                .percent = -1,
                .added = now,
                .moved = now,
                .task = task,
                .next = poll->all,
        };
        if (task->row.listed != SEC_NONE)
                gone_see(&watch->gone, now); /* before a restart */
        poll->all = watch;
        poll_hurry(&poll->timing);
        return watch;
}

struct image_watch *image_watch_end(struct image_watch *watch)
{
        struct image_poll *poll;
        struct image_watch **at;

        if (!watch)
                return NULL;
        poll = watch->task->location->image_poll;
        for (at = &poll->all; *at != watch; at = &(*at)->next)
                ;
        *at = watch->next;
        if (poll->cursor == watch)
                poll->cursor = watch->next;
        for (size_t i = 0; i < poll->n_asked; i++)
                if (poll->asked[i] == watch)
                        poll->asked[i] = NULL;
        free(watch->image);
        free(watch->run);
        free(watch->instance);
        free(watch->reason);
        free(watch->slowest);
        strings_free(watch->snapshots, watch->n_snapshots);
        free(watch);
        return NULL;
}
