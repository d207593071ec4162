/* The state of an image task: its instance, its outage, and how it ends. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/image-poll.h"
#include "runs/outage/outage.h"
#include "runs/outage/restore-plan.h"
#include "runs/outage/rotation.h"
#include "runs/outage/status-poll.h"

/* The pause after refusals of a call that is never given up: 15 s at first, then twice as long each
 * time. */
#define BACKOFF_FIRST   (15 * USEC_PER_SEC)
#define BACKOFF_LONGEST (300 * USEC_PER_SEC)
enum { CALL_LEAST = 3 * SEC_PER_MIN };

struct backup_state *backup_state(struct task *task)
{
        struct backup_state *backup = task->state;

        if (backup)
                return backup;
        task->state = backup = xnew(struct backup_state);
        if (!task->inherited)
                return backup;
        /* Requests of the earlier process may still arrive. */
        if (task_holds(task)) {
                backup->may_arrive_until = task->inherited + REQUEST_LIVES;
                backup->stop_taken = backup->freeze_unanswered = true;
        }
        backup->outcome_unknown = !task->row.image && task->row.requested != SEC_NONE;
        return backup;
}

struct status_watch *image_watch_status(struct task *task)
{
        struct backup_state *backup = backup_state(task);

        if (!backup->status_watch)
                backup->status_watch = status_watch_begin(task);
        task_await(task, status_poll_refusal(task->location));
        return backup->status_watch;
}

void image_note_may_arrive(struct task *task, const struct aws_reply *reply)
{
        if (aws_may_have_acted(reply))
                backup_state(task)->may_arrive_until =
                        loop_monotonic(task->run->engine->loop) + REQUEST_LIVES;
}

usec_t image_may_arrive_for(struct task *task)
{
        usec_t now = loop_monotonic(task->run->engine->loop),
               until = backup_state(task)->may_arrive_until;

        return until > now ? until - now : 0;
}

usec_t image_note_restored(struct task *task)
{
        usec_t left = image_may_arrive_for(task);

        task->restored = left > 0;
        return left;
}

void image_forget(struct task *task)
{
        struct backup_state *backup = task->state;

        rotation_leave(task);
        if (!backup)
                return;
        free(backup->scaling_group);
        free(backup->refusal);
        free(backup->tag_refusal);
        free(backup->no_more.detail);
        free(backup->misfit);
        shape_done(ec2_describe_instances.output, &backup->instance);
        image_watch_end(backup->image_watch);
        status_watch_end(backup->status_watch);
        free(backup);
}

void image_regroup(struct task *task)
{
        const struct ec2_instances *known = &backup_state(task)->instance;
        char *groups;

        /* The group of a slot that was taken does not change. */
        if (task->row.downed != SEC_NONE || !task->run->schedule || !known->n_instances)
                return;
        groups = task->method->takes_down ? slots_groups(task, known->instances) : NULL;
        if (groups || !task->method->takes_down) {
                free(task->row.group);
                task->row.group = groups;
                task_touch(task);
        }
}

sec_t image_ready_timeout(const struct task *task)
{
        return task->run->schedule ? task->run->schedule->reboot.ready_timeout : 15 * SEC_PER_MIN;
}

/* Notes the LaunchTime of an instance that is stopped, or will be: it changes with each start, and
 * so shows later whether there was one. An image of an unknown call may be from before a start. */
static void note_launch(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const struct ec2_instance *instance = backup->instance.instances;

        backup->launched = SEC_NONE;
        if (backup->instance.n_instances &&
            (instance->state == INSTANCE_STOPPED || task->method == &method_stop))
                backup->launched = instance->launched;
        if (backup->outcome_unknown && task->row.launched != backup->launched)
                task->row.launched = SEC_NONE;
        else
                task->row.launched = backup->launched;
}

bool image_note_asking(struct task *task)
{
        const char *nonce = task->run->engine->nonce;
        struct backup_state *backup = backup_state(task);
        char *askers;

        if (task->row.requested != SEC_NONE && task->row.askers && strstr(task->row.askers, nonce))
                return false;
        if (task->row.requested == SEC_NONE)
                task->row.requested = backup->dated;
        askers = backup->outcome_unknown && task->row.askers
                         ? xasprintf("%s %s", task->row.askers, nonce)
                         : xstrdup(nonce);
        free(task->row.askers);
        task->row.askers = askers;
        task_touch(task);
        return true;
}

void image_note_unasked(struct task *task)
{
        if (!backup_state(task)->outcome_unknown)
                task->row.requested = SEC_NONE;
}

static void use_method(struct task *task, const struct method *method)
{
        task->method = method;
        task->way = method ? method->bit : 0;
}

void image_loaded(struct task *task)
{
        use_method(task, method_named(task->row.method));
}

void image_set_method(struct task *task, const struct method *method)
{
        use_method(task, method);
        xreplace(&task->row.method, method->name);
        xreplace(&task->row.consistency, ACHIEVED_CRASH);
        note_launch(task);
        image_regroup(task);
        task_touch(task);
}

/* How many volumes go into the image. */
static unsigned int count_volumes(const struct setting_image *image,
                                  const struct ec2_instance *instance)
{
        unsigned int n = 0;

        for (size_t i = 0; i < instance->n_devices; i++)
                n += instance->devices[i].volume &&
                     !strings_contain(image->exclude_devices, image->n_exclude_devices,
                                      instance->devices[i].device);
        return n;
}

