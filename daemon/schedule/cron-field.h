/*
 * Parser of a field of cron(): a list of values, ranges and steps; in the day fields also ?, L, W
 * and
 * #. Private to expression.
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
 * Parses `text` into the members of `cron` for the field; a day field other than "?" also sets the
 * day rule. False with a message (caller frees) for a text that is not valid.
 */
bool cron_field_parse(enum cron_field field, const char *text, struct cron *cron, char **ret_error);
