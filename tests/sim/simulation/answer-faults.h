/*
 * Answer faults: wrong answers that requests get. An answer fault gives a documented error of AWS
 * or an answer that is not AWS's (aws-errors.h), once, for minutes or for hours, to an action, a
 * region or a single id.
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
        char *id;                    /* only requests that name this id; NULL: all */
        bool acted;                  /* the request is carried out all the same */
        uint64_t count;              /* of answers that are left */
        usec_t until;                /* monotonic */
};

/* The last answer faults of single ids that are over. */
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
        usec_t ended;      /* when the last answer fault was over, monotonic; 0: there was none */
        usec_t wide_until; /* the latest end of an answer fault that was not of a single id */
};

void answer_faults_clear(struct answer_faults *faults);
/* `fault->id` becomes the list's. */
void answer_faults_add(struct answer_faults *faults, const struct answer_fault *fault);
/* The answer fault that a request meets, counted; NULL: none. Valid until one is added. */
const struct answer_fault *answer_faults_match(struct answer_faults *faults, usec_t now,
                                               const char *action, const char *region,
                                               const char *body, size_t size);
/* Writes the wrong answer of a request into `reply`, in place of the true one. */
void answer_fault_reply(const struct answer_fault *fault, const char *action,
                        struct sim_reply *reply);
/* Since when no answer fault is in force that concerns this id (NULL: none at all);
 * USEC_INFINITY while there is one. */
usec_t answer_faults_clear_since(struct answer_faults *faults, usec_t now, const char *id);

/* ---- events: a new fault, drawn from the tables ---- */

/* A documented error of one action, a few times. */
void answer_fault_once(struct simulation *simulation);
/* A documented error of one action, for minutes or hours. */
void answer_fault_for_long(struct simulation *simulation);
/* A documented error of one action that changes something, for one id only, for hours. */
void answer_fault_of_one_change(struct simulation *simulation);
/* NotFound for one instance, image or snapshot only, whatever list of ids the request has. */
void answer_fault_of_one_id(struct simulation *simulation);
/* AssumeRole is answered without the keys, or with a part of them. */
void answer_fault_without_keys(struct simulation *simulation);
/* An answer that is not AWS's, to one action or to all requests of a region. */
void answer_fault_foreign(struct simulation *simulation);

/* ---- answer faults of the crash sweep ---- */

/* The first CreateImage is carried out, and its answer is an error. */
void answer_fault_after_create(struct simulation *simulation);
/* At the first call: DescribeImages is refused for longer than an instance stays stopped for its
 * image. */
void answer_fault_of_image_lists(struct simulation *simulation);
