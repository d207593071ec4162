/*
 * The restore plan of an instance: the groups that send it work, and that it leaves before it is
 * touched; its Auto Scaling group first, which may refuse, then its target groups. The plan
 * (restore-plan.h) is committed before the first request; from then on the task does not end before
 * put-back is done.
 *
 * Each request may be sent twice: an instance that is out already stays out. A request that was
 * lost shows in the lifecycle state and the registrations, which await-taken-out reads.
 */
#include <stdlib.h>

#include "aws/services/autoscaling.h"
#include "base/alloc.h"
#include "base/text.h"
#include "runs/outage/rotation-steps.h"

/* How old the target groups may be that a plan is made of: all tasks of a run read them at about
 * the same time. */
#define VIEW_FRESH    (60 * USEC_PER_SEC)
#define TROUBLE_RETRY (30 * USEC_PER_SEC)
#define STATE_RETRY   (15 * USEC_PER_SEC)

/* How old an answer may be that tasks share. */
#define LOOK_SHARED (3 * USEC_PER_SEC)
#define LOOK_SOON   (5 * USEC_PER_SEC)
#define LOOK_LATER  (15 * USEC_PER_SEC)

/* ---- what the steps share ---- */

size_t rotation_next_line(const struct restore_plan *plan, size_t at)
{
        while (at < plan->n && plan->lines[at].kind == RESTORE_WATCH)
                at++;
        return at;
}

void rotation_change_targets(struct task *task, const struct action *action,
                             const struct restore_line *line)
{
        struct elb_target target = { .id = task->row.subject, .port = line->port };

        task_call(task, action,
                  &(struct elb_change_targets){
                          .group = line->name, .targets = &target, .n_targets = 1 });
}

void rotation_ask_lifecycle(struct task *task)
{
        const char *id = task->row.subject;

        task_call(task, &autoscaling_describe_instances,
                  &(struct autoscaling_describe_instances){ .ids = &id, .n_ids = 1 });
}

bool rotation_lifecycle(struct task *task, const struct autoscaling_instances *found, int *ret)
{
        struct gone *member = &backup_state(task)->member;
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (found->n_instances)
                gone_see(member, now);
        else
                gone_miss(member, now);
        *ret = found->n_instances ? found->instances[0].lifecycle : LIFECYCLE_DETACHED;
        return found->n_instances || gone_is_certain(member, GONE_MEMBERSHIP);
}

bool rotation_is_busy(const struct aws_reply *reply)
{
        return startswith(reply->code, "ResourceContention") ||
               startswith(reply->code, "ScalingActivityInProgress");
}

usec_t rotation_since(const struct task *task)
{
        usec_t shared = loop_monotonic(task->run->engine->loop) - LOOK_SHARED;

        return shared > task->entered ? shared : task->entered;
}

usec_t rotation_pause(const struct task *task)
{
        return task_spent(task) < SEC_PER_MIN ? LOOK_SOON : LOOK_LATER;
}

bool rotation_is_in(const struct task *task, const struct restore_line *line)
{
        const struct elb_health *health =
                rotation_health(task->location, line->name, task->row.subject, line->port);

        return health && health->state != TARGET_UNUSED && health->state != TARGET_DRAINING;
}

const char *rotation_state_name(const struct elb_health *health)
{
        const char *name = health ? target_state_names[health->state] : "not registered";

        return name ? name : "in a state that is not known";
}

const char *rotation_lifecycle_name(int lifecycle)
{
        const char *name = lifecycle_state_names[lifecycle];

        return name ? name : "elsewhere";
}

/* ---- find-target-groups, of the targets task: before anything is touched ---- */

static bool takes_down(const struct setting_schedule *schedule)
{
        return schedule->consistency == CONSISTENCY_AUTO ||
               method_for(schedule->consistency)->takes_down;
}

/* Whether an instance may be touched without knowing its target groups. */
static bool is_blind_allowed(const struct setting_schedule *schedule)
{
        return schedule->reboot.target_groups == TARGET_GROUPS_WATCH &&
               schedule->reboot.group_by != GROUP_TARGET_GROUP;
}

static enum rotation_view look_at_all(struct task *task, char **ret_why)
{
        return rotation_look(task, NULL, loop_monotonic(task->run->engine->loop) - VIEW_FRESH,
                             ret_why);
}

struct verdict find_target_groups_ask(struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        struct log_about about = task_about(task);
        char *why = NULL;

        if (!schedule)
                return step_finish(OUTCOME_FAILED,
                                   xstrdup("the schedule is no longer in the settings"));
        if (!takes_down(schedule) || schedule->reboot.target_groups == TARGET_GROUPS_IGNORE)
                return step_next();
        switch (look_at_all(task, &why)) {
        case ROTATION_LOOKING:
                return step_wait();
        case ROTATION_SEEN:
                return step_next();
        case ROTATION_UNREACHABLE:
                return step_retry(TROUBLE_RETRY, why);
        case ROTATION_REFUSED:
                break;
        }
        if (!is_blind_allowed(schedule))
                return step_finish(OUTCOME_FAILED, why);
        log_event(&events[EVENT_GROUPS_UNKNOWN], &about,
                  "%s. Instances count as back by their status checks alone; 'target_groups: "
                  "ignore' says that this is meant.",
                  why);
        free(why);
        return step_next();
}

/* ---- check-rotation: the restore plan, and whether the groups can spare the instance ---- */

static bool is_in_auto_scaling(const struct backup_state *backup)
{
        const struct ec2_instance *instance = backup->instance.instances;

        return ec2_tag_value(instance->tags, instance->n_tags, TAG_AUTO_SCALING);
}

