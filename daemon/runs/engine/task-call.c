/* The one call of a task that is under way: sent, answered, or ended without an answer. */
#include <stdlib.h>

#include "base/alloc.h"
#include "runs/engine/engine.h"
#include "runs/engine/moves.h"
#include "runs/location/location.h"

/* Without an answer from AWS at all, a task asks again after about this. */
#define TROUBLE_RETRY (30 * USEC_PER_SEC)

void task_end_call(struct task *task)
{
        if (task->limit)
                timer_disarm(task->limit);
        task->call = aws_slot_free(task->call);
}

static void task_answer(struct task *task, const struct aws_reply *reply)
{
        struct verdict verdict;

        location_heard(task->location, task->action, reply);
        xreplace(&task->error, reply->outcome == AWS_ERROR ? reply->code : NULL);
        xreplace(&task->request_id, reply->request_id);
        verdict = task->step->answer(task, reply);
        task_end_call(task);
        task_apply(task, verdict);
}

static void task_on_reply(const struct aws_reply *reply, void *userdata)
{
        struct task *task = userdata;

        (void)refusal_take(&task->refusal, task->action, reply); /* reported with the verdict */
        task_answer(task, reply);
}

/* AWS may have carried the call out, unless none of its attempts has left yet. The answers to its
 * attempts are why the call has failed: they stay the refusal of the task. */
static void task_on_limit(void *userdata)
{
        struct task *task = userdata;
        bool sent = !aws_slot_is_queued(task->call), tried = task->refusal.retry_at > 0;
        char time[TIME_TEXT_MAX];
        _cleanup_free_ char *why = tried ? refusal_reason(&task->refusal) : NULL;
        _cleanup_free_ char *message =
                xasprintf("no answer within %s%s%s%s",
                          format_timespan(task->limited / USEC_PER_SEC, time), tried ? " (" : "",
                          tried ? why : "", tried ? ")" : "");
        const struct aws_reply reply = {
                .outcome = sent && !task->action->repeatable ? AWS_UNKNOWN : AWS_UNREACHABLE,
                .message = message,
                .may_have_acted = sent,
        };

        task->call = aws_slot_free(task->call);
        task->refusal.retry_at = 0;
        if (!tried)
                (void)refusal_take(&task->refusal, task->action, &reply);
        task_answer(task, &reply);
}

static void task_limit_call(struct task *task)
{
        usec_t limit = task->kind->call_limit ? task->kind->call_limit(task) : USEC_INFINITY;

        if (limit == USEC_INFINITY || task->action->priority == PRIORITY_START)
                return;
        task->limited = limit;
        if (!task->limit)
                task->limit = timer_new(task->run->engine->loop, task_on_limit, task);
        timer_arm(task->limit, limit);
}

void task_call(struct task *task, const struct action *action, const void *input)
{
        task_end_call(task);
        task->action = action;
        task->call = aws_call(task->location->aws, task->location->region, action, input,
                              task_on_reply, task);
        refusal_watch(&task->refusal, task->call);
        task_limit_call(task);
}

struct verdict task_trouble(struct task *task, const struct aws_reply *reply,
                            const struct action *action)
{
        char *detail = aws_describe_failure(reply, action, task->row.region);

        /* No other key will be taken there either; what holds an instance waits nevertheless. */
        if (reply->elsewhere && task->step->read_only)
                return step_finish(OUTCOME_FAILED, detail);
        switch (reply->outcome) {
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
        case AWS_UNKNOWN:
                return step_retry(TROUBLE_RETRY, detail);
        case AWS_ERROR:
                return step_finish(OUTCOME_FAILED, detail);
        case AWS_OK:
                break;
        }
        abort();
}
