/* The actions of Systems Manager as tables. */
#include "aws/services/ssm.h"

#include "base/text.h"

const char *const ssm_ping_names[] = { "Online", "ConnectionLost", "Inactive", NULL };
const char *const ssm_status_names[] = { "Pending", "InProgress", "Delayed",
                                         "Success", "Cancelled",  "TimedOut",
                                         "Failed",  "Cancelling", NULL };

bool ssm_status_is_final(enum ssm_status status)
{
        switch (status) {
        case SSM_SUCCESS:
        case SSM_CANCELLED:
        case SSM_TIMED_OUT:
        case SSM_FAILED:
                return true;
        case SSM_PENDING:
        case SSM_IN_PROGRESS:
        case SSM_DELAYED:
        case SSM_CANCELLING:
        case SSM_STATUS_OTHER:
                break;
        }
        return false;
}

/* AWS documents throttling of Systems Manager per account and region, but no token buckets
 * (https://docs.aws.amazon.com/general/latest/gr/ssm.html). These rates are below the usual rates
 * of the console and of a fleet's agents; the governor lowers them when AWS throttles. */
#define BUCKET_READ                                                                                \
        {                                                                                          \
                20, 10                                                                             \
        }
#define BUCKET_CHANGE                                                                              \
        {                                                                                          \
                10, 5                                                                              \
        }

enum { PAGE_SIZE = 50 };
static const struct paging pages = { "MaxResults", "NextToken", "NextToken" };

/* ---- agents ---- */

SHAPE(filter, struct ssm_filter, FIELD("Key", AS_TEXT, struct ssm_filter, key),
      FIELD("Values", AS_TEXTS, struct ssm_filter, values));
SHAPE(describe_instance_information_in, struct ssm_describe_instance_information,
      FIELD_ROWS("Filters", struct ssm_describe_instance_information, filters, &filter));
SHAPE(agent, struct ssm_agent, FIELD("InstanceId", AS_TEXT, struct ssm_agent, instance),
      FIELD_ENUM("PingStatus", struct ssm_agent, ping, ssm_ping_names),
      FIELD("PlatformType", AS_TEXT, struct ssm_agent, platform),
      FIELD("AgentVersion", AS_TEXT, struct ssm_agent, version),
      FIELD("LastPingDateTime", AS_TIME, struct ssm_agent, last_ping));
SHAPE(describe_instance_information_out, struct ssm_agents,
      FIELD_ROWS("InstanceInformationList", struct ssm_agents, agents, &agent));

const struct action ssm_describe_instance_information = {
        .name = "DescribeInstanceInformation",
        .service = &service_ssm,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &describe_instance_information_in,
        .output = &describe_instance_information_out,
        .paging = &pages,
        .page_size = PAGE_SIZE,
        .repeatable = true,
};

/* ---- commands ---- */

SHAPE(send_command_in, struct ssm_send_command,
      FIELD("InstanceIds", AS_TEXTS, struct ssm_send_command, instances),
      FIELD("DocumentName", AS_TEXT, struct ssm_send_command, document),
      FIELD("Parameters/commands", AS_TEXTS, struct ssm_send_command, commands),
      FIELD("Parameters/executionTimeout", AS_TEXTS, struct ssm_send_command, execution_timeout),
      FIELD("TimeoutSeconds", AS_COUNT, struct ssm_send_command, timeout),
      FIELD("Comment", AS_TEXT, struct ssm_send_command, comment));
#define COMMAND(row, at, member)                                                                   \
        FIELD(at "Comment", AS_TEXT, row, member comment),                                         \
                FIELD_ENUM(at "Status", row, member status, ssm_status_names),                     \
                FIELD(at "StatusDetails", AS_WORDS, row, member details),                          \
                FIELD(at "RequestedDateTime", AS_TIME, row, member requested),                     \
                FIELD(at "InstanceIds", AS_TEXTS, row, member instances)
SHAPE(send_command_out, struct ssm_sent_command,
      FIELD_REQUIRED("Command/CommandId", AS_TEXT, struct ssm_sent_command, command.id),
      COMMAND(struct ssm_sent_command, "Command/", command.));

const struct action ssm_send_command = {
        .name = "SendCommand",
        .service = &service_ssm,
        .priority = PRIORITY_CREATE,
        .bucket = BUCKET_CHANGE,
        .input = &send_command_in,
        .output = &send_command_out,
};

SHAPE(get_command_invocation_in, struct ssm_get_command_invocation,
      FIELD("CommandId", AS_TEXT, struct ssm_get_command_invocation, command),
      FIELD("InstanceId", AS_TEXT, struct ssm_get_command_invocation, instance));
SHAPE(get_command_invocation_out, struct ssm_invocation,
      FIELD_ENUM("Status", struct ssm_invocation, status, ssm_status_names),
      FIELD("StatusDetails", AS_WORDS, struct ssm_invocation, details),
      FIELD("ResponseCode", AS_NUMBER, struct ssm_invocation, exit_status),
      FIELD("StandardOutputContent", AS_TEXT, struct ssm_invocation, output),
      FIELD("StandardErrorContent", AS_TEXT, struct ssm_invocation, errors),
      FIELD("ExecutionStartDateTime", AS_TIME, struct ssm_invocation, started),
      FIELD("ExecutionEndDateTime", AS_TIME, struct ssm_invocation, ended));

const struct action ssm_get_command_invocation = {
        .name = "GetCommandInvocation",
        .service = &service_ssm,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &get_command_invocation_in,
        .output = &get_command_invocation_out,
        .repeatable = true,
};

SHAPE(command_filter, struct ssm_command_filter,
      FIELD("key", AS_TEXT, struct ssm_command_filter, key),
      FIELD("value", AS_TEXT, struct ssm_command_filter, value));
SHAPE(list_commands_in, struct ssm_list_commands,
      FIELD("CommandId", AS_TEXT, struct ssm_list_commands, command),
      FIELD("InstanceId", AS_TEXT, struct ssm_list_commands, instance),
      FIELD_ROWS("Filters", struct ssm_list_commands, filters, &command_filter));
SHAPE(command, struct ssm_command, FIELD("CommandId", AS_TEXT, struct ssm_command, id),
      COMMAND(struct ssm_command, "", ));
SHAPE(list_commands_out, struct ssm_commands,
      FIELD_ROWS("Commands", struct ssm_commands, commands, &command));

const struct action ssm_list_commands = {
        .name = "ListCommands",
        .service = &service_ssm,
        .priority = PRIORITY_FOLLOW,
        .bucket = BUCKET_READ,
        .input = &list_commands_in,
        .output = &list_commands_out,
        .paging = &pages,
        .page_size = PAGE_SIZE,
        .repeatable = true,
};

SHAPE(cancel_command_in, struct ssm_cancel_command,
      FIELD("CommandId", AS_TEXT, struct ssm_cancel_command, command),
      FIELD("InstanceIds", AS_TEXTS, struct ssm_cancel_command, instances));

const struct action ssm_cancel_command = {
        .name = "CancelCommand",
        .service = &service_ssm,
        .priority = PRIORITY_START,
        .bucket = BUCKET_CHANGE,
        .input = &cancel_command_in,
        .repeatable = true,
};
