/* The refusal of a call: what AWS has said, how often, and when it is asked again. */
#include "runs/location/refusal.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/location/gone.h"
#include "runs/location/location.h"

void refusal_done(struct refusal *refusal)
{
        refusal_clear(refusal);
        reported_done(&refusal->reported);
}

void refusal_clear(struct refusal *refusal)
{
        free(steal(refusal->code));
        free(steal(refusal->what));
        free(steal(refusal->more));
        refusal->action = NULL;
        refusal->attempts = 0;
        refusal->certain = false;
        refusal->retry_at = 0;
}

bool refusal_is_shown(const struct refusal *refusal)
{
        return refusal->action && (refusal->certain || refusal->attempts > 1);
}

void refusal_report(const struct refusal *refusal)
{
        const struct locations *locations = refusal->location->locations;

        locations->refusal_changed(refusal, locations->userdata);
}

/* True for another call or code, not for each attempt. */
static bool refusal_note(struct refusal *refusal, const struct action *action,
                         const struct aws_reply *reply, bool certain, usec_t retry_at)
{
        bool was_shown = refusal_is_shown(refusal);
        _cleanup_free_ char *before = steal(refusal->what);

        if (refusal->action != action) {
                refusal_clear(refusal);
                refusal->action = action;
        }
        free(steal(refusal->more));
        xreplace(&refusal->code, reply->code);
        aws_describe_refusal(reply, action, refusal->location->region, &refusal->what,
                             &refusal->more);
        refusal->attempts++;
        refusal->certain |= certain;
        refusal->retry_at = retry_at;
        return refusal_is_shown(refusal) && !(was_shown && streq(before, refusal->what));
}

bool refusal_take(struct refusal *refusal, const struct action *action,
                  const struct aws_reply *reply)
{
        bool was_shown = refusal_is_shown(refusal);

        if (reply->outcome != AWS_OK)
                return refusal_note(refusal, action, reply,
                                    reply->outcome == AWS_ERROR && !gone_is_claimed(reply), 0);
        (void)reported_drop(&refusal->reported, action);
        if (refusal->action != action)
                return false;
        refusal_clear(refusal);
        return was_shown;
}

static void on_retry(const struct action *action, const struct aws_reply *reply, usec_t after,
                     void *userdata)
{
        struct refusal *refusal = userdata;

        if (refusal_note(refusal, action, reply, false,
                         loop_monotonic(refusal->location->loop) + after))
                refusal_report(refusal);
}

void refusal_watch(struct refusal *refusal, struct aws_slot *slot)
{
        aws_slot_watch(slot, on_retry, refusal);
}

char *refusal_text(const struct refusal *refusal, usec_t retry_at, usec_t now)
{
        usec_t due = refusal->retry_at ? refusal->retry_at : retry_at;
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
