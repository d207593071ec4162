/*
 * Stopping an instance for its image, and starting it again. The row of stop-instance is committed
 * before the call. Unless AWS has refused that call, the task does not end before start-instance
 * has succeeded: it starts the instance again and again, after a lack of capacity and after any
 * other error. Only an instance that provably no longer exists (gone.h) is not started.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/outage/outage.h"
#include "runs/outage/status-poll.h"

/* Between attempts to stop an instance. */
#define STOP_RETRY (15 * USEC_PER_SEC)
/* An instance that still runs so long after StopInstances is stopped again. */
#define STOP_AGAIN (120 * USEC_PER_SEC)
/* So long StopInstances may be answered with InvalidInstanceID.NotFound. */
#define STOP_UNKNOWN (10 * SEC_PER_MIN)
/* An instance that is stopping is started when it was seen stopped, or after this. */
#define START_RETRY (60 * USEC_PER_SEC)

/* ---- check-stop: what the instance would lose by a stop ---- */

/* NULL: EC2 was not asked about the type yet. */
static const struct location_type *known_type(const struct location *location, const char *name)
{
        for (size_t i = 0; i < location->n_types; i++)
                if (streq(location->types[i].name, name))
                        return &location->types[i];
        return NULL;
}

/* https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html
 * Why the instance is not stopped; NULL: nothing that is known speaks against it. Caller frees. */
static char *stop_refusal(const struct task *task)
{
        const struct backup_state *backup = task->state;
        const struct ec2_instance *instance = backup->instance.instances;
        const struct location_type *type = known_type(task->location, instance->type);
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
                return step_finish(OUTCOME_FAILED, refusal);
        return slots_allow(task) ? step_next() : step_goto("wait-turn");
}

/* Whether the type has to be asked about: instance store matters, and is not known. */
static bool wants_type(const struct task *task)
{
        const struct backup_state *backup = task->state;
        const char *type = backup->instance.instances->type;

        return !(task->run->schedule->stop_allow & STOP_LOSES_INSTANCE_STORE) && type &&
               !known_type(task->location, type);
}

struct verdict check_stop_ask(struct task *task)
{
        const struct backup_state *backup = backup_state(task);
        struct name_filter filter;
        char *refusal;

        if (!task->run->schedule || !backup->instance.n_instances)
                return step_goto("check-instance");
        refusal = stop_refusal(task);
        if (refusal || !wants_type(task))
                return check_stop_verdict(task, refusal);
        name_filter_init(&filter, "instance-type", backup->instance.instances->type);
        task_call(task, &ec2_describe_instance_types,
                  &(struct describe_instance_types){ .filters = &filter.filter, .n_filters = 1 });
        name_filter_done(&filter);
        return step_wait();
}

struct verdict check_stop_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_instance_types *found = reply->output;
        const char *type = backup_state(task)->instance.instances->type;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instance_types);
        if (!known_type(task->location, type))
                *append(task->location->types, task->location->n_types) = (struct location_type){
                        .name = xstrdup(type),
                        .has_disks = found->n_types == 0 || found->types[0].instance_storage,
                };
        return check_stop_verdict(task, stop_refusal(task));
}

/* ---- stop-instance ---- */

/* AWS has refused StopInstances. Unless an earlier call was taken, or may have been, the instance
 * runs. Takes `detail`. */
static struct verdict not_stopped(struct task *task, enum outcome outcome, char *detail)
{
        struct backup_state *backup = backup_state(task);

        if (backup->stop_taken)
                return image_give_up(task, outcome, detail);
        backup->status_watch = status_watch_end(backup->status_watch);
        return image_untouched(task, outcome, detail);
}

/* How long ago the first attempt to stop it was: seconds. */
static sec_t stop_age(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (!backup->stop_first) /* now, or before a restart: so long ago at least */
                backup->stop_first = now - task_spent(task) * USEC_PER_SEC;
        return (now - backup->stop_first) / USEC_PER_SEC;
}

