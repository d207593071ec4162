/* Faults between a client and EC2, ordered with POST /sim/fault. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "sim/sim-model.h"

enum fault_kind {
        FAULT_THROTTLE,    /* RequestLimitExceeded, not performed */
        FAULT_ERROR,       /* any error code, not performed */
        FAULT_HTTP500,     /* no body, not performed */
        FAULT_HTML502,     /* the page of a proxy, not performed */
        FAULT_DROP_BEFORE, /* connection closed, not performed */
        FAULT_DROP_AFTER,  /* performed, connection closed */
        FAULT_TRUNCATE,    /* performed, half an answer */
        FAULT_SLOW,        /* performed, the answer spread over `seconds` */
        FAULT_DELAY,       /* performed, the answer `seconds` later */
        FAULT_KINDS,
};

struct fault_info {
        const char *name;
        bool performed; /* the action is carried out before the fault */
        enum sim_delivery delivery;
};
extern const struct fault_info fault_infos[FAULT_KINDS];

struct fault {
        enum fault_kind kind;
        char *action, *region; /* NULL: any */
        char *contains;        /* only requests whose body holds this text; NULL: any */
        char *code, *message;  /* FAULT_ERROR */
        unsigned int status;   /* FAULT_ERROR; 0: the one of the code */
        uint64_t count;        /* how many more times */
        uint64_t skip;         /* let so many matching requests pass first */
        double probability;
        usec_t seconds; /* FAULT_SLOW, FAULT_DELAY: microseconds of the caller's clock */
};

/* FAULT_KINDS when there is none of that name. */
enum fault_kind fault_by_name(const char *name);
/* The caller fills it in. */
struct fault *fault_add(struct sim *sim);
void faults_clear(struct sim *sim);
/* The first fault that fits this request, counted down; NULL: none. Valid until the next
 * fault_add(). */
const struct fault *fault_strike(struct sim *sim, const char *action, const char *region,
                                 const char *body, size_t size);
