#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/follow.h"
#include "runs/images/naming.h"

/* Snapshots that made no progress for this long are reported, and again after as long. */
#define STALLED_AFTER (3600 * USEC_PER_SEC)

void followed_set(struct followed *followed, enum sight sight, const char *reason)
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
        if (!snapshot || !*snapshot ||
            strings_contain(followed->snapshots, followed->n_snapshots, snapshot))
                return;
        *append(followed->snapshots, followed->n_snapshots) = xstrdup(snapshot);
        followed->percent = -1; /* the one of the others */
}

void followed_see_image(struct followed *followed, const struct ec2_image *image, usec_t now)
{
        _cleanup_free_ char *reason = NULL;

        if (image->reason && *image->reason)
                reason = xasprintf("%s%s%s", image->reason_code ? image->reason_code : "",
                                   image->reason_code ? ": " : "", image->reason);
        if (image->state == IMAGE_DEREGISTERED)
                gone_end(&followed->gone);
        else
                gone_see(&followed->gone, now);
        followed->created = image->created;
        for (size_t i = 0; i < image->n_devices; i++)
                followed_add_snapshot(followed, image->devices[i].snapshot);
        followed->failing = sight_of((enum image_state)image->state) == SIGHT_FAILED && !reason &&
                            !followed->reason;
        if (!followed->failing) /* else a look at the snapshots first */
                followed_set(followed, sight_of((enum image_state)image->state), reason);
}

void followed_miss(struct followed *followed, usec_t now)
{
        gone_miss(&followed->gone, now);
        if (gone_is_certain(&followed->gone, GONE_IMAGE))
                followed_set(followed, SIGHT_GONE,
                             followed->gone.listed
                                     ? "EC2 no longer lists it: somebody deregistered it"
                                     : "EC2 never listed it");
}

/* What is known of the snapshot that holds it up: "snapshot snap-1 has stood at 99 %". */
static char *stall_text(const struct followed *followed)
{
        if (followed->slowest)
                return xasprintf("snapshot %s has stood at %d %%", followed->slowest,
                                 followed->slowest_percent);
        if (followed->percent >= 0)
                return xasprintf("its snapshots have stood at %d %%", followed->percent);
        return xstrdup("none of its snapshots has shown a percentage");
}

void followed_check_stall(struct followed *followed, usec_t now)
{
        usec_t since =
                followed->moved > followed->stall_told ? followed->moved : followed->stall_told;
        _cleanup_free_ char *what = NULL;
        struct log_about about;
        char time[TIME_TEXT_MAX];

        if (followed->sight != SIGHT_PENDING || now - since < STALLED_AFTER)
                return;
        about = task_about(followed->task);
        followed->stall_told = now;
        what = stall_text(followed);
        log_event(&events[EVENT_IMAGE_STALLED], &about,
                  "Image %s of %s (schedule %s) is pending: %s for %s. It is followed on, and "
                  "holds up "
                  "no other instance. Ask AWS support with %s; `amictl cancel %s --abandon` ends "
                  "following it.",
                  followed->image, followed->instance, about.schedule, what,
                  format_timespan((now - followed->moved) / USEC_PER_SEC, time),
                  followed->slowest ? followed->slowest : followed->image, followed->run);
}

/* Of a pending image EC2 does not list all snapshots, and of one that failed none. */
static bool snapshot_belongs(const struct ec2_snapshot *snapshot, const struct followed *followed)
{
        return strings_contain(followed->snapshots, followed->n_snapshots, snapshot->id) ||
               snapshot_is_of(snapshot, followed->image, followed->run, followed->instance);
}

static int percent_of(const struct ec2_snapshot *snapshot)
{
        if (snapshot->state == SNAPSHOT_COMPLETED)
                return 100;
        return snapshot->progress ? atoi(snapshot->progress) : 0; /* NOLINT */
}

void followed_see_snapshots(struct followed *followed, const struct ec2_snapshots *snapshots,
                            usec_t now)
{
        int sum = 0, n = 0, percent, lowest = 100;

        for (size_t i = 0; i < snapshots->n_snapshots; i++) {
                const struct ec2_snapshot *snapshot = &snapshots->snapshots[i];

                if (!snapshot_belongs(snapshot, followed))
                        continue;
                followed_add_snapshot(followed, snapshot->id);
                n++;
                percent = percent_of(snapshot);
                sum += percent;
                if (snapshot->state != SNAPSHOT_COMPLETED && percent <= lowest) {
                        lowest = followed->slowest_percent = percent;
                        xreplace(&followed->slowest, snapshot->id);
                }
                if (snapshot->state == SNAPSHOT_ERROR && !followed->reason)
                        followed->reason =
                                xasprintf("snapshot %s: %s", snapshot->id,
                                          snapshot->message ? snapshot->message : "error");
        }
        if (n == 0)
                return;
        xreplace(&followed->task->snapshot, lowest < 100 ? followed->slowest : NULL);
        followed->task->snapshot_percent = lowest;
        percent = sum / n;
        if (percent == followed->percent)
                return;
        followed->percent = percent;
        followed->moved = now;
        followed->task->percent = percent;
        task_report(followed->task, NULL);
}
