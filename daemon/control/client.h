/*
 * The other end of the control socket: a small blocking client, for amictl.
 *
 *     client_connect(path, &client, &error);
 *     client_call(client, "Pause", parameters, false);
 *     client_next(client, &answer);
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/cleanup.h"

enum { CLIENT_ANSWER_MAX = 256 << 20 }; /* bytes of one answer we read */

struct client;

/* Negative errno with a message that says what to do (caller frees). */
int client_connect(const char *path, struct client **ret, char **ret_error);
struct client *client_free(struct client *client);
DEFINE_CLEANUP(struct client, client_free);

/* Sends a call of io.amid.Manager; takes `parameters` (may be NULL). What goes wrong is told by
 * client_next(). */
void client_call(struct client *client, const char *method, cJSON *parameters, bool more);

enum client_outcome {
        CLIENT_ANSWER,  /* `parameters`; `more` follow */
        CLIENT_REFUSED, /* the daemon said no: `message` */
        CLIENT_GONE,    /* the connection broke: `message` */
};
struct client_answer {
        enum client_outcome outcome;
        cJSON *parameters;
        bool more;
        char *message;
};
void client_next(struct client *client, struct client_answer *ret);
void client_answer_done(struct client_answer *answer);
