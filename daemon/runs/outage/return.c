/* await-instance: until the instance is back, and what its status checks prove of its reboot. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/image-poll.h"
#include "runs/outage/outage-history.h"
#include "runs/outage/outage.h"
#include "runs/outage/restore-plan.h"
#include "runs/outage/status-poll.h"

/* "If an instance does not cleanly shut down within a few minutes, Amazon EC2 performs a hard
 * reboot": one that is back sooner than that has shut itself down.
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RebootInstances.html */
#define FORCED_AFTER (3 * SEC_PER_MIN)

/* EC2 may show an instance as stopped for so long after it has started it. */
#define STARTS_WITHIN (60 * USEC_PER_SEC)

/* Ends the watch now: the next step begins only once the state can be written. */
static void stop_awaiting(struct task *task)
{
        struct backup_state *backup = backup_state(task);

        backup->status_watch = status_watch_end(backup->status_watch);
}

/* Halts the run: its tasks that have not begun are cancelled. Logs how many instances had a slot.
 */
static void halt_run(struct task *failed)
{
        struct run *run = failed->run;
        struct log_about about = task_about(failed);
        _cleanup_free_ char *reason =
                xasprintf("not begun: the run was halted because %s did not come back in time",
                          failed->row.subject);
        size_t touched = 0, total = 0;

        for (const struct task *task = run->tasks; task; task = task->next) {
                total += task->kind == failed->kind;
                touched += task->kind == failed->kind && task != failed &&
                           (task->row.image || task->down);
        }
        run_cancel(run, reason);
        log_event(&events[EVENT_RUN_HALTED], &about,
                  "Run %s is halted because %s did not come back in time: %zu other%s of %zu had "
                  "their "
                  "turn, %zu %s not touched.",
                  run->row.id, failed->row.subject, touched, touched == 1 ? "" : "s", total,
                  total - touched - 1, total - touched == 2 ? "was" : "were");
}

/* The part of row.detail about an instance that is not back; and about one that came back late. */
#define NOT_BACK  "the instance did not come back"
#define BACK_LATE "the instance was away for "

/* That part of the detail, to its end; NULL: no such failure was noted. */
static const char *find_noted(const struct task *task, const char *words)
{
        const char *detail = task->row.detail;

        return task->row.ending != OUTCOME_OPEN && detail ? strstr(detail, words) : NULL;
}

/* Notes it once, also over a restart. */
void instance_note_failed(struct task *task, const char *why)
{
        struct run *run = task->run;
        const char *detail = task->row.detail;

        if (find_noted(task, NOT_BACK))
                return;
        if (!find_noted(task, BACK_LATE) && /* else the run is halted already */
            (!run->schedule || run->schedule->reboot.on_failure == ON_FAILURE_HALT))
                halt_run(task);
        if (task->row.ending == OUTCOME_OPEN)
                image_note_failure(task, xasprintf(NOT_BACK ": %s", why));
        else
                image_note_failure(task, xasprintf("%s; and " NOT_BACK ": %s", detail, why));
}

void instance_note_back(struct task *task)
{
        const char *noted = find_noted(task, NOT_BACK), *detail = task->row.detail;
        char time[TIME_TEXT_MAX];

        if (!noted)
                return;
        image_note_ending(task, task->row.ending,
                          xasprintf("%.*s" BACK_LATE "%s%s", (int)(noted - detail), detail,
                                    format_timespan(image_outage_duration(task), time),
                                    noted + strlen(NOT_BACK)));
}

struct verdict instance_failed(struct task *task, char *why)
{
        struct log_about about = task_about(task);

        log_event(&events[EVENT_INSTANCE_NOT_READY], &about, "Instance %s did not come back: %s.",
                  task->row.subject, why);
        instance_note_failed(task, why);
        restore_plan_forget_health(&task->row.putback);
        free(why);
        stop_awaiting(task);
        return step_next();
}

/* Whether the instance was seen down since CreateImage. A status check that fails counts if it
 * began to fail after EC2 had taken the call, both by EC2's clock. */
