/*
 * The snapshots of an image that is deregistered: described by id, deleted, recorded.
 *
 * A snapshot that cannot be deleted keeps no other from being deleted. A snapshot that AWS refuses
 * to delete (locked, or of AWS Backup) stays in the row of the image with the reason, and is tried
 * again each SNAPSHOT_RETRY, or when an operator prunes by hand; DeregisterImage is not sent again.
 *
 * The absence of a snapshot is proven by gone.h, also after a DeleteSnapshot whose answer was lost:
 * one list that lags would leave the snapshot behind for ever.
 *
 * Whether another image uses a snapshot is not asked before: DeleteSnapshot refuses that with
 * InvalidSnapshot.InUse, and names the image.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshot.html
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/provenance.h"
#include "runs/location/location.h"
#include "runs/retire/remove.h"

/* DeleteSnapshot may be refused with "in use" for a while after DeregisterImage. */
#define LAG_RETRY   (10 * USEC_PER_SEC)
#define LAG_TIMEOUT (10 * SEC_PER_MIN * USEC_PER_SEC)
/* Between lookups of snapshots that EC2 does not list. */
#define ABSENT_RETRY (60 * USEC_PER_SEC)
/* From one refusal to the next attempt. A lock lasts for days to years, and AWS Backup deletes its
 * snapshots by itself: an attempt each night would change nothing. */
#define SNAPSHOT_RETRY (7 * SEC_PER_DAY)
/* Calls of DeleteSnapshot for one snapshot without a clear answer. */
enum { CALLS_AT_MOST = 10 };

static void load_snapshots(struct task *task, struct removal_state *removal)
{
        struct store_image row;
        char **ids;
        size_t n;

        if (removal->loaded || removal_load(task, &row) <= 0)
                return;
        removal->loaded = true;
        ids = strings_split(row.snapshots ? row.snapshots : "", " ", &n);
        for (size_t i = 0; i < n && !MUTANT(leaves_snapshots); i++) {
                struct removal_snapshot *snapshot = append(removal->snapshots, removal->n);

                snapshot->id = xstrdup(ids[i]);
                gone_see(&snapshot->gone, loop_monotonic(task->run->engine->loop));
        }
        strings_free(ids, n);
        store_image_done(&row);
}

void removal_snapshots_free(struct removal_state *removal)
{
        for (size_t i = 0; i < removal->n; i++) {
                free(removal->snapshots[i].id);
                free(removal->snapshots[i].reason);
        }
        free(removal->snapshots);
}

static size_t count(const struct removal_state *removal, enum snapshot_fate fate)
{
        size_t n = 0;

        for (size_t i = 0; i < removal->n; i++)
                n += removal->snapshots[i].fate == fate;
        return n;
}

static struct removal_snapshot *first(const struct removal_state *removal, enum snapshot_fate fate)
{
        for (size_t i = 0; i < removal->n; i++)
                if (removal->snapshots[i].fate == fate)
                        return &removal->snapshots[i];
        return NULL;
}

static void set_fate(struct removal_snapshot *snapshot, enum snapshot_fate fate, char *reason)
{
        snapshot->fate = fate;
        free(snapshot->reason);
        snapshot->reason = reason;
}

/* ---- look-at-snapshots ---- */

struct verdict look_snapshots_ask(struct task *task)
{
        struct removal_state *removal = removal_state(task);
        struct ec2_filter filter = { .name = "snapshot-id" };
        struct describe_snapshots input = ec2_own_snapshots(&filter, 1);

        load_snapshots(task, removal);
        if (!removal->loaded)
                return removal_not_recorded(task);
        if (!first(removal, SNAPSHOT_OPEN))
                return step_goto("record-removal");
        if (removal_is_too_early(task, removal))
                return step_wait();
        for (size_t i = 0; i < removal->n && filter.n_values < EC2_FILTER_VALUES_MAX; i++)
                if (removal->snapshots[i].fate == SNAPSHOT_OPEN)
                        *append(filter.values, filter.n_values) = removal->snapshots[i].id;
        task_call(task, &ec2_describe_snapshots, &input);
        free(filter.values);
        return step_wait();
}

static const struct ec2_snapshot *find_snapshot(const struct ec2_snapshots *found, const char *id)
{
        for (size_t i = 0; i < found->n_snapshots; i++)
                if (streq(found->snapshots[i].id, id))
                        return &found->snapshots[i];
        return NULL;
}

static void check_snapshot(struct task *task, const struct store_image *row,
                           struct removal_snapshot *snapshot, const struct ec2_snapshots *found)
{
        const struct ec2_snapshot *listed = find_snapshot(found, snapshot->id);
        usec_t now = loop_monotonic(task->run->engine->loop);
        char *difference;

