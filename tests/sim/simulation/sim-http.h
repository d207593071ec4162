/*
 * http/ without a network: requests go to the simulated EC2 in this process, on virtual time.
 *
 * A request leaves, arrives, is answered, and the answer arrives, each at its instant. A request
 * that has left travels on when its sender crashes or gives up. The network faults decide its
 * outcome.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "http/http.h"
#include "sim/sim-model.h"
#include "sim/simulation/answer-faults.h"
#include "sim/simulation/cloud-request.h"
#include "sim/simulation/dice.h"
#include "sim/simulation/network-faults.h"
#include "sim/simulation/trace.h"
#include "sim/simulation/virtual-loop.h"

enum cloud_moment {
        CLOUD_SENDING, /* a request is about to leave */
        CLOUD_SENT,    /* it has left */
};

struct cloud_hooks {
        /* `region` is known once the request was sent. */
        void (*moment)(enum cloud_moment moment, const char *action, const char *region,
                       void *userdata);
        /* Before the model carries the request out, and after. */
        void (*before)(const struct cloud_request *request, void *userdata);
        void (*after)(const struct cloud_request *request, void *userdata);
        /* An answer fault replaces the model's answer, and the request is not carried out.
         * `unclear`: the answer does not tell that. */
        void (*refused)(const struct cloud_request *request, bool unclear, void *userdata);
        void *userdata;
};

struct flight;

struct cloud {
        struct sim *sim;
        struct virtual_clock *clock;
        struct loop *loop; /* the simulation's */
        struct trace *trace;
        struct dice dice;
        struct network_faults network;
        struct answer_faults answer_faults;
        struct cloud_hooks hooks;
        bool cut;         /* the process that would send has crashed */
        char *access_key; /* the access key that is accepted; NULL: any */
        bool expired;     /* all keys are refused */
        bool distrusted;  /* the trust of the role is withdrawn */
        bool short_pages; /* one answer in three stops in the middle of a list */
        uint64_t requests, faults;
        struct flight *flights; /* private */
};

void cloud_init(struct cloud *cloud, struct virtual_clock *clock, struct loop *loop,
                struct trace *trace, uint64_t seed);
void cloud_done(struct cloud *cloud);

/* Replaces http_new(). */
struct http *cloud_http_new(struct cloud *cloud, struct loop *loop);
