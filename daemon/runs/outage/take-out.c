/* take-out, await-taken-out: an instance leaves its groups, by the restore plan of
 * rotation-steps.c. */
#include <stdlib.h>

#include "aws/services/autoscaling.h"
#include "base/alloc.h"
#include "base/text.h"
#include "runs/outage/rotation-steps.h"

#define TAKE_OUT_RETRY (15 * USEC_PER_SEC)

/* Seconds after which a target that is not draining is deregistered again. */
enum { TAKE_OUT_AGAIN = 20 };

/* Whether AWS has refused every call so far: the instance is in service as before. */
static bool is_still_in_service(struct task *task)
{
        return !backup_state(task)->may_be_out && !task->inherited && !image_may_arrive_for(task);
}

/* Ends the task: the instance is put back, unless it never left service. */
static struct verdict hand_back(struct task *task, enum outcome outcome, char *detail)
{
        if (is_still_in_service(task)) {
                free(steal(task->row.putback));
                return image_untouched(task, outcome, detail);
        }
        image_note_failure(task, detail);
        task->row.ending = outcome;
        return step_goto("put-back");
}

struct verdict take_out_on_timeout(struct task *task, char *detail)
{
        return hand_back(task, OUTCOME_FAILED, detail);
}

/* Whether the instance is put back at once: the run is cancelled, or amid is closing. In the latter
 * case its next start takes the instance out again. */
static bool is_called_off(struct task *task, struct verdict *ret)
{
        const struct run *run = task->run;

        if (run_is_cut_short(run))
                *ret = hand_back(task, OUTCOME_CANCELLED, xstrdup(run->row.detail));
        else if (run->engine->closing)
                *ret = step_goto("put-back");
        else
                return false;
        return true;
}

/* ---- take-out ---- */

static void log_taking_out(struct task *task, const struct restore_plan *plan)
{
        struct log_about about = task_about(task);
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < plan->n; i++) {
                const struct restore_line *line = &plan->lines[i];

                if (line->kind == RESTORE_STANDBY)
                        text_printf(&text, "%sAuto Scaling group %s", text_size(&text) ? ", " : "",
                                    line->name);
                else if (line->kind == RESTORE_DRAIN)
                        text_printf(&text, "%starget group %s (port %u)",
                                    text_size(&text) ? ", " : "", rotation_name(line->name),
                                    line->port);
        }
        log_event(&events[EVENT_TAKEN_OUT], &about, "Instance %s is taken out of %s.",
                  task->row.subject, text_get(&text));
}

struct verdict take_out_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const char *id = task->row.subject;
        _cleanup_(restore_plan_done) struct restore_plan plan = {};
        const struct restore_line *line;
        struct verdict verdict;

        if (run_is_cut_short(task->run) && task->row.downed == SEC_NONE)
                return step_finish(OUTCOME_CANCELLED, xstrdup(task->run->row.detail));
        if (!restore_plan_takes_out(task->row.putback))
                return step_next();
        restore_plan_parse(task->row.putback, &plan);
        if (image_touch(task)) {
                log_taking_out(task, &plan);
                return step_goto("take-out");
        }
        if (is_called_off(task, &verdict))
                return verdict;
        backup->next_out = rotation_next_line(&plan, backup->next_out);
        if (backup->next_out < plan.n && backup->in_standby &&
            plan.lines[backup->next_out].kind == RESTORE_STANDBY)
                backup->next_out = rotation_next_line(&plan, backup->next_out + 1);
        if (backup->next_out >= plan.n)
                return step_next();
        line = &plan.lines[backup->next_out];
        if (line->kind == RESTORE_STANDBY)
                task_call(task, &autoscaling_enter_standby,
                          &(struct autoscaling_enter_standby){ .group = line->name,
                                                               .ids = &id,
                                                               .n_ids = 1,
                                                               .decrement = STANDBY_DECREMENT });
        else
                rotation_change_targets(task, &elb_deregister_targets, line);
        return step_wait();
}

/* AWS does not answer, or is busy. An instance that may be out of service is not kept so for longer
 * than ready_timeout. Takes `why`. */
static struct verdict take_out_later(struct task *task, char *why)
{
        if (!is_still_in_service(task) && image_outage_duration(task) >= image_ready_timeout(task))
                return hand_back(task, OUTCOME_FAILED, why);
        return step_retry(TAKE_OUT_RETRY, why);
}

static struct verdict line_is_out(struct task *task)
{
        backup_state(task)->next_out++;
        return step_goto("take-out");
}

struct verdict take_out_answer(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        bool is_standby = task->action == &autoscaling_enter_standby;
        char *why;

        image_note_may_arrive(task, reply);
        if (is_standby)
                free(steal(backup->refusal));
        backup->may_be_out |= reply->outcome == AWS_OK || aws_may_have_acted(reply);
        if (reply->outcome == AWS_OK)
                return is_standby ? step_next() : line_is_out(task);
        why = aws_describe_failure(reply, task->action, task->row.region);
        if (reply->outcome != AWS_ERROR || rotation_is_busy(reply))
                return take_out_later(task, why);
        if (is_standby && streq(reply->code, "ValidationError")) {
                /* AWS says so of an instance in standby, too: its lifecycle state decides. */
                backup->refusal = why;
                return step_next();
        }
        if (gone_is_claimed(reply)) {
                free(why); /* await-taken-out reads whether it is still registered */
                backup->may_be_out = true;
                return line_is_out(task);
        }
        return hand_back(task, OUTCOME_FAILED, why);
}