bool rotation_standby_is_taken(const struct task *task, const char *group)
{
        for (const struct task *other = task->run->engine->down; other; other = other->next_down)
                if (other != task && other->location == task->location &&
                    restore_plan_has_standby(other->row.putback, group))
                        return true;
        return false;
}

static struct verdict check_group(struct task *task, const struct autoscaling_groups *found)
{
        struct backup_state *backup = backup_state(task);
        const char *name = backup->scaling_group;

        for (size_t i = 0; i < found->n_groups; i++) {
                const struct autoscaling_group *group = &found->groups[i];

                if (!streq(group->name, name) || group->desired > group->min)
                        continue;
                if (rotation_standby_is_taken(task, name))
                        return step_retry(
                                STATE_RETRY,
                                xasprintf("another instance of Auto Scaling group %s is in "
                                          "standby, and it can spare no more",
                                          name));
                return step_finish(
                        OUTCOME_FAILED,
                        xasprintf("not touched: its Auto Scaling group %s wants %u instances "
                                  "and may not have less than %u, so that none can be put "
                                  "into standby; lower its minimum size, or set "
                                  "auto_scaling: leave",
                                  name, group->desired, group->min));
        }
        backup->scaling = SCALING_KNOWN;
        return step_goto("check-rotation");
}

static struct verdict check_lifecycle(struct task *task, const struct autoscaling_instances *found)
{
        struct backup_state *backup = backup_state(task);
        int lifecycle;

        if (!rotation_lifecycle(task, found, &lifecycle))
                return step_retry(
                        STATE_RETRY,
                        xstrdup("its tag names an Auto Scaling group, which does not list it"));
        backup->scaling = SCALING_KNOWN;
        switch ((enum lifecycle_state)lifecycle) {
        case LIFECYCLE_IN_SERVICE:
                backup->scaling = SCALING_IN_SERVICE;
                xreplace(&backup->scaling_group, found->instances[0].group);
                break;
        case LIFECYCLE_PENDING:
        case LIFECYCLE_PENDING_WAIT:
        case LIFECYCLE_PENDING_PROCEED:
        case LIFECYCLE_ENTERING_STANDBY:
                return step_retry(STATE_RETRY, xasprintf("its Auto Scaling group has it %s",
                                                         rotation_lifecycle_name(lifecycle)));
        case LIFECYCLE_TERMINATING:
        case LIFECYCLE_TERMINATING_WAIT:
        case LIFECYCLE_TERMINATING_PROCEED:
        case LIFECYCLE_TERMINATED:
                return step_finish(OUTCOME_SKIPPED,
                                   xstrdup("its Auto Scaling group terminates it"));
        case LIFECYCLE_STANDBY: /* by somebody else, who will put it back */
        case LIFECYCLE_DETACHING:
        case LIFECYCLE_DETACHED:
        case LIFECYCLE_OTHER:
                break;
        }
        return step_goto("check-rotation");
}

/* All is known: writes the restore plan, and asks for a slot by the groups as they are now. */
static struct verdict check_rotation_verdict(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const struct setting_schedule *schedule = task->run->schedule;
        _cleanup_(restore_plan_done) struct restore_plan plan = {};

        if (backup->scaling_group)
                restore_plan_add(&plan, RESTORE_STANDBY, false, 0, backup->scaling_group);
        if (schedule->reboot.target_groups != TARGET_GROUPS_IGNORE)
                rotation_note(task->location, task->row.subject,
                              schedule->reboot.target_groups == TARGET_GROUPS_DRAIN, &plan);
        free(task->row.putback);
        task->row.putback = restore_plan_print(&plan);
        image_regroup(task);
        free(steal(backup->scaling_group));
        backup->scaling = SCALING_UNKNOWN;
        backup->next_out = backup->next_back = 0;
        backup->in_standby = backup->in_service = backup->may_be_out = false;
        return slots_allow(task) ? step_next() : step_goto("wait-turn");
}

struct verdict check_rotation_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const struct setting_schedule *schedule = task->run->schedule;
        const char *group = backup->scaling_group;
        char *why = NULL;

        if (!schedule || !backup->instance.n_instances)
                return step_goto("check-instance");
        if (schedule->reboot.auto_scaling == AUTO_SCALING_STANDBY && is_in_auto_scaling(backup) &&
            backup->scaling != SCALING_KNOWN) {
                if (backup->scaling == SCALING_UNKNOWN)
                        rotation_ask_lifecycle(task);
                else
                        task_call(task, &autoscaling_describe_groups,
                                  &(struct autoscaling_describe_groups){ .names = &group,
                                                                         .n_names = 1 });
                return step_wait();
        }
        if (schedule->reboot.target_groups == TARGET_GROUPS_IGNORE)
                return check_rotation_verdict(task);
        switch (look_at_all(task, &why)) {
        case ROTATION_LOOKING:
                task_set_waiting(task, "looking at its target groups");
                return step_wait();
        case ROTATION_SEEN:
                break;
        case ROTATION_UNREACHABLE:
                return step_retry(TROUBLE_RETRY, why);
        case ROTATION_REFUSED:
                if (!is_blind_allowed(schedule))
                        return step_finish(OUTCOME_FAILED, why);
                free(why); /* logged by find-target-groups */
                break;
        }
        return check_rotation_verdict(task);
}

struct verdict check_rotation_answer(struct task *task, const struct aws_reply *reply)
{
        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, task->action);
        return task->action == &autoscaling_describe_groups ? check_group(task, reply->output)
                                                            : check_lifecycle(task, reply->output);
}
