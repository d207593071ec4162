/*
 * The footer of a TZif file: a POSIX TZ string with the extensions of RFC 8536 (times of day from
 * -167 to 167 hours, names in angle brackets). Private to zone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

enum zone_rule_kind {
        RULE_JULIAN,      /* Jn: day 1-365, 29 February is not counted */
        RULE_DAY_OF_YEAR, /* n: day 0-365 */
        RULE_WEEKDAY,     /* Mm.w.d: the w-th weekday d of month m, 5 = the last */
};

struct zone_rule_date {
        enum zone_rule_kind kind;
        int month, week, day;
        int time; /* seconds after that day's midnight, may be negative or beyond a day */
};

struct zone_rule {
        int standard, daylight; /* seconds east of UTC */
        bool has_daylight;
        struct zone_rule_date begin, end; /* of daylight time, each in the wall time before it */
};

/* False for a text that is no such string. */
bool zone_rule_parse(const char *text, struct zone_rule *ret);
/* The UTC instants of a year at which daylight time begins and ends. */
sec_t zone_rule_begin(const struct zone_rule *rule, int64_t year);
sec_t zone_rule_end(const struct zone_rule *rule, int64_t year);