struct verdict stop_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const char *id = task->row.subject;

        if (run_is_cut_short(task->run) && task->row.downed == SEC_NONE)
                return step_finish(OUTCOME_CANCELLED, xstrdup(task->run->row.detail));
        if (backup->status_watch && status_watch_is_gone(backup->status_watch))
                return not_stopped(task, OUTCOME_SKIPPED, xstrdup("the instance was terminated"));
        if (image_touch(task))
                return step_goto("stop-instance");
        stop_age(task);
        task_call(task, &ec2_stop_instances, &(struct change_instances){ .ids = &id, .n_ids = 1 });
        return step_wait();
}

/* EC2 does not know the instance, for a moment or for good: the status poll tells which. */
static struct verdict stop_unknown(struct task *task, char *detail)
{
        image_watch_status(task);
        return task_spent(task) < STOP_UNKNOWN ? step_retry(STOP_RETRY, detail)
                                               : not_stopped(task, OUTCOME_FAILED, detail);
}

struct verdict stop_answer(struct task *task, const struct aws_reply *reply)
{
        struct log_about about = task_about(task);
        char *detail;

        image_note_may_arrive(task, reply);
        backup_state(task)->stop_taken |= reply->outcome == AWS_OK || aws_may_have_acted(reply);
        if (reply->outcome == AWS_OK) {
                backup_state(task)->status_watch =
                        status_watch_end(backup_state(task)->status_watch);
                log_event(&events[EVENT_INSTANCE_STOPPING], &about,
                          "Instance %s is stopped for its image.", task->row.subject);
                return step_next();
        }
        detail = aws_describe_failure(reply, &ec2_stop_instances, task->row.region);
        if (gone_is_claimed(reply))
                return stop_unknown(task, detail);
        if ((reply->outcome != AWS_ERROR || streq(reply->code, "IncorrectInstanceState")) &&
            stop_age(task) < image_ready_timeout(task)) {
                refusal_note_logged(
                        &task->refusal); /* no line that it is held: the instance runs */
                return step_retry(STOP_RETRY, detail);
        }
        return not_stopped(task, OUTCOME_FAILED, detail);
}

/* ---- await-stopped ---- */

static struct verdict not_seen_stopped(struct task *task, const struct status_watch *watch,
                                       sec_t timeout)
{
        _cleanup_free_ char *how = watch->asked
                                           ? xstrdup(ec2_word(instance_state_names, watch->state))
                                           : task_why(task, "EC2 does not tell its state");
        char time[TIME_TEXT_MAX];

        return end_without_image(task, OUTCOME_FAILED,
                                 xasprintf("it was not seen stopped within %s (%s)",
                                           format_timespan(timeout, time), how));
}

struct verdict await_stopped_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        sec_t timeout = image_ready_timeout(task);
        sec_t waited = stop_age(task);
        const struct status_watch *watch;

        backup->stop_taken = true;
        watch = image_watch_status(task);
        if (status_watch_is_gone(watch))
                return end_without_image(task, OUTCOME_FAILED,
                                         xstrdup("the instance was terminated"));
        if (watch->asked && watch->state == INSTANCE_STOPPED) {
                backup->seen_stopped = true;
                backup->status_watch = status_watch_end(backup->status_watch);
                return step_next();
        }
        /* The time counts even if EC2 does not say the state: the instance is started in any case.
         */
        if (waited >= timeout && !(MUTANT(waits_for_an_unknown_state) && !watch->asked))
                return not_seen_stopped(task, watch, timeout);
        if (watch->asked && watch->state == INSTANCE_RUNNING &&
            watch->read - task->entered > STOP_AGAIN) {
                backup->look_again = true; /* somebody started it, or the call was lost */
                return step_goto("stop-instance");
        }
        task_set_waiting(task, "stop: %s",
                         watch->asked ? ec2_word(instance_state_names, watch->state) : "asked for");
        task_wake_after(task, (waited < timeout ? timeout - waited : SEC_PER_MIN) * USEC_PER_SEC);
        return step_wait();
}

/* ---- start-instance ---- */

static struct verdict gone_while_stopped(struct task *task)
{
        struct log_about about = task_about(task);

