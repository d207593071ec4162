/*
 * check-status: whether an instance passes its status checks before it is touched. A reboot or a
 * stop does not repair an instance that is impaired already; its failure would be blamed on amid,
 * and would halt the run. It gets an image without an outage, or none, as 'targets.impaired' says.
 *
 * All instances that get a slot within a second are asked about together (status-poll.h).
 *
 * check-status-again: the same right before CreateImage, for an instance that has its slot: when an
 * earlier call may have made the image, or the last reading is too old for a reboot.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/outage/outage.h"
#include "runs/outage/status-poll.h"

/* Seconds to wait for checks that neither pass nor fail. EC2 checks once a minute, and shows
 * `initializing` for minutes after a start. Afterwards the checks count as passed. */
enum { UNDECIDED_FOR = 5 * SEC_PER_MIN };
/* Seconds to wait for an answer, as in other read-only steps. */
enum { SILENT_FOR = SEC_PER_HOUR };
/* REBOOT_SHOWS: seconds after an unanswered call within which the reboot of that call makes a check
 * fail; the request may arrive late, and EC2 checks once a minute. CLOCKS_DIFFER: between EC2's
 * clock and ours. */
enum { REBOOT_SHOWS = 10 * SEC_PER_MIN, CLOCKS_DIFFER = 2 * SEC_PER_MIN };
/* How often DescribeInstances and DescribeInstanceStatus may differ about the state. */
enum { CONTRADICTIONS = 240 };

static void end_look(struct task *task)
{
        backup_state(task)->status_watch = status_watch_end(backup_state(task)->status_watch);
}

/* "system check ok, instance check impaired since 2026-03-02T00:11:00Z". Caller frees. */
static char *checks_text(const struct status_watch *watch)
{
        char time[TIME_TEXT_MAX];

        return xasprintf("system check %s, instance check %s%s%s",
                         ec2_word(check_status_names, watch->system),
                         ec2_word(check_status_names, watch->check),
                         watch->impaired ? " since " : "",
                         watch->impaired ? format_rfc3339(watch->impaired, time) : "");
}

static struct verdict was_impaired(struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        struct log_about about = task_about(task);
        _cleanup_free_ char *checks = checks_text(backup_state(task)->status_watch);
        const char *not_done = task->method == &method_freeze ? "frozen"
                               : task->method == &method_stop ? "stopped"
                                                              : "rebooted";
        bool skip = schedule->targets.impaired == IMPAIRED_SKIP;
        char *why = xasprintf("it was impaired before (%s): not %s", checks, not_done);

        end_look(task);
        log_event(&events[EVENT_WAS_IMPAIRED], &about,
                  "Instance %s was impaired before (%s): not %s; %s.", task->row.subject, checks,
                  not_done, skip ? "no image is made of it" : "its image is made without that");
        if (skip)
                return end_without_image(task, OUTCOME_SKIPPED, why);
        image_set_method(task, &method_crash);
        free(task->row.evidence);
        task->row.evidence = why;
        return step_goto("create-image");
}

/* Whether the check began to fail soon after a CreateImage that may have been carried out: its
 * reboot may be the cause, although EC2 lists no image yet. After a restart the time of the last
 * call is not known. */
static bool may_be_rebooted(const struct task *task)
{
        const struct backup_state *backup = task->state;
        const struct loop *loop = task->run->engine->loop;
        sec_t since_call = (loop_monotonic(loop) - backup->unknown_call) / USEC_PER_SEC;
        sec_t failing = loop_wall(loop) - backup->status_watch->impaired;

        if (!backup->outcome_unknown || !task->method->reboots || !backup->status_watch->impaired)
                return false;
        if (!backup->unknown_call)
                return task->row.requested != SEC_NONE && failing <= REBOOT_SHOWS &&
                       backup->status_watch->impaired >= task->row.requested;
        return failing <= since_call + CLOCKS_DIFFER && since_call - failing <= REBOOT_SHOWS;
}