void image_describe(struct task *task, struct ec2_instance *instance, sec_t date)
{
        struct backup_state *backup = backup_state(task);
        const struct setting_schedule *schedule = task->run->schedule;
        enum setting_consistency asked;

        shape_done(ec2_describe_instances.output, &backup->instance);
        *append(backup->instance.instances, backup->instance.n_instances) = *instance;
        *instance = (struct ec2_instance){};
        backup->described = loop_monotonic(task->run->engine->loop);
        instance = backup->instance.instances;
        task->row.volumes = count_volumes(&schedule->image, instance);
        backup->dated = date ? date : loop_wall(task->run->engine->loop);
        if (!consistency_find(task->row.asked, &asked))
                asked = CONSISTENCY_CRASH; /* a row of an earlier version */
        /* An instance that starts or stops gets no slot until that is over. */
        image_set_method(task, instance->state == INSTANCE_STOPPED   ? &method_stopped
                               : instance->state == INSTANCE_RUNNING ? method_for(asked)
                                                                     : &method_crash);
}

bool image_touch(struct task *task)
{
        if (task->row.downed != SEC_NONE)
                return false;
        task->row.downed = loop_wall(task->run->engine->loop);
        backup_state(task)->outage_start = loop_monotonic(task->run->engine->loop);
        task_touch(task);
        return true;
}

sec_t image_outage_duration(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        struct loop *loop = task->run->engine->loop;
        sec_t spent;

        if (task->row.downed == SEC_NONE)
                return 0;
        /* After a restart only the wall clock has the start. */
        spent = loop_wall(loop) - task->row.downed;
        if (!backup->outage_start)
                backup->outage_start =
                        loop_monotonic(loop) - (spent > 0 ? spent : 0) * USEC_PER_SEC;
        return (loop_monotonic(loop) - backup->outage_start) / USEC_PER_SEC;
}

usec_t image_call_limit(struct task *task)
{
        sec_t left = image_ready_timeout(task) - image_outage_duration(task);

        if (task->row.downed == SEC_NONE || !task->step->down || MUTANT(waits_for_answers))
                return USEC_INFINITY;
        return (left > CALL_LEAST ? left : CALL_LEAST) * USEC_PER_SEC;
}

usec_t image_backoff(unsigned int refusals)
{
        usec_t delay = BACKOFF_FIRST << (refusals < 5 ? refusals : 5);

        return delay < BACKOFF_LONGEST ? delay : BACKOFF_LONGEST;
}

/* The first step that restores the instance; NULL: nothing has to be restored. */
static const char *way_back(const struct task *task)
{
        if (task->row.downed == SEC_NONE || !task->method)
                return NULL;
        if (task->method == &method_freeze)
                return "thaw-instance";
        if (task->method == &method_stop)
                return MUTANT(forgets_to_start) ? NULL : "start-instance";
        return task->row.putback ? "put-back" : NULL;
}

void image_note_ending(struct task *task, enum outcome outcome, char *detail)
{
        task->row.ending = outcome;
        free(task->row.detail);
        task->row.detail = detail;
        task_touch(task);
}

void image_note_failure(struct task *task, char *detail)
{
        image_note_ending(task, OUTCOME_FAILED, detail);
}

struct verdict image_untouched(struct task *task, enum outcome outcome, char *detail)
{
        if (!restore_plan_takes_out(task->row.putback)) {
                task->row.downed = SEC_NONE;
                return step_finish(outcome, detail);
        }
        image_note_ending(task, outcome, detail);
        return step_goto("put-back");
}

struct verdict image_give_up(struct task *task, enum outcome outcome, char *detail)
{
        const char *back = way_back(task);

        if (MUTANT(gives_no_reason))
                free(steal(detail));
        image_note_unasked(task);
        if (!back)
                return step_finish(outcome, detail);
        image_note_ending(task, outcome, detail);
        return step_goto(back);
}

struct verdict image_start_over(struct task *task)
{
        image_note_unasked(task);
        task->row.downed = task->row.returned = SEC_NONE;
        free(steal(task->row.putback));
        free(steal(task->row.evidence));
        /* An image that is found later may be of the attempt that ends here. */
        if (task->method == &method_freeze)
                task->row.evidence = xstrdup("it may be from before the last freeze");
        backup_state(task)->look_again = true;
        backup_state(task)->asked = 0;
        backup_state(task)->freeze_unanswered = false;
        return step_goto("wait-turn");
}

/* ---- hooks of the engine ---- */

const char *image_holds(const struct task *task)
{
        if (task->row.downed == SEC_NONE ||
            (task->method->reboots && !restore_plan_takes_out(task->row.putback)))
                return NULL;
        if (task->method == &method_freeze)
                return "thaws by itself";
        if (task->method->reboots || task->row.returned != SEC_NONE)
                return "stays out of service";
        return restore_plan_takes_out(task->row.putback) ? "stays stopped or out of service"
                                                         : "stays stopped";
}

/* Logs an instance that amid will not start again, or put back. */
void image_lost(const struct run *run, const struct store_task *row)
{
        const struct method *method = method_named(row->method);
        bool is_out = restore_plan_takes_out(row->putback);

        if (!method || row->downed == SEC_NONE ||
            (!is_out && (row->returned != SEC_NONE || method->reboots)))
                return;
        log_event(
                &events[EVENT_LEFT_DOWN],
                &(struct log_about){ .schedule = run->row.schedule,
                                     .run = run->row.id,
                                     .instance = row->subject,
                                     .account = row->account,
                                     .region = row->region },
                "Instance %s is left as it is (%s, step %s): amid has no account for it any more; "
                "put it right by hand.",
                row->subject, method->says, row->step);
}
