/*
 * One request inside the model: what an action reads, and how it answers or fails. Private to the
 * model.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "sim/sim-bucket.h"
#include "sim/sim-params.h"
#include "sim/sim-world.h"

enum sim_service_id { SIM_EC2, SIM_STS, SIM_ELB, SIM_AUTOSCALING, SIM_SSM, SIM_SERVICES };

struct call {
        struct sim *sim;
        struct sim_location *location;
        usec_t now;
        enum sim_service_id service; /* the service that the request is addressed to */
        const struct sim_action *action;
        struct params params;
        const char **owners; /* Owner.N */
        size_t n_owners;
        struct text out;      /* XML between requestId and the end of the reply */
        struct cJSON *json;   /* the whole reply, for JSON services */
        int status;           /* of HTTP */
        char *code, *message; /* the error; NULL: none */
        bool throttled;       /* the error is that a bucket was empty */
};

/* An action of the API: a row of the table in sim-actions.c. */
struct sim_action {
        const char *name;
        struct rate bucket;
        struct rate unfiltered;   /* bucket of calls without filter, ids or page; {}: none */
        struct rate per_instance; /* a second bucket, of one token per instance; {}: none */
        bool (*run)(struct call *call);
        /* Parameters it knows, N standing for an index; a leading '!' marks the required ones. */
        const char *const *parameters;
        enum sim_service_id service; /* EC2 */
};

/* Ends the call with an error. `code` is EC2's name of the error; the reply has the name of the
 * service. Gives false, so that actions can `return fail(...)`. */
bool fail(struct call *call, const char *code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* The same for `n` ids ("a, b") that do not exist. */
bool fail_not_found(struct call *call, enum kind kind, const char *ids, size_t n);
/* The HTTP status that goes with an error code. */
int status_of(const char *code);

/* ---- reading parameters; each gives false after having failed the call ---- */

/* false when the parameter is absent. */
bool read_bool(struct call *call, const char *name, bool *ret);
/* Leaves *ret alone when the parameter is absent. */
bool read_number(struct call *call, const char *name, size_t min, size_t max, size_t *ret);
/* The tags of TagSpecification.N for `kind`; fails when one is for a kind not in `allowed`, a mask
 * of 1 << kind. */
bool read_tag_specification(struct call *call, unsigned int allowed, enum kind kind,
                            struct tags *ret);
/* Whether key and value may be put on a resource by a user. */
bool check_tag(struct call *call, const char *key, const char *value);
/* Whether `id` is of the form of its kind. */
bool check_id(struct call *call, enum kind kind, const char *id);
/* The resource the parameter names, or NULL after having failed the call. */
void *read_resource(struct call *call, enum kind kind, const char *name);
/* The resources of NAME.1, NAME.2 ...; all must exist. The array is the caller's; NULL and *ret_n 0
 * is a failed call. */
struct resource **read_resources(struct call *call, enum kind kind, const char *name,
                                 size_t *ret_n);

/* ---- answering ---- */

void print_tags(struct call *call, const struct tags *tags);
/* <return>true</return> */
bool answer_true(struct call *call);

enum { NAME_MIN = 3, NAME_MAX = 128, TAGS_MAX = 50, TAG_KEY_MAX = 128, TAG_VALUE_MAX = 256 };
