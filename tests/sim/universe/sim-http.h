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
#include "sim/universe/dice.h"
#include "sim/universe/trace.h"
#include "sim/universe/virtual-loop.h"

/* How likely each mishap is for one request. */
struct weather {
        double unsent;      /* no connection */
        double lost_before; /* connection reset before the request was acted on */
        double lost_after;  /* and after */
        double truncated;   /* half an answer, then a reset */
        double garbled;     /* a whole answer that is not XML to its end */
        double html;        /* a proxy's page, with status 502, or even 200 */
        double error500, error503;
        double throttled; /* RequestLimitExceeded, beyond the buckets */
        double slow;      /* minutes */
};
extern const struct weather fair_weather;

enum cloud_moment {
        CLOUD_SENDING, /* a request is about to leave */
        CLOUD_SENT,    /* it has left */
};

/* A request the model has answered. */
struct cloud_request {
        const char *action, *region;
        const char *body;
        bool succeeded;
        bool heard;         /* the answer gets to where it was asked for */
        const char *answer; /* body of the reply */
        size_t answer_size;
};

struct cloud_hooks {
        /* `region` is known once it was sent. */
        void (*moment)(enum cloud_moment moment, const char *action, const char *region,
                       void *userdata);
        /* Before the model is asked, and after. */
        void (*asking)(const struct cloud_request *request, void *userdata);
        void (*answered)(const struct cloud_request *request, void *userdata);
        void *userdata;
};

struct flight;

struct cloud {
        struct sim *sim;
        struct virtual_clock *clock;
        struct loop *loop; /* the universe's */
        struct trace *trace;
        struct dice dice;
        struct weather weather;
        struct cloud_hooks hooks;
        bool cut;         /* the process that would send is dead */
        char *access_key; /* the one that is accepted; NULL: any */
        bool expired;     /* tokens are refused */
        bool short_pages; /* one answer in three stops in the middle of a list */
        uint64_t requests, faults;
        struct flight *flights; /* private */
};

void cloud_init(struct cloud *cloud, struct virtual_clock *clock, struct loop *loop,
                struct trace *trace, uint64_t seed);
void cloud_done(struct cloud *cloud);

/* Takes the place of http_new(). */
struct http *cloud_http_new(struct cloud *cloud, struct loop *loop);

/* The value of a parameter of a request's body, decoded; NULL when it has none. Caller frees. */
char *request_parameter(const char *body, const char *name);
/* The text of the first element of that name; NULL when there is none. Caller frees. */
char *answer_element(const struct cloud_request *request, const char *name);
/* The same of a JSON answer: a text at its top. Caller frees. */
char *answer_member(const struct cloud_request *request, const char *name);
