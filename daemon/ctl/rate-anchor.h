/*
 * Since when a rate() without `start` counts: from when the daemon first had it, so the daemon is
 * asked. The same words for check, next and plan.
 */
#pragma once

#include "ctl/verbs.h"
#include "schedule/schedule.h"
#include "settings/settings.h"

/* Whether the schedule is such a one. */
bool rate_is_unanchored(const struct setting_schedule *setting);
/* Fills in the anchor: the daemon's where it runs, may be asked and has the schedule as it stands
 * in the settings; else that which the daemon would take at `now`. True: it is the daemon's. */
bool rate_anchor_find(const struct ctl *ctl, const struct setting_schedule *setting, sec_t now,
                      struct schedule *schedule);
/* "rate(7 days) without `start` counts from ...". Caller frees. */
char *rate_anchor_words(const struct setting_schedule *setting, const struct schedule *schedule,
                        bool known);
