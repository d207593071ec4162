/*
 * The next wall-clock minute a cron expression matches, without zones. Private to schedule/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "schedule/expression.h"

/* The days of a month that match, bit 1 to 31; the month and the year are not looked at. */
uint32_t cron_month_days(const struct cron *cron, int64_t year, int month);

/*
 * The first matching minute (minutes since 1970-01-01 00:00 of the wall clock) at or after
 * `from`; false when none is left until CRON_YEAR_LAST.
 */
bool cron_search(const struct cron *cron, int64_t from, int64_t *ret);
