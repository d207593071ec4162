/*
 * The refusal of a call that is repeated: the action, AWS's code and words, and the time of the
 * next attempt. Every task that waits for the call shows the same text.
 */
#pragma once

#include "aws/client/aws.h"
#include "base/time.h"
#include "runs/location/reported.h"

struct location;

/* All zero but `location` at the beginning. */
struct refusal {
        struct location *location;
        const struct action *action; /* of the call; NULL: there is no refusal */
        struct reported reported;    /* refusals that the journal has a line about */
        unsigned int attempts;       /* that failed, in a row */
        bool certain;                /* AWS has said no, and not only that it knows no such thing */
        usec_t retry_at;             /* monotonic: when it is asked again; 0: not known. Of the call
                                     of a task: of an attempt of the one that is under way */
        char *code;                  /* AWS's; NULL: it gave none */
        char *what, *more;           /* of aws_describe_refusal() */
};
void refusal_done(struct refusal *refusal);
/* The journal has a line about the refusal: no other is logged. */
static inline void refusal_note_logged(struct refusal *refusal)
{
        if (refusal->action)
                (void)reported_add(&refusal->reported, refusal->action, refusal->code);
}
/* The call succeeded, or no task waits for it any more. `reported` stays. */
void refusal_clear(struct refusal *refusal);

/* Takes the reply to a call that has ended. AWS_OK clears the refusal of that action. True when
 * refusal_text() has other words than before: refusal_report() then, unless the task ends by the
 * reply. */
bool refusal_take(struct refusal *refusal, const struct action *action,
                  const struct aws_reply *reply);
/* Reports the refusal to the watchers of all tasks that wait for the call. */
void refusal_report(const struct refusal *refusal);
/* Takes each failed attempt of the call but the last, and reports it, as long as the slot lasts. */
void refusal_watch(struct refusal *refusal, struct aws_slot *slot);

/* Whether the refusal is shown: from the second failed attempt on, or when AWS has denied the call.
 */
bool refusal_is_shown(const struct refusal *refusal);
/* "DescribeImages refused: UnauthorizedOperation; asked again in 20s: You are not ...". `retry_at`:
 * monotonic, when it is asked again, where the refusal does not know; 0: not known either. `now` 0:
 * without the time. Caller frees. */
char *refusal_text(const struct refusal *refusal, usec_t retry_at, usec_t now);
/* "DescribeImages refused: UnauthorizedOperation: You are not ...". Caller frees. */
char *refusal_reason(const struct refusal *refusal);
