/* await-put-back: until an instance is in service and healthy as before its image. */
#include <stdlib.h>

#include "aws/services/autoscaling.h"
#include "base/alloc.h"
#include "base/text.h"
#include "runs/outage/outage-history.h"
#include "runs/outage/rotation-steps.h"

/* Between requests that AWS does not answer. */
#define LOOK_RETRY (15 * USEC_PER_SEC)
/* Seconds after which an instance that was put back and is still out is put back again: 20 at
 * first, twice as long each time, RESTORE_LONGER times. */
enum { RESTORE_AGAIN = 20, RESTORE_LONGER = 4 };

/* The instance is not in service and healthy as before. Takes `why`. */
static struct verdict not_as_before(struct task *task, char *why)
{
        struct log_about about = task_about(task);

        if (restore_plan_awaits_health(task->row.putback) || task->row.ending == OUTCOME_OPEN)
                return instance_failed(task, why);
        free(steal(task->row.putback));
        log_event(&events[EVENT_NOT_PUT_BACK], &about, "Instance %s is not put back: %s.",
                  task->row.subject, why);
        free(why);
        return step_next();
}

static void log_not_yet(struct task *task, const char *why)
{
        struct log_about about = task_about(task);

        log_event(&events[EVENT_NOT_PUT_BACK], &about,
                  "Instance %s cannot leave standby yet (attempt %u): %s; tried again.",
                  task->row.subject, backup_state(task)->failed_restores, why);
        restore_note_overdue(task, "service in its Auto Scaling group", why);
}

/* Whether it is time to put it back again; counts the attempt. */
static bool restores_again(struct task *task)
{
        struct backup_state *backup = backup_state(task);

        if (task_spent(task) < RESTORE_AGAIN << (backup->failed_restores < RESTORE_LONGER
                                                         ? backup->failed_restores
                                                         : RESTORE_LONGER))
                return false;
        backup->failed_restores++;
        backup->next_back = 0;
        task->restored = false;
        return true;
}

static void log_as_before(struct task *task)
{
        struct log_about about = task_about(task);
        bool healthy = restore_plan_awaits_health(task->row.putback);
        char time[TIME_TEXT_MAX];

        format_timespan(image_outage_duration(task), time);
        if (task->row.image && (healthy || task->row.ending == OUTCOME_OPEN))
                outage_history_note(task, image_outage_duration(task));
        if (healthy)
                log_event(&events[EVENT_PUT_BACK], &about,
                          "Instance %s is healthy again in its target groups, after %s.",
                          task->row.subject, time);
        else if (restore_plan_takes_out(task->row.putback) && !backup_state(task)->unreachable)
                log_event(&events[EVENT_PUT_BACK], &about,
                          "Instance %s is put back into what it was taken out of, after %s.",
                          task->row.subject, time);
}

/* The instance is as before. Until no earlier request can arrive any more, it is read again. */
static struct verdict as_before(struct task *task)
{
        if (!task->restored)
                log_as_before(task);
        if (restore_plan_takes_out(task->row.putback) && image_note_restored(task)) {
                backup_state(task)->in_service = false;
                return step_retry(rotation_pause(task),
                                  xstrdup("it is back; whether an earlier request arrives late"));
        }
        if (!backup_state(task)->unreachable)
                instance_note_back(task);
        free(steal(task->row.putback)); /* nothing is left to restore */
        return step_next();
}

/* The first registration that is not healthy and has to be, or NULL. */
static const struct restore_line *find_unhealthy(const struct task *task,
                                                 const struct restore_plan *plan,
                                                 const struct elb_health **ret)
{
        for (size_t i = 0; i < plan->n; i++) {
                const struct restore_line *line = &plan->lines[i];

                if (!line->healthy || rotation_is_gone(task->location, line->name))
                        continue;
                *ret = rotation_health(task->location, line->name, task->row.subject, line->port);
                if (!*ret || (*ret)->state != TARGET_HEALTHY)
                        return line;
        }
        return NULL;
}

static char *health_text(const struct restore_line *line, const struct elb_health *health)
{
        const char *reason = health && health->reason ? health->reason : "";
        const char *words = health && health->description ? health->description : "";

        return xasprintf("target group %s: %s%s%s%s%s", rotation_name(line->name),
                         rotation_state_name(health), *reason ? ", " : "", reason,
                         *words ? ", " : "", words);
}

/* Whether this process has waited for ready_timeout: a time before a restart does not count. */
static bool has_watched(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (!backup->watched)
                backup->watched = now;
        return now - backup->watched >= image_ready_timeout(task) * USEC_PER_SEC;
}

static struct verdict await_health(struct task *task, const struct restore_plan *plan)
{
        const struct elb_health *health = NULL;
        const struct restore_line *line;
        bool late = task_spent(task) >= image_ready_timeout(task), taken_out;
        char *why = NULL, time[TIME_TEXT_MAX];

