/*
 * What requests are answered with instead of their true answer: documented errors of AWS and
 * answers that are not AWS's (aws-errors.h), once, for minutes, or for hours, for an action, a
 * region, or a single id.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/sim-model.h"
#include "sim/simulation/aws-errors.h"
#include "sim/simulation/dice.h"

struct simulation;

struct answer_fault {
        const struct aws_error *error; /* or */
        const struct foreign_answer *foreign;
        const char *action, *region; /* borrowed; NULL: any */
        char *id;                    /* only requests that name it; NULL: all */
        bool acted;                  /* the request is carried out all the same */
        uint64_t count;              /* of answers that are left */
        usec_t until;                /* monotonic */
};

/* The last ones of single ids that are over. */
struct past_answer_fault {
        char *id;
        usec_t ended; /* monotonic */
};
enum { PAST_ANSWER_FAULTS = 32 };

struct answer_faults {
        struct answer_fault *list;
        size_t n;
        struct past_answer_fault past[PAST_ANSWER_FAULTS];
        size_t n_past;
        usec_t ended;      /* when the last one was over, monotonic; 0: there was none */
        usec_t wide_until; /* so long the last one was to last that was not of a single id */
};

void answer_faults_clear(struct answer_faults *faults);
/* `fault->id` is taken. */
void answer_faults_add(struct answer_faults *faults, const struct answer_fault *fault);
/* The refusal that strikes a request, counted; NULL: none. Valid until one is added. */
const struct answer_fault *answer_faults_match(struct answer_faults *faults, usec_t now,
                                               const char *action, const char *region,
                                               const char *body, size_t size);
/* The answer to a request that it strikes; replaces `reply`, which was the true one. */
void answer_fault_reply(const struct answer_fault *fault, const char *action,
                        struct sim_reply *reply);
/* Since when none is in force that concerns this id (NULL: none at all): USEC_INFINITY while one
 * is. */
usec_t answer_faults_clear_since(struct answer_faults *faults, usec_t now, const char *id);

/* ---- events: a new fault, drawn from the tables ---- */

/* A documented error of one action: once. */
void answer_fault_once(struct simulation *simulation);
/* For minutes or hours. */
void answer_fault_for_long(struct simulation *simulation);
/* A documented error of one action that changes something, for hours, of one id only. */
void answer_fault_of_one_change(struct simulation *simulation);
/* For one instance, image or snapshot only, whatever batch it is in. */
void answer_fault_of_one_id(struct simulation *simulation);
/* AssumeRole is answered without the keys, or with a part of them. */
void answer_fault_without_keys(struct simulation *simulation);
/* An answer that is not AWS's, to one action or all of a region. */
void answer_fault_foreign(struct simulation *simulation);

/* ---- planned ones: crash-sweep.h ---- */

/* The first CreateImage is carried out, and its answer does not say so. */
void answer_fault_after_create(struct simulation *simulation);
/* The first time that it is called: no image is listed for longer than an instance is held. */
void answer_fault_of_image_lists(struct simulation *simulation);
