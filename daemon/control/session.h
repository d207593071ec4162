/*
 * The protocol of a connection, without its descriptor: input and output are bytes. Private to
 * control/.
 *
 * A call is answered before the next one is read. A call that is too large is answered with an
 * error, and ends the session. A call with `more` may stream until its run ends. The owner frees
 * the session, outside of these functions and of session_wake_fn.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "control/control.h"

/* The process at the other end of the connection. */
struct peer {
        unsigned int uid;
        int pid;
        bool trusted;  /* may call all methods */
        bool reserved; /* root or the user of the daemon, which have reserved connections */
};

struct method;
struct session;
/* Wakes the owner: the session has new output, or is over. Called from session_input() and from the
 * loop. */
typedef void session_wake_fn(void *userdata);

/* `methods` (call.h) ends with an empty row. All pointers are borrowed. */
struct session *session_new(const struct control_options *options, const struct method *methods,
                            const struct peer *peer, session_wake_fn *wake, void *userdata);
struct session *session_free(struct session *session);
DEFINE_CLEANUP(struct session, session_free);

/* Whether the session can handle input now: there is no output and no present call. */
bool session_wants_input(const struct session *session);
void session_input(struct session *session, const void *data, size_t size);
/* The peer will send nothing more. Received calls are still answered. */
void session_end_input(struct session *session);

/* The output to send; valid until the next call. */
size_t session_output(const struct session *session, const char **ret);
void session_sent(struct session *session, size_t size);

/* Whether the session is over: there will be no more output, or the peer broke the protocol, for
 * the reason session_broke() (else NULL). */
bool session_is_over(const struct session *session);
const char *session_broke(const struct session *session);
