/*
 * The firings of one schedule: which is next, what happens when it is due, what was missed, and
 * what is remembered of them over restarts and steps of the clock.
 *
 * A firing is claimed in the store before anything happens, under an id that is a function of
 * (schedule, nominal time): whatever the clock does, none happens twice. Functions give 0, or a
 * negative errno when the store could not be written: then nothing was handled and it can be tried
 * again.
 */
#pragma once

#include "runs/engine/engine.h"

struct firings {
        const struct setting_schedule *setting;
        struct schedule schedule; /* of the setting, with the anchor filled in */
        struct store_schedule row;
        sec_t offset;  /* of a flexible window */
        sec_t nominal; /* the next firing after row.handled; SEC_NEVER */
        sec_t tried;   /* was on time, but could not be claimed: it is as soon as it can */
        sec_t logged;  /* the latest missed firing that the journal has a line about */
        sec_t reached; /* what was handled before the clock was set back */
        bool fitted; /* row.handled was set by firings_fit_clock(), and the store says otherwise */
        bool compared; /* those that fire now are claimed by a clock that was compared */
};
void firings_done(struct firings *firings);

/* Fills in the rest beside `setting` (borrowed), `schedule` and `offset`: as of a schedule that
 * begins now. */
void firings_begin(struct firings *firings, sec_t now);
/* Takes up what the store remembers of the schedule; of one that is new, or fires by something else
 * than what is remembered, records that it begins as it has. */
int firings_record(struct engine *engine, struct firings *firings);
/* Finds the next one anew; due when it is to be acted on, SEC_NEVER: not at all. */
void firings_advance(struct firings *firings);
sec_t firings_due(const struct firings *firings);
/* Deals with everything that is due. `compared`: the clock agrees with AWS's; else that is looked
 * at before the runs begin with an instance. */
int firings_run(struct engine *engine, struct firings *firings, sec_t now, bool compared);
/* Records that everything up to `nominal` has been dealt with, and whether it is paused. */
int firings_handle(struct engine *engine, struct firings *firings, sec_t nominal);
/* Makes what was remembered under another clock fit this one. It is recorded by firings_run() once
 * the clock is known to be right: a start after what a wrong clock has handled would miss it. */
void firings_fit_clock(struct firings *firings, sec_t now);
/* A schedule that was taken out of the settings begins anew if it comes back. */
int firings_forget(struct engine *engine, const char *name);
