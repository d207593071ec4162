/* GET /sim/state: target groups, Auto Scaling groups and commands. */
#include <utlist.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-command.h"
#include "sim/sim-control.h"
#include "sim/sim-freeze.h"
#include "sim/sim-instance.h"
#include "sim/sim-scaling.h"
#include "sim/sim-target.h"

cJSON *dump_freezes(const struct instance *instance)
{
        cJSON *array = cJSON_CreateArray();

        for (size_t i = 0; i < instance->n_freezes; i++) {
                const struct freeze *freeze = &instance->freezes[i];
                cJSON *object = cJSON_CreateObject();
                enum thaw_cause by;

                json_time(object, "until", freeze_end(instance, freeze, &by));
                json_text(object, "token", freeze->token);
                json_time(object, "from", freeze->from);
                json_time(object, "watchdog", freeze->watchdog);
                json_text(object, "by", thaw_cause_name(by));
                cJSON_AddItemToArray(array, object);
        }
        return array;
}

static cJSON *dump_location(const struct sim_location *location, const char *name)
{
        cJSON *object = cJSON_CreateObject();

        json_text(object, "name", name);
        json_text(object, "account", location->account);
        json_text(object, "region", location->region);
        return object;
}

static void dump_target_groups(const struct sim_location *location, usec_t now, cJSON *array)
{
        for (const struct target_group *group = location->target_groups; group;
             group = group->hh.next) {
                cJSON *object = dump_location(location, group->name), *targets;

                json_text(object, "arn", group->arn);
                targets = cJSON_AddArrayToObject(object, "targets");
                for (size_t i = 0; i < group->n_targets; i++) {
                        const struct target *target = &group->targets[i];
                        cJSON *one = cJSON_CreateObject();
                        const char *reason;

                        json_text(one, "instance", target->instance);
                        json_number(one, "port", target->port);
                        json_text(
                                one, "state",
                                health_name(target_health(location, group, target, now, &reason)));
                        json_text(one, "reason", reason);
                        json_time(one, "registered", target->registered);
                        json_time(one, "deregistered", target->deregistered);
                        cJSON_AddItemToArray(targets, one);
                }
                cJSON_AddItemToArray(array, object);
        }
}

static void dump_scaling_groups(const struct sim_location *location, usec_t now, cJSON *array)
{
        for (const struct scaling_group *group = location->scaling_groups; group;
             group = group->hh.next) {
                cJSON *object = dump_location(location, group->name), *members;

                json_number(object, "min", group->min);
                json_number(object, "max", group->max);
                json_number(object, "desired", group->desired);
                members = cJSON_AddArrayToObject(object, "members");
                for (size_t i = 0; i < group->n_members; i++) {
                        cJSON *one = cJSON_CreateObject();

                        json_text(one, "instance", group->members[i].instance);
                        json_text(one, "state",
                                  lifecycle_name(member_lifecycle(&group->members[i], now)));
                        cJSON_AddItemToArray(members, one);
                }
                cJSON_AddItemToArray(array, object);
        }
}

static void dump_commands(const struct sim_location *location, usec_t now, cJSON *array)
{
        const struct command *command;

        DL_FOREACH (location->commands, command) {
                cJSON *object = dump_location(location, command->comment), *invocations;

                json_text(object, "id", command->id);
                json_time(object, "sent", command->sent);
                invocations = cJSON_AddArrayToObject(object, "invocations");
                for (size_t i = 0; i < command->n_invocations; i++) {
                        const struct invocation *invocation = &command->invocations[i];
                        cJSON *one = cJSON_CreateObject();

                        json_text(one, "instance", invocation->instance);
                        json_text(one, "status",
                                  command_status_name(invocation_status(invocation, now)));
                        json_text(one, "details", invocation_details(invocation, now));
                        json_time(one, "began", invocation->began);
                        json_time(one, "ended", invocation->ended);
                        json_text(one, "output", invocation->output);
                        cJSON_AddItemToArray(invocations, one);
                }
                cJSON_AddItemToArray(array, object);
        }
}

void dump_around(struct control *control)
{
        cJSON *targets = cJSON_AddArrayToObject(control->result, "target_groups");
        cJSON *scaling = cJSON_AddArrayToObject(control->result, "auto_scaling_groups");
        cJSON *commands = cJSON_AddArrayToObject(control->result, "commands");

        for (struct sim_location *location = control->sim->locations; location;
             location = location->hh.next) {
                dump_target_groups(location, control->now, targets);
                dump_scaling_groups(location, control->now, scaling);
                dump_commands(location, control->now, commands);
        }
}
