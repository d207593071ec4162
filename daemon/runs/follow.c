#include "runs/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/poll.h"

#define FIRST_INTERVAL   (5 * USEC_PER_SEC)
#define LONGEST_INTERVAL (60 * USEC_PER_SEC)
/* Images in one request: EC2 takes 200 values of a filter. */
enum { IMAGES_PER_REQUEST = 200 };
/* An image that was never listed, or no longer is, for this long is gone. */
#define ABSENT_FOR_GOOD (600 * USEC_PER_SEC)
/* Snapshots that made no progress for this long are reported, and again after as long. */
#define STALLED_AFTER (3600 * USEC_PER_SEC)

struct follower {
        struct place *place;
        struct poll poll;
        struct aws_slot *call;
        struct followed *all;                       /* struct followed.next */
        struct followed *cursor;                    /* the first one this round has not asked for */
        struct followed *asked[IMAGES_PER_REQUEST]; /* in this request; NULL: ended meanwhile */
        size_t n_asked;
        const struct action *refused; /* has been said */
};

/* ---- what was seen ---- */

static void followed_set(struct followed *followed, enum sight sight, const char *reason)
{
        if (followed->sight == sight && (!reason || streq(followed->reason, reason)))
                return;
        followed->sight = sight;
        if (reason)
                xreplace(&followed->reason, reason);
        task_wake(followed->task);
}

static enum sight sight_of(enum image_state state)
{
        switch (state) {
        case IMAGE_AVAILABLE:
        case IMAGE_DISABLED: /* complete, and disabled by somebody since */
                return SIGHT_AVAILABLE;
        case IMAGE_INVALID:
        case IMAGE_FAILED:
        case IMAGE_ERROR:
                return SIGHT_FAILED;
        case IMAGE_DEREGISTERED:
                return SIGHT_GONE;
        case IMAGE_PENDING:
        case IMAGE_TRANSIENT:
        case IMAGE_OTHER: /* a word newer than this program: still going on */
                return SIGHT_PENDING;
        }
        return SIGHT_PENDING;
}

static void followed_add_snapshot(struct followed *followed, const char *snapshot)
{
        if (snapshot && *snapshot &&
            !strings_contain(followed->snapshots, followed->n_snapshots, snapshot))
                *append(followed->snapshots, followed->n_snapshots) = xstrdup(snapshot);
}

static void follower_see_image(struct follower *follower, struct followed *followed,
                               const struct ec2_image *image)
{
        _cleanup_free_ char *reason = NULL;

        if (image->reason && *image->reason)
                reason = xasprintf("%s%s%s", image->reason_code ? image->reason_code : "",
                                   image->reason_code ? ": " : "", image->reason);
        followed->seen = loop_monotonic(follower->place->engine->loop);
        for (size_t i = 0; i < image->n_devices; i++)
                followed_add_snapshot(followed, image->devices[i].snapshot);
        followed->missed = 0;
        followed->failing = sight_of((enum image_state)image->state) == SIGHT_FAILED && !reason &&
                            !followed->reason;
        if (!followed->failing) /* else a look at the snapshots first */
                followed_set(followed, sight_of((enum image_state)image->state), reason);
}

static void follower_miss_image(struct follower *follower, struct followed *followed)
{
        usec_t now = loop_monotonic(follower->place->engine->loop);

        if (!followed->missed)
                followed->missed = now;
        if (now - followed->missed > ABSENT_FOR_GOOD)
                followed_set(followed, SIGHT_GONE,
                             followed->seen ? "EC2 no longer lists it: somebody deregistered it"
                                            : "EC2 never listed it");
}

