/* Parses POSIX TZ strings, and computes the transitions of a year. */
#include "schedule/zone-rule.h"

#include <ctype.h>
#include <stdlib.h>

enum {
        NAME_MIN = 3,
        OFFSET_HOURS_MAX = 24,
        TIME_HOURS_MAX = 167, /* RFC 8536 section 3.3.1 */
        DAYS_PER_WEEK = 7,
};

/* Parses a number of up to three digits in [least, most]. */
static bool take_number(const char **text, int least, int most, int *ret)
{
        int value = 0, digits = 0;

        for (; isdigit((unsigned char)**text) && digits < 3; (*text)++, digits++)
                value = value * 10 + (**text - '0');
        if (!digits || isdigit((unsigned char)**text) || value < least || value > most)
                return false;
        *ret = value;
        return true;
}

static bool take(const char **text, char c)
{
        if (**text != c)
                return false;
        (*text)++;
        return true;
}

/* Parses a name, "EST" or "<+0330>". */
static bool take_name(const char **text)
{
        const char *start = *text;
        bool quoted = take(text, '<');
        size_t n;

        start += quoted;
        while (isalpha((unsigned char)**text) ||
               (quoted && (isdigit((unsigned char)**text) || **text == '+' || **text == '-')))
                (*text)++;
        n = (size_t)(*text - start);
        return n >= NAME_MIN && (!quoted || take(text, '>'));
}

/* Parses [+-]hh[:mm[:ss]] into seconds. */
static bool take_time(const char **text, int hours_max, int *ret)
{
        int sign = 1, hours, minutes = 0, seconds = 0;

        if (take(text, '-'))
                sign = -1;
        else
                take(text, '+');
        if (!take_number(text, 0, hours_max, &hours))
                return false;
        if (take(text, ':')) {
                if (!take_number(text, 0, 59, &minutes))
                        return false;
                if (take(text, ':') && !take_number(text, 0, 59, &seconds))
                        return false;
        }
        *ret = sign * (hours * 3600 + minutes * 60 + seconds);
        return true;
}

/* Parses an offset, which POSIX counts westwards, into seconds east of UTC. */
static bool take_offset(const char **text, int *ret)
{
        int west;

        if (!take_time(text, OFFSET_HOURS_MAX, &west))
                return false;
        *ret = -west;
        return true;
}

static bool take_date(const char **text, struct zone_rule_date *ret)
{
        struct zone_rule_date date = { .kind = RULE_DAY_OF_YEAR, .time = 2 * 3600 };

        if (take(text, 'M')) {
                date.kind = RULE_WEEKDAY;
                if (!take_number(text, 1, 12, &date.month) || !take(text, '.') ||
                    !take_number(text, 1, 5, &date.week) || !take(text, '.') ||
                    !take_number(text, 0, 6, &date.day))
                        return false;
        } else if (take(text, 'J')) {
                date.kind = RULE_JULIAN;
                if (!take_number(text, 1, 365, &date.day))
                        return false;
        } else if (!take_number(text, 0, 365, &date.day)) {
                return false;
        }
        if (take(text, '/') && !take_time(text, TIME_HOURS_MAX, &date.time))
                return false;
        *ret = date;
        return true;
}

bool zone_rule_parse(const char *text, struct zone_rule *ret)
{
        struct zone_rule rule = {};

        if (!take_name(&text) || !take_offset(&text, &rule.standard))
                return false;
        if (*text) {
                rule.has_daylight = true;
                rule.daylight = rule.standard + 3600;
                if (!take_name(&text))
                        return false;
                if (*text && *text != ',' && !take_offset(&text, &rule.daylight))
                        return false;
                if (!take(&text, ',') || !take_date(&text, &rule.begin) || !take(&text, ',') ||
                    !take_date(&text, &rule.end) || *text)
                        return false;
        }
        *ret = rule;
        return true;
}

static int64_t date_to_days(const struct zone_rule_date *date, int64_t year)
{
        int64_t first;
        int day;

        switch (date->kind) {
        case RULE_JULIAN:
                return days_from_civil(year, 1, 1) + date->day - 1 +
                       (date->day > 59 && is_leap_year(year));
        case RULE_DAY_OF_YEAR:
                return days_from_civil(year, 1, 1) + date->day;
        case RULE_WEEKDAY:
                first = days_from_civil(year, date->month, 1);
                day = (date->day - weekday_of_days(first) + DAYS_PER_WEEK) % DAYS_PER_WEEK +
                      (date->week - 1) * DAYS_PER_WEEK;
                if (day >= days_in_month(year, date->month))
                        day -= DAYS_PER_WEEK;
                return first + day;
        }
        abort();
}

sec_t zone_rule_begin(const struct zone_rule *rule, int64_t year)
{
        return date_to_days(&rule->begin, year) * SEC_PER_DAY + rule->begin.time - rule->standard;
}

sec_t zone_rule_end(const struct zone_rule *rule, int64_t year)
{
        return date_to_days(&rule->end, year) * SEC_PER_DAY + rule->end.time - rule->daylight;
}
