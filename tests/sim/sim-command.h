/*
 * Commands of Systems Manager, and their invocation on each instance. Private to the model.
 *
 * A command has effects on instances, so it is carried out and not computed from instants:
 * commands_settle() carries out all that was due, in the order in which it was due. Each request
 * calls it first.
 */
#pragma once

#include <stdbool.h>

#include "sim/sim-call.h"

enum command_status {
        COMMAND_PENDING,
        COMMAND_IN_PROGRESS,
        COMMAND_DELAYED,
        COMMAND_SUCCESS,
        COMMAND_CANCELLED,
        COMMAND_TIMED_OUT,
        COMMAND_FAILED,
};

/* A command on one instance. */
struct invocation {
        char *instance;
        usec_t visible; /* when GetCommandInvocation begins to know it */
        usec_t deliver; /* when it is (or was) to begin */
        usec_t expires; /* the timeout: an invocation that has not begun by then never does */
        usec_t takes;   /* from its beginning to its end; USEC_INFINITY: it hangs */
        usec_t began, ended;
        enum command_status status; /* a final one, or the one that holds until more happens */
        const char *details;        /* static; NULL: as the status */
        bool fails;      /* as POST /sim/instance has ordered, or the script's own failure */
        int exit_status; /* -1: none */
        char *output;
};
struct command {
        struct command *prev, *next; /* sim_location.commands */
        char *id, *document, *comment, *script;
        usec_t sent;
        usec_t limit; /* how long a script may take */
        struct invocation *invocations;
        size_t n_invocations;
};

void commands_free(struct sim_location *location);
/* Carries out what was due by `now`. */
void commands_settle(struct sim_location *location, usec_t now);
struct command *command_find(const struct sim_location *location, const char *id);
struct invocation *command_invocation(struct command *command, const char *instance);
enum command_status invocation_status(const struct invocation *invocation, usec_t now);
const char *command_status_name(enum command_status status);
/* StatusDetails, which are more exact than the status. */
const char *invocation_details(const struct invocation *invocation, usec_t now);
/* The status of all invocations together. */
enum command_status command_status(const struct command *command, usec_t now);

enum ping { PING_ONLINE, PING_LOST };
/* False: no agent has ever reported. */
bool instance_ping(const struct instance *instance, usec_t now, enum ping *ret, usec_t *ret_last);
/* The first instant from `at` on at which the agent takes commands; USEC_INFINITY: none. */
usec_t instance_agent_ready(const struct instance *instance, usec_t at);

bool describe_instance_information(struct call *call);
bool send_command(struct call *call);
bool get_command_invocation(struct call *call);
bool list_commands(struct call *call);
bool cancel_command(struct call *call);
