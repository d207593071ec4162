/*
 * Putting an instance back into what it was taken out of, and waiting until it is healthy there as
 * before. An instance that did not come back is put back as well: the health checks of its target
 * groups keep work away from it, and its Auto Scaling group decides about it.
 *
 * Like the start of a stopped instance, this is tried again after any error. amid gives up only a
 * line of the restore plan whose group no longer exists, and an instance that does not run within
 * ready_timeout, since its group does not take it.
 */
#include <stdlib.h>

#include "aws/services/autoscaling.h"
#include "base/alloc.h"
#include "base/text.h"
#include "runs/outage/rotation-steps.h"
#include "runs/outage/status-poll.h"

/* Between attempts that AWS has not refused. */
#define RESTORE_RETRY (15 * USEC_PER_SEC)
/* Seconds of TargetGroupNotFound before that is logged. */
enum { NOT_FOUND_FOR = 10 * SEC_PER_MIN };

/* The group of a line, for people. Caller frees. */
static char *line_name(const struct restore_line *line)
{
        if (line->kind == RESTORE_STANDBY)
                return xasprintf("Auto Scaling group %s", line->name);
        return xasprintf("target group %s (port %u)", rotation_name(line->name), line->port);
}

/* ---- put-back ---- */

static struct verdict line_is_back(struct task *task)
{
        struct backup_state *backup = backup_state(task);

        backup->next_back++;
        backup->refused = 0;
        backup->look_first = 0;
        return step_goto("put-back");
}

/* This line of the plan cannot be carried out. */
static struct verdict restore_unreachable(struct task *task, const struct restore_line *line,
                                          const char *why)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);
        _cleanup_free_ char *name = line_name(line);

        log_event(&events[EVENT_NOT_PUT_BACK], &about, "Instance %s is not put back into %s: %s.",
                  task->row.subject, name, why);
        backup->unreachable = true;
        backup->status_watch =
                status_watch_end(backup->status_watch); /* nobody waits for it to run */
        return line_is_back(task);
}

static struct verdict restore_over(struct task *task)
{
        struct backup_state *backup = backup_state(task);

        backup->status_watch = status_watch_end(backup->status_watch);
        free(steal(task->row.putback));
        return step_goto("await-image");
}

/* AWS has refused the registration because the instance does not run: no call before it does. */
static struct verdict await_running(struct task *task, const struct restore_line *line)
{
        sec_t timeout = image_ready_timeout(task), waited = task_spent(task);
        _cleanup_free_ char *why =
                xasprintf("it is %s",
                          ec2_word(instance_state_names, backup_state(task)->status_watch->state));

        if (waited >= timeout)
                return restore_unreachable(task, line, why);
        task_set_waiting(task, "%s, and has to run to be put back", why);
        task_wake_after(task, (timeout - waited) * USEC_PER_SEC);
        return step_wait();
}

/* After a refused call: an earlier call without an answer, or somebody else, may have registered
 * the instance, or the target group may be gone. True while the registration is read, and when *ret
 * is the verdict by it. */
static bool reads_first(struct task *task, const struct restore_line *line, struct verdict *ret)
{
        struct backup_state *backup = backup_state(task);
        struct restore_plan only = { .lines = (struct restore_line *)(uintptr_t)line, .n = 1 };
        enum rotation_view view;
        char *why = NULL;

        if (!backup->look_first || line->kind == RESTORE_STANDBY)
                return false;
        *ret = step_wait();
        view = rotation_look(task, &only, backup->look_first, &why);
        if (view == ROTATION_LOOKING)
                return true;
        free(why);
        backup->look_first = 0;
        if (rotation_is_gone(task->location, line->name))
                *ret = restore_unreachable(task, line, "it was removed meanwhile");
        else if (view == ROTATION_SEEN && rotation_is_in(task, line))
                *ret = line_is_back(task);
        else
                return false;
        return true;
}

struct verdict put_back_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const char *id = task->row.subject;
        _cleanup_(restore_plan_done) struct restore_plan plan = {};
        const struct restore_line *line;
        usec_t now = loop_monotonic(task->run->engine->loop);
        struct verdict verdict;

        if (!task->row.putback)
                return step_goto("await-image");
        image_watch_early(task);
        if (!backup->restore_begun) /* now, or before a restart: so long ago at least */
                backup->restore_begun = now - task_spent(task) * USEC_PER_SEC;
        if (backup->status_watch && status_watch_is_gone(backup->status_watch))
                return restore_over(task);
        restore_plan_parse(task->row.putback, &plan);
        backup->next_back = rotation_next_line(&plan, backup->next_back);
        if (backup->next_back >= plan.n) {
                backup->status_watch = status_watch_end(backup->status_watch);
                return step_next();
        }
        line = &plan.lines[backup->next_back];
        if (line->kind != RESTORE_STANDBY && backup->status_watch && backup->status_watch->asked &&
            backup->status_watch->state != INSTANCE_RUNNING)
                return await_running(task, line);
        if (now < task->retry_at) { /* woken by a reading of its status */
                task_wake_after(task, task->retry_at - now);
                return step_wait();
        }
        if (reads_first(task, line, &verdict))
                return verdict;
        if (line->kind == RESTORE_STANDBY)
                task_call(task, &autoscaling_exit_standby,
                          &(struct autoscaling_exit_standby){
                                  .group = line->name, .ids = &id, .n_ids = 1 });
        else
                rotation_change_targets(task, &elb_register_targets, line);
        return step_wait();
}

