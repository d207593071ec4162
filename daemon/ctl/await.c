/* Reports on stderr which call a verb waits for. */
#include "ctl/await.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "ctl/output.h"

/* A call that waits for longer is reported. */
#define REPORT_AFTER   (3 * USEC_PER_SEC)
#define CHECK_INTERVAL USEC_PER_SEC

struct await {
        const struct aws *aws;
        struct timer *timer;
        char *reported; /* the last line, or NULL */
};

/* The call as a line. Caller frees. */
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

static void on_check(void *userdata)
{
        struct await *await = userdata;
        _cleanup_free_ char *text = NULL;
        struct aws_underway call;

        timer_arm(await->timer, CHECK_INTERVAL);
        if (!aws_find_underway(await->aws, REPORT_AFTER, &call))
                return;
        text = describe(&call);
        if (streq(text, await->reported))
                return;
        ctl_complain("%s", text);
        free(await->reported);
        await->reported = steal(text);
}

int ctl_await(struct ctl *ctl, const struct aws *aws)
{
        struct await await = { .aws = aws };
        int r;

        await.timer = timer_new(ctl->loop, on_check, &await);
        timer_arm(await.timer, REPORT_AFTER);
        r = loop_run(ctl->loop);
        timer_free(await.timer);
        free(await.reported);
        return r;
}
