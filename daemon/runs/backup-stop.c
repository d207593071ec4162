/*
 * Stopping an instance for its image, and starting it again. The row of stop-instance is committed
 * before the call; from then on every way leads over start-instance, which never gives up: not for
 * a lack of capacity, nor for an answer nobody expected.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup.h"
#include "runs/health.h"

/* Between attempts to stop an instance. */
#define STOP_RETRY (15 * USEC_PER_SEC)
/* An instance that still runs so long after the call is told to stop again. */
#define STOP_AGAIN (120 * USEC_PER_SEC)

/* ---- check-stop: what a stop would cost ---- */

/* NULL: it was not asked about. */
static const struct place_type *known_type(const struct place *place, const char *name)
{
        for (size_t i = 0; i < place->n_types; i++)
                if (streq(place->types[i].name, name))
                        return &place->types[i];
        return NULL;
}

/* https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html
 * NULL: by what is known there is none. */
static char *stop_refusal(const struct task *task)
{
        const struct image_live *live = task->live;
        const struct ec2_instance *instance = live->instance.instances;
        const struct place_type *type = known_type(task->place, instance->type);
        const struct setting_schedule *schedule = task->run->schedule;
        const struct {
                unsigned int allow;
                bool applies;
                const char *what, *word;
        } costs[] = {
                { STOP_LOSES_ADDRESS, ec2_instance_loses_address(instance),
                  "its public address, which is no Elastic IP address", "public-address" },
                { STOP_LOSES_INSTANCE_STORE, type && type->has_disks,
                  "the data on its instance store", "instance-store" },
                { STOP_OF_SPOT, streq(instance->lifecycle, "spot"),
                  "its place: it is a spot instance", "spot" },
                { STOP_IN_AUTO_SCALING,
                  ec2_tag_value(instance->tags, instance->n_tags, TAG_AUTO_SCALING) &&
                          schedule->reboot.auto_scaling != AUTO_SCALING_STANDBY,
                  "itself: its Auto Scaling group replaces what is stopped", "auto-scaling" },
        };

        if (instance->root_device_type && streq(instance->root_device_type, "instance-store"))
                return xstrdup("not stopped: its root device is instance store");
        for (size_t i = 0; i < ELEMENTS(costs); i++)
                if (costs[i].applies && !(schedule->stop_allow & costs[i].allow))
                        return xasprintf("not stopped: it would lose %s; stop.allow: [%s] says "
                                         "that it may",
                                         costs[i].what, costs[i].word);
        return NULL;
}

/* Takes `refusal`. */
static struct verdict check_stop_verdict(struct task *task, char *refusal)
{
        if (refusal)
                return finish(OUTCOME_FAILED, refusal);
        return gate_is_open(task) ? next() : go("wait-turn");
}

/* Local disks would matter, and it is not known whether there are any. */
static bool wants_type(const struct task *task)
{
        const struct image_live *live = task->live;
        const char *type = live->instance.instances->type;

        return !(task->run->schedule->stop_allow & STOP_LOSES_INSTANCE_STORE) && type &&
               !known_type(task->place, type);
}

struct verdict check_stop_ask(struct task *task)
{
        const struct image_live *live = image_live(task);
        struct name_filter filter;
        char *refusal;

        if (!task->run->schedule || !live->instance.n_instances)
                return go("check-instance");
        refusal = stop_refusal(task);
        if (refusal || !wants_type(task))
                return check_stop_verdict(task, refusal);
        name_filter_init(&filter, "instance-type", live->instance.instances->type);
        task_call(task, &ec2_describe_instance_types,
                  &(struct describe_instance_types){ .filters = &filter.filter, .n_filters = 1 });
        name_filter_done(&filter);
        return stay();
}

struct verdict check_stop_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_instance_types *found = reply->output;
        const char *type = image_live(task)->instance.instances->type;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instance_types);
        if (!known_type(task->place, type))
                *append(task->place->types, task->place->n_types) = (struct place_type){
                        .name = xstrdup(type),
                        .has_disks = found->n_types == 0 || found->types[0].instance_storage,
                };
        return check_stop_verdict(task, stop_refusal(task));
}

/* ---- stop-instance ---- */

struct verdict stop_ask(struct task *task)
{
        const char *id = task->row.subject;
        struct log_about about = task_about(task);