static void follower_check_stall(struct follower *follower, struct followed *followed)
{
        usec_t now = loop_monotonic(follower->place->engine->loop);
        usec_t since =
                followed->moved > followed->stall_told ? followed->moved : followed->stall_told;
        struct log_about about;
        char time[TIME_TEXT_MAX];

        if (followed->sight != SIGHT_PENDING || now - since < STALLED_AFTER)
                return;
        about = task_about(followed->task);
        followed->stall_told = now;
        if (followed->percent < 0)
                log_event(&events[EVENT_IMAGE_STALLED], &about,
                          "Image %s of %s has been pending for %s without a percentage.",
                          followed->image, followed->instance,
                          format_timespan((now - followed->moved) / USEC_PER_SEC, time));
        else
                log_event(&events[EVENT_IMAGE_STALLED], &about,
                          "Image %s of %s has stood at %d %% for %s.", followed->image,
                          followed->instance, followed->percent,
                          format_timespan((now - followed->moved) / USEC_PER_SEC, time));
}

static const char *tag_of(const struct ec2_snapshot *snapshot, const char *key)
{
        return ec2_tag_value(snapshot->tags, snapshot->n_tags, key);
}

static bool snapshot_belongs(const struct ec2_snapshot *snapshot, const struct followed *followed)
{
        return strings_contain(followed->snapshots, followed->n_snapshots, snapshot->id) ||
               (streq(tag_of(snapshot, TAG_RUN), followed->run) &&
                streq(tag_of(snapshot, TAG_INSTANCE), followed->instance));
}

static void follower_see_snapshots(struct follower *follower, struct followed *followed,
                                   const struct ec2_snapshots *snapshots)
{
        int sum = 0, n = 0, percent;

        for (size_t i = 0; i < snapshots->n_snapshots; i++) {
                const struct ec2_snapshot *snapshot = &snapshots->snapshots[i];

                if (!snapshot_belongs(snapshot, followed))
                        continue;
                followed_add_snapshot(followed, snapshot->id);
                n++;
                sum += snapshot->state == SNAPSHOT_COMPLETED ? 100
                       : snapshot->progress                  ? atoi(snapshot->progress) /* NOLINT */
                                                             : 0;
                if (snapshot->state == SNAPSHOT_ERROR && !followed->reason)
                        followed->reason =
                                xasprintf("snapshot %s: %s", snapshot->id,
                                          snapshot->message ? snapshot->message : "error");
        }
        if (n == 0)
                return;
        percent = sum / n;
        if (percent == followed->percent)
                return;
        followed->percent = percent;
        followed->moved = loop_monotonic(follower->place->engine->loop);
        followed->task->percent = percent;
        task_report(followed->task, NULL);
}

/* ---- the poll ---- */

