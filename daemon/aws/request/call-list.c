/* The list of calls under way, and the one that waits longest. */
#include <utlist.h>

#include "aws/request/call-private.h"

void call_list(struct aws_slot *slot)
{
        DL_APPEND(*slot->tools->calls, slot);
}

void call_unlist(struct aws_slot *slot)
{
        if (!slot->prev)
                return;
        DL_DELETE(*slot->tools->calls, slot);
        slot->prev = NULL;
}

static bool was_sent(const struct aws_slot *slot)
{
        return slot->http || slot->retry.failures + slot->retry.throttles > 0;
}

static const char *trouble_of(const struct aws_slot *slot)
{
        if (slot->retry.failures + slot->retry.throttles == 0)
                return NULL;
        return slot->decoded.code ? slot->decoded.code : slot->message;
}

bool call_find_underway(const struct tools *tools, usec_t longer, struct aws_underway *ret)
{
        usec_t now = loop_monotonic(tools->loop);
        const struct aws_slot *slot, *found = NULL;
        size_t n = 0;

        DL_FOREACH (*tools->calls, slot) {
                if (now - slot->asked < longer)
                        continue;
                n++;
                if (!found || was_sent(slot) > was_sent(found) ||
                    (was_sent(slot) == was_sent(found) && slot->asked < found->asked))
                        found = slot;
        }
        if (!found)
                return false;
        *ret = (struct aws_underway){
                .action = found->action,
                .region = found->endpoint->region,
                .attempt = was_sent(found) ? found->retry.failures + found->retry.throttles + 1 : 0,
                .trouble = trouble_of(found),
                .others = n - 1,
        };
        return true;
}
