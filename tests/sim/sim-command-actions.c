/* SendCommand, GetCommandInvocation, ListCommands, CancelCommand, DescribeInstanceInformation. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/alloc.h"
#include "sim/sim-command.h"
#include "sim/sim-instance.h"
#include "sim/sim-json.h"
#include "sim/sim-xml.h"

enum {
        INSTANCES_MAX = 50,
        TIMEOUT_MIN = 30,
        TIMEOUT_MAX = 2592000,
        LIMIT_MAX = 172800,
        COMMENT_MAX = 100,
        PAGE_MAX = 50,
};
#define DEFAULT_TIMEOUT 3600
#define DOCUMENT        "AWS-RunShellScript"

/* ---- SendCommand ---- */

static char *command_id(struct sim *sim)
{
        uint64_t a = sim_random(sim), b = sim_random(sim);

        return xasprintf("%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-8%03" PRIx64 "-%012" PRIx64,
                         a >> 32, a >> 16 & 0xffff, a & 0xfff, b >> 52,
                         b & UINT64_C(0xffffffffffff));
}

/* All or none: the call fails when an instance does not exist, does not run or has no agent. */
static bool check_instances(struct call *call, const char *const *ids, size_t n)
{
        if (!n || n > INSTANCES_MAX)
                return fail(call, "ValidationException", "InstanceIds must be 1 to %d",
                            INSTANCES_MAX);
        for (size_t i = 0; i < n; i++) {
                const struct instance *instance = instance_find(call->location, ids[i], call->now);
                enum ping ping;
                usec_t last;

                if (!instance || instance_state(instance, call->now) != STATE_RUNNING ||
                    !instance_ping(instance, call->now, &ping, &last) || ping == PING_LOST)
                        return fail(call, "InvalidInstanceId",
                                    "Instances [[%s]] not in a valid state for account %s", ids[i],
                                    call->location->account);
        }
        return true;
}

static char *read_script(struct call *call)
{
        _cleanup_(text_done) struct text script = {};
        size_t n;
        _cleanup_free_ const char **lines = param_list(&call->params, "Parameters.commands", &n);

        for (size_t i = 0; i < n; i++)
                text_printf(&script, "%s\n", lines[i]);
        return text_steal(&script);
}

static void add_invocation(struct call *call, struct command *command, const char *instance,
                           usec_t timeout)
{
        struct sim *sim = call->sim;

        *append(command->invocations, command->n_invocations) = (struct invocation){
                .instance = xstrdup(instance),
                .visible = call->now + sim_wait(sim, WAIT_COMMAND_VISIBLE),
                .deliver = call->now + sim_wait(sim, WAIT_COMMAND_DELIVERY),
                .expires = call->now + timeout,
                .takes = sim_wait(sim, WAIT_COMMAND),
                .began = USEC_INFINITY,
                .ended = USEC_INFINITY,
                .exit_status = -1,
        };
        call->location->open_invocations++;
}

static void print_command(const struct call *call, const struct command *command, cJSON *object)
{
        const char *status = command_status_name(command_status(command, call->now));
        cJSON *instances = cJSON_AddArrayToObject(object, "InstanceIds");

        json_text(object, "CommandId", command->id);
        json_text(object, "DocumentName", command->document);
        json_text(object, "Comment", command->comment);
        json_time(object, "RequestedDateTime", command->sent);
        json_text(object, "Status", status);
        json_text(object, "StatusDetails", status);
        for (size_t i = 0; i < command->n_invocations; i++)
                cJSON_AddItemToArray(instances,
                                     cJSON_CreateString(command->invocations[i].instance));
        json_number(object, "TargetCount", (double)command->n_invocations);
}