static bool was_down(struct task *task, const struct status_watch *watch)
{
        const struct image_watch *image = backup_state(task)->image_watch;

        return watch->was_down ||
               (watch->impaired && image && image->created && watch->impaired >= image->created);
}

/* Whether the last reading is `settle` after the step began: a reboot would have been seen by then.
 * After a restart of amid that time begins anew, since only the wall clock spans it. */
static bool is_settled(const struct task *task, const struct status_watch *watch, sec_t settle)
{
        usec_t since = task->entered > task->inherited ? task->entered : task->inherited;

        return watch->read >= since && watch->read - since >= settle * USEC_PER_SEC;
}

static bool is_back(struct task *task, const struct status_watch *watch, sec_t settle)
{
        return status_watch_passes(watch) &&
               (was_down(task, watch) || MUTANT(believes_old_checks) ||
                is_settled(task, watch, settle));
}

/* What the status checks prove of the reboot: checks that were not ok, that the instance rebooted;
 * an instance that was back soon, that EC2 did not force it. */
static void prove_reboot(struct task *task, const struct status_watch *watch)
{
        usec_t since = backup_state(task)->rebooted;
        sec_t took = (loop_monotonic(task->run->engine->loop) - since) / USEC_PER_SEC;
        bool soon = since && took < FORCED_AFTER;
        char time[TIME_TEXT_MAX];

        free(steal(task->row.evidence));
        if (!was_down(task, watch)) {
                task->row.evidence =
                        xasprintf("its checks were never seen %s, so the reboot is not proven",
                                  watch->impaired ? "to go down (they failed before it)" : "down");
                return;
        }
        xreplace(&task->row.consistency, soon ? ACHIEVED_REBOOT_CLEAN : ACHIEVED_REBOOT_FORCED);
        if (soon)
                task->row.evidence = xasprintf("its checks went down, and it was back %s after "
                                               "CreateImage: too soon for a forced reboot",
                                               format_timespan(took, time));
        else
                task->row.evidence = xstrdup("its checks went down, but it took so long to come "
                                             "back that EC2 may have forced the reboot");
}

static struct verdict instance_ready(struct task *task, const struct status_watch *watch)
{
        struct log_about about = task_about(task);
        sec_t since = task->row.downed != SEC_NONE ? task->row.downed : task->row.entered;
        char time[TIME_TEXT_MAX];
        bool unproven;

        if (task->row.image && task->method->reboots)
                prove_reboot(task, watch);
        unproven = task->method->reboots && !was_down(task, watch) && task->row.evidence;
        log_event(&events[EVENT_INSTANCE_READY], &about, "Instance %s is back after %s%s%s%s.",
                  task->row.subject, format_timespan(task->row.returned - since, time),
                  unproven ? " (" : "", unproven ? task->row.evidence : "", unproven ? ")" : "");
        instance_note_back(task);
        stop_awaiting(task);
        return step_next();
}

/* Whether the instance, which was started, is stopping or stopped again. */
static bool is_down_again(const struct task *task, const struct status_watch *watch)
{
        bool is_down = watch->asked &&
                       (watch->state == INSTANCE_STOPPING || watch->state == INSTANCE_STOPPED);
        bool has_other_reason =
                watch->reason_code && !streq(watch->reason_code, REASON_STOPPED_BY_CALL);

        return task->method == &method_stop && is_down &&
               (has_other_reason || watch->read > task->entered + STARTS_WITHIN);
}

/* Whether the instance still has to be started: amid has stopped it, and nobody else starts it. */
static bool goes_on_being_started(const struct task *task, const struct status_watch *watch)
{
        return task->method == &method_stop && !(watch->asked && watch->state == INSTANCE_RUNNING);
}

static struct verdict not_up_in_time(struct task *task, const struct status_watch *watch)
{
        _cleanup_free_ char *unknown = task_why(task, "EC2 does not answer");
        _cleanup_free_ char *why =
                watch->asked ? xasprintf("it is %s", ec2_word(instance_state_names, watch->state))
                             : xasprintf("it is not known how it is: %s", unknown);