void restore_note_overdue(struct task *task, const char *name, const char *why)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);
        sec_t spent, timeout = image_ready_timeout(task);
        _cleanup_free_ char *failure = NULL;
        char time[TIME_TEXT_MAX];

        spent = (loop_monotonic(task->run->engine->loop) - backup->restore_begun) / USEC_PER_SEC;
        if (backup->restore_overdue || !backup->restore_begun || spent < timeout)
                return;
        backup->restore_overdue = true;
        log_event(
                &events[EVENT_OUT_OF_SERVICE], &about,
                "Instance %s, which amid has taken out of %s for its image, is out of it %s after "
                "it was to be put back: %s. That is tried again and again until it works.",
                task->row.subject, name, format_timespan(spent, time), why);
        failure = xasprintf("not put back into %s within %s (%s)", name,
                            format_timespan(timeout, time), why);
        instance_note_failed(task, failure);
}

/* AWS refuses to register the instance, or to end its standby. Each attempt is logged, since the
 * instance gets no work meanwhile. Takes `why`. */
static struct verdict restore_refused(struct task *task, const struct restore_line *line, char *why)
{
        struct log_about about = task_about(task);
        _cleanup_free_ char *name = line_name(line);
        struct backup_state *backup = backup_state(task);
        unsigned int attempt = backup->refused++;
        usec_t delay = image_backoff(attempt);
        char time[TIME_TEXT_MAX];

        backup->look_first = loop_monotonic(task->run->engine->loop);
        refusal_note_logged(&task->refusal);
        log_event(&events[EVENT_NOT_PUT_BACK], &about,
                  "Instance %s cannot be put back into %s yet (attempt %u): %s; tried again in "
                  "about %s.",
                  task->row.subject, name, attempt + 1, why,
                  format_timespan(delay / USEC_PER_SEC, time));
        restore_note_overdue(task, name, why);
        return step_retry(delay, why);
}

/* AWS says that the instance does not run: waits until it does. Takes `why`. */
static struct verdict not_running(struct task *task, const struct restore_line *line, char *why)
{
        _cleanup_free_ char *reason = why;
        struct backup_state *backup = backup_state(task);

        if (!backup->status_watch) {
                image_watch_status(task);
                return step_retry(RESTORE_RETRY, steal(reason));
        }
        if (task_spent(task) < image_ready_timeout(task))
                return step_retry(RESTORE_RETRY, steal(reason));
        if (!backup->status_watch->asked || backup->status_watch->state == INSTANCE_RUNNING) {
                backup->status_watch =
                        status_watch_end(backup->status_watch); /* until it is refused again */
                return restore_refused(task, line, steal(reason));
        }
        return restore_unreachable(task, line, reason);
}

struct verdict put_back_answer(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        _cleanup_(restore_plan_done) struct restore_plan plan = {};
        const struct restore_line *line;
        bool refused = reply->outcome == AWS_ERROR && !rotation_is_busy(reply);
        char *why;

        if (task->action == &autoscaling_exit_standby)
                free(steal(backup->refusal));
        if (reply->outcome == AWS_OK)
                return line_is_back(task);
        restore_plan_parse(task->row.putback, &plan);
        line = &plan.lines[backup->next_back];
        why = aws_describe_failure(reply, task->action, task->row.region);
        if (!streq(reply->code, "InvalidTarget")) /* not about the state of the instance */
                backup->status_watch = status_watch_end(backup->status_watch);
        if (!refused)
                return task_spent(task) < image_ready_timeout(task)
                               ? step_retry(RESTORE_RETRY, why)
                               : restore_refused(task, line, why);
        if (line->kind == RESTORE_STANDBY) {
                /* The instance is not in standby, or may not leave it: its lifecycle state decides.
                 */
                backup->refusal = why;
                return line_is_back(task);
        }
        if (startswith(reply->code, "TargetGroupNotFound")) {
                backup->look_first = loop_monotonic(task->run->engine->loop);
                return task_spent(task) < NOT_FOUND_FOR ? step_retry(RESTORE_RETRY, why)
                                                        : restore_refused(task, line, why);
        }
        if (streq(reply->code, "InvalidTarget"))
                return not_running(task, line, why);
        return restore_refused(task, line, why);
}
