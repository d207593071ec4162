/*
 * Systems Manager, version 2014-11-06: commands on instances whose agent takes orders.
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/
 *
 * Inputs are plain structs of borrowed pointers on the caller's stack; outputs are freed by aws/.
 */
#pragma once

#include "aws/request/action.h"

/* ---- who takes orders ---- */

enum ssm_ping {
        SSM_PING_ONLINE,
        SSM_PING_LOST, /* no sign of life for minutes: stopped, rebooting, cut off */
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
/* Filter "InstanceIds": those not in the answer have no agent that is registered, or no instance
 * profile that lets it. */
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
        SSM_DELAYED, /* the agent was not reached yet */
        SSM_SUCCESS,
        SSM_CANCELLED,
        SSM_TIMED_OUT,
        SSM_FAILED,
        SSM_CANCELLING,
        SSM_STATUS_OTHER,
};
extern const char *const ssm_status_names[];
/* Whether nothing follows on this status. */
bool ssm_status_is_final(enum ssm_status status);

#define SSM_RUN_SHELL_SCRIPT "AWS-RunShellScript"

/* Parameters of a document are lists of texts, also those of one value. */
struct ssm_send_command {
        const char **instances; /* at most 50 */
        size_t n_instances;
        const char *document;
        const char **commands; /* lines of the script, or all of it as one */
        size_t n_commands;
        const char **execution_timeout; /* one: seconds, as text, that the script may take */
        size_t n_execution_timeout;
        unsigned int timeout; /* seconds until it has to have begun, 30 to 2592000 */
        const char *comment;  /* at most 100 characters: finds a command whose answer was lost */
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
/* There is no client token, and a second one runs the script again. What became of a lost answer
 * ssm_list_commands tells, by the comment. */
extern const struct action ssm_send_command;

struct ssm_get_command_invocation {
        const char *command, *instance;
};
struct ssm_invocation {
        int status;            /* enum ssm_status */
        char *details;         /* "Execution Timed Out", "Delivery Timed Out", "Undeliverable",
                                * "Terminated", else as `status` */
        int exit_status;       /* of the script; -1: it did not end yet */
        char *output, *errors; /* the first 24000 and 8000 characters, once it ended */
        sec_t started, ended;  /* 0: not yet */
};
/* InvocationDoesNotExist right after SendCommand: it comes. */
extern const struct action ssm_get_command_invocation;

/* "InvokedAfter" with a time in RFC 3339, "DocumentName", "Status", ... */
struct ssm_command_filter {
        const char *key, *value;
};
/* An instance leaves out commands that have not reached it yet: to find a lost one, filter by time
 * and document and compare comment and instances. */
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

/* An attempt: what runs may run to its end. */
struct ssm_cancel_command {
        const char *command;
        const char **instances; /* none: all of them */
        size_t n_instances;
};
extern const struct action ssm_cancel_command;