bool send_command(struct call *call)
{
        const char *document = param(&call->params, "DocumentName");
        const char *comment = param(&call->params, "Comment");
        size_t timeout = DEFAULT_TIMEOUT, limit = DEFAULT_TIMEOUT, n;
        _cleanup_free_ const char **ids = param_list(&call->params, "InstanceIds", &n);
        struct command *command;

        if (!streq(document, DOCUMENT))
                return fail(call, "InvalidDocument", "Document %s does not exist", document);
        if (comment && strlen(comment) > COMMENT_MAX)
                return fail(call, "ValidationException", "Comment is longer than %d", COMMENT_MAX);
        if (!read_number(call, "TimeoutSeconds", TIMEOUT_MIN, TIMEOUT_MAX, &timeout) ||
            !read_number(call, "Parameters.executionTimeout.1", 1, LIMIT_MAX, &limit) ||
            !check_instances(call, ids, n))
                return false;
        command = xnew(struct command);
        command->id = command_id(call->sim);
        command->document = xstrdup(document);
        command->comment = xstrdup(comment ? comment : "");
        command->script = read_script(call);
        command->sent = call->now;
        command->limit = (usec_t)limit * USEC_PER_SEC;
        for (size_t i = 0; i < n; i++)
                add_invocation(call, command, ids[i], (usec_t)timeout * USEC_PER_SEC);
        DL_APPEND(call->location->commands, command);
        print_command(call, command, cJSON_AddObjectToObject(call->json, "Command"));
        return true;
}

/* ---- looking ---- */

static void print_moment(cJSON *object, const char *name, usec_t at, usec_t now)
{
        _cleanup_free_ char *text = at <= now ? time_text(at) : xstrdup("");

        json_text(object, name, text);
}

bool get_command_invocation(struct call *call)
{
        struct command *command = command_find(call->location, param(&call->params, "CommandId"));
        const char *instance = param(&call->params, "InstanceId");
        struct invocation *invocation = command_invocation(command, instance);
        cJSON *object = call->json;
        bool ended;

        if (!invocation || call->now < invocation->visible)
                return fail(call, "InvocationDoesNotExist", "An invocation does not exist");
        ended = call->now >= invocation->ended;
        json_text(object, "CommandId", command->id);
        json_text(object, "InstanceId", instance);
        json_text(object, "Comment", command->comment);
        json_text(object, "DocumentName", command->document);
        json_text(object, "PluginName", "aws:runShellScript");
        json_number(object, "ResponseCode", ended ? invocation->exit_status : -1);
        print_moment(object, "ExecutionStartDateTime", invocation->began, call->now);
        print_moment(object, "ExecutionEndDateTime", invocation->ended, call->now);
        json_text(object, "Status", command_status_name(invocation_status(invocation, call->now)));
        json_text(object, "StatusDetails", invocation_details(invocation, call->now));
        json_text(object, "StandardOutputContent",
                  ended && invocation->output ? invocation->output : "");
        json_text(object, "StandardErrorContent", "");
        return true;
}

static bool fits(struct call *call, struct command *command)
{
        const char *id = param(&call->params, "CommandId");
        const char *instance = param(&call->params, "InstanceId");
        const struct invocation *invocation =
                instance ? command_invocation(command, instance) : NULL;

        return (!id || streq(id, command->id)) &&
               (!instance || (invocation && call->now >= invocation->visible));
}

/* Reads a filter; fails the call for a filter that SSM does not know. */
static bool filter_fits(struct call *call, size_t n, const struct command *command, bool *ret)
{
        const char *key = param(&call->params, "Filters.%zu.key", n);
        const char *value = param(&call->params, "Filters.%zu.value", n);
        sec_t time = 0;

        if (!key || !value)
                return fail(call, "InvalidFilterKey", "A filter has a key and a value");
        if (streq(key, "DocumentName")) {
                *ret = streq(value, command->document);
        } else if (streq(key, "InvokedAfter") || streq(key, "InvokedBefore")) {
                if (!parse_rfc3339(value, &time))
                        return fail(call, "ValidationException", "%s is not a time", value);
                *ret = (command->sent > time * USEC_PER_SEC) == streq(key, "InvokedAfter");
        } else {
                return fail(call, "InvalidFilterKey", "The filter key %s is not valid", key);
        }
        return true;
}

static bool filters_fit(struct call *call, const struct command *command, bool *ret)
{
        bool one = true;

        *ret = true;
        for (size_t n = 0; (n = param_next(&call->params, "Filters", n));) {
                if (!filter_fits(call, n, command, &one))
                        return false;
                *ret = *ret && one;
        }
        return true;
}

