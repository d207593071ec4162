/* A script sent to an instance by SendCommand, and its outcome. */
#include "runs/remote/remote.h"

#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"
#include "runs/location/location.h"

/* Seconds that SSM keeps a command that it cannot deliver: its minimum. */
enum { DELIVERY = SSM_TIMEOUT_MIN };
/* Seconds in which SSM may not know a command that it has taken. */
enum { COMMAND_UNKNOWN_FOR = 60 };
/* Characters of the output of a script in a line of the journal. */
enum { SAID_MAX = 300 };

void remote_send(struct task *task, const char *what, const char *script, sec_t seconds)
{
        const char *instance = task->row.subject;
        _cleanup_free_ char *timeout = xasprintf("%lld", (long long)seconds);
        _cleanup_free_ char *comment = xasprintf("amid: %s, %s", what, task->row.run);
        const char *time = timeout;

        if (strlen(comment) > SSM_COMMENT_MAX)
                comment[SSM_COMMENT_MAX] = '\0';
        task_call(task, &ssm_send_command,
                  &(struct ssm_send_command){
                          .instances = &instance,
                          .n_instances = 1,
                          .document = SSM_RUN_SHELL_SCRIPT,
                          .commands = &script,
                          .n_commands = 1,
                          .execution_timeout = &time,
                          .n_execution_timeout = 1,
                          .timeout = DELIVERY,
                          .comment = comment,
                  });
}

enum remote_sent remote_sent(struct task *task, const struct aws_reply *reply)
{
        struct ssm_sent_command *sent = reply->output;

        switch (reply->outcome) {
        case AWS_OK:
                free(task->row.command);
                task->row.command = steal(sent->command.id);
                task_touch(task);
                return REMOTE_SENT;
        case AWS_ERROR:
                return REMOTE_REFUSED;
        case AWS_UNKNOWN:
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
                break;
        }
        return REMOTE_SEND_AGAIN;
}

void remote_look(struct task *task)
{
        task_call(task, &ssm_get_command_invocation,
                  &(struct ssm_get_command_invocation){ .command = task->row.command,
                                                        .instance = task->row.subject });
}

/* Whether SSM never gave the command to the agent. Other ends without a time or an exit status
 * prove nothing: when the agent restarts, is updated or loses its network, the command may run
 * while SSM shows "Delivery Timed Out", or "Failed" without a status.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html */
static bool was_kept_back(const struct ssm_invocation *invocation)
{
        static const char *const details[] = { "Undeliverable", "Terminated", "Cancelled",
                                               "Access Denied", "Invalid Platform" };

        if (invocation->exit_status >= 0 || invocation->started > 0 || !invocation->details)
                return false;
        for (size_t i = 0; i < ELEMENTS(details); i++)
                if (streq(invocation->details, details[i]))
                        return true;
        return false;
}

enum remote_state remote_state(const struct aws_reply *reply)
{
        const struct ssm_invocation *invocation = reply->output;

        if (reply->outcome !=
            AWS_OK) /* right after SendCommand, SSM does not know the command yet */
                return REMOTE_GOES_ON;
        switch ((enum ssm_status)invocation->status) {
        case SSM_PENDING:
        case SSM_IN_PROGRESS:
        case SSM_DELAYED:
        case SSM_CANCELLING:
        case SSM_STATUS_OTHER:
                return REMOTE_GOES_ON;
        case SSM_SUCCESS:
                return REMOTE_DONE;
        case SSM_CANCELLED:
        case SSM_TIMED_OUT:
        case SSM_FAILED:
                break;
        }
        return was_kept_back(invocation) ? REMOTE_NEVER : REMOTE_FAILED;
}

struct verdict remote_look_again(struct task *task, const struct aws_reply *reply, const char *what)
{
        if (streq(reply->code, "InvocationDoesNotExist") &&
            task_spent(task) < COMMAND_UNKNOWN_FOR) {
                refusal_clear(&task->refusal); /* the command is not listed at once */
        } else {
                location_polled(task->location, task->action, reply,
                                &task->location->remote_reported);
                refusal_note_logged(&task->refusal);
        }
        return step_retry(REMOTE_LOOK_EACH, task_why(task, what));
}

/* The end of a text as one clean line: line breaks and tabs become blanks. */
static char *last_words(const char *said)
{
        size_t length = said ? strlen(said) : 0;
        _cleanup_free_ char *raw = NULL;
        char *words;

        while (length && strchr("\n\r\t ", said[length - 1]))
                length--;
        raw = length > SAID_MAX ? xasprintf("...%.*s", SAID_MAX, said + length - SAID_MAX)
                                : xstrndup(said ? said : "", length);
        for (char *p = raw; (p = strpbrk(p, "\n\r\t"));)
                *p = ' ';
        words = text_clean(raw, CLEAN_REPLY_MAX);
        return words;
}

char *remote_failure(const struct ssm_invocation *invocation)
{
        _cleanup_free_ char *words = last_words(invocation->errors);
        const char *status =
                invocation->details ? invocation->details : ssm_status_names[invocation->status];

        if (invocation->exit_status > 0)
                return xasprintf("exit status %d%s%s", invocation->exit_status, *words ? ": " : "",
                                 words);
        return xasprintf("SSM says %s%s%s", status ? status : "nothing", *words ? ": " : "", words);
}

/* The start of the last line that begins with `name` and ": ", behind that; or NULL. */
static const char *find_line(const char *output, const char *name)
{
        const char *found = NULL;
        size_t length = strlen(name);

        for (const char *line = output; line && *line;) {
                if (strncmp(line, name, length) == 0 && line[length] == ':')
                        found = line + length + 1;
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        return found;
}

char *remote_value(const char *output, const char *name, const char *key)
{
        const char *p = find_line(output, name);
        size_t length = strlen(key);

        while (p) {
                size_t word;

                p += strspn(p, " ");
                word = strcspn(p, " \n");
                if (word == 0)
                        return NULL;
                if (word > length && strncmp(p, key, length) == 0 && p[length] == '=') {
                        char *value = xstrndup(p + length + 1, word - length - 1);

                        text_clean_replace(&value, CLEAN_REPLY_MAX);
                        return value;
                }
                p += word;
        }
        return NULL;
}
