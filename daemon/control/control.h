/*
 * The control socket: Varlink (https://varlink.org/Method-Call) on a unix stream socket, interface
 * io.amid.Manager. Who may ask is decided by the credentials of the peer: root, the user of the
 * daemon and members of the group `amid` everything, all others nothing but introspection.
 *
 * Nothing blocks: one watched descriptor per connection. Every size is limited. A peer that keeps
 * to no protocol is cut off. One that does not read is waited for, at the cost of
 * CONTROL_STREAM_MAX bytes and of 8 bytes for each task that moved meanwhile (or about 100 for each
 * image that a dry run looked at); nobody else waits for it.
 */
#pragma once

#include "base/cleanup.h"
#include "base/text.h"
#include "loop/loop.h"
#include "runs/manager/manager.h"
#include "store/store.h"

enum {
        CONTROL_FRAME_MAX = 1 << 20,        /* bytes of one call */
        CONTROL_FRAME_STRANGER_MAX = 4096,  /* of one from a peer that may only introspect */
        CONTROL_DEPTH_MAX = 16,             /* nesting of its JSON */
        CONTROL_STREAM_MAX = 256 << 10,     /* bytes of a stream that wait for their reader; what
                                             * comes then is read from the store later */
        CONTROL_CONNECTIONS_MAX = 64,       /* at a time; the last 16 are for root and our user */
        CONTROL_CONNECTIONS_OTHERS = 48,    /* of these from all others */
        CONTROL_CONNECTIONS_USER = 16,      /* of these from one user */
        CONTROL_CONNECTIONS_STRANGERS = 16, /* of these from peers that may only introspect */
};

struct control;

/* Everything is borrowed and must outlive the control. */
struct control_options {
        struct loop *loop;
        struct manager *manager;
        struct store *store;
        const char *path;
        /* Reads the settings again; errors or warnings go to `messages`. 0 or negative errno. */
        int (*reload)(struct text *messages, void *userdata);
        void *userdata;
};

/* Listens. A socket left behind is replaced; one that somebody answers on is -EADDRINUSE. Errors
 * come with a message (caller frees). */
int control_new(const struct control_options *options, struct control **ret, char **ret_error);
/* Looks up the group `amid` anew: who may ask is decided by what /etc/group said then. */
void control_reload(struct control *control);
/* Closes all connections and removes the socket. */
struct control *control_free(struct control *control);
DEFINE_CLEANUP(struct control, control_free);

/* $RUNTIME_DIRECTORY/control, else /run/amid/control. Caller frees. */
char *control_default_path(void);