/* The newest command first. A token is the id of the command that the next page begins with. */
bool list_commands(struct call *call)
{
        const char *token = param(&call->params, "NextToken");
        cJSON *array = cJSON_AddArrayToObject(call->json, "Commands");
        struct command *head = call->location->commands, *command;
        size_t left = PAGE_MAX;

        command = token ? command_find(call->location, token) : head ? head->prev : NULL;
        if (!read_number(call, "MaxResults", 1, PAGE_MAX, &left))
                return false;
        if (token && !command)
                return fail(call, "InvalidNextToken", "The specified token is not valid.");
        for (; command; command = command == head ? NULL : command->prev) {
                bool wanted;
                cJSON *object;

                if (!filters_fit(call, command, &wanted))
                        return false;
                if (!wanted || !fits(call, command))
                        continue;
                if (!left--) {
                        json_text(call->json, "NextToken", command->id);
                        return true;
                }
                object = cJSON_CreateObject();
                print_command(call, command, object);
                cJSON_AddItemToArray(array, object);
        }
        return true;
}

/* CancelCommand does not end invocations that have begun. */
bool cancel_command(struct call *call)
{
        struct command *command = command_find(call->location, param(&call->params, "CommandId"));
        size_t n;
        _cleanup_free_ const char **ids = param_list(&call->params, "InstanceIds", &n);

        if (!command)
                return fail(call, "InvalidCommandId", "The specified command ID is not valid.");
        for (size_t i = 0; i < command->n_invocations; i++) {
                struct invocation *invocation = &command->invocations[i];
                bool named = !n;

                for (size_t j = 0; j < n; j++)
                        named = named || streq(ids[j], invocation->instance);
                if (!named || invocation->began != USEC_INFINITY ||
                    invocation->ended != USEC_INFINITY)
                        continue;
                invocation->ended = call->now;
                invocation->status = COMMAND_CANCELLED;
                call->location->open_invocations--;
        }
        return true;
}

/* ---- agents ---- */

static bool is_wanted(struct call *call, const struct instance *instance)
{
        for (size_t n = 0; (n = param_next(&call->params, "Filters", n));) {
                _cleanup_free_ char *name = xasprintf("Filters.%zu.Values", n);
                size_t n_values;
                _cleanup_free_ const char **values = param_list(&call->params, name, &n_values);
                bool found = false;

                for (size_t i = 0; i < n_values; i++)
                        found = found || streq(values[i], instance->resource.id);
                if (!found)
                        return false;
        }
        return true;
}

static void print_agent(cJSON *array, const struct instance *instance, enum ping ping, usec_t last)
{
        cJSON *object = cJSON_CreateObject();

        json_text(object, "InstanceId", instance->resource.id);
        json_text(object, "PingStatus", ping == PING_ONLINE ? "Online" : "ConnectionLost");
        json_time(object, "LastPingDateTime", last);
        json_text(object, "AgentVersion", "3.3.1611.0");
        json_bool(object, "IsLatestVersion", true);
        json_text(object, "PlatformType", "Linux");
        json_text(object, "PlatformName", "Debian GNU/Linux");
        json_text(object, "ResourceType", "EC2Instance");
        cJSON_AddItemToArray(array, object);
}

bool describe_instance_information(struct call *call)
{
        const char *token = param(&call->params, "NextToken");
        cJSON *array = cJSON_AddArrayToObject(call->json, "InstanceInformationList");
        size_t left = PAGE_MAX;

        for (size_t n = 0; (n = param_next(&call->params, "Filters", n));)
                if (!streq(param(&call->params, "Filters.%zu.Key", n), "InstanceIds"))
                        return fail(call, "InvalidFilterKey", "The filter key is not valid");
        if (!read_number(call, "MaxResults", 5, PAGE_MAX, &left))
                return false;
        FOREACH_RESOURCE(resource, call->location, KIND_INSTANCE)
        {
                const struct instance *instance = (struct instance *)resource;
                enum ping ping;
                usec_t last;

                if (token && !streq(token, resource->id))
                        continue;
                token = NULL;
                if (!resource_is_there(resource, call->now) || !is_wanted(call, instance) ||
                    instance_state(instance, call->now) == STATE_TERMINATED ||
                    !instance_ping(instance, call->now, &ping, &last))
                        continue;
                if (!left--) {
                        json_text(call->json, "NextToken", resource->id);
                        return true;
                }
                print_agent(array, instance, ping, last);
        }
        return !token || fail(call, "InvalidNextToken", "The specified token is not valid.");
}
