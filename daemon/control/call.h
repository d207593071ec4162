/* Calls, the table of methods, and the answers of methods. Private to control/. */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/session.h"

/* The parameters of all methods. The table has the parameters of each method. */
struct arguments {
        const char *schedule, *run, *interface; /* borrowed from the request */
        char **instances;                       /* owned */
        size_t n_instances;
        unsigned int limit;
        bool open, removed, dry_run, abandon;
};

struct call {
        struct session *session;
        const struct control_options *options;
        const struct method *method;
        struct arguments arguments;
        bool more, oneway;
        struct manager_wait *wait; /* not NULL while the manager holds the call */
        const char *held;          /* the last reason of a hold; NULL: the call was not held */
        cJSON *request;            /* owns the strings of `arguments`, while `wait` is set */
        struct stream *stream;     /* or NULL */
        bool finished;             /* the last answer was queued */
};

enum argument_type { ARGUMENT_TEXT, ARGUMENT_TEXTS, ARGUMENT_FLAG, ARGUMENT_COUNT };

struct argument {
        const char *name;
        size_t offset;
        enum argument_type type;
        bool required;
};

enum { ARGUMENTS_MAX = 4 };

struct method {
        const char *name; /* with its interface */
        void (*function)(struct call *call);
        /* Checks a call before it may be held. False: the call was refused and answered. NULL:
         * there is no such check. */
        bool (*check)(struct call *call);
        bool open_to_all; /* untrusted peers may call the method, too */
        bool changes;     /* the method changes something: calls are logged */
        bool needs_ready; /* calls are held until the manager is ready */
        bool needs_clock; /* and, but for dry runs, until the clock has been compared */
        bool needs_more;  /* calls without `more` are refused */
        struct argument arguments[ARGUMENTS_MAX];
};

/* Reads `parameters` (may be NULL) by the method's table. NULL, or the name of an invalid
 * parameter. The arguments borrow from `parameters`, and have to be freed in both cases. */
const char *arguments_read(const struct method *method, const cJSON *parameters,
                           struct arguments *ret);
void arguments_done(struct arguments *arguments);

/* Whether the stream of the call may send more now. Otherwise it waits until the peer has read the
 * queued output. */
bool call_has_room(const struct call *call);

/* Answers; takes over `parameters` (may be NULL). `more`: other answers will follow. */
void call_reply(struct call *call, cJSON *parameters, bool more);
/* Answers with an error, whose name has its interface. Takes over `parameters`. */
void call_error(struct call *call, const char *error, cJSON *parameters);
/* Answers with an error of io.amid.Manager, which has a message. */
void call_fail(struct call *call, const char *error, const char *message);
