/*
 * The simulated EC2: accounts, regions, instances, volumes, images and snapshots, as the Query API
 * shows them; and around the instances target groups, Auto Scaling groups, and the commands of
 * Systems Manager.
 *
 * A model and nothing else: no clock, no I/O, no global state. The caller says what time it is in
 * every call (microseconds since 1970, never going back) and hands in a seed, so that one seed and
 * one sequence of calls give one history. What takes time (a reboot, a snapshot) is written down as
 * instants when it begins and computed when somebody looks: sim-timeline.h lists the durations.
 *
 * Fronts: ec2sim.c (HTTP, wall clock); a simulation may call sim_answer() on virtual time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"

struct cJSON;
struct sim;

struct sim_options {
        uint64_t seed;
        double speed; /* durations are divided by it; 0 is 1 */
};

struct sim *sim_new(const struct sim_options *options);
struct sim *sim_free(struct sim *sim);
DEFINE_CLEANUP(struct sim, sim_free);

/* ---- the API of AWS ---- */

struct sim_request {
        const char *region;
        const char *access_key; /* decides the account; unknown keys belong to 123456789012 */
        const char *target;     /* the header X-Amz-Target, of JSON services; or NULL */
        const char *body;       /* a form, or JSON where there is a target; need not end in NUL */
        size_t size;
        uint64_t connection; /* for the log: which connection it came on */
};

/* How a reply is to reach the client. */
enum sim_delivery {
        DELIVER_WHOLE,
        DELIVER_NOTHING,   /* close the connection without an answer (drop-before, drop-after) */
        DELIVER_TRUNCATED, /* announce the whole length, send half, close */
        DELIVER_SLOWLY,    /* spread evenly over `drip` */
};

struct sim_reply {
        int status;               /* of HTTP */
        const char *content_type; /* borrowed, static */
        char *body;
        size_t size;
        char request_id[37];
        enum sim_delivery delivery;
        usec_t delay; /* let this much pass before the first byte */
        usec_t drip;
};
void sim_reply_done(struct sim_reply *reply);

/* Answers a request. Never fails: an error is in the reply, as the service writes it. */
void sim_answer(struct sim *sim, usec_t now, const struct sim_request *request,
                struct sim_reply *ret);
/* Answers with an error found before the model was asked (a bad signature), and logs that. */
void sim_refuse(struct sim *sim, usec_t now, const struct sim_request *request, const char *code,
                const char *message, struct sim_reply *ret);
/* "ec2", "ssm", ...: the service that a request is addressed to, by its target, action or version.
 */
const char *sim_service(const struct sim_request *request);
/* The action it names, "" when it names none. Caller frees. */
char *sim_action(const struct sim_request *request);

/* ---- the control ---- */

/*
 * Does what `path` ("/sim/fleet", "/sim/fault", ...; see sim-control.c) says with the members of
 * `arguments` (an object, borrowed; NULL is an empty one) and gives an HTTP status and a JSON text,
 * which the caller frees. An unknown path or member is an error that is explained in the text.
 */
int sim_control(struct sim *sim, usec_t now, const char *path, const struct cJSON *arguments,
                char **ret_json);
/* Gives this region an endpoint; without a call all regions have one. */
void sim_allow_region(struct sim *sim, const char *region);
bool sim_has_region(const struct sim *sim, const char *region);
const char *sim_default_region(const struct sim *sim);
