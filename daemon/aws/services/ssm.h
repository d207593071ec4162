/*
 * Systems Manager, version 2014-11-06: agents of instances, and commands for them.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/
 *
 * Inputs are plain structs of borrowed pointers on the caller's stack; outputs are freed by aws/.
 */
#pragma once

#include "aws/request/action.h"

/* ---- agents ---- */

enum ssm_ping {
        SSM_PING_ONLINE,
        SSM_PING_LOST, /* no ping for minutes: stopped, rebooting, or without network */
        SSM_PING_INACTIVE,
        SSM_PING_OTHER,
};
extern const char *const ssm_ping_names[];

struct ssm_agent {
        char *instance;
        int ping;       /* enum ssm_ping */
        char *platform; /* "Linux", "Windows", "MacOS" */
        char *version;  /* of the agent */
        sec_t last_ping;
};
struct ssm_agents {
        struct ssm_agent *agents;
        size_t n_agents;
};
/* With the filter "InstanceIds" the reply leaves out an instance without a registered agent, or
 * without an instance profile that allows Systems Manager. */
struct ssm_filter {
        const char *key;
        const char **values;
        size_t n_values;
};
enum { SSM_FILTER_VALUES_MAX = 50 };
struct ssm_describe_instance_information {
        struct ssm_filter *filters;
        size_t n_filters;
};
extern const struct action ssm_describe_instance_information;

/* ---- commands ---- */

enum ssm_status {
        SSM_PENDING,
        SSM_IN_PROGRESS,
        SSM_DELAYED, /* the agent has not got the command yet */
        SSM_SUCCESS,
        SSM_CANCELLED,
        SSM_TIMED_OUT,
        SSM_FAILED,
        SSM_CANCELLING,
        SSM_STATUS_OTHER,
};
extern const char *const ssm_status_names[];
/* Whether the status will not change any more. */
bool ssm_status_is_final(enum ssm_status status);

#define SSM_RUN_SHELL_SCRIPT "AWS-RunShellScript"

/* The parameters of a document are lists of texts, also for a single value. */
struct ssm_send_command {
        const char **instances; /* at most 50 */
        size_t n_instances;
        const char *document;
        const char **commands; /* lines of the script, or the whole script as one text */
        size_t n_commands;
        const char **execution_timeout; /* one text: seconds that the script may take */
        size_t n_execution_timeout;
        unsigned int timeout; /* seconds within which the script has to start, 30 to 2592000 */
        const char *comment;  /* at most 100 characters: finds the command after a lost answer */
};
enum { SSM_COMMENT_MAX = 100, SSM_TIMEOUT_MIN = 30 };
struct ssm_command {
        char *id, *comment;
        int status; /* enum ssm_status; of all its instances together */
        char *details;
        sec_t requested;
        char **instances;
        size_t n_instances;
};
struct ssm_sent_command {
        struct ssm_command command;
};
/* SendCommand has no client token: a second call runs the script again. After a lost answer
 * ssm_list_commands shows by the comment whether the command was sent. */
extern const struct action ssm_send_command;

struct ssm_get_command_invocation {
        const char *command, *instance;
};
struct ssm_invocation {
        int status;            /* enum ssm_status */
        char *details;         /* "Execution Timed Out", "Delivery Timed Out", "Undeliverable",
                                * "Terminated", else as `status` */
        int exit_status;       /* of the script; -1: the script has not ended */
        char *output, *errors; /* after the end: the first 24000 and 8000 characters */
        sec_t started, ended;  /* 0: not yet */
};
/* The code InvocationDoesNotExist within seconds after SendCommand means nothing. */
extern const struct action ssm_get_command_invocation;

/* Keys: "InvokedAfter" with a time in RFC 3339, "DocumentName", "Status", ... */
struct ssm_command_filter {
        const char *key, *value;
};
/* With `instance` the reply leaves out commands that have not reached the instance. After a lost
 * answer of SendCommand, therefore, filter by time and document, and compare comment and instances.
 */
struct ssm_list_commands {
        const char *command, *instance; /* or NULL */
        struct ssm_command_filter *filters;
        size_t n_filters;
};
struct ssm_commands {
        struct ssm_command *commands;
        size_t n_commands;
};
extern const struct action ssm_list_commands;

/* Not guaranteed: a script that runs already may run to its end. */
struct ssm_cancel_command {
        const char *command;
        const char **instances; /* empty: all instances of the command */
        size_t n_instances;
};
extern const struct action ssm_cancel_command;
