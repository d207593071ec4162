/*
 * The planner: which schedule fires when. One timer waits for the earliest firing of all schedules;
 * nothing wakes up before. What a firing does is in firings.h.
 */
#pragma once

#include "runs/engine/engine.h"

struct planner;

struct planner *planner_new(struct engine *engine);
struct planner *planner_free(struct planner *planner);
DEFINE_CLEANUP(struct planner, planner_free);

/* Plans by the settings of the engine: schedules that are new or changed begin now, removed ones
 * are forgotten. Rows that cannot be written now are written later. */
void planner_apply(struct planner *planner);
/* The clock was set, or the machine slept. */
void planner_clock_changed(struct planner *planner);
/* A comparison of the clock has ended: firings that are due may be claimed now. */
void planner_wake(struct planner *planner);

/* When the next firing will be acted on (the flexible offset included); SEC_NEVER: not at all. */
sec_t planner_next(const struct planner *planner, const char *schedule);
/* The earliest firing of all, and its schedule: NULL with SEC_NEVER. */
sec_t planner_soonest(const struct planner *planner, const struct setting_schedule **ret_schedule);
/* Whether the schedule has a firing whose nominal time is this second, claimed or not. */
bool planner_fires_for(const struct planner *planner, const char *schedule, sec_t second);
/* The anchor of a rate() without `start`; SEC_NONE for a schedule that does not exist. */
sec_t planner_anchor(const struct planner *planner, const char *schedule);
bool planner_is_paused(const struct planner *planner, const char *schedule);
/* Negative errno when it could not be stored. Firings during a pause are not made up for. */
int planner_pause(struct planner *planner, const char *schedule, bool pause);