        if (!listed) {
                gone_miss(&snapshot->gone, now);
                if (gone_is_certain(&snapshot->gone, GONE_SNAPSHOT))
                        set_fate(snapshot, SNAPSHOT_DELETED, NULL);
                return;
        }
        gone_see(&snapshot->gone, now);
        difference = provenance_snapshot(listed, row, task->run->settings->owner);
        if (difference)
                set_fate(snapshot, SNAPSHOT_KEPT, difference);
        else if (snapshot->refused)
                set_fate(snapshot, SNAPSHOT_REFUSED, steal(snapshot->reason));
        else
                set_fate(snapshot, SNAPSHOT_OURS, NULL);
}

struct verdict look_snapshots_answer(struct task *task, const struct aws_reply *reply)
{
        struct removal_state *removal = removal_state(task);
        struct store_image row;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_snapshots);
        if (removal_load(task, &row) <= 0)
                return removal_not_recorded(task);
        for (size_t i = 0, asked = 0; i < removal->n && asked < EC2_FILTER_VALUES_MAX; i++)
                if (removal->snapshots[i].fate == SNAPSHOT_OPEN) {
                        check_snapshot(task, &row, &removal->snapshots[i], reply->output);
                        asked++;
                }
        store_image_done(&row);
        if (first(removal, SNAPSHOT_OURS))
                return step_goto("delete-snapshots");
        if (!first(removal, SNAPSHOT_OPEN))
                return step_goto("record-removal");
        return step_retry(ABSENT_RETRY,
                          xasprintf("EC2 does not list %s; whether it is gone shows in "
                                    "minutes",
                                    first(removal, SNAPSHOT_OPEN)->id));
}

/* ---- delete-snapshots ---- */

/* Makes the snapshots that lagged deletable again. The first of them, or NULL. */
static const struct removal_snapshot *try_lagging(struct removal_state *removal)
{
        for (size_t i = 0; i < removal->n; i++)
                if (removal->snapshots[i].fate == SNAPSHOT_LAGS)
                        removal->snapshots[i].fate = SNAPSHOT_OURS;
        return first(removal, SNAPSHOT_OURS);
}

struct verdict delete_snapshots_ask(struct task *task)
{
        struct removal_state *removal = removal_state(task);
        const struct removal_snapshot *snapshot = first(removal, SNAPSHOT_OURS);
        struct verdict held;

        if (!task_may_remove(task, &held))
                return held;
        if (!snapshot && first(removal, SNAPSHOT_LAGS)) {
                if (removal_is_too_early(task, removal))
                        return step_wait();
                snapshot = try_lagging(removal);
        }
        if (!snapshot)
                return step_goto(
                        "look-at-snapshots"); /* also after a restart, with an empty state */
        task_call(task, &ec2_delete_snapshot,
                  &(struct delete_snapshot){ .snapshot = snapshot->id });
        return step_wait();
}

/* The image that InvalidSnapshot.InUse names, when that is another one. */
static bool is_used_by_another(const struct task *task, const struct aws_reply *reply)
{
        const char *user = reply->message ? strstr(reply->message, "ami-") : NULL;
        size_t length = user ? strspn(user + 4, "0123456789abcdef") + 4 : 0;

        return user && (strlen(task->row.subject) != length ||
                        strncmp(user, task->row.subject, length) != 0);
}

/* The snapshot is described again, then deleted again. */
static void try_later(struct task *task, struct removal_snapshot *snapshot, char *why)
{
        struct removal_state *removal = removal_state(task);

        if (++snapshot->calls >= CALLS_AT_MOST) {
                snapshot->transient = true;
                set_fate(snapshot, SNAPSHOT_REFUSED, why);
                return;
        }
        set_fate(snapshot, SNAPSHOT_OPEN, why);
        removal->look_after = loop_monotonic(task->run->engine->loop) + LAG_RETRY;
}

/* A refused snapshot is described once more, since an earlier call without an answer may have
 * deleted it. */
static void refused_for_now(struct task *task, struct removal_snapshot *snapshot, char *why)
{
        snapshot->refused = true;
        set_fate(snapshot, SNAPSHOT_OPEN, why);
        removal_state(task)->look_after = loop_monotonic(task->run->engine->loop) + LAG_RETRY;
}

/* EC2 says that the image which is deregistered still uses it. */
static void note_lag(struct task *task, struct removal_snapshot *snapshot, char *why)
{
        struct removal_state *removal = removal_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (!removal->lags_since)
                removal->lags_since = now;
        if (now - removal->lags_since >= LAG_TIMEOUT) {
                set_fate(snapshot, SNAPSHOT_REFUSED, why);
                return;
        }
        set_fate(snapshot, SNAPSHOT_LAGS, why);
        removal->look_after = now + LAG_RETRY;
}

static void note_refusal(struct task *task, struct removal_snapshot *snapshot,
                         const struct aws_reply *reply, char *why)
{
        snapshot->transient = reply->status >= 500;
        if (!streq(reply->code, "InvalidSnapshot.InUse"))
                refused_for_now(task, snapshot, why);
        else if (is_used_by_another(task, reply))
                set_fate(snapshot, SNAPSHOT_KEPT, why);
        else
                note_lag(task, snapshot, why);
}

