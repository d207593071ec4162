/*
 * When a schedule fires: expression, zone, start and end. Pure: `after` comes from outside.
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
        /* Of a rate without `start`: since when it counts; its first firing is one interval later.
         * SEC_NONE as long as it does not count; it then never fires. */
        sec_t anchor;
};

/* The anchor of a rate that begins to count at `now`: the next full minute. */
sec_t schedule_anchor_from(sec_t now);

/* The first firing strictly after `after`, or SEC_NEVER. Costs the same however far it is. */
sec_t schedule_next(const struct schedule *schedule, sec_t after);
/* The last firing at or before `at` and strictly after `floor` (SEC_NONE: since ever), or SEC_NONE:
 * what was missed. */
sec_t schedule_latest(const struct schedule *schedule, sec_t floor, sec_t at);

/*
 * Why an at() cannot fire in this zone: a text that names the nearest times that exist, or NULL
 * when it can, or when the expression is not an at(). Caller frees.
 */
char *schedule_at_problem(const struct expression *expression, const struct zone *zone);

/*
 * The stable offset inside a flexible window for schedule `name`: 0 <= offset < window (seconds),
 * the same at every restart and on every host, spread evenly over names. 0 without a window.
 */
sec_t schedule_flexible_offset(const char *name, sec_t window);
