#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup.h"
#include "runs/follow.h"
#include "runs/health.h"

/* A description of an instance this young is still true enough to act on. */
#define DESCRIPTION_FRESH (60 * USEC_PER_SEC)
/* An instance that is starting or stopping is looked at again after this. */
#define STATE_RETRY (15 * USEC_PER_SEC)

/* ---- what a task knows of its instance ---- */

struct image_live *image_live(struct task *task)
{
        if (!task->live)
                task->live = xnew(struct image_live);
        return task->live;
}

void image_forget(struct task *task)
{
        struct image_live *live = task->live;

        if (!live)
                return;
        shape_done(ec2_describe_instances.output, &live->instance);
        follow_end(live->followed);
        health_end(live->patient);
        free(live);
}

void image_describe(struct task *task, struct ec2_instance *instance)
{
        struct image_live *live = image_live(task);
        const struct setting_schedule *schedule = task->run->schedule;
        bool reboots =
                schedule->consistency == CONSISTENCY_REBOOT && instance->state == INSTANCE_RUNNING;

        shape_done(ec2_describe_instances.output, &live->instance);
        *append(live->instance.instances, live->instance.n_instances) = *instance;
        *instance = (struct ec2_instance){};
        live->described = loop_monotonic(task->run->engine->loop);
        instance = live->instance.instances;
        free(task->row.group);
        task->row.group = reboots ? gate_group(schedule, instance) : NULL;
        xreplace(&task->row.consistency,
                 instance->state == INSTANCE_STOPPED ? PROVEN_STOPPED : PROVEN_CRASH);
        task_touch(task);
}

bool image_is_too_late(const struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        sec_t late = loop_wall(task->run->engine->loop) - task->run->row.firing;

        return task->row.group && schedule->reboot.window && late > schedule->reboot.window;
}

/* ---- wait-turn ---- */

struct verdict wait_turn_ask(struct task *task)
{
        if (!task->run->schedule)
                return finish(OUTCOME_CANCELLED,
                              xstrdup("not begun: the schedule is no longer in the settings"));
        if (image_is_too_late(task))
                return finish(OUTCOME_SKIPPED,
                              xstrdup("not begun: the window for reboots is over"));
        return gate_is_open(task) ? next() : stay();
}

/* ---- check-instance ---- */

static struct verdict check_verdict(struct task *task)
{
        const struct ec2_instance *instance = image_live(task)->instance.instances;

        switch ((enum instance_state)instance->state) {
        case INSTANCE_RUNNING:
        case INSTANCE_STOPPED:
                /* What was stopped may run by now, and then has to wait for its turn. */
                return gate_is_open(task) ? next() : go("wait-turn");
        case INSTANCE_PENDING:
        case INSTANCE_STOPPING:
        case INSTANCE_OTHER:
                return again(STATE_RETRY, xasprintf("the instance is %s",
                                                    instance_state_names[instance->state]));
        case INSTANCE_SHUTTING_DOWN:
        case INSTANCE_TERMINATED:
                return finish(OUTCOME_SKIPPED, xstrdup("the instance was terminated"));
        }
        abort();
}

struct verdict check_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        usec_t age = loop_monotonic(task->run->engine->loop) - live->described;
        struct name_filter filter;

        if (!task->run->schedule)
                return finish(OUTCOME_CANCELLED,
                              xstrdup("not begun: the schedule is no longer in the settings"));
        if (live->instance.n_instances && !live->look_again && age < DESCRIPTION_FRESH &&
            (live->instance.instances->state == INSTANCE_RUNNING ||
             live->instance.instances->state == INSTANCE_STOPPED))
                return check_verdict(task);
        live->look_again = false;
        name_filter_init(&filter, "instance-id", task->row.subject);
        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = &filter.filter, .n_filters = 1 });
        name_filter_done(&filter);
        return stay();
}

struct verdict check_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_instances *found = reply->output;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances);
        if (found->n_instances == 0)
                return finish(OUTCOME_SKIPPED, xstrdup("the instance is gone"));
        image_describe(task, &found->instances[0]);
        return check_verdict(task);
}

/* ---- check-again: the same, when an earlier call may have made the image and rebooted ---- */

struct verdict check_again_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        struct name_filter filter;

        live->looks = live->looks ? live->looks : 1; /* after a restart: as the step says */
        live->look_again = false;
        name_filter_init(&filter, "instance-id", task->row.subject);
        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = &filter.filter, .n_filters = 1 });
        name_filter_done(&filter);
        return stay();
}