        if (run_is_cut_short(task->run) && task->row.downed == SEC_NONE)
                return finish(OUTCOME_CANCELLED, xstrdup(task->run->row.detail));
        if (image_touch(task)) {
                log_event(&events[EVENT_INSTANCE_STOPPING], &about,
                          "Instance %s is stopped for its image.", id);
                return go("stop-instance");
        }
        task_call(task, &ec2_stop_instances, &(struct change_instances){ .ids = &id, .n_ids = 1 });
        return stay();
}

struct verdict stop_answer(struct task *task, const struct aws_reply *reply)
{
        char *detail;

        image_note_doubt(task, reply);
        if (reply->outcome == AWS_OK)
                return next();
        detail = aws_describe_failure(reply, &ec2_stop_instances, task->row.region);
        if (reply->outcome != AWS_ERROR || streq(reply->code, "IncorrectInstanceState"))
                return again(STOP_RETRY, detail);
        /* It was refused, and runs; a start that is not needed does no harm. */
        return image_give_up(task, OUTCOME_FAILED, detail);
}

/* ---- await-stopped ---- */

struct verdict await_stopped_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        sec_t timeout = image_ready_timeout(task);
        sec_t waited = task_spent(task);
        const struct patient *patient;
        char time[TIME_TEXT_MAX];

        if (!live->patient)
                live->patient = health_begin(task);
        patient = live->patient;
        if (patient->gone)
                return end_without_image(task, OUTCOME_FAILED,
                                         xstrdup("the instance was terminated"));
        if (patient->asked && patient->state == INSTANCE_STOPPED) {
                live->patient = health_end(live->patient);
                xreplace(&task->row.consistency, PROVEN_STOPPED);
                return next();
        }
        if (waited >= timeout && patient->asked)
                return end_without_image(task, OUTCOME_FAILED,
                                         xasprintf("it did not stop within %s (%s)",
                                                   format_timespan(timeout, time),
                                                   instance_state_names[patient->state]));
        if (patient->asked && patient->state == INSTANCE_RUNNING &&
            patient->read - task->entered > STOP_AGAIN)
                return go("stop-instance"); /* somebody started it, or the call was lost */
        task_set_waiting(task, "stop: %s",
                         patient->asked ? instance_state_names[patient->state] : "asked for");
        task_wake_after(task, (waited < timeout ? timeout - waited : SEC_PER_MIN) * USEC_PER_SEC);
        return stay();
}

/* ---- start-instance ---- */

static struct verdict gone_while_stopped(struct task *task)
{
        image_live(task)->patient = health_end(image_live(task)->patient);
        image_note_failure(
                task, xstrdup("the instance was terminated while it was stopped for its image"));
        return go("await-image");
}

struct verdict start_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        const struct patient *patient = live->patient;
        const char *id = task->row.subject;

        if (patient && patient->gone)
                return gone_while_stopped(task);
        if (patient && patient->asked &&
            (patient->state == INSTANCE_RUNNING || patient->state == INSTANCE_PENDING))
                return next();
        if (patient && !(patient->asked && patient->state == INSTANCE_STOPPED))
                return stay(); /* it has to have stopped before it can be started */
        live->patient = health_end(live->patient);
        task_call(task, &ec2_start_instances, &(struct change_instances){ .ids = &id, .n_ids = 1 });
        return stay();
}

/* One line for each attempt that AWS refused: somebody's machine is down. */
static struct verdict start_refused(struct task *task, const struct aws_reply *reply)
{
        struct log_about about = task_about(task);
        unsigned int attempt = image_live(task)->starts++;
        usec_t delay = image_insist_after(attempt);
        char *why = aws_describe_failure(reply, &ec2_start_instances, task->row.region);
        char time[TIME_TEXT_MAX];

        log_event(
                &events[EVENT_START_REFUSED], &about,
                "Instance %s is stopped and cannot be started yet (attempt %u): %s; tried again in "
                "about %s.",
                task->row.subject, attempt + 1, why, format_timespan(delay / USEC_PER_SEC, time));
        return again(delay, why);
}

struct verdict start_answer(struct task *task, const struct aws_reply *reply)
{
        struct log_about about = task_about(task);

        if (reply->outcome == AWS_OK) {
                log_event(&events[EVENT_INSTANCE_STARTED], &about, "Instance %s is started again.",
                          task->row.subject);
                return next();
        }
        if (reply->outcome == AWS_ERROR && streq(reply->code, "InvalidInstanceID.NotFound"))
                return gone_while_stopped(task);
        if (reply->outcome == AWS_ERROR && streq(reply->code, "IncorrectInstanceState")) {
                image_live(task)->patient = health_begin(task);
                return stay();
        }
        return start_refused(task, reply);
}