        start_note_overdue(task, why);
        task_set_waiting(task, "%s, and is to run", why);
        task_wake_after(task, SEC_PER_MIN * USEC_PER_SEC);
        return step_wait();
}

/* StopInstances had no effect: there was no outage. */
static struct verdict never_was_down(struct task *task)
{
        instance_note_back(task);
        if (!restore_plan_takes_out(task->row.putback))
                task->row.downed = SEC_NONE;
        task_touch(task);
        stop_awaiting(task);
        return step_next();
}

/* Whether the last reading of the instance is younger than `timeout`. */
static bool is_news(const struct task *task, const struct status_watch *watch, sec_t timeout)
{
        usec_t now = loop_monotonic(task->run->engine->loop);

        return watch->asked && now - watch->read < timeout * USEC_PER_SEC;
}

/* The instance has failed: with the last reading, and the call whose refusal prevents a newer one.
 */
static struct verdict not_ready(struct task *task, const struct status_watch *watch, sec_t timeout)
{
        bool news = is_news(task, watch, timeout);
        _cleanup_free_ char *trouble = task_why(task, news ? NULL : "no answer from EC2");
        const char *state = news ? ec2_word(instance_state_names, watch->state) : "not known";
        char time[TIME_TEXT_MAX];

        return instance_failed(
                task, xasprintf("not ready within %s (%s; system check %s, instance check %s%s%s)",
                                format_timespan(timeout, time), state,
                                ec2_word(check_status_names, watch->system),
                                ec2_word(check_status_names, watch->check), trouble ? "; " : "",
                                trouble ? trouble : ""));
}

/* When the step is asked again at the latest: at the timeout, and each minute after it, while
 * `settle` is not over or the instance is still being started. */
static usec_t wait_left(sec_t waited, sec_t timeout)
{
        return (waited < timeout ? timeout - waited : SEC_PER_MIN) * USEC_PER_SEC;
}

struct verdict await_instance_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const struct setting_schedule *schedule = task->run->schedule;
        sec_t settle = schedule ? schedule->reboot.settle : 2 * SEC_PER_MIN;
        sec_t timeout = image_ready_timeout(task);
        sec_t waited = task_spent(task), watched;
        struct status_watch *watch;

        image_watch_early(task);
        watch = image_watch_status(task);
        watch->wants_reason = task->method == &method_stop;
        if (status_watch_is_gone(watch))
                return instance_failed(task, xstrdup("it was terminated"));
        if (is_down_again(task, watch))
                return start_again(task);
        if (is_back(task, watch, settle)) {
                if (!task->restored && !backup->was_running)
                        outage_history_note(task, image_outage_duration(task));
                if (task->method != &method_stop || !image_note_restored(task))
                        return backup->was_running ? never_was_down(task)
                                                   : instance_ready(task, watch);
                task_set_waiting(task, "it is back; whether an earlier request arrives late");
                task_wake_after(task, image_may_arrive_for(task));
                return step_wait();
        }
        watched = (loop_monotonic(task->run->engine->loop) - watch->since) / USEC_PER_SEC;
        if (goes_on_being_started(task, watch) && start_age(task) >= timeout &&
            (watch->asked || watched >= timeout))
                return not_up_in_time(task, watch);
        /* After a restart the time before it counts only once EC2 was asked, and an instance that
         * passes its checks then gets `settle`. */
        if (waited >= timeout && (watch->asked || watched >= timeout) &&
            !(is_news(task, watch, timeout) && status_watch_passes(watch)) &&
            !goes_on_being_started(task, watch))
                return not_ready(task, watch, timeout);
        if (watch->asked)
                task_set_waiting(task, "%s: %s, checks %s/%s", task->method->name,
                                 ec2_word(instance_state_names, watch->state),
                                 ec2_word(check_status_names, watch->system),
                                 ec2_word(check_status_names, watch->check));
        else
                task_set_waiting(task, "%s", task->method->name);
        task_wake_after(task, wait_left(waited < timeout ? waited : watched, timeout));
        return step_wait();
}