        switch (rotation_look(task, plan, rotation_since(task), &why)) {
        case ROTATION_LOOKING:
                return step_wait();
        case ROTATION_SEEN:
                break;
        case ROTATION_REFUSED:
        case ROTATION_UNREACHABLE:
                if (late && has_watched(task))
                        return not_as_before(task, why);
                has_watched(task);
                return step_retry(LOOK_RETRY, why);
        }
        line = find_unhealthy(task, plan, &health);
        if (!line)
                return as_before(task);
        taken_out = line->kind == RESTORE_DRAIN && !rotation_is_in(task, line) &&
                    image_may_arrive_for(task);
        if (taken_out && restores_again(task))
                return step_goto("put-back");
        why = health_text(line, health);
        if (late && !taken_out) {
                char *whole = xasprintf("not healthy again within %s (%s)",
                                        format_timespan(image_ready_timeout(task), time), why);

                free(why);
                return not_as_before(task, whole);
        }
        return step_retry(rotation_pause(task), why);
}

struct verdict await_put_back_ask(struct task *task)
{
        _cleanup_(restore_plan_done) struct restore_plan plan = {};

        image_watch_early(task);
        restore_plan_parse(task->row.putback, &plan);
        if (plan.n && plan.lines[0].kind == RESTORE_STANDBY && !backup_state(task)->in_service) {
                rotation_ask_lifecycle(task);
                return step_wait();
        }
        if (!restore_plan_awaits_health(task->row.putback))
                return as_before(task);
        return await_health(task, &plan);
}

/* The lifecycle state is between Standby and InService. */
static struct verdict not_in_service(struct task *task, int lifecycle)
{
        struct backup_state *backup = backup_state(task);
        char time[TIME_TEXT_MAX];

        if (lifecycle == LIFECYCLE_STANDBY && restores_again(task)) {
                if (backup->refusal)
                        log_not_yet(task, backup->refusal);
                return step_goto("put-back");
        }
        if (lifecycle != LIFECYCLE_STANDBY && task_spent(task) >= image_ready_timeout(task) &&
            !image_may_arrive_for(task))
                return not_as_before(
                        task, xasprintf("not in service again within %s (its Auto Scaling group "
                                        "has it %s)",
                                        format_timespan(image_ready_timeout(task), time),
                                        rotation_lifecycle_name(lifecycle)));
        return step_retry(rotation_pause(task), xasprintf("its Auto Scaling group has it %s",
                                                          rotation_lifecycle_name(lifecycle)));
}

/* AWS does not give the lifecycle state of the instance. After ready_timeout, a call that AWS has
 * taken counts as carried out; after a refused call the instance is put back again. Takes `why`. */
static struct verdict lifecycle_unknown(struct task *task, char *why)
{
        bool was_taken = !backup_state(task)->refusal && !task->resumed;
        bool watched = has_watched(task);

        if (task_spent(task) < image_ready_timeout(task) || !watched)
                return step_retry(LOOK_RETRY, why);
        if (was_taken)
                return not_as_before(task, why);
        backup_state(task)->failed_restores++;
        backup_state(task)->next_back = 0;
        log_not_yet(task, why);
        free(why);
        return step_goto("put-back");
}

struct verdict await_put_back_answer(struct task *task, const struct aws_reply *reply)
{
        const struct autoscaling_instances *found = reply->output;
        int lifecycle;

        if (reply->outcome != AWS_OK)
                return lifecycle_unknown(task, aws_describe_failure(reply, task->action,
                                                                    task->row.region));
        if (!rotation_lifecycle(task, found, &lifecycle))
                return step_retry(rotation_pause(task),
                                  xstrdup("its Auto Scaling group does not list it"));
        switch ((enum lifecycle_state)lifecycle) {
        case LIFECYCLE_DETACHING: /* by somebody else */
        case LIFECYCLE_DETACHED:
        case LIFECYCLE_OTHER:
                backup_state(task)->unreachable = true;
                __attribute__((fallthrough));
        case LIFECYCLE_IN_SERVICE:
                backup_state(task)->in_service = true;
                return step_goto("await-put-back");
        case LIFECYCLE_TERMINATING:
        case LIFECYCLE_TERMINATING_WAIT:
        case LIFECYCLE_TERMINATING_PROCEED:
        case LIFECYCLE_TERMINATED:
                return not_as_before(task, xstrdup("its Auto Scaling group terminates it"));
        case LIFECYCLE_STANDBY:
        case LIFECYCLE_ENTERING_STANDBY:
        case LIFECYCLE_PENDING:
        case LIFECYCLE_PENDING_WAIT:
        case LIFECYCLE_PENDING_PROCEED:
                break;
        }
        return not_in_service(task, lifecycle);
}
