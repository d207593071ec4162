/* CreateImage: when it is called, with which parameters, and what its answer means. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/backup/backup.h"
#include "runs/location/location.h"
#include "runs/outage/snapshot-limits.h"

/* Refusals of CreateImage for a limit, or a lack of room, of which one is logged: about one an
 * hour. */
enum { BUSY_LOGGED = 12 };
#define STATE_RETRY (15 * USEC_PER_SEC)
/* Between calls that AWS does not answer. */
#define SILENT_RETRY (30 * USEC_PER_SEC)
/* Status checks this young are true enough to reboot an instance by. */
#define STATUS_FRESH (60 * USEC_PER_SEC)
/* How often CreateImage may be refused for a state that DescribeInstances does not show: an hour.
 */
enum { WRONG_STATES = 240 };
/* How often a freeze may end before EC2 takes the call. */
enum { STALE_AT_MOST = 3 };
/* Tags an image is made with: EC2 takes 50, and amid:outcome comes later. */
enum { TAGS_MAX = 49 };

/* ---- what to send ---- */

struct tag_list {
        struct ec2_tag *tags; /* keys and values are borrowed */
        size_t n;
};

static void add_tag(struct tag_list *list, const char *key, const char *value)
{
        if (list->n >= TAGS_MAX || !value || ec2_tag_value(list->tags, list->n, key))
                return;
        /* Borrowed for the call: shape_encode() only reads. */
        memcpy(append(list->tags, list->n), &(struct { const char *k, *v; }){ key, value },
               sizeof(struct ec2_tag));
}

/* Tags of amid first, then those of the settings, then those of the instance: the first of a key is
 * used, and the last are left out beyond TAGS_MAX. */
static void fill_tags(struct tag_list *list, struct task *task, const char *time,
                      const struct setting_image *image)
{
        const struct ec2_instance *instance = backup_state(task)->instance.instances;

        add_tag(list, TAG_OWNER, task->run->settings->owner);
        add_tag(list, TAG_SCHEDULE, task->run->row.schedule);
        add_tag(list, TAG_RUN, task->row.run);
        add_tag(list, TAG_INSTANCE, task->row.subject);
        add_tag(list, TAG_TIME, time);
        /* nothing is proven yet */
        add_tag(list, TAG_CONSISTENCY,
                MUTANT(tags_before_it_is_proven) && task->method == &method_stop ? ACHIEVED_STOPPED
                                                                                 : ACHIEVED_CRASH);
        add_tag(list, TAG_METHOD, task->row.method);
        add_tag(list, TAG_DAEMON, task->run->engine->nonce);
        /* An image by crash of which no more is requested needs no change of its tags later: its
         * task is done when it is available, and its outcome is not read before. */
        if (task->method == &method_crash && streq(task->row.asked, ACHIEVED_CRASH))
                add_tag(list, TAG_OUTCOME, outcome_names[OUTCOME_DONE]);
        for (size_t i = 0; i < image->n_tags; i++)
                add_tag(list, image->tags[i].key, image->tags[i].value);
        for (size_t i = 0; image->copy_tags && i < instance->n_tags; i++)
                if (!startswith(instance->tags[i].key, "aws:") &&
                    !startswith(instance->tags[i].key, TAG_PREFIX))
                        add_tag(list, instance->tags[i].key, instance->tags[i].value);
}

