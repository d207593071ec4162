/* wait-turn, check-instance, check-again: until an instance gets a slot, and whether EC2 still
 * describes it as one that an image can be made of. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/outage/outage-history.h"
#include "runs/outage/outage.h"

/* How old a description of an instance may be. A stopped instance has to be described anew: its
 * image is tagged `stopped`, and somebody may have started it. */
#define RUNNING_FRESH (60 * USEC_PER_SEC)
#define STOPPED_FRESH (2 * USEC_PER_SEC)
/* Between descriptions of an instance that is starting or stopping. */
#define STATE_RETRY (15 * USEC_PER_SEC)

bool image_is_too_late(const struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        sec_t late = loop_wall(task->run->engine->loop) - task->run->row.firing;

        return task->row.group && schedule->reboot.window &&
               late + outage_history_expect(task->run, task->row.subject) > schedule->reboot.window;
}

static struct verdict too_late(const struct task *task)
{
        sec_t duration = outage_history_expect(task->run, task->row.subject);
        char time[TIME_TEXT_MAX];

        if (duration == 0)
                return step_finish(OUTCOME_SKIPPED, xstrdup("not begun: the window is over"));
        return step_finish(
                OUTCOME_SKIPPED,
                xasprintf("not begun: it would not be back within the window (the last time "
                          "it took %s)",
                          format_timespan(duration, time)));
}

/* ---- wait-turn ---- */

/* Whether the run makes up for a missed firing that `missed: all` does not let be skipped. */
static bool is_made_up_for(const struct task *task)
{
        return task->run->schedule->missed == MISSED_ALL && streq(task->run->row.trigger, "missed");
}

/* The image of an earlier run is still pending: `overlap` decides, for this instance alone. */
static struct verdict behind(struct task *task, const struct task *earlier)
{
        struct log_about about = task_about(task);
        bool skip = task->run->schedule->overlap == OVERLAP_SKIP || earlier->waits_behind;
        char *why;

        if (!skip || is_made_up_for(task)) {
                task_set_behind(task, true);
                task_set_waiting(task, "its image of run %s, which is still pending",
                                 earlier->row.run);
                return step_wait();
        }
        why = earlier->waits_behind
                      ? xasprintf("run %s waits for an earlier image of it already",
                                  earlier->row.run)
                      : xasprintf("its image %s of run %s is still pending",
                                  earlier->row.image ? earlier->row.image : "", earlier->row.run);
        log_event(&events[EVENT_RUN_SKIPPED], &about,
                  "Instance %s is skipped in run %s: %s; the others are not held up.",
                  task->row.subject, task->row.run, why);
        return step_finish(OUTCOME_SKIPPED, why);
}

struct verdict wait_turn_ask(struct task *task)
{
        struct verdict held;
        const struct task *earlier;

        if (!task->run->schedule)
                return step_finish(OUTCOME_CANCELLED,
                                   xstrdup("not begun: the schedule is no longer in the settings"));
        if (image_is_too_late(task))
                return too_late(task);
        earlier = slots_find_earlier(task);
        if (earlier)
                return behind(task, earlier);
        task_set_behind(task, false);
        if (!task_may_begin(task, &held))
                return held;
        return slots_allow(task) ? step_next() : step_wait();
}

/* ---- check-instance ---- */

static struct verdict check_verdict(struct task *task)
{
        const struct ec2_instance *instance = backup_state(task)->instance.instances;

        switch ((enum instance_state)instance->state) {
        case INSTANCE_RUNNING:
        case INSTANCE_STOPPED:
                /* An instance that was stopped may run by now, and then needs a slot. */
                return slots_allow(task) ? step_next() : step_goto("wait-turn");
        case INSTANCE_PENDING:
        case INSTANCE_STOPPING:
        case INSTANCE_OTHER:
                return step_retry(STATE_RETRY,
                                  xasprintf("the instance is %s",
                                            ec2_word(instance_state_names, instance->state)));
        case INSTANCE_SHUTTING_DOWN:
        case INSTANCE_TERMINATED:
                return step_finish(OUTCOME_SKIPPED, xstrdup("the instance was terminated"));
        }
        abort();
}