        log_event(&events[EVENT_INSTANCE_NOT_READY], &about,
                  "Instance %s did not come back: it was terminated while it was stopped for its "
                  "image.",
                  task->row.subject);
        backup_state(task)->status_watch = status_watch_end(backup_state(task)->status_watch);
        image_note_failure(
                task, xstrdup("the instance was terminated while it was stopped for its image"));
        return step_goto("await-image");
}

sec_t start_age(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        usec_t now = loop_monotonic(task->run->engine->loop);

        if (!backup->started) /* by an earlier process: so long ago at least */
                backup->started = now - task_spent(task) * USEC_PER_SEC;
        return (now - backup->started) / USEC_PER_SEC;
}

void start_note_overdue(struct task *task, const char *why)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);
        sec_t timeout = image_ready_timeout(task);
        _cleanup_free_ char *failure = NULL;
        char time[TIME_TEXT_MAX];

        if (backup->overdue || start_age(task) < timeout)
                return;
        backup->overdue = true;
        if (!MUTANT(leaves_it_down_silently))
                log_event(&events[EVENT_NOT_STARTED], &about,
                          "Instance %s, which amid has stopped for its image, does not run %s "
                          "after it was first started: %s. It is started again and again until "
                          "it runs.",
                          task->row.subject, format_timespan(start_age(task), time), why);
        failure = xasprintf("not running within %s of its first start (%s)",
                            format_timespan(timeout, time), why);
        instance_note_failed(task, failure);
}

struct verdict start_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const struct status_watch *watch = backup->status_watch;
        int state = watch && watch->asked ? watch->state : INSTANCE_OTHER;
        usec_t now = loop_monotonic(task->run->engine->loop);
        const char *id = task->row.subject;

        image_watch_early(task);
        if (watch && status_watch_is_gone(watch))
                return gone_while_stopped(task);
        if (state == INSTANCE_RUNNING || state == INSTANCE_PENDING)
                return step_next();
        if (watch && !backup->awaits_stop && !backup->starts && state != INSTANCE_STOPPED) {
                backup->awaits_stop = true; /* it has to have stopped before it can be started */
                backup->next_start = now + START_RETRY;
        }
        if (now < backup->next_start && !(backup->awaits_stop && state == INSTANCE_STOPPED)) {
                task_wake_after(task, backup->next_start - now);
                return step_wait();
        }
        backup->awaits_stop = false;
        if (!backup->started)
                backup->started = now;
        task_call(task, &ec2_start_instances, &(struct change_instances){ .ids = &id, .n_ids = 1 });
        return step_wait();
}

/* Sets the time of the next attempt: longer from one to the next. */
static usec_t start_later(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        usec_t delay = image_backoff(backup->starts++);

        backup->next_start = loop_monotonic(task->run->engine->loop) + delay / 2; /* jitter: more */
        return delay;
}

/* Logs each attempt that AWS refused, since the instance is down meanwhile. */
static struct verdict start_refused(struct task *task, const struct aws_reply *reply)
{
        struct log_about about = task_about(task);
        unsigned int attempt = backup_state(task)->starts;
        usec_t delay = start_later(task);
        char *why = aws_describe_failure(reply, &ec2_start_instances, task->row.region);
        char time[TIME_TEXT_MAX];

        refusal_note_logged(&task->refusal);
        log_event(
                &events[EVENT_START_REFUSED], &about,
                "Instance %s is stopped and cannot be started yet (attempt %u): %s; tried again in "
                "about %s.",
                task->row.subject, attempt + 1, why, format_timespan(delay / USEC_PER_SEC, time));
        start_note_overdue(task, why);
        return step_retry(delay, why);
}

/* The instance is still stopping, and cannot be started yet. That takes minutes; on a faulty host
 * an instance can be "stopping" for hours.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/TroubleshootingInstancesStopping.html */