static void send_create(struct task *task)
{
        const struct setting_image *image = &task->run->schedule->image;
        _cleanup_free_ char *description = NULL;
        _cleanup_free_ struct ec2_no_device *exclude = NULL;
        struct tag_list tags = {};
        struct ec2_tag_specification specifications[2];
        size_t n_exclude = 0;
        char time[TIME_TEXT_MAX];

        description = setting_expand(
                image->description ? image->description : "amid: {schedule}, {instance}, {time}",
                task->run->row.schedule, task->row.subject, task->run->row.firing);
        for (size_t i = 0; i < image->n_exclude_devices; i++)
                *append(exclude, n_exclude) =
                        (struct ec2_no_device){ .device = image->exclude_devices[i], .none = "" };
        fill_tags(&tags, task, format_rfc3339(task->run->row.firing, time), image);
        specifications[0] = (struct ec2_tag_specification){ .type = "image",
                                                            .tags = tags.tags,
                                                            .n_tags = tags.n };
        specifications[1] = (struct ec2_tag_specification){ .type = "snapshot",
                                                            .tags = tags.tags,
                                                            .n_tags = tags.n };
        task_call(task, &ec2_create_image,
                  &(struct create_image){
                          .instance = task->row.subject,
                          .name = task->row.name,
                          .description = description,
                          .no_reboot = !task->method->reboots,
                          .exclude = exclude,
                          .n_exclude = n_exclude,
                          .tag_specifications = specifications,
                          .n_tag_specifications = 2,
                  });
        free(tags.tags);
}

struct verdict create_may(struct task *task)
{
        const struct verdict *no_more = &backup_state(task)->no_more;

        if (no_more->move == MOVE_FINISH)
                return step_finish(no_more->outcome, xstrdup(no_more->detail));
        if (!task->run->schedule)
                return step_finish(OUTCOME_CANCELLED,
                                   xstrdup("not begun: the schedule is no longer in the settings"));
        if (run_is_cut_short(task->run))
                return step_finish(OUTCOME_CANCELLED, xstrdup(task->run->row.detail));
        if (task->row.downed == SEC_NONE && image_is_too_late(task))
                return step_finish(OUTCOME_SKIPPED, xstrdup("not begun: the window is over"));
        return step_next();
}

/* The freeze ended before EC2 took the call: the instance is thawed, and frozen again. */
static struct verdict too_late_for_freeze(struct task *task)
{
        free(steal(task->row.evidence));
        if (++backup_state(task)->stale >= STALE_AT_MOST)
                image_note_failure(task,
                                   xasprintf("EC2 did not take the call for its image while it "
                                             "was frozen, %d times",
                                             STALE_AT_MOST));
        return step_goto("thaw-instance");
}

/* Whether the status checks have to be read again before a reboot: EC2 may have refused the call
 * for hours, or this process may not have read them at all. */
static bool is_look_too_old(struct task *task)
{
        const struct backup_state *backup = backup_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);

        return task->method->reboots && task->row.downed == SEC_NONE &&
               backup->instance.instances->state == INSTANCE_RUNNING &&
               (!backup->fit || now - backup->fit > STATUS_FRESH);
}

struct verdict create_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        bool had_slot = backup->may_exist || task->row.downed != SEC_NONE;
        struct verdict may;

        if (task->resumed && !MUTANT(takes_over_nothing))
                return step_goto("find-image"); /* an earlier process may have sent the call */
        may = create_may(task);
        if (may.move == MOVE_FINISH)
                return end_without_image(task, may.outcome, may.detail);
        if (!backup->may_exist && freeze_is_stale(task))
                return too_late_for_freeze(task);
        if (!backup->instance.n_instances || backup->look_again)
                return step_goto(had_slot ? "check-again" : "check-instance");
        if (is_look_too_old(task))
                return step_goto("check-status-again");
        if (image_note_asking(task))
                return step_goto("create-image");
        backup->rebooted = loop_monotonic(task->run->engine->loop);
        if (!backup->asked)
                backup->asked = backup->rebooted;
        send_create(task);
        return step_wait();
}

/* ---- the reply ---- */

void image_look_again_if_stopped(struct task *task)
{
        if (task->method == &method_stopped || task->method == &method_stop)
                backup_state(task)->look_again = true;
}

enum create_trouble { CREATE_TAKEN, CREATE_BUSY, CREATE_WRONG_STATE };

