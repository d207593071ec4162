/* What happens to a command on its instances, as of each instant. */
#include "sim/sim-command.h"

#include <utlist.h>

#include "base/alloc.h"
#include "sim/sim-freeze.h"
#include "sim/sim-instance.h"

static const char *const status_names[] = {
        [COMMAND_PENDING] = "Pending",     [COMMAND_IN_PROGRESS] = "InProgress",
        [COMMAND_DELAYED] = "Delayed",     [COMMAND_SUCCESS] = "Success",
        [COMMAND_CANCELLED] = "Cancelled", [COMMAND_TIMED_OUT] = "TimedOut",
        [COMMAND_FAILED] = "Failed",
};

const char *command_status_name(enum command_status status)
{
        return status_names[status];
}

static void command_free(struct command *command)
{
        for (size_t i = 0; i < command->n_invocations; i++) {
                free(command->invocations[i].instance);
                free(command->invocations[i].output);
        }
        free(command->invocations);
        free(command->id);
        free(command->document);
        free(command->comment);
        free(command->script);
        free(command);
}

void commands_free(struct sim_location *location)
{
        struct command *command, *next;

        DL_FOREACH_SAFE (location->commands, command, next)
                command_free(command);
        location->commands = NULL;
}

struct command *command_find(const struct sim_location *location, const char *id)
{
        struct command *command;

        DL_FOREACH (location->commands, command)
                if (streq(command->id, id))
                        return command;
        return NULL;
}

struct invocation *command_invocation(struct command *command, const char *instance)
{
        for (size_t i = 0; command && i < command->n_invocations; i++)
                if (streq(command->invocations[i].instance, instance))
                        return &command->invocations[i];
        return NULL;
}

/* ---- agents ---- */

static usec_t agent_start(const struct instance *instance)
{
        return timeline_draw(&instance->resource.location->sim->timeline, WAIT_AGENT_START, 0);
}

usec_t instance_agent_ready(const struct instance *instance, usec_t at)
{
        const struct outage *outage;

        if (!instance->agent)
                return USEC_INFINITY;
        /* Another outage may begin before the agent is there. */
        while ((outage = instance_last_outage(instance, at))) {
                usec_t ready = later(outage->until, agent_start(instance));

                if (ready <= at || ready == USEC_INFINITY)
                        return ready <= at ? at : ready;
                at = ready;
        }
        return at;
}

bool instance_ping(const struct instance *instance, usec_t now, enum ping *ret, usec_t *ret_last)
{
        usec_t lost =
                timeline_draw(&instance->resource.location->sim->timeline, WAIT_AGENT_LOST, 0);
        const struct outage *first = instance->n_outages ? instance->outages : NULL;
        const struct outage *outage = instance_last_outage(instance, now);

        if (!instance->agent || (first && streq(first->cause, "launch") &&
                                 now < later(first->until, agent_start(instance))))
                return false;
        *ret_last = !outage || instance_agent_ready(instance, now) <= now ? now : outage->from;
        *ret = now - *ret_last > lost ? PING_LOST : PING_ONLINE;
        return true;
}

/* ---- carrying out ---- */

/* The next step of an invocation, and its time. */
struct step {
        usec_t at;
        struct instance *instance; /* where the script begins; NULL: the invocation times out */
};

static bool is_open(const struct invocation *invocation)
{
        return invocation->ended == USEC_INFINITY;
}

static struct step next_step(const struct sim_location *location, const struct command *command,
                             const struct invocation *invocation)
{
        struct instance *instance = resource_find(location, KIND_INSTANCE, invocation->instance);
        usec_t at;

        if (invocation->began != USEC_INFINITY)
                return invocation->takes > command->limit
                               ? (struct step){ later(invocation->began, command->limit), NULL }
                               : (struct step){ invocation->began + invocation->takes, instance };
        at = instance ? instance_agent_ready(instance, invocation->deliver) : USEC_INFINITY;
        return at <= invocation->expires ? (struct step){ at, instance }
                                         : (struct step){ invocation->expires, NULL };
}

static void end(struct invocation *invocation, usec_t at, enum command_status status,
                const char *details)
{
        invocation->ended = at;
        invocation->status = status;
        invocation->details = details;
}