static struct verdict start_too_early(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        _cleanup_free_ char *why =
                aws_describe_failure(reply, &ec2_start_instances, task->row.region);
        _cleanup_free_ char *help = xasprintf(
                "%s; where it stays in \"stopping\", `aws ec2 stop-instances --force` ends that",
                why);

        backup->awaits_stop = true;
        backup->next_start = loop_monotonic(task->run->engine->loop) + START_RETRY;
        start_note_overdue(task, help);
        task_set_waiting(task, "start: %s",
                         backup->status_watch->asked
                                 ? ec2_word(instance_state_names, backup->status_watch->state)
                                 : "not in a state to be started");
        task_wake_after(task, START_RETRY);
        return step_wait();
}

/* Whether StartInstances shows that the instance was never stopped: it was running before this
 * call, and no earlier StartInstances of ours can have started it. */
static bool start_found_it_running(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_instance_changes *done = reply->output;
        const struct backup_state *backup = backup_state(task);
        bool is_first = !backup->starts && !task->resumed && !aws_may_have_acted(reply);

        return is_first && !backup->seen_stopped && !task->row.image &&
               !streq(task->row.consistency, ACHIEVED_STOPPED) && done->n_changes == 1 &&
               done->changes[0].previous == INSTANCE_RUNNING;
}

struct verdict start_answer(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);

        if (reply->outcome == AWS_OK) {
                backup->status_watch = status_watch_end(backup->status_watch);
                backup->was_running = start_found_it_running(task, reply);
                if (!backup->was_running)
                        log_event(&events[EVENT_INSTANCE_STARTED], &about,
                                  "Instance %s is started again.", task->row.subject);
                return step_next();
        }
        if (reply->outcome == AWS_ERROR)
                image_watch_status(task);
        if (reply->outcome == AWS_ERROR && streq(reply->code, "IncorrectInstanceState"))
                return start_too_early(task, reply);
        return start_refused(task, reply);
}

/* ---- an instance that was started and has stopped again ---- */

/* "Client.InternalError: Client error on launch", or NULL. Caller frees. */
static char *state_reason(const struct status_watch *watch)
{
        const char *code = watch->reason_code, *words = watch->reason;

        if (!code || !*code)
                return words && *words ? xstrdup(words) : NULL;
        return !words || !*words         ? xstrdup(code)
               : startswith(words, code) ? xstrdup(words)
                                         : xasprintf("%s: %s", code, words);
}

/* A hint at the cause behind a code of StateReason; "" for codes without one. */
static const char *state_reason_help(const char *code)
{
        /* https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/troubleshooting-launch.html */
        return streq(code, "Client.InternalError")
                       ? " (most often the KMS key of an encrypted volume may not be used: allow "
                         "kms:CreateGrant on it, config/policy/encrypted.json)"
                       : "";
}

/* Whether an earlier StopInstances without an answer may have stopped it: such a request arrives
 * within five minutes. */
static bool was_late_request(struct task *task, const struct status_watch *watch)
{
        return image_may_arrive_for(task) &&
               (!watch->reason_code || streq(watch->reason_code, REASON_STOPPED_BY_CALL));
}

struct verdict start_again(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);
        _cleanup_free_ char *reason = state_reason(backup->status_watch), *why = NULL;
        char time[TIME_TEXT_MAX];
        usec_t delay;

        task->restored = false;
        if (was_late_request(task, backup->status_watch)) {
                log_line(LOG_WARNING, &about,
                         "Instance %s is stopped once more: an earlier request of amid arrived "
                         "late; it is started again.",
                         task->row.subject);
                return step_goto("start-instance");
        }
        backup->status_watch->wants_reason = false; /* until it was started once more */
        delay = start_later(task);
        why = xasprintf("it was started, and has stopped again: %s%s",
                        reason ? reason : "EC2 gives no reason",
                        state_reason_help(backup->status_watch->reason_code));
        log_event(&events[EVENT_START_REFUSED], &about,
                  "Instance %s does not stay up (attempt %u): %s; it is started again in about %s.",
                  task->row.subject, backup->starts, why,
                  format_timespan(delay / USEC_PER_SEC, time));
        start_note_overdue(task, why);
        return step_goto("start-instance");
}
