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

struct universe;

struct refusal {
        const struct aws_error *error; /* or */
        const struct foreign_answer *foreign;
        const char *action, *region; /* borrowed; NULL: any */
        char *id;                    /* only requests that name it; NULL: all */
        bool acted;                  /* the request is carried out all the same */
        uint64_t count;              /* of answers that are left */
        usec_t until;                /* monotonic */
        uint64_t struck;
};

/* The last ones of single ids that are over. */
struct past_refusal {
        char *id;
        usec_t ended; /* monotonic */
};
enum { PAST_REFUSALS = 32 };

struct refusals {
        struct refusal *list;
        size_t n;
        struct past_refusal past[PAST_REFUSALS];
        size_t n_past;
        usec_t ended;      /* when the last one was over, monotonic; 0: there was none */
        usec_t wide_until; /* so long the last one was to last that was not of a single id */
};

void refusals_clear(struct refusals *refusals);
/* `refusal->id` is taken. */
void refusals_add(struct refusals *refusals, const struct refusal *refusal);
/* The refusal that strikes a request, counted; NULL: none. Valid until one is added. */
const struct refusal *refusals_strike(struct refusals *refusals, usec_t now, const char *action,
                                      const char *region, const char *body, size_t size);
/* The answer to a request that it strikes; replaces `reply`, which was the true one. */
void refusal_answer(const struct refusal *refusal, const char *action, struct sim_reply *reply);
/* Since when none is in force that concerns this id (NULL: none at all): USEC_INFINITY while one
 * is. */
usec_t refusals_clear_since(struct refusals *refusals, usec_t now, const char *id);

/* ---- events: a new refusal, drawn from the tables ---- */

/* A documented error of one action: once. */
void refuse_once(struct universe *universe);
/* For minutes or hours. */
void refuse_for_long(struct universe *universe);
/* A documented error of one action that changes something, for hours, of one id only. */
void refuse_one_change(struct universe *universe);
/* For one instance, image or snapshot only, whatever batch it is in. */
void refuse_one_id(struct universe *universe);
/* AssumeRole is answered without the keys, or with a part of them. */
void answer_without_keys(struct universe *universe);
/* An answer that is not AWS's, to one action or all of a region. */
void answer_foreign(struct universe *universe);

/* ---- planned ones: crash-sweep.h ---- */

/* The first CreateImage is carried out, and its answer does not say so. */
void refuse_word_of_image(struct universe *universe);
/* The first time that it is called: no image is listed for longer than an instance is held. */
void refuse_lists_of_images(struct universe *universe);
