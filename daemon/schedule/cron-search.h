/*
 * The next wall-clock minute that a cron expression matches, without time zones. Private to
 * schedule/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "schedule/expression.h"

/* The days that match the day rule in a month, bit 1 to 31; cron->months and years do not matter.
 */
uint32_t cron_month_days(const struct cron *cron, int64_t year, int month);

/*
 * The first matching minute (minutes since 1970-01-01 00:00 of the wall clock) at or after
 * `from`; false: there is none until CRON_YEAR_LAST.
 */
bool cron_search(const struct cron *cron, int64_t from, int64_t *ret);
