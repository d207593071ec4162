#include "runs/refusal.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/gone.h"
#include "runs/place.h"

void refusal_done(struct refusal *refusal)
{
        free(steal(refusal->what));
        free(steal(refusal->more));
}

void refusal_clear(struct refusal *refusal)
{
        refusal_done(refusal);
        refusal->action = NULL;
        refusal->attempts = 0;
        refusal->certain = false;
        refusal->again = 0;
}

bool refusal_is_shown(const struct refusal *refusal)
{
        return refusal->action && (refusal->certain || refusal->attempts > 1);
}

/* Watchers are told of another call or code, not of each attempt. */
static void refusal_report(struct refusal *refusal, bool was_shown, const char *before)
{
        bool shown = refusal_is_shown(refusal);

        if (shown == was_shown && (!shown || streq(before, refusal->what)))
                return;
        for (struct run *run = refusal->place->engine->runs; run; run = run->next)
                for (struct task *task = run->tasks; task; task = task->next)
                        if (task->awaits == refusal || &task->refusal == refusal)
                                task_report(task, NULL);
}

static void refusal_note(struct refusal *refusal, const struct action *action,
                         const struct aws_reply *reply, bool certain, usec_t again)
{
        bool was_shown = refusal_is_shown(refusal);
        _cleanup_free_ char *before = steal(refusal->what);

        if (refusal->action != action) {
                refusal_clear(refusal);
                refusal->action = action;
        }
        free(steal(refusal->more));
        aws_describe_refusal(reply, action, refusal->place->region, &refusal->what, &refusal->more);
        refusal->attempts++;
        refusal->certain |= certain;
        refusal->again = again;
        refusal_report(refusal, was_shown, before);
}

void refusal_take(struct refusal *refusal, const struct action *action,
                  const struct aws_reply *reply)
{
        _cleanup_free_ char *before = NULL;
        bool was_shown = refusal_is_shown(refusal);

        if (reply->outcome != AWS_OK) {
                refusal_note(refusal, action, reply,
                             reply->outcome == AWS_ERROR && !gone_is_claimed(reply), 0);
                return;
        }
        if (refusal->action != action)
                return;
        before = steal(refusal->what);
        refusal_clear(refusal);
        refusal_report(refusal, was_shown, before);
}

static void on_retry(const struct action *action, const struct aws_reply *reply, usec_t after,
                     void *userdata)
{
        struct refusal *refusal = userdata;

        refusal_note(refusal, action, reply, false,
                     loop_monotonic(refusal->place->engine->loop) + after);
}

void refusal_watch(struct refusal *refusal, struct aws_slot *slot)
{
        aws_slot_watch(slot, on_retry, refusal);
}

char *refusal_text(const struct refusal *refusal, usec_t again, usec_t now)
{
        usec_t due = refusal->again ? refusal->again : again;
        char time[TIME_TEXT_MAX];

        if (!now || !due)
                return xasprintf("%s; asked again%s", refusal->what, refusal->more);
        if (due < now + USEC_PER_SEC)
                return xasprintf("%s; asked again now%s", refusal->what, refusal->more);
        return xasprintf("%s; asked again in %s%s", refusal->what,
                         format_timespan((sec_t)((due - now) / USEC_PER_SEC), time), refusal->more);
}

char *refusal_reason(const struct refusal *refusal)
{
        return xasprintf("%s%s", refusal->what, refusal->more);
}
