/*
 * Freezing an instance for its image, and letting it go on.
 *
 * The row is committed before the command is sent. The script arms a timer on the instance before
 * it freezes anything, so that the instance thaws by itself whatever happens to amid, to SSM or to
 * the network (runs/remote/freeze-script.h). The steps here end the freeze sooner, and decide what
 * was achieved: the image is `frozen` only if the thaw finds the instance still frozen.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/outage/outage-history.h"
#include "runs/outage/outage.h"
#include "runs/remote/freeze-script.h"
#include "runs/remote/remote.h"

#define SEND_RETRY (5 * USEC_PER_SEC)
/* Seconds in which InvalidInstanceId leads to a retry: SSM may not know an agent that it reaches.
 */
enum { UNKNOWN_FOR = 60 };
/* Seconds that a script may take besides `timeout`, and after which an instance has thawed by
 * itself. */
enum { MARGIN = 60 };
/* The default of `timeout`, where a restart finds no settings for the freeze. */
enum { TIMEOUT_UNKNOWN = 900 };

static sec_t timeout_of(const struct task *task)
{
        return task->run->schedule && task->run->schedule->has_freeze
                       ? task->run->schedule->freeze.timeout
                       : TIMEOUT_UNKNOWN;
}

/* The id of one freeze of an instance: each attempt has another start of its outage. Caller frees.
 */
static char *token_of(const struct task *task)
{
        return xasprintf("%s.%s.%lld", task->row.run, task->row.subject,
                         (long long)task->row.downed);
}

bool freeze_is_stale(struct task *task)
{
        return task->method == &method_freeze && task->row.downed != SEC_NONE &&
               image_outage_duration(task) >= timeout_of(task);
}

/* ---- not frozen ---- */

/* The instance is not frozen (any more), and there is no image yet: the settings decide. */
static struct verdict without_freeze(struct task *task, char *why)
{
        const struct setting_schedule *schedule = task->run->schedule;
        struct log_about about = task_about(task);

        task->row.downed = SEC_NONE;
        if (!schedule || schedule->freeze.on_failure == ON_FREEZE_FAILURE_SKIP)
                return step_finish(OUTCOME_FAILED, why);
        log_line(LOG_WARNING, &about, "%s: %s; its image is made all the same.", task->row.subject,
                 why);
        free(task->row.evidence);
        task->row.evidence = why;
        image_set_method(task, &method_crash);
        return step_goto("create-image");
}

/* The freeze has failed. Where it may have begun, the thaw comes first, and then without_freeze().
 */
static struct verdict not_frozen(struct task *task, char *why, bool begun)
{
        _cleanup_free_ char *reason = why;
        char *whole = xasprintf("it could not be frozen: %s", reason);

        if (!begun)
                return without_freeze(task, whole);
        free(task->row.evidence);
        task->row.evidence = whole;
        task_touch(task);
        return step_goto("thaw-instance");
}

/* ---- freeze-instance ---- */

struct verdict freeze_ask(struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        _cleanup_free_ char *token = NULL, *script = NULL;

        if (!schedule || !schedule->has_freeze)
                return image_give_up(task, OUTCOME_CANCELLED,
                                     xstrdup("given up: its freeze is no longer in the settings"));
        if (run_is_cut_short(task->run) && task->row.downed == SEC_NONE)
                return step_finish(OUTCOME_CANCELLED, xstrdup(task->run->row.detail));
        if (image_touch(task) && !MUTANT(freezes_before_it_commits))
                return step_goto("freeze-instance");
        token = token_of(task);
        script = freeze_script_freeze(&(struct freeze_script){
                .token = token,
                .before = schedule->freeze.before,
                .after = schedule->freeze.after,
                .n_before = schedule->freeze.n_before,
                .n_after = schedule->freeze.n_after,
                .timeout = schedule->freeze.timeout,
        });
        remote_send(task, "freeze", script, schedule->freeze.timeout + MARGIN);
        return step_wait();
}

struct verdict freeze_answer(struct task *task, const struct aws_reply *reply)
{
        struct backup_state *backup = backup_state(task);
        char *why;

        image_note_may_arrive(task, reply);
        backup->freeze_unanswered |= aws_may_have_acted(reply);
        switch (remote_sent(task, reply)) {
        case REMOTE_SENT:
                return step_next();
        case REMOTE_SEND_AGAIN:
                why = aws_describe_failure(reply, &ssm_send_command, task->row.region);
                if (task_spent(task) < timeout_of(task))
                        return step_retry(SEND_RETRY, why);
                return not_frozen(task, why, true);
        case REMOTE_REFUSED:
                why = aws_describe_failure(reply, &ssm_send_command, task->row.region);
                if (gone_is_claimed(reply) && task_spent(task) < UNKNOWN_FOR)
                        return step_retry(SEND_RETRY, why);
                return not_frozen(task, why, backup->freeze_unanswered);
        }
        abort();
}

/* ---- await-frozen ---- */

struct verdict await_frozen_ask(struct task *task)
{
        if (!task->row.command)
                return step_goto("freeze-instance");
        remote_look(task);
        return step_wait();
}

static struct verdict frozen_failed(struct task *task, const struct ssm_invocation *invocation)
{
        _cleanup_free_ char *reason = remote_value(invocation->output, "amid-freeze", "reason");
        _cleanup_free_ char *state = remote_value(invocation->output, "amid-freeze", "state");
        _cleanup_free_ char *failure = remote_failure(invocation);

        return not_frozen(task, reason ? xasprintf("%s (%s)", reason, failure) : steal(failure),
                          !streq(state, "thawed") && (!streq(state, "refused") ||
                                                      backup_state(task)->freeze_unanswered));
}

