#include "runs/images/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/naming.h"
#include "runs/location/poll.h"

#define FIRST_INTERVAL (5 * USEC_PER_SEC)
/* Asked this seldom at most while somebody watches the progress; else a tenth of the time that the
 * youngest image has taken so far may pass, within these limits. */
#define LONG_INTERVAL    (60 * USEC_PER_SEC)
#define LONGEST_INTERVAL (300 * USEC_PER_SEC)
/* While snapshots are on their way they tell enough; that the image is still there is looked at
 * after this. */
#define IMAGE_LOOK (600 * USEC_PER_SEC)
/* Images, or snapshots, in one request: EC2 takes 200 values of a filter. */
enum { PER_REQUEST = 200 };

struct follower {
        const struct engine *engine;
        struct location *location;
        struct poll poll;
        struct aws_slot *call;
        struct followed *all;                /* struct followed.next */
        struct followed *cursor;             /* the first one this round has not asked for */
        struct followed *asked[PER_REQUEST]; /* in this request; NULL: ended meanwhile */
        size_t n_asked;
        bool images_asked, snapshots_asked; /* for these, this time */
        struct refusal refusal;
};

/* ---- the poll ---- */

static usec_t follower_longest(const struct follower *follower)
{
        const struct engine *engine = follower->engine;
        usec_t now = loop_monotonic(engine->loop), youngest = USEC_INFINITY, longest;

        for (const struct followed *f = follower->all; f; f = f->next)
                if (now - f->added < youngest)
                        youngest = now - f->added;
        longest = engine->watches.first ? LONG_INTERVAL : youngest / 10;
        return longest < LONG_INTERVAL      ? LONG_INTERVAL
               : longest > LONGEST_INTERVAL ? LONGEST_INTERVAL
                                            : longest;
}

/* When the next one may be complete, going by its speed so far; 0 when unknown. One that stands, as
 * many do at 99 %, is expected to stand as long again. */
static usec_t follower_expect(const struct follower *follower)
{
        usec_t now = loop_monotonic(follower->location->loop), soonest = 0;

        for (const struct followed *f = follower->all; f; f = f->next) {
                usec_t left;

                if (f->sight != SIGHT_PENDING || f->percent <= 0)
                        continue;
                left = (now - f->added) * (100 - f->percent) / f->percent;
                if (left < now - f->moved)
                        left = now - f->moved;
                if (left < FIRST_INTERVAL)
                        left = FIRST_INTERVAL;
                if (!soonest || left < soonest)
                        soonest = left;
        }
        return soonest;
}

static bool is_open(const struct followed *followed)
{
        return followed->sight == SIGHT_NONE || followed->sight == SIGHT_PENDING;
}

/* The next open image from `followed` on. */
static struct followed *open_from(struct followed *followed)
{
        while (followed && !is_open(followed))
                followed = followed->next;
        return followed;
}

/* Whether only the image itself can tell how things are. */
static bool needs_image(const struct followed *followed, usec_t now)
{
        return followed && is_open(followed) &&
               (followed->sight == SIGHT_NONE || followed->gone.looks || followed->reason ||
                followed->percent < 0 || followed->percent >= 100 ||
                now - followed->gone.listed >= IMAGE_LOOK);
}

static bool needs_snapshots(const struct followed *followed, usec_t now)
{
        (void)now;
        return followed && (followed->failing || (is_open(followed) && followed->percent < 100));
}

static bool any_asked(const struct follower *follower,
                      bool (*needs)(const struct followed *followed, usec_t now))
{
        usec_t now = loop_monotonic(follower->location->loop);

        for (size_t i = 0; i < follower->n_asked; i++)
                if (needs(follower->asked[i], now))
                        return true;
        return false;
}

static void follower_begin_part(struct follower *follower);
static void follower_ask_images(struct follower *follower);
static void follower_ask_snapshots(struct follower *follower);

