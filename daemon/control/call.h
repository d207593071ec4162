/* A call on its way from the session to a method, and the answers back. Private to control/. */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/session.h"

/* The parameters of all methods; which one has which is told by the table. */
struct arguments {
        const char *schedule, *run, *interface; /* part of the request */
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
        struct manager_wait *wait; /* until the manager holds it no longer; then */
        const char *held;          /* why; NULL: it has not been */
        cJSON *request;            /* is what the arguments are borrowed from */
        struct stream *stream;     /* of a call that streams */
        bool finished;             /* the last answer was given */
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
        /* False: it is refused whatever it would be held for, and has been answered. NULL: that is
         * not known before it is carried out. */
        bool (*check)(struct call *call);
        bool open_to_all; /* also for peers that are not trusted */
        bool changes;     /* something: noted in the journal */
        bool needs_ready; /* is held until the manager is ready */
        bool needs_clock; /* and until the clock has been compared, if it is no dry run */
        bool needs_more;  /* makes no sense without `more` */
        struct argument arguments[ARGUMENTS_MAX];
};

/* Reads `parameters` (may be NULL) by the method's table. Gives the name of the bad one, or NULL.
 * The arguments borrow from `parameters` and are to be freed in any case. */
const char *arguments_read(const struct method *method, const cJSON *parameters,
                           struct arguments *ret);
void arguments_done(struct arguments *arguments);

/* Whether more of a stream may be sent now; else it waits until its reader has taken what there is.
 */
bool call_has_room(const struct call *call);

/* One answer; takes `parameters` (NULL: none). `more` says that others follow. */
void call_reply(struct call *call, cJSON *parameters, bool more);
/* The answer that it did not work; `error` is qualified. Takes `parameters`. */
void call_error(struct call *call, const char *error, cJSON *parameters);
/* The same for our own errors, which have a message. */
void call_fail(struct call *call, const char *error, const char *message);