struct verdict check_again_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_instances *found = reply->output;
        _cleanup_free_ char *group = NULL;

        if (reply->outcome != AWS_OK)
                return again(STATE_RETRY, aws_describe_failure(reply, &ec2_describe_instances,
                                                               task->row.region));
        if (found->n_instances == 0)
                return end_without_image(task, OUTCOME_SKIPPED, xstrdup("the instance is gone"));
        /* It has had its turn already, and keeps it. */
        group = xstrdup(task->row.group);
        image_describe(task, &found->instances[0]);
        xreplace(&task->row.group, group);
        switch ((enum instance_state)image_live(task)->instance.instances->state) {
        case INSTANCE_RUNNING:
        case INSTANCE_STOPPED:
                return go("create-image");
        case INSTANCE_PENDING:
        case INSTANCE_STOPPING:
        case INSTANCE_OTHER:
                return again(STATE_RETRY, xstrdup("the instance starts or stops"));
        case INSTANCE_SHUTTING_DOWN:
        case INSTANCE_TERMINATED:
                return end_without_image(task, OUTCOME_SKIPPED,
                                         xstrdup("the instance was terminated"));
        }
        abort();
}

/* ---- await-instance ---- */

/* Now, not with the next step: that begins only once the state can be written. */
static void stop_awaiting(struct task *task)
{
        struct image_live *live = image_live(task);

        live->patient = health_end(live->patient);
}

/* Ends the instance's turn badly: the rest of the run is halted if the schedule says so. */
static struct verdict instance_failed(struct task *task, char *why)
{
        struct run *run = task->run;
        struct log_about about = task_about(task);
        bool halt = !run->schedule || run->schedule->reboot.on_failure == ON_FAILURE_HALT;

        log_event(&events[EVENT_INSTANCE_NOT_READY], &about, "Instance %s did not come back: %s.",
                  task->row.subject, why);
        if (halt) {
                _cleanup_free_ char *reason =
                        xasprintf("not begun: the run was halted because %s did not come back",
                                  task->row.subject);

                run_cancel(run, reason);
                log_event(&events[EVENT_RUN_HALTED], &about,
                          "Run %s is halted because %s did not come back.", run->row.id,
                          task->row.subject);
        }
        free(task->row.detail);
        task->row.detail = xasprintf("the instance did not come back: %s", why);
        free(why);
        stop_awaiting(task);
        return go("await-image-only");
}

static bool is_back(const struct patient *patient, usec_t entered, sec_t settle)
{
        return patient_is_well(patient) &&
               (patient->was_down || patient->read - entered >= settle * USEC_PER_SEC);
}

static const char *check_name(int status)
{
        return check_status_names[status] ? check_status_names[status] : "unknown";
}

static struct verdict instance_ready(struct task *task, const struct patient *patient, sec_t waited)
{
        struct log_about about = task_about(task);
        char time[TIME_TEXT_MAX];

        if (patient->was_down)
                xreplace(&task->row.consistency, PROVEN_REBOOT);
        log_event(&events[EVENT_INSTANCE_READY], &about, "Instance %s is back after %s%s.",
                  task->row.subject, format_timespan(waited, time),
                  patient->was_down
                          ? ""
                          : " (its checks were never seen down, so the reboot is not proven)");
        stop_awaiting(task);
        return go("await-image");
}

struct verdict await_instance_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        const struct setting_schedule *schedule = task->run->schedule;
        sec_t settle = schedule ? schedule->reboot.settle : 2 * SEC_PER_MIN;
        sec_t timeout = schedule ? schedule->reboot.ready_timeout : 15 * SEC_PER_MIN;
        sec_t waited = task_spent(task), watched;
        struct patient *patient;
        char time[TIME_TEXT_MAX];

        if (!live->followed)
                live->followed = follow_begin(task);
        if (!live->patient)
                live->patient = health_begin(task);
        patient = live->patient;
        if (patient->gone)
                return instance_failed(task, xstrdup("it was terminated"));
        if (is_back(patient, task->entered, settle))
                return instance_ready(task, patient, waited);
        watched = (loop_monotonic(task->run->engine->loop) - patient->since) / USEC_PER_SEC;
        /* After a restart EC2 is asked before the time that passed meanwhile counts. */
        if (waited >= timeout && (patient->asked || watched >= timeout))
                return instance_failed(
                        task,
                        xasprintf("not ready within %s (%s; system check %s, instance check %s)",
                                  format_timespan(timeout, time),
                                  patient->asked ? instance_state_names[patient->state]
                                                 : "no answer from EC2",
                                  check_name(patient->system), check_name(patient->check)));
        if (patient->asked)
                task_set_waiting(task, "reboot: %s, checks %s/%s",
                                 instance_state_names[patient->state], check_name(patient->system),
                                 check_name(patient->check));
        else
                task_set_waiting(task, "reboot");
        task_wake_after(task,
                        (waited < timeout ? timeout - waited : timeout - watched) * USEC_PER_SEC);
        return stay();
}
