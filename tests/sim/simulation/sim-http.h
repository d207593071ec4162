/*
 * http/ without a network: requests go to the simulated EC2 in this process, on virtual time.
 *
 * A request leaves, arrives, is answered, and the answer arrives, each at its instant. What has
 * left goes on by itself when its sender dies or gives up. The weather decides what befalls it.
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
        /* `region` is known once it was sent. */
        void (*moment)(enum cloud_moment moment, const char *action, const char *region,
                       void *userdata);
        /* Before the model is asked, and after. */
        void (*before)(const struct cloud_request *request, void *userdata);
        void (*after)(const struct cloud_request *request, void *userdata);
        /* The model was not asked: an answer of answer-faults.c is given. `unclear`: that does not
         * tell whether the request was carried out. */
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
        bool cut;         /* the process that would send is dead */
        char *access_key; /* the one that is accepted; NULL: any */
        bool expired;     /* tokens are refused */
        bool distrusted;  /* people have withdrawn the trust of the role */
        bool short_pages; /* one answer in three stops in the middle of a list */
        uint64_t requests, faults;
        struct flight *flights; /* private */
};

void cloud_init(struct cloud *cloud, struct virtual_clock *clock, struct loop *loop,
                struct trace *trace, uint64_t seed);
void cloud_done(struct cloud *cloud);

/* Takes the place of http_new(). */
struct http *cloud_http_new(struct cloud *cloud, struct loop *loop);
