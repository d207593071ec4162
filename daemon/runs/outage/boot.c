/*
 * The reboot as the instance itself shows it, where `proof: ssm` is set: its boot id before and
 * after, and whether it shut down in order (boot-probe.sh). Without an answer of the instance, only
 * its status checks prove the reboot.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/outage/outage.h"
#include "runs/remote/embed.h"
#include "runs/remote/remote.h"
#include "runs/remote/script.h"

EMBED(boot_probe_sh, "daemon/runs/remote/boot-probe.sh");

/* Seconds that the script may take, and that amid waits for its answer: after a boot the agent of
 * SSM starts late. */
enum { PROBE_TAKES = 60, PROBE_TIMEOUT = 180 };
/* Seconds in which InvalidInstanceId before the reboot leads to a retry. Most often the instance
 * has no agent. */
enum { PROBE_UNKNOWN = 15 };

#define PROBE_RETRY (5 * USEC_PER_SEC)

static bool is_wanted(const struct task *task)
{
        return task->run->schedule && task->run->schedule->reboot.proof == PROOF_SSM;
}

/* Goes on without the answer of the instance. */
static struct verdict without_probe(struct task *task, const char *next_step, char *why)
{
        struct log_about about = task_about(task);

        log_line(LOG_WARNING, &about,
                 "Instance %s does not tell which boot it is in: %s; only status checks prove its "
                 "reboot.",
                 task->row.subject, why);
        free(why);
        free(steal(task->row.boot));
        free(steal(task->row.command));
        task_touch(task);
        return step_goto(next_step);
}

static struct verdict probe_ask(struct task *task)
{
        _cleanup_(text_done) struct text script = {};

        script_append_head(&script);
        script_append(&script, boot_probe_sh);
        remote_send(task, "boot id", text_get(&script), PROBE_TAKES);
        return step_wait();
}

/* `timeout` 0: no retry where SSM does not reach an agent. */
static struct verdict probe_answer(struct task *task, const struct aws_reply *reply,
                                   const char *without, sec_t timeout)
{
        enum remote_sent sent = remote_sent(task, reply);
        char *why;

        if (sent == REMOTE_SENT)
                return step_next();
        why = aws_describe_failure(reply, &ssm_send_command, task->row.region);
        if (task_spent(task) >= (sent == REMOTE_REFUSED ? timeout : PROBE_TIMEOUT))
                return without_probe(task, without, why);
        return step_retry(PROBE_RETRY, why);
}

/* ---- before ---- */

struct verdict read_boot_ask(struct task *task)
{
        return is_wanted(task) ? probe_ask(task) : step_goto("create-image");
}

struct verdict read_boot_answer(struct task *task, const struct aws_reply *reply)
{
        return probe_answer(task, reply, "create-image",
                            gone_is_claimed(reply) ? PROBE_UNKNOWN : 0);
}

struct verdict await_boot_ask(struct task *task)
{
        remote_look(task);
        return step_wait();
}

/* The output of a probe that has ended, or NULL: then *ret is the verdict. */
static const char *probe_output(struct task *task, const struct aws_reply *reply,
                                const char *without, struct verdict *ret)
{
        const struct ssm_invocation *invocation = reply->output;

        switch (remote_state(reply)) {
        case REMOTE_DONE:
                return invocation->output ? invocation->output : "";
        case REMOTE_GOES_ON:
                *ret = task_spent(task) < PROBE_TIMEOUT
                               ? remote_look_again(task, reply, "SSM asks the instance")
                               : without_probe(task, without,
                                               task_why(task, "SSM gives no answer"));
                return NULL;
        case REMOTE_FAILED:
        case REMOTE_NEVER:
                *ret = without_probe(task, without, remote_failure(invocation));
                return NULL;
        }
        abort();
}

struct verdict await_boot_answer(struct task *task, const struct aws_reply *reply)
{
        struct verdict verdict;
        const char *output = probe_output(task, reply, "create-image", &verdict);

        if (!output)
                return verdict;
        free(task->row.boot);
        task->row.boot = remote_value(output, "amid-boot", "boot-id");
        free(steal(task->row.command));
        return step_goto("create-image");
}

/* ---- after ---- */

struct verdict read_boot_again_ask(struct task *task)
{
        bool reads = task->row.boot && task->row.image && task->row.ending == OUTCOME_OPEN;

        return reads ? probe_ask(task) : step_goto("put-back");
}

struct verdict read_boot_again_answer(struct task *task, const struct aws_reply *reply)
{
        return probe_answer(task, reply, "put-back", PROBE_TIMEOUT);
}

/* Sets the consistency by what the instance has answered, which overrides its status checks. */
static void prove_by_boot(struct task *task, const char *boot, const char *clean)
{
        /* where the shutdown is not logged, the duration of the reboot decides */
        bool soon = streq(task->row.consistency, ACHIEVED_REBOOT_CLEAN);

        free(task->row.evidence);
        if (streq(boot, task->row.boot)) {
                xreplace(&task->row.consistency, ACHIEVED_CRASH);
                task->row.evidence = xstrdup("the instance has the boot id of before: it did not "
                                             "reboot");
                return;
        }
        xreplace(&task->row.consistency, streq(clean, "yes") || (soon && !streq(clean, "no"))
                                                 ? ACHIEVED_REBOOT_CLEAN
                                                 : ACHIEVED_REBOOT_FORCED);
        task->row.evidence =
                xasprintf("the instance has another boot id; its shutdown was %s",
                          streq(clean, "yes")  ? "clean"
                          : streq(clean, "no") ? "not clean: a file system was repaired"
                                               : "not logged");
}

struct verdict await_boot_again_answer(struct task *task, const struct aws_reply *reply)
{
        _cleanup_free_ char *boot = NULL, *clean = NULL;
        struct verdict verdict;
        const char *output = probe_output(task, reply, "put-back", &verdict);

        if (!output)
                return verdict;
        boot = remote_value(output, "amid-boot", "boot-id");
        clean = remote_value(output, "amid-boot", "clean");
        if (boot)
                prove_by_boot(task, boot, clean);
        free(steal(task->row.command));
        task_touch(task);
        return step_next();
}