/* ---- await-taken-out ---- */

/* The first line whose registration has not ended, or NULL. */
static const struct restore_line *find_draining(const struct task *task,
                                                const struct restore_plan *plan,
                                                const struct elb_health **ret)
{
        for (size_t i = 0; i < plan->n; i++) {
                const struct restore_line *line = &plan->lines[i];

                if (line->kind != RESTORE_DRAIN)
                        continue;
                *ret = rotation_health(task->location, line->name, task->row.subject, line->port);
                if (*ret && (*ret)->state != TARGET_UNUSED)
                        return line;
        }
        return NULL;
}

static struct verdict await_draining(struct task *task, const struct restore_plan *plan)
{
        const struct elb_health *health = NULL;
        const struct restore_line *line;
        char *why = NULL, time[TIME_TEXT_MAX];
        sec_t timeout = image_ready_timeout(task);

        switch (rotation_look(task, plan, rotation_since(task), &why)) {
        case ROTATION_LOOKING:
                return step_wait();
        case ROTATION_SEEN:
                break;
        case ROTATION_REFUSED:
        case ROTATION_UNREACHABLE:
                if (task_spent(task) >= timeout)
                        return hand_back(task, OUTCOME_FAILED, why);
                return step_retry(TAKE_OUT_RETRY, why);
        }
        line = find_draining(task, plan, &health);
        if (!line)
                return step_next();
        if (image_outage_duration(task) >= timeout)
                return hand_back(
                        task, OUTCOME_FAILED,
                        xasprintf("it was not out of target group %s within %s (%s); raise "
                                  "ready_timeout, or lower the group's deregistration delay",
                                  rotation_name(line->name), format_timespan(timeout, time),
                                  rotation_state_name(health)));
        if (health->state != TARGET_DRAINING && health->state != TARGET_UNHEALTHY_DRAINING &&
            task_spent(task) >= TAKE_OUT_AGAIN) {
                backup_state(task)->next_out = 0; /* the order came to nothing */
                return step_goto("take-out");
        }
        return step_retry(rotation_pause(task), xasprintf("its connections to target group %s end",
                                                          rotation_name(line->name)));
}

struct verdict await_taken_out_ask(struct task *task)
{
        _cleanup_(restore_plan_done) struct restore_plan plan = {};
        struct verdict verdict;

        if (!restore_plan_takes_out(task->row.putback))
                return step_next();
        if (is_called_off(task, &verdict))
                return verdict;
        restore_plan_parse(task->row.putback, &plan);
        if (plan.lines[0].kind == RESTORE_STANDBY && !backup_state(task)->in_standby) {
                rotation_ask_lifecycle(task);
                return step_wait();
        }
        return await_draining(task, &plan);
}

/* The Auto Scaling group refuses standby. While another instance is in standby, the task waits for
 * a slot again; else it fails. */
static struct verdict refused(struct task *task)
{
        char *why = steal(backup_state(task)->refusal);
        _cleanup_(restore_plan_done) struct restore_plan plan = {};

        restore_plan_parse(task->row.putback, &plan);
        if (!rotation_standby_is_taken(task, plan.lines[0].name))
                return hand_back(task, OUTCOME_FAILED, why);
        free(why);
        return is_still_in_service(task) ? image_start_over(task) : step_goto("put-back");
}

struct verdict await_taken_out_answer(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        const struct autoscaling_instances *found = reply->output;
        int lifecycle;

        if (reply->outcome != AWS_OK) {
                char *why = aws_describe_failure(reply, task->action, task->row.region);

                if (task_spent(task) >= image_ready_timeout(task))
                        return hand_back(task, OUTCOME_FAILED, why);
                return step_retry(TAKE_OUT_RETRY, why);
        }
        if (!rotation_lifecycle(task, found, &lifecycle))
                return step_retry(TAKE_OUT_RETRY,
                                  xstrdup("its Auto Scaling group does not list it"));
        backup->may_be_out |= lifecycle != LIFECYCLE_IN_SERVICE;
        if (lifecycle == LIFECYCLE_STANDBY || lifecycle == LIFECYCLE_DETACHED) {
                backup->in_standby = true;
                free(steal(backup->refusal)); /* it was there already */
                return step_goto("take-out"); /* of its target groups */
        }
        if (lifecycle == LIFECYCLE_IN_SERVICE && backup->refusal)
                return refused(task);
        if (task_spent(task) >= image_ready_timeout(task))
                return hand_back(task, OUTCOME_FAILED,
                                 xasprintf("it did not come into standby: its Auto Scaling group "
                                           "has it %s",
                                           rotation_lifecycle_name(lifecycle)));
        return step_retry(rotation_pause(task), xstrdup("it goes into standby"));
}