static struct verdict is_fit(struct task *task)
{
        end_look(task);
        backup_state(task)->fit = loop_monotonic(task->run->engine->loop);
        if (task->method != &method_freeze)
                free(steal(task->row.evidence)); /* of an earlier reading */
        if (backup_state(task)->may_exist || task->step->ask == check_status_again_ask)
                return step_goto("create-image"); /* it has its slot already */
        return slots_allow(task) ? step_next() : step_goto("wait-turn");
}

static struct verdict describe_first(const struct task *task)
{
        const struct backup_state *backup = task->state;

        return step_goto(backup->may_exist ? "check-again" : "check-instance");
}

/* The status poll shows another state than DescribeInstances did. */
static struct verdict changed_state(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const char *state = ec2_word(instance_state_names, backup->status_watch->state);

        end_look(task);
        if (++backup->wrong_states > CONTRADICTIONS)
                return end_without_image(
                        task, OUTCOME_FAILED,
                        xasprintf("EC2 lists it as running, and says that it is %s", state));
        backup->look_again = true;
        return describe_first(task);
}

static struct verdict await_reading(struct task *task, sec_t at_most, const char *what)
{
        task_set_waiting(task, "%s", what);
        task_wake_after(task, (at_most - task_spent(task)) * USEC_PER_SEC);
        return step_wait();
}

/* Its slot is taken until it is back, so that no other instance goes down meanwhile. */
static struct verdict await_reboot(struct task *task)
{
        sec_t timeout = image_ready_timeout(task);
        struct log_about about = task_about(task);
        _cleanup_free_ char *checks = NULL;
        char time[TIME_TEXT_MAX];
        char *why;

        if (task_spent(task) < timeout)
                return await_reading(task, timeout,
                                     "its checks fail since a call that may have rebooted it");
        checks = checks_text(backup_state(task)->status_watch);
        why = xasprintf("not ready within %s of a call that may have rebooted it (%s)",
                        format_timespan(timeout, time), checks);
        end_look(task);
        log_event(&events[EVENT_INSTANCE_NOT_READY], &about, "Instance %s did not come back: %s.",
                  task->row.subject, why);
        instance_note_failed(task, why);
        return end_without_image(task, OUTCOME_FAILED, why);
}

/* EC2 gives no status. Such an instance is not touched, since its return could not be seen either.
 */
static struct verdict not_reported(struct task *task)
{
        const struct status_watch *watch = backup_state(task)->status_watch;
        sec_t at_most = watch->suspect || watch->refused ? UNDECIDED_FOR : SILENT_FOR;

        if (task_spent(task) >= at_most) {
                _cleanup_free_ char *why = task_why(task, "allow ec2:DescribeInstanceStatus");

                return end_without_image(task, OUTCOME_FAILED,
                                         xasprintf("not touched: EC2 does not tell its status (%s)",
                                                   why));
        }
        return await_reading(task, at_most, "reading its status checks");
}

struct verdict check_status_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        const struct status_watch *watch;

        if (!task->run->schedule || !backup->instance.n_instances)
                return describe_first(task);
        if (!backup->status_watch)
                backup->status_watch = status_watch_begin_once(task);
        task_await(task, status_poll_refusal(task->location));
        watch = backup->status_watch;
        if (status_watch_is_gone(watch))
                return end_without_image(task, OUTCOME_SKIPPED,
                                         xstrdup("the instance was terminated"));
        if (!watch->asked || watch->suspect)
                return not_reported(task);
        if (watch->state != INSTANCE_RUNNING)
                return changed_state(task);
        if ((watch->system == CHECK_IMPAIRED || watch->check == CHECK_IMPAIRED) &&
            !MUTANT(takes_down_the_ill))
                return may_be_rebooted(task) ? await_reboot(task) : was_impaired(task);
        if (status_watch_passes(watch) || task_spent(task) >= UNDECIDED_FOR)
                return is_fit(task);
        return await_reading(task, UNDECIDED_FOR, "its status checks are not decided yet");
}

struct verdict check_status_again_ask(struct task *task)
{
        if (task->resumed && !MUTANT(takes_over_nothing))
                backup_state(task)->may_exist = true; /* an earlier call may have made the image */
        return check_status_ask(task);
}