/* When the next one may be complete, going by its speed so far; 0 when unknown. */
static usec_t follower_expect(const struct follower *follower)
{
        usec_t now = loop_monotonic(follower->place->engine->loop), soonest = 0;

        for (const struct followed *f = follower->all; f; f = f->next) {
                usec_t left;

                if (f->sight != SIGHT_PENDING || f->percent <= 0)
                        continue;
                left = (now - f->added) * (100 - f->percent) / f->percent;
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

static void follower_ask_images(struct follower *follower);

/* This part of the list is through: the next part at once, or all again after the interval. */
static void follower_part_done(struct follower *follower)
{
        follower->call = aws_slot_free(follower->call);
        follower->cursor = open_from(follower->cursor);
        if (follower->cursor)
                follower_ask_images(follower);
        else
                poll_answered(&follower->poll, open_from(follower->all) != NULL,
                              follower_expect(follower));
}

static void follower_on_snapshots(const struct aws_reply *reply, void *userdata)
{
        struct follower *follower = userdata;

        place_polled(follower->place, &ec2_describe_snapshots, reply, &follower->refused);
        /* Only percentages come from here: without an answer there are none this time. */
        for (size_t i = 0; i < follower->n_asked; i++) {
                if (follower->asked[i] && reply->outcome == AWS_OK)
                        follower_see_snapshots(follower, follower->asked[i], reply->output);
                if (follower->asked[i] && follower->asked[i]->failing)
                        followed_set(follower->asked[i], SIGHT_FAILED, NULL);
                if (follower->asked[i])
                        follower_check_stall(follower, follower->asked[i]);
        }
        follower_part_done(follower);
}

static void follower_ask_snapshots(struct follower *follower)
{
        const char *self = "self", **runs = NULL;
        struct ec2_filter filter = { .name = "tag:" TAG_RUN };
        size_t n = 0;

        for (size_t i = 0; i < follower->n_asked; i++) {
                bool known = !follower->asked[i];

                for (size_t j = 0; j < n && !known; j++)
                        known = streq(runs[j], follower->asked[i]->run);
                if (!known)
                        *append(runs, n) = follower->asked[i]->run;
        }
        filter.values = runs;
        filter.n_values = n;
        aws_slot_free(follower->call);
        follower->call =
                aws_call(follower->place->aws, follower->place->region, &ec2_describe_snapshots,
                         &(struct describe_snapshots){
                                 .owners = &self,
                                 .n_owners = 1,
                                 .filters = &filter,
                                 .n_filters = n > 0,
                         },
                         follower_on_snapshots, follower);
        free(runs);
}

static const struct ec2_image *find_image(const struct ec2_images *images, const char *id)
{
        for (size_t i = 0; i < images->n_images; i++)
                if (streq(images->images[i].id, id))
                        return &images->images[i];
        return NULL;
}

static void follower_on_images(const struct aws_reply *reply, void *userdata)
{
        struct follower *follower = userdata;
        bool any = false;

        place_polled(follower->place, &ec2_describe_images, reply, &follower->refused);
        if (reply->outcome != AWS_OK) {
                follower_part_done(follower); /* polling cannot fail a run: it asks again */
                return;
        }
        for (size_t i = 0; i < follower->n_asked; i++) {
                struct followed *followed = follower->asked[i];
                const struct ec2_image *image;

                if (!followed)
                        continue;
                any = true;
                image = find_image(reply->output, followed->image);
                if (image)
                        follower_see_image(follower, followed, image);
                else
                        follower_miss_image(follower, followed);
        }
        if (any)
                follower_ask_snapshots(follower);
        else
                follower_part_done(follower);
}

static void follower_ask_images(struct follower *follower)
{
        const char *self = "self", *ids[IMAGES_PER_REQUEST];
        struct ec2_filter filter = { .name = "image-id", .values = ids };
        struct followed *followed;

        follower->n_asked = 0;
        for (followed = follower->cursor; followed && follower->n_asked < IMAGES_PER_REQUEST;
             followed = open_from(followed->next)) {
                ids[follower->n_asked] = followed->image;
                follower->asked[follower->n_asked++] = followed;
        }
        follower->cursor = followed;
        filter.n_values = follower->n_asked;
        aws_slot_free(follower->call);
        follower->call =
                aws_call(follower->place->aws, follower->place->region, &ec2_describe_images,
                         &(struct describe_images){
                                 .owners = &self,
                                 .n_owners = 1,
                                 .filters = &filter,
                                 .n_filters = 1,
                                 .include_disabled = true,
                         },
                         follower_on_images, follower);
}

static void follower_ask(void *userdata)
{
        struct follower *follower = userdata;

        follower->cursor = open_from(follower->all);
        if (follower->cursor)
                follower_ask_images(follower);
        else
                poll_answered(&follower->poll, false, 0);
}

/* ---- life ---- */

static struct follower *follower_of(struct place *place)
{
        if (!place->follower) {
                place->follower = xnew(struct follower);
                place->follower->place = place;
                poll_init(&place->follower->poll, place->engine->loop, FIRST_INTERVAL,
                          LONGEST_INTERVAL, follower_ask, place->follower);
        }
        return place->follower;
}

struct follower *follower_free(struct follower *follower)
{
        if (!follower)
                return NULL;
        aws_slot_free(follower->call);
        poll_done(&follower->poll);
        free(follower);
        return NULL;
}

struct followed *follow_begin(struct task *task)
{
        struct follower *follower = follower_of(task->place);
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
        follower = followed->task->place->follower;
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
        strings_free(followed->snapshots, followed->n_snapshots);
        free(followed);
        return NULL;
}
