#include "ctl/await.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "ctl/output.h"

/* How long AWS may take for an answer before that is worth a line. */
#define WORTH_A_LINE (3 * USEC_PER_SEC)
#define LOOK_EACH    USEC_PER_SEC

struct await {
        const struct aws *aws;
        struct timer *timer;
        char *said; /* the newest line; or NULL */
};

/* Caller frees. */
static char *describe(const struct aws_underway *call)
{
        _cleanup_(text_done) struct text text = {};

        text_printf(&text, "waiting for %s in %s", call->action->name, call->region);
        if (call->attempt)
                text_printf(&text, ", attempt %u", call->attempt);
        else
                text_append(&text, ", which waits for credentials or for its turn");
        if (call->trouble)
                text_printf(&text, " (the one before: %s)", call->trouble);
        if (call->others)
                text_printf(&text, ", and %zu more", call->others);
        return text_steal(&text);
}

static void on_look(void *userdata)
{
        struct await *await = userdata;
        _cleanup_free_ char *text = NULL;
        struct aws_underway call;

        timer_arm(await->timer, LOOK_EACH);
        if (!aws_find_underway(await->aws, WORTH_A_LINE, &call))
                return;
        text = describe(&call);
        if (streq(text, await->said))
                return;
        ctl_complain("%s", text);
        free(await->said);
        await->said = steal(text);
}

int ctl_await(struct ctl *ctl, const struct aws *aws)
{
        struct await await = { .aws = aws };
        int r;

        await.timer = timer_new(ctl->loop, on_look, &await);
        timer_arm(await.timer, WORTH_A_LINE);
        r = loop_run(ctl->loop);
        timer_free(await.timer);
        free(await.said);
        return r;
}
