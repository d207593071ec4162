/*
 * A small blocking client of the control socket, for amictl.
 *
 *     client_connect(path, &client, &error);
 *     client_call(client, "Pause", parameters, false);
 *     client_next(client, &answer);
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/cleanup.h"

enum { CLIENT_ANSWER_MAX = 256 << 20 }; /* bytes of an answer */

struct client;

/* 0, or a negative errno with a message and a remedy (caller frees). */
int client_connect(const char *path, struct client **ret, char **ret_error);
struct client *client_free(struct client *client);
DEFINE_CLEANUP(struct client, client_free);

/* Sends a call of io.amid.Manager; takes over `parameters` (may be NULL). client_next() returns the
 * errors. */
void client_call(struct client *client, const char *method, cJSON *parameters, bool more);

enum client_outcome {
        CLIENT_ANSWER,  /* `parameters` are set; `more`: other answers will follow */
        CLIENT_REFUSED, /* the daemon refused the call, with `message` */
        CLIENT_GONE,    /* the connection broke, with `message` */
};
struct client_answer {
        enum client_outcome outcome;
        cJSON *parameters;
        bool more;
        char *message;
};
void client_next(struct client *client, struct client_answer *ret);
void client_answer_done(struct client_answer *answer);