static void begin(struct invocation *invocation, struct instance *instance, usec_t at)
{
        invocation->began = at;
        invocation->fails = instance->orders.command_fails;
        if (instance->orders.command_hangs)
                invocation->takes = USEC_INFINITY;
        instance->orders.command_hangs = instance->orders.command_fails = false;
}

/* A script has its effect at its end. When the system goes down before that, nothing reports the
 * end. */
static void finish(struct command *command, struct invocation *invocation,
                   struct instance *instance, usec_t at)
{
        const struct outage *outage = instance_last_outage(instance, at);
        struct script_result result = {};

        if (outage && outage->until > invocation->began) {
                end(invocation, later(invocation->began, command->limit), COMMAND_TIMED_OUT,
                    "Execution Timed Out");
                return;
        }
        instance_run_script(instance, command->script, invocation->fails, at, &result);
        end(invocation, at, result.status ? COMMAND_FAILED : COMMAND_SUCCESS, NULL);
        invocation->exit_status = result.status;
        invocation->output = result.output;
}

static void go_on(struct command *command, struct invocation *invocation, struct step step)
{
        bool begun = invocation->began != USEC_INFINITY;

        if (!step.instance)
                end(invocation, step.at, COMMAND_TIMED_OUT,
                    begun ? "Execution Timed Out" : "Delivery Timed Out");
        else if (begun)
                finish(command, invocation, step.instance, step.at);
        else
                begin(invocation, step.instance, step.at);
}

/* The invocation whose next step is the first one by `now`, or NULL. */
static struct invocation *first_due(struct sim_location *location, usec_t now,
                                    struct command **ret_command, struct step *ret_step)
{
        struct invocation *first = NULL;
        struct command *command;

        DL_FOREACH (location->commands, command)
                for (size_t i = 0; i < command->n_invocations; i++) {
                        struct invocation *invocation = &command->invocations[i];
                        struct step step;

                        if (!is_open(invocation))
                                continue;
                        step = next_step(location, command, invocation);
                        if (step.at > now || (first && step.at >= ret_step->at))
                                continue;
                        first = invocation;
                        *ret_command = command;
                        *ret_step = step;
                }
        return first;
}

static void forget_old(struct sim_location *location, usec_t now)
{
        static const usec_t kept = 30 * SEC_PER_DAY * USEC_PER_SEC; /* as AWS does */

        while (location->commands && location->commands->sent < now - kept) {
                struct command *old = location->commands;

                DL_DELETE(location->commands, old);
                command_free(old);
        }
}

void commands_settle(struct sim_location *location, usec_t now)
{
        struct command *command = NULL;
        struct invocation *invocation;
        struct step step;

        forget_old(location, now);
        while (location->open_invocations &&
               (invocation = first_due(location, now, &command, &step))) {
                go_on(command, invocation, step);
                location->open_invocations -= !is_open(invocation);
        }
}

/* ---- looking ---- */

enum command_status invocation_status(const struct invocation *invocation, usec_t now)
{
        static const usec_t soon = 5 * USEC_PER_SEC;

        if (now >= invocation->ended)
                return invocation->status;
        if (now >= invocation->began)
                return COMMAND_IN_PROGRESS;
        return now > invocation->deliver + soon ? COMMAND_DELAYED : COMMAND_PENDING;
}

const char *invocation_details(const struct invocation *invocation, usec_t now)
{
        if (now >= invocation->ended && invocation->details)
                return invocation->details;
        return command_status_name(invocation_status(invocation, now));
}

enum command_status command_status(const struct command *command, usec_t now)
{
        bool failed = false;

        for (size_t i = 0; i < command->n_invocations; i++) {
                enum command_status status = invocation_status(&command->invocations[i], now);

                if (status <= COMMAND_DELAYED)
                        return status == COMMAND_PENDING ? COMMAND_PENDING : COMMAND_IN_PROGRESS;
                failed = failed || status != COMMAND_SUCCESS;
        }
        return !failed                       ? COMMAND_SUCCESS
               : command->n_invocations == 1 ? command->invocations[0].status
                                             : COMMAND_FAILED;
}
