/*
 * The anchor of a rate() without `start`: the time when the daemon first had the schedule. It is
 * read from the daemon, and described by check, next and plan in the same words.
 */
#pragma once

#include "ctl/verbs.h"
#include "schedule/schedule.h"
#include "settings/settings.h"

/* Whether the schedule has a rate() without `start`. */
bool rate_is_unanchored(const struct setting_schedule *setting);
/* Sets the anchor. True: it is the anchor of a running daemon with the same schedule. False: it is
 * the anchor that a daemon would take at `now`. */
bool rate_anchor_find(const struct ctl *ctl, const struct setting_schedule *setting, sec_t now,
                      struct schedule *schedule);
/* "rate(7 days) without `start` counts from ...". Caller frees. */
char *rate_anchor_words(const struct setting_schedule *setting, const struct schedule *schedule,
                        bool known);
