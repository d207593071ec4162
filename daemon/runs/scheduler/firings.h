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
        sec_t tried; /* a firing that was on time and could not be claimed: the claim is tried again
                      */
        sec_t logged;  /* the latest missed firing that the journal has a line about */
        sec_t reached; /* row.handled from before the clock was set back */
        bool fitted; /* row.handled was set by firings_fit_clock(), and the store says otherwise */
        bool compared; /* firings are claimed by a clock that was compared with AWS's */
};
void firings_done(struct firings *firings);

/* Fills in the rest beside `setting` (borrowed), `schedule` and `offset`: as of a schedule that
 * begins now. */
void firings_begin(struct firings *firings, sec_t now);
/* Loads the row of the schedule; for a new schedule, or one whose definition has changed, stores a
 * row as firings_begin() has made it. */
int firings_record(struct engine *engine, struct firings *firings);
/* Finds the next one anew; due when it is to be acted on, SEC_NEVER: not at all. */
void firings_advance(struct firings *firings);
sec_t firings_due(const struct firings *firings);
/* Deals with everything that is due. `compared`: the clock agrees with AWS's; else
 * it is compared before the runs touch an instance. */
int firings_run(struct engine *engine, struct firings *firings, sec_t now, bool compared);
/* Records that everything up to `nominal` has been dealt with, and whether it is paused. */
int firings_handle(struct engine *engine, struct firings *firings, sec_t nominal);
/* Makes times that were recorded before the clock was set fit the clock of now. firings_run()
 * stores them once the clock is known to be right: a wrong clock would move `handled` beyond
 * firings that a later start then takes for handled. */
void firings_fit_clock(struct firings *firings, sec_t now);
/* A schedule that was taken out of the settings begins anew if it comes back. */
int firings_forget(struct engine *engine, const char *name);
