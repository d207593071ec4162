/*
 * Commands of Systems Manager and what becomes of them on each instance. Private to the model.
 *
 * A command is carried out when the time for it has come, which is noticed when somebody looks:
 * commands_settle() carries out what was due, in the order in which it was.
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
        usec_t visible;  /* GetCommandInvocation knows it */
        usec_t deliver;  /* when it is (or was) to begin */
        usec_t patience; /* not begun by then: it never does */
        usec_t takes;    /* from there to its end; USEC_INFINITY: it hangs */
        usec_t began, ended;
        enum command_status status; /* a final one, or what it is until more happens */
        const char *details;        /* static; NULL: as the status */
        bool fails;                 /* as ordered, or on its own */
        int exit_status;            /* -1: none */
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
/* What is said more exactly than by the status. */
const char *invocation_details(const struct invocation *invocation, usec_t now);
/* Of all its instances together. */
enum command_status command_status(const struct command *command, usec_t now);

enum ping { PING_ONLINE, PING_LOST };
/* False when there is no agent that ever reported. */
bool instance_ping(const struct instance *instance, usec_t now, enum ping *ret, usec_t *ret_last);
/* The first instant from `at` on at which the agent takes orders; USEC_INFINITY: not again. */
usec_t instance_agent_ready(const struct instance *instance, usec_t at);

bool describe_instance_information(struct call *call);
bool send_command(struct call *call);
bool get_command_invocation(struct call *call);
bool list_commands(struct call *call);
bool cancel_command(struct call *call);
