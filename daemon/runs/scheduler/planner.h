/*
 * The planner: which schedule fires when. One timer waits for the earliest firing of all; nothing
 * wakes up in between. What a schedule does when its time has come is in firings.h.
 */
#pragma once

#include "runs/engine/engine.h"

struct planner;

struct planner *planner_new(struct engine *engine);
struct planner *planner_free(struct planner *planner);
DEFINE_CLEANUP(struct planner, planner_free);

/* Plans by the engine's settings: new schedules begin now, gone ones are forgotten, changed ones
 * start anew. A store that cannot be written is tried again later. */
void planner_apply(struct planner *planner);
/* The clock was set, or the machine slept. */
void planner_clock_changed(struct planner *planner);
/* A comparison of the clock has ended: what is due may fire now. */
void planner_wake(struct planner *planner);

/* When the next firing will be acted on (the flexible offset included); SEC_NEVER: not at all. */
sec_t planner_next(const struct planner *planner, const char *schedule);
/* The earliest of all, and whose it is: NULL with SEC_NEVER. */
sec_t planner_soonest(const struct planner *planner, const struct setting_schedule **ret_schedule);
/* Whether the schedule has a firing whose nominal time is this second; whatever becomes of it. */
bool planner_fires_for(const struct planner *planner, const char *schedule, sec_t second);
/* Since when a rate() without `start` counts; SEC_NONE for a schedule that is not there. */
sec_t planner_anchor(const struct planner *planner, const char *schedule);
bool planner_is_paused(const struct planner *planner, const char *schedule);
/* Negative errno when it could not be stored. What falls into a pause is not made up for. */
int planner_pause(struct planner *planner, const char *schedule, bool pause);
