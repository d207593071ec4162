/*
 * The firings of a schedule, by its expression, zone, start and end. Pure: times are arguments.
 *
 * A wall minute fires at its first occurrence; wall minutes that do not exist do not fire. A rate
 * runs on the grid anchor + k * interval, whatever the wall clock does. at() ignores start and end.
 */
#pragma once

#include "base/time.h"
#include "schedule/expression.h"
#include "schedule/zone.h"

struct schedule {
        struct expression expression;
        struct zone *zone; /* borrowed; never NULL */
        sec_t start, end;  /* both inclusive; SEC_NONE when not given */
        /* For a rate without `start`: the origin of its grid; the first firing is an interval
         * later. SEC_NONE: such a rate does not fire. */
        sec_t anchor;
};

/* The anchor of a rate that is activated at `now`: the next full minute. */
sec_t schedule_anchor_from(sec_t now);

/* The first firing strictly after `after`, or SEC_NEVER. The cost does not depend on its distance.
 */
sec_t schedule_next(const struct schedule *schedule, sec_t after);
/* The last firing at or before `at` and strictly after `floor` (SEC_NONE: no limit), or SEC_NONE.
 * For missed firings. */
sec_t schedule_latest(const struct schedule *schedule, sec_t floor, sec_t at);

/*
 * The message why an at() cannot fire in the zone, with the nearest times that exist. NULL: it can
 * fire, or the expression is no at(). Caller frees.
 */
char *schedule_at_problem(const struct expression *expression, const struct zone *zone);

/*
 * The offset of schedule `name` in a flexible window: 0 <= offset < window (seconds). It is the
 * same after a restart and on every host, and spread evenly over names. 0 without a window.
 */
sec_t schedule_flexible_offset(const char *name, sec_t window);
