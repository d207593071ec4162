/*
 * The services of AWS that the model has, and how each writes its replies and errors. Private to
 * the model.
 */
#pragma once

#include "sim/sim-call.h"

struct sim_service {
        const char *name;    /* of signatures: "ec2" */
        const char *version; /* NULL: it has no parameter Version */
        const char *space;   /* XML namespace of its replies */
        const char *title;   /* in messages about versions */
        const char *target;  /* JSON: what precedes the action in X-Amz-Target; NULL: forms */
};
extern const struct sim_service sim_services[SIM_SERVICES];

/* The action a request names, or NULL when it names none. Caller frees. */
char *service_action_name(const struct sim_request *request, const struct params *params);
/* The parameters of a request: those of a form, or the members of a JSON document, as
 * "Filters.1.Values.2". False when it cannot be read. */
bool service_params(const struct sim_request *request, struct params *params);
/* The service a request is addressed to: by its target, its action or its version, else EC2. */
enum sim_service_id service_of(const struct sim_request *request, const struct params *params);

/* What a service calls an error that EC2 calls `code`. */
const char *service_code(enum sim_service_id service, const char *code);

/* The body, size and type of a reply with `status`. */
void service_write_error(enum sim_service_id id, struct sim_reply *ret, int status,
                         const char *code, const char *message);
void service_write_result(struct sim_reply *ret, struct call *call);
