/*
 * The control socket: Varlink (https://varlink.org/Method-Call) on a unix stream socket, interface
 * io.amid.Manager. The credentials of the peer decide about its rights: root, the user of the
 * daemon and members of the group `amid` may call all methods, all other users only introspection.
 *
 * Nothing blocks: each connection has one watched descriptor. Every size is limited. A peer that
 * breaks the protocol is disconnected. For a peer that does not read the daemon keeps at most
 * CONTROL_STREAM_MAX bytes, and 8 bytes for each task that moved meanwhile (or about 100 for each
 * image of a dry run); other peers do not wait for it.
 */
#pragma once

#include "base/cleanup.h"
#include "base/text.h"
#include "loop/loop.h"
#include "runs/manager/manager.h"
#include "store/store.h"

enum {
        CONTROL_FRAME_MAX = 1 << 20,        /* bytes of a call */
        CONTROL_FRAME_STRANGER_MAX = 4096,  /* bytes of a call of an untrusted peer */
        CONTROL_DEPTH_MAX = 16,             /* nesting of the call's JSON */
        CONTROL_STREAM_MAX = 256 << 10,     /* bytes of a stream's queued output; later states are
                                             * read from the store when there is room */
        CONTROL_CONNECTIONS_MAX = 64,       /* at a time, of all peers */
        CONTROL_CONNECTIONS_OTHERS = 48,    /* of peers other than root and the daemon's user */
        CONTROL_CONNECTIONS_USER = 16,      /* of one such user */
        CONTROL_CONNECTIONS_STRANGERS = 16, /* of untrusted peers */
};

struct control;

/* All pointers are borrowed and must outlive the control. */
struct control_options {
        struct loop *loop;
        struct manager *manager;
        struct store *store;
        const char *path;
        /* Reads the settings again; errors or warnings go to `messages`. 0 or negative errno. */
        int (*reload)(struct text *messages, void *userdata);
        void *userdata;
};

/* Listens. A socket without a listener is replaced; -EADDRINUSE for one with a listener. Errors
 * have a message (caller frees). */
int control_new(const struct control_options *options, struct control **ret, char **ret_error);
/* Looks up the group `amid` again, whose number counts for new connections. */
void control_reload(struct control *control);
/* Closes all connections and removes the socket. */
struct control *control_free(struct control *control);
DEFINE_CLEANUP(struct control, control_free);

/* $RUNTIME_DIRECTORY/control, else /run/amid/control. Caller frees. */
char *control_default_path(void);