static void describe_instance(struct task *task)
{
        struct name_filter filter;

        backup_state(task)->look_again = false;
        name_filter_init(&filter, "instance-id", task->row.subject);
        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = &filter.filter, .n_filters = 1 });
        name_filter_done(&filter);
}

struct verdict check_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        usec_t age = loop_monotonic(task->run->engine->loop) - backup->described;

        if (!task->run->schedule)
                return step_finish(OUTCOME_CANCELLED,
                                   xstrdup("not begun: the schedule is no longer in the settings"));
        if (backup->instance.n_instances && !backup->look_again &&
            ((backup->instance.instances->state == INSTANCE_RUNNING && age < RUNNING_FRESH) ||
             (backup->instance.instances->state == INSTANCE_STOPPED && age < STOPPED_FRESH)))
                return check_verdict(task);
        describe_instance(task);
        return step_wait();
}

/* Whether a list that was filtered by the id of the instance contains it. If not, *ret_gone is
 * whether its end is proven by now. */
static bool instance_is_listed(struct task *task, const struct ec2_instances *found, bool *ret_gone)
{
        struct gone *gone = &backup_state(task)->gone;
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (found->n_instances)
                gone_see(gone, now);
        else
                gone_miss(gone, now);
        *ret_gone = gone_is_certain(gone, GONE_INSTANCE);
        return found->n_instances;
}

static struct verdict look_once_more(usec_t pause)
{
        return step_retry(pause, xstrdup("EC2 does not list the instance; whether it is gone"));
}

struct verdict check_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_instances *found = reply->output;
        bool is_gone;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances);
        if (!instance_is_listed(task, found, &is_gone))
                return is_gone ? step_finish(OUTCOME_SKIPPED, xstrdup("the instance is gone"))
                               : look_once_more(gone_pause(GONE_INSTANCE));
        image_describe(task, &found->instances[0], reply->date);
        return check_verdict(task);
}

/* ---- check-again: the same, once the instance was touched, or an earlier call may have made the
 * image ---- */

/* The task keeps its slot; a task without one makes an image that touches nothing. */
static void keep_slot(struct task *task, const struct method *method)
{
        bool stopped = backup_state(task)->instance.instances->state == INSTANCE_STOPPED;

        if (!method || !method->holds)
                method = stopped ? &method_stopped : &method_crash;
        image_set_method(task, method);
}

struct verdict check_again_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);

        if (task->resumed && !MUTANT(takes_over_nothing))
                backup->may_exist = true; /* an earlier call may have made it */
        if (!task->run->schedule)
                return end_without_image(
                        task, OUTCOME_CANCELLED,
                        xstrdup("given up: the schedule is no longer in the settings"));
        describe_instance(task);
        return step_wait();
}

struct verdict check_again_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_instances *found = reply->output;
        const struct method *method = task->method;
        bool is_gone;

        if (reply->outcome != AWS_OK)
                return create_later(task, STATE_RETRY,
                                    aws_describe_failure(reply, &ec2_describe_instances,
                                                         task->row.region));
        if (!instance_is_listed(task, found, &is_gone))
                return is_gone ? end_without_image(task, OUTCOME_SKIPPED,
                                                   xstrdup("the instance is gone"))
                               : look_once_more(
                                         STATE_RETRY); /* soon, since the instance may be held */
        image_describe(task, &found->instances[0], reply->date);
        keep_slot(task, method);
        switch ((enum instance_state)backup_state(task)->instance.instances->state) {
        case INSTANCE_RUNNING:
                /* an instance that was stopped for its image, and that somebody has started */
                return step_goto(task->method == &method_stop ? "await-stopped" : "create-image");
        case INSTANCE_STOPPED:
                return step_goto("create-image");
        case INSTANCE_PENDING:
        case INSTANCE_STOPPING:
        case INSTANCE_OTHER:
                return create_later(task, STATE_RETRY, xstrdup("the instance starts or stops"));
        case INSTANCE_SHUTTING_DOWN:
        case INSTANCE_TERMINATED:
                return end_without_image(task, OUTCOME_SKIPPED,
                                         xstrdup("the instance was terminated"));
        }
        abort();
}