/* This part of the list is through: the next part at once, or all again after the interval. */
static void follower_part_done(struct follower *follower)
{
        follower->call = aws_slot_free(follower->call);
        follower->cursor = open_from(follower->cursor);
        follower->poll.longest = follower_longest(follower);
        if (follower->cursor)
                follower_begin_part(follower);
        else
                poll_answered(&follower->poll, open_from(follower->all) != NULL,
                              follower_expect(follower));
        follower->refusal.again = follower->poll.due;
}

static void follower_conclude(struct follower *follower)
{
        usec_t now = loop_monotonic(follower->location->loop);

        for (size_t i = 0; i < follower->n_asked; i++) {
                if (follower->asked[i] && follower->asked[i]->failing)
                        followed_set(follower->asked[i], SIGHT_FAILED, NULL);
                if (follower->asked[i])
                        followed_check_stall(follower->asked[i], now);
        }
        follower_part_done(follower);
}

/* Each question at most once: the images where they have to be asked, then their snapshots, or the
 * images after all when these turn out to be complete. */
static void follower_go_on(struct follower *follower)
{
        if (!follower->images_asked && any_asked(follower, needs_image))
                follower_ask_images(follower);
        else if (!follower->snapshots_asked && any_asked(follower, needs_snapshots))
                follower_ask_snapshots(follower);
        else
                follower_conclude(follower);
}

static void follower_on_snapshots(const struct aws_reply *reply, void *userdata)
{
        struct follower *follower = userdata;
        usec_t now = loop_monotonic(follower->location->loop);

        location_called(&follower->refusal, &ec2_describe_snapshots, reply);
        /* Only percentages come from here: without an answer there are none this time. */
        for (size_t i = 0; i < follower->n_asked; i++)
                if (follower->asked[i] && reply->outcome == AWS_OK)
                        followed_see_snapshots(follower->asked[i], reply->output, now);
        follower_go_on(follower);
}

/* The snapshots' ids where all of them are known: what else their runs have made, complete long ago
 * in a large run, is not told then. */
static struct ec2_filter snapshot_filter(const struct follower *follower,
                                         const char *values[static PER_REQUEST])
{
        usec_t now = loop_monotonic(follower->location->loop);
        struct ec2_filter ids = { .name = "snapshot-id", .values = values };
        struct ec2_filter runs = { .name = "tag:" TAG_RUN, .values = values };

        for (size_t i = 0; i < follower->n_asked; i++) {
                const struct followed *followed = follower->asked[i];

                if (!needs_snapshots(followed, now))
                        continue;
                if (!followed->n_snapshots || ids.n_values + followed->n_snapshots > PER_REQUEST) {
                        ids.n_values = 0;
                        break;
                }
                for (size_t j = 0; j < followed->n_snapshots; j++)
                        values[ids.n_values++] = followed->snapshots[j];
        }
        if (ids.n_values)
                return ids;
        for (size_t i = 0; i < follower->n_asked; i++) {
                const struct followed *followed = follower->asked[i];

                if (needs_snapshots(followed, now) &&
                    !strings_contain((char **)(uintptr_t)values, runs.n_values, followed->run))
                        values[runs.n_values++] = followed->run;
        }
        return runs;
}

static void follower_ask_snapshots(struct follower *follower)
{
        const char *values[PER_REQUEST];
        struct ec2_filter filter = snapshot_filter(follower, values);
        struct describe_snapshots input = ec2_own_snapshots(&filter, 1);

        follower->snapshots_asked = true;
        aws_slot_free(follower->call);
        follower->call = location_call(&follower->refusal, &ec2_describe_snapshots, &input,
                                       follower_on_snapshots, follower);
}

static void follower_on_images(const struct aws_reply *reply, void *userdata)
{
        struct follower *follower = userdata;
        usec_t now = loop_monotonic(follower->location->loop);

        location_called(&follower->refusal, &ec2_describe_images, reply);
        if (reply->outcome != AWS_OK) {
                follower_part_done(follower); /* polling cannot fail a run: it asks again */
                return;
        }
        for (size_t i = 0; i < follower->n_asked; i++) {
                struct followed *followed = follower->asked[i];
                const struct ec2_image *image;

                if (!followed)
                        continue;
                image = ec2_find_image(reply->output, followed->image);
                if (image)
                        followed_see_image(followed, image, now);
                else
                        followed_miss(followed, now);
        }
        follower_go_on(follower);
}

