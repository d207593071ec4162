/*
 * One field of cron(): a list of values, ranges and steps, or what only the day fields know (?, L,
 * W, #). Private to expression.
 */
#pragma once

#include <stdbool.h>

#include "schedule/expression.h"

enum cron_field {
        FIELD_MINUTES,
        FIELD_HOURS,
        FIELD_DAY_OF_MONTH,
        FIELD_MONTH,
        FIELD_DAY_OF_WEEK,
        FIELD_YEAR,
        CRON_FIELDS,
};

/* "day-of-month", as in messages. */
const char *cron_field_name(enum cron_field field);

/*
 * Reads `text` into its part of `cron`; a day field also sets the day rule, unless it is "?". On
 * failure false and a message (caller frees).
 */
bool cron_field_parse(enum cron_field field, const char *text, struct cron *cron, char **ret_error);
