/*
 * Shell scripts that SSM runs on the instance of a task: sent in one step, awaited in the next.
 * A script may be sent twice.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html
 */
#pragma once

#include "aws/services/ssm.h"
#include "runs/engine/engine.h"

/* Sends `script`, which may take `seconds`; for the ask() of a step. `what` ("freeze") is for
 * people who read the commands of the account. */
void remote_send(struct task *task, const char *what, const char *script, sec_t seconds);

/* The outcome of SendCommand, for answer(). The id of a command that was taken is in the row. */
enum remote_sent {
        REMOTE_SENT,
        REMOTE_SEND_AGAIN, /* AWS cannot be asked now, or did not answer */
        REMOTE_REFUSED,    /* no agent, no permission, ...: nothing has run */
};
enum remote_sent remote_sent(struct task *task, const struct aws_reply *reply);

/* Calls GetCommandInvocation for the command of the row; for the ask() of a step. */
void remote_look(struct task *task);

enum remote_state {
        REMOTE_GOES_ON, /* or AWS does not answer: ask again after REMOTE_LOOK_EACH */
        REMOTE_DONE,    /* the script has ended with status 0 */
        REMOTE_FAILED,  /* it has run in part, or may have */
        REMOTE_NEVER,   /* it was never begun */
};
#define REMOTE_LOOK_EACH (USEC_PER_SEC + 500 * USEC_PER_MSEC)
enum remote_state remote_state(const struct aws_reply *reply);
/* The verdict on REMOTE_GOES_ON: asks again soon. The task waits for `what` ("the freeze goes on"),
 * or for the answer of SSM; a refusal is logged once for all tasks of the location. */
struct verdict remote_look_again(struct task *task, const struct aws_reply *reply,
                                 const char *what);
/* "SSM: Execution Timed Out", "exit status 1: the end of what it said". Caller frees. */
char *remote_failure(const struct ssm_invocation *invocation);

/* A value of the line that amid's scripts end with, "NAME: key=value key=value ...", the last such
 * line of `output`; NULL when there is none. Caller frees. */
char *remote_value(const char *output, const char *name, const char *key);