static void follower_ask_images(struct follower *follower)
{
        const char *ids[PER_REQUEST];
        struct ec2_filter filter = { .name = "image-id", .values = ids };
        struct describe_images input = ec2_own_images(&filter, 1);

        for (size_t i = 0; i < follower->n_asked; i++)
                if (follower->asked[i])
                        ids[filter.n_values++] = follower->asked[i]->image;
        follower->images_asked = true;
        aws_slot_free(follower->call);
        follower->call = location_call(&follower->refusal, &ec2_describe_images, &input,
                                       follower_on_images, follower);
}

static void follower_begin_part(struct follower *follower)
{
        struct followed *followed;
        size_t n_snapshots = 0;

        follower->n_asked = 0;
        for (followed = follower->cursor;
             followed && follower->n_asked < (MUTANT(polls_each_image_by_itself) ? 1 : PER_REQUEST);
             followed = open_from(followed->next)) {
                n_snapshots += followed->n_snapshots;
                if (follower->n_asked && n_snapshots > PER_REQUEST)
                        break;
                follower->asked[follower->n_asked++] = followed;
        }
        follower->cursor = followed;
        follower->images_asked = follower->snapshots_asked = false;
        follower_go_on(follower);
}

static void follower_ask(void *userdata)
{
        struct follower *follower = userdata;

        follower->cursor = open_from(follower->all);
        if (follower->cursor)
                follower_begin_part(follower);
        else
                poll_answered(&follower->poll, false, 0);
}

/* ---- life ---- */

static void follower_free(void *part)
{
        struct follower *follower = part;

        aws_slot_free(follower->call);
        poll_done(&follower->poll);
        refusal_done(&follower->refusal);
        free(follower);
}

static struct follower *follower_of(const struct task *task)
{
        struct location *location = task->location;

        if (!location->follower) {
                location->follower = xnew(struct follower);
                location->follower->engine = task->run->engine;
                location_keep(location, follower_free, location->follower);
                location->follower->location = location->follower->refusal.location = location;
                poll_init(&location->follower->poll, location->loop, FIRST_INTERVAL, LONG_INTERVAL,
                          follower_ask, location->follower);
        }
        return location->follower;
}

const struct refusal *follow_refusal(const struct location *location)
{
        return location->follower ? &location->follower->refusal : NULL;
}

struct followed *follow_begin(struct task *task)
{
        struct follower *follower = follower_of(task);
        struct followed *followed = xnew(struct followed);
        usec_t now = loop_monotonic(task->run->engine->loop);

        *followed = (struct followed){
                .image = xstrdup(task->row.image),
                .run = xstrdup(task->row.run),
                .instance = xstrdup(task->row.subject),
                .percent = -1,
                .added = now,
                .moved = now,
                .task = task,
                .next = follower->all,
        };
        if (task->row.listed != SEC_NONE)
                gone_see(&followed->gone, now); /* before a restart */
        follower->all = followed;
        poll_hurry(&follower->poll);
        return followed;
}

struct followed *follow_end(struct followed *followed)
{
        struct follower *follower;
        struct followed **at;

        if (!followed)
                return NULL;
        follower = followed->task->location->follower;
        for (at = &follower->all; *at != followed; at = &(*at)->next)
                ;
        *at = followed->next;
        if (follower->cursor == followed)
                follower->cursor = followed->next;
        for (size_t i = 0; i < follower->n_asked; i++)
                if (follower->asked[i] == followed)
                        follower->asked[i] = NULL;
        free(followed->image);
        free(followed->run);
        free(followed->instance);
        free(followed->reason);
        free(followed->slowest);
        strings_free(followed->snapshots, followed->n_snapshots);
        free(followed);
        return NULL;
}
