/* What EC2 shows of one image and its snapshots: the seen state, the percentage, a stall. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/image-poll.h"
#include "runs/images/naming.h"

/* Snapshots that made no progress for this long are reported, and again after as long. */
#define STALLED_AFTER (3600 * USEC_PER_SEC)

void image_watch_set(struct image_watch *watch, enum seen_state seen, const char *reason)
{
        if (watch->seen == seen && (!reason || streq(watch->reason, reason)))
                return;
        watch->seen = seen;
        if (reason)
                xreplace(&watch->reason, reason);
        task_wake(watch->task);
}

static enum seen_state seen_state_of(enum image_state state)
{
        switch (state) {
        case IMAGE_AVAILABLE:
        case IMAGE_DISABLED: /* complete, and disabled by somebody since */
                return SEEN_AVAILABLE;
        case IMAGE_INVALID:
        case IMAGE_FAILED:
        case IMAGE_ERROR:
                return SEEN_FAILED;
        case IMAGE_DEREGISTERED:
                return SEEN_GONE;
        case IMAGE_PENDING:
        case IMAGE_TRANSIENT:
        case IMAGE_OTHER: /* a state that is newer than this program: counts as pending */
                return SEEN_PENDING;
        }
        return SEEN_PENDING;
}

static void image_watch_add_snapshot(struct image_watch *watch, const char *snapshot)
{
        if (!snapshot || !*snapshot ||
            strings_contain(watch->snapshots, watch->n_snapshots, snapshot))
                return;
        *append(watch->snapshots, watch->n_snapshots) = xstrdup(snapshot);
        watch->percent = -1; /* the percentage was that of the others */
}

void image_watch_see_image(struct image_watch *watch, const struct ec2_image *image, usec_t now)
{
        _cleanup_free_ char *reason = NULL;

        if (image->reason && *image->reason)
                reason = xasprintf("%s%s%s", image->reason_code ? image->reason_code : "",
                                   image->reason_code ? ": " : "", image->reason);
        if (image->state == IMAGE_DEREGISTERED)
                gone_end(&watch->gone);
        else
                gone_see(&watch->gone, now);
        watch->created = image->created;
        for (size_t i = 0; i < image->n_devices; i++)
                image_watch_add_snapshot(watch, image->devices[i].snapshot);
        watch->failing = seen_state_of((enum image_state)image->state) == SEEN_FAILED && !reason &&
                         !watch->reason;
        if (!watch->failing) /* else the snapshots are asked first for the reason */
                image_watch_set(watch, seen_state_of((enum image_state)image->state), reason);
}

void image_watch_miss(struct image_watch *watch, usec_t now)
{
        gone_miss(&watch->gone, now);
        if (gone_is_certain(&watch->gone, GONE_IMAGE))
                image_watch_set(watch, SEEN_GONE,
                                watch->gone.listed
                                        ? "EC2 no longer lists it: somebody deregistered it"
                                        : "EC2 never listed it");
}

/* The slowest snapshot, or all: "snapshot snap-1 has stood at 99 %". */
static char *stall_text(const struct image_watch *watch)
{
        if (watch->slowest)
                return xasprintf("snapshot %s has stood at %d %%", watch->slowest,
                                 watch->slowest_percent);
        if (watch->percent >= 0)
                return xasprintf("its snapshots have stood at %d %%", watch->percent);
        return xstrdup("none of its snapshots has shown a percentage");
}

void image_watch_check_stall(struct image_watch *watch, usec_t now)
{
        usec_t since = watch->moved > watch->stall_logged ? watch->moved : watch->stall_logged;
        _cleanup_free_ char *what = NULL;
        struct log_about about;
        char time[TIME_TEXT_MAX];

        if (watch->seen != SEEN_PENDING || now - since < STALLED_AFTER)
                return;
        about = task_about(watch->task);
        watch->stall_logged = now;
        what = stall_text(watch);
        log_event(&events[EVENT_IMAGE_STALLED], &about,
                  "Image %s of %s (schedule %s) is pending: %s for %s. It is followed on, and "
                  "holds up "
                  "no other instance. Ask AWS support with %s; `amictl cancel %s --abandon` ends "
                  "following it.",
                  watch->image, watch->instance, about.schedule, what,
                  format_timespan((now - watch->moved) / USEC_PER_SEC, time),
                  watch->slowest ? watch->slowest : watch->image, watch->run);
}

/* Whether the snapshot is of the image. DescribeImages shows not all snapshots of a pending image,
 * and none of a failed one. */
static bool snapshot_belongs(const struct ec2_snapshot *snapshot, const struct image_watch *watch)
{
        return strings_contain(watch->snapshots, watch->n_snapshots, snapshot->id) ||
               snapshot_is_of(snapshot, watch->image, watch->run, watch->instance);
}

static int percent_of(const struct ec2_snapshot *snapshot)
{
        if (snapshot->state == SNAPSHOT_COMPLETED)
                return 100;
        return snapshot->progress ? atoi(snapshot->progress) : 0; /* NOLINT */
}

void image_watch_see_snapshots(struct image_watch *watch, const struct ec2_snapshots *snapshots,
                               usec_t now)
{
        int sum = 0, n = 0, percent, lowest = 100;

        for (size_t i = 0; i < snapshots->n_snapshots; i++) {
                const struct ec2_snapshot *snapshot = &snapshots->snapshots[i];

                if (!snapshot_belongs(snapshot, watch))
                        continue;
                image_watch_add_snapshot(watch, snapshot->id);
                n++;
                percent = percent_of(snapshot);
                sum += percent;
                if (snapshot->state != SNAPSHOT_COMPLETED && percent <= lowest) {
                        lowest = watch->slowest_percent = percent;
                        xreplace(&watch->slowest, snapshot->id);
                }
                if (snapshot->state == SNAPSHOT_ERROR && !watch->reason)
                        watch->reason = xasprintf("snapshot %s: %s", snapshot->id,
                                                  snapshot->message ? snapshot->message : "error");
        }
        if (n == 0)
                return;
        xreplace(&watch->task->snapshot, lowest < 100 ? watch->slowest : NULL);
        watch->task->snapshot_percent = lowest;
        percent = sum / n;
        if (percent == watch->percent)
                return;
        watch->percent = percent;
        watch->moved = now;
        watch->task->percent = percent;
        task_report(watch->task, NULL);
}