/* https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
static const struct {
        const char *code;
        enum create_trouble trouble;
} create_troubles[] = {
        { "InvalidAMIName.Duplicate", CREATE_TAKEN },
        /* its state and its existence are looked up: gone.h */
        { "InvalidInstanceID.NotFound", CREATE_WRONG_STATE },
        { "IncorrectInstanceState", CREATE_WRONG_STATE },
        { "IncorrectState", CREATE_WRONG_STATE },
        { "InvalidState", CREATE_WRONG_STATE },
        { "ConcurrentCreateImageNoRebootLimitExceeded", CREATE_BUSY },
        { "ConcurrentSnapshotLimitExceeded", CREATE_BUSY },
        { "PendingSnapshotLimitExceeded", CREATE_BUSY },
        { "SnapshotCreationPerVolumeRateExceeded", CREATE_BUSY },
        { "ResourceLimitExceeded", CREATE_BUSY },
        { "ConcurrentTagAccess", CREATE_BUSY },
};

static struct verdict wrong_state(struct task *task, char *detail)
{
        struct backup_state *backup = backup_state(task);

        backup->look_again = true;
        if (++backup->wrong_states > WRONG_STATES)
                return end_without_image(task, OUTCOME_FAILED, detail);
        return create_later(task, STATE_RETRY, detail);
}

/* A limit is reached: that lasts until other images are done, or somebody raises the limit. */
static struct verdict busy(struct task *task, char *detail)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);
        usec_t delay = image_backoff(backup->busy);

        if (backup->busy++ % BUSY_LOGGED == 0)
                log_event(&events[EVENT_IMAGE_REFUSED], &about,
                          "No image of %s yet (attempt %u): %s; it is tried again.",
                          task->row.subject, backup->busy, detail);
        refusal_note_logged(&task->refusal);
        image_look_again_if_stopped(task);
        return create_later(task, delay, detail);
}

static void note_unknown(struct backup_state *backup)
{
        backup->outcome_unknown = true;
        backup->unknown_call = backup->rebooted;
}

static struct verdict create_refused(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        char *detail = aws_describe_failure(reply, &ec2_create_image, task->row.region);

        for (size_t i = 0; i < ELEMENTS(create_troubles); i++) {
                if (!streq(create_troubles[i].code, reply->code))
                        continue;
                switch (create_troubles[i].trouble) {
                case CREATE_TAKEN:
                        if (MUTANT(takes_over_nothing))
                                return step_finish(OUTCOME_FAILED, detail);
                        free(detail);
                        if (reply->attempts > 1)
                                note_unknown(backup); /* an attempt of this call may have made the
                                                         image */
                        return step_goto("find-image");
                case CREATE_BUSY:
                        return busy(task, detail);
                case CREATE_WRONG_STATE:
                        return wrong_state(task, detail);
                }
        }
        /* This code has many causes; the message shows the state: "Instance is not in state
         * 'running' or 'stopped'". */
        if (streq(reply->code, "InvalidParameterValue") && reply->message &&
            strstr(reply->message, "not in state"))
                return wrong_state(task, detail);
        if (MUTANT(stops_at_a_refusal))
                run_cancel(task->run, detail);
        return end_without_image(task, OUTCOME_FAILED, detail);
}

static void log_unknown(struct task *task, const struct aws_reply *reply)
{
        struct log_about about = task_about(task);
        _cleanup_free_ char *why = aws_describe_failure(reply, &ec2_create_image, task->row.region);

        log_line(LOG_WARNING, &about, "%s: %s; the image is looked for by its name.",
                 task->row.subject, why);
}

struct verdict create_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_created_image *created = reply->output;

        if (reply->outcome == AWS_OK || reply->outcome == AWS_UNKNOWN)
                snapshot_limits_note(task);
        switch (reply->outcome) {
        case AWS_OK:
                task->row.image = steal(created->id);
                task->row.launched = backup_state(task)->launched; /* the image is of this call */
                if (task->method == &method_freeze)
                        free(steal(task->row.evidence)); /* and of this freeze */
                return step_goto("record-image");
        case AWS_ERROR:
                return create_refused(task, reply);
        case AWS_UNKNOWN:
                log_unknown(task, reply);
                note_unknown(backup_state(task));
                return step_goto("find-image");
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
                return create_later(task, SILENT_RETRY,
                                    aws_describe_failure(reply, &ec2_create_image,
                                                         task->row.region));
        }
        abort();
}