struct verdict await_frozen_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ssm_invocation *invocation = reply->output;
        struct log_about about = task_about(task);
        char time[TIME_TEXT_MAX];

        switch (remote_state(reply)) {
        case REMOTE_GOES_ON:
                if (task_spent(task) < timeout_of(task) + MARGIN)
                        return remote_look_again(task, reply, "the freeze goes on");
                return not_frozen(task, task_why(task, "SSM does not tell what became of it"),
                                  true);
        case REMOTE_NEVER:
                return not_frozen(task, remote_failure(invocation),
                                  backup_state(task)->freeze_unanswered);
        case REMOTE_FAILED:
                return frozen_failed(task, invocation);
        case REMOTE_DONE:
                log_event(&events[EVENT_INSTANCE_FROZEN], &about,
                          "Instance %s is frozen, and thaws by itself after %s at the latest.",
                          task->row.subject, format_timespan(timeout_of(task), time));
                return step_next();
        }
        abort();
}

/* ---- thaw-instance ---- */

struct verdict thaw_ask(struct task *task)
{
        _cleanup_free_ char *token = token_of(task);
        _cleanup_free_ char *script = freeze_script_thaw(&(struct freeze_script){ .token = token });

        remote_send(task, "thaw", script, timeout_of(task) + MARGIN);
        return step_wait();
}

/* The verdict after the thaw, or after amid has given it up. */
static struct verdict thaw_over(struct task *task)
{
        outage_history_note(task, image_outage_duration(task));
        if (task->row.image || task->row.ending != OUTCOME_OPEN)
                return step_goto("await-image");
        if (task->row.evidence)
                return without_freeze(task, steal(task->row.evidence));
        return step_goto("await-image"); /* which begins anew at wait-turn */
}

/* Whether the timer on the instance is over: if it was frozen, it has thawed by itself. */
static bool is_thawed_anyway(struct task *task)
{
        return image_outage_duration(task) > timeout_of(task) + (sec_t)2 * MARGIN;
}

/* `why` is taken. */
static struct verdict thaw_again(struct task *task, char *why)
{
        struct log_about about = task_about(task);

        if (!is_thawed_anyway(task)) {
                free(steal(task->row.command));
                return step_retry(SEND_RETRY, why);
        }
        log_event(&events[EVENT_THAW_UNKNOWN], &about,
                  "Instance %s: whether it goes on after its freeze is not known: %s; its own "
                  "timer was "
                  "due.",
                  task->row.subject, why);
        if (!task->row.evidence)
                task->row.evidence = xasprintf("the thaw could not be confirmed: %s", why);
        free(why);
        return thaw_over(task);
}

struct verdict thaw_answer(struct task *task, const struct aws_reply *reply)
{
        if (remote_sent(task, reply) == REMOTE_SENT)
                return step_next();
        return thaw_again(task, aws_describe_failure(reply, &ssm_send_command, task->row.region));
}

/* ---- await-thawed ---- */

struct verdict await_thawed_ask(struct task *task)
{
        if (!task->row.command)
                return step_goto("thaw-instance");
        remote_look(task);
        return step_wait();
}

/* Whether the instance was never frozen, by the last line of the thaw: freeze-script.h. */
static bool never_froze(const char *output)
{
        _cleanup_free_ char *by = remote_value(output, "amid-thaw", "thawed-by"),
                            *reason = remote_value(output, "amid-thaw", "reason");

        return streq(by, "freeze") || streq(reason, "never-frozen");
}

/* The instance is thawed. Whether it was frozen until now decides which consistency is achieved. */
static struct verdict thawed(struct task *task, const char *output)
{
        _cleanup_free_ char *by = remote_value(output, "amid-thaw", "thawed-by");
        struct log_about about = task_about(task);
        char time[TIME_TEXT_MAX];

        format_timespan(image_outage_duration(task), time);
        if (never_froze(output))
                log_event(&events[EVENT_INSTANCE_THAWED], &about,
                          "Instance %s goes on; its freeze had not succeeded.", task->row.subject);
        else
                log_event(&events[EVENT_INSTANCE_THAWED], &about,
                          "Instance %s goes on after its freeze of %s%s.", task->row.subject, time,
                          streq(by, "watchdog") ? "; its own timer was sooner" : "");
        if (task->row.image && !task->row.evidence &&
            (streq(by, "amid") || MUTANT(claims_to_have_frozen))) {
                xreplace(&task->row.consistency, ACHIEVED_FROZEN);
                task->row.evidence =
                        xasprintf("frozen for %s, from before CreateImage until the "
                                  "last of %u snapshot%s had begun",
                                  time, task->row.volumes, task->row.volumes == 1 ? "" : "s");
        } else if (task->row.image && !task->row.evidence) {
                task->row.evidence = xstrdup("it was not frozen any more when all snapshots were "
                                             "seen to have begun");
        }
        return thaw_over(task);
}

struct verdict await_thawed_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ssm_invocation *invocation = reply->output;

        switch (remote_state(reply)) {
        case REMOTE_GOES_ON:
                if (!is_thawed_anyway(task) || task_spent(task) < MARGIN)
                        return remote_look_again(task, reply, "the thaw goes on");
                return thaw_again(task, task_why(task, "SSM does not tell what became of it"));
        case REMOTE_NEVER:
        case REMOTE_FAILED:
                return thaw_again(task, remote_failure(invocation));
        case REMOTE_DONE:
                return thawed(task, invocation->output);
        }
        abort();
}