struct verdict delete_snapshots_answer(struct task *task, const struct aws_reply *reply)
{
        struct removal_state *removal = removal_state(task);
        struct removal_snapshot *snapshot = first(removal, SNAPSHOT_OURS);
        char *why = NULL;

        assert(snapshot); /* that the request was about */
        if (reply->outcome != AWS_OK)
                why = aws_describe_failure(reply, &ec2_delete_snapshot, task->row.region);
        switch (reply->outcome) {
        case AWS_OK:
                set_fate(snapshot, SNAPSHOT_DELETED, NULL);
                break;
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
                return step_retry(LAG_RETRY, why);
        case AWS_UNKNOWN:
                try_later(task, snapshot, why);
                break;
        case AWS_ERROR:
                if (gone_is_claimed(reply))
                        try_later(task, snapshot, why);
                else
                        note_refusal(task, snapshot, reply, why);
                break;
        }
        return step_goto(first(removal, SNAPSHOT_OURS) || first(removal, SNAPSHOT_LAGS)
                                 ? "delete-snapshots"
                                 : "look-at-snapshots");
}

/* ---- record-removal ---- */

/* "snap-1: why; snap-2: why" of those with this fate. Caller frees. */
static char *reasons(const struct removal_state *removal, enum snapshot_fate fate, bool with_reason)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < removal->n; i++) {
                const struct removal_snapshot *snapshot = &removal->snapshots[i];

                if (snapshot->fate != fate)
                        continue;
                if (with_reason)
                        text_printf(&text, "%s%s: %s", text_size(&text) ? "; " : "", snapshot->id,
                                    snapshot->reason);
                else
                        text_printf(&text, "%s%s", text_size(&text) ? " " : "", snapshot->id);
        }
        return text_steal(&text);
}

static bool is_transient(const struct removal_state *removal)
{
        for (size_t i = 0; i < removal->n; i++)
                if (removal->snapshots[i].fate == SNAPSHOT_REFUSED &&
                    removal->snapshots[i].transient)
                        return true;
        return false;
}

/* Records the snapshots that are left. Logs that the first time, and when other ones are left. */
static struct verdict record_left(struct task *task, struct store_image *row)
{
        struct removal_state *removal = removal_state(task);
        _cleanup_free_ char *left = reasons(removal, SNAPSHOT_REFUSED, false);
        char *why = reasons(removal, SNAPSHOT_REFUSED, true);

        removal->is_left = row->retry == SEC_NONE || !streq(row->snapshots, left);
        xreplace(&row->snapshots, left);
        xreplace(&row->state, STATE_DEREGISTERED);
        xreplace(&row->detail, why);
        row->retry = is_transient(removal) ? SEC_NONE
                                           : loop_wall(task->run->engine->loop) + SNAPSHOT_RETRY;
        if (store_save_image(task->run->engine->store, row) < 0) {
                free(why);
                return removal_not_recorded(task);
        }
        return step_finish(removal->is_left ? OUTCOME_FAILED : OUTCOME_DONE, why);
}

static struct verdict record_gone(struct task *task, struct store_image *row)
{
        struct removal_state *removal = removal_state(task);
        struct log_about about = task_about(task);
        _cleanup_free_ char *kept = reasons(removal, SNAPSHOT_KEPT, true);
        _cleanup_free_ char *where = task_where(task);
        size_t deleted = count(removal, SNAPSHOT_DELETED);

        row->removed = loop_wall(task->run->engine->loop);
        row->retry = SEC_NONE;
        xreplace(&row->state, STATE_GONE);
        xreplace(&row->detail, task->row.name);
        if (store_save_image(task->run->engine->store, row) < 0)
                return removal_not_recorded(task);
        about.instance = row->instance;
        log_event(&events[EVENT_IMAGE_REMOVED], &about,
                  "Image %s of %s%s is %s (%zu snapshot%s deleted%s%s).", task->row.subject,
                  row->instance, where, task->row.name ? task->row.name : "removed", deleted,
                  deleted == 1 ? "" : "s", *kept ? ", others are kept: " : "", kept);
        return step_next();
}

struct verdict record_removal_ask(struct task *task)
{
        struct removal_state *removal = removal_state(task);
        struct store_image row;
        struct verdict verdict;
        int r;

        if (!removal->loaded || first(removal, SNAPSHOT_OPEN) || first(removal, SNAPSHOT_OURS) ||
            first(removal, SNAPSHOT_LAGS))
                return step_goto("look-at-snapshots"); /* after a restart, with an empty state */
        r = removal_load(task, &row);
        if (r == 0)
                return step_next();
        if (r < 0)
                return removal_not_recorded(task);
        if (first(removal, SNAPSHOT_REFUSED))
                verdict = record_left(task, &row);
        else
                verdict = record_gone(task, &row);
        store_image_done(&row);
        return verdict;
}
