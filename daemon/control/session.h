/*
 * One connection's side of the protocol, without the descriptor: bytes go in, bytes come out.
 * Private to control/.
 *
 * A call is answered before the next is read; of one that is too large only that is said, and the
 * session is over. A call with `more` may stream until what it watches ends. Nothing here frees the
 * session; its owner does, outside of these functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "control/control.h"

/* Who is on the other side. */
struct peer {
        unsigned int uid;
        int pid;
        bool trusted;  /* may do everything */
        bool reserved; /* root or the user of the daemon: connections are kept free for them */
};

struct method;
struct session;
/* Something changed that the owner should look at: output came, or the session is over. Comes from
 * session_input() and from the loop. */
typedef void session_wake_fn(void *userdata);

/* `methods`: what can be called, call.h; ends with an empty row. All is borrowed. */
struct session *session_new(const struct control_options *options, const struct method *methods,
                            const struct peer *peer, session_wake_fn *wake, void *userdata);
struct session *session_free(struct session *session);
DEFINE_CLEANUP(struct session, session_free);

/* Whether input is of use now: no answer is waiting to be taken and no call is going. */
bool session_wants_input(const struct session *session);
void session_input(struct session *session, const void *data, size_t size);
/* The peer will send nothing more; what it asked for is still answered. */
void session_end_input(struct session *session);

/* What is to be sent; valid until the next call. */
size_t session_output(const struct session *session, const char **ret);
void session_sent(struct session *session, size_t size);

/* Nothing will come any more, or the peer broke the protocol (`session_broke`: why, else NULL). */
bool session_is_over(const struct session *session);
const char *session_broke(const struct session *session);
