/* Dates, and the forms of times and durations. */
#include "base/time.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Howard Hinnant's algorithm: a year starts in March, so that the leap day is its last day. */
int64_t days_from_civil(int64_t year, int month, int day)
{
        int64_t y = year - (month <= 2);
        int64_t era = (y >= 0 ? y : y - 399) / 400;
        int64_t of_era = y - era * 400;
        int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

        return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
        int64_t z = days + 719468;
        int64_t era = (z >= 0 ? z : z - 146096) / 146097;
        int64_t of_era = z - era * 146097;
        int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
        int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
        int64_t m = (5 * of_year + 2) / 153;

        *ret_day = (int)(of_year - (153 * m + 2) / 5 + 1);
        *ret_month = (int)(m < 10 ? m + 3 : m - 9);
        *ret_year = y + era * 400 + (*ret_month <= 2);
}

int weekday_of_days(int64_t days)
{
        int64_t w = (days + 4) % 7;

        return (int)(w < 0 ? w + 7 : w);
}

bool is_leap_year(int64_t year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(int64_t year, int month)
{
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

        return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

struct civil civil_from_sec(sec_t sec)
{
        int64_t days = sec / SEC_PER_DAY;
        int rest = (int)(sec % SEC_PER_DAY);
        struct civil civil;

        if (rest < 0) {
                rest += (int)SEC_PER_DAY;
                days--;
        }
        civil_from_days(days, &civil.year, &civil.month, &civil.day);
        civil.hour = rest / 3600;
        civil.minute = rest / 60 % 60;
        civil.second = rest % 60;
        return civil;
}

sec_t sec_from_civil(const struct civil *civil)
{
        return days_from_civil(civil->year, civil->month, civil->day) * SEC_PER_DAY +
               civil->hour * SEC_PER_HOUR + civil->minute * SEC_PER_MIN + civil->second;
}

bool civil_is_valid(const struct civil *civil)
{
        return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
               civil->day <= days_in_month(civil->year, civil->month) && civil->hour >= 0 &&
               civil->hour <= 23 && civil->minute >= 0 && civil->minute <= 59 &&
               civil->second >= 0 && civil->second <= 59;
}

const char *format_rfc3339(sec_t sec, char buffer[static TIME_TEXT_MAX])
{
        struct civil c = civil_from_sec(sec);

        snprintf(buffer, TIME_TEXT_MAX, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02dZ", c.year, c.month,
                 c.day, c.hour, c.minute, c.second);
        return buffer;
}

const char *format_compact(sec_t sec, char buffer[static TIME_TEXT_MAX])
{
        struct civil c = civil_from_sec(sec);

        snprintf(buffer, TIME_TEXT_MAX, "%04" PRId64 "%02d%02dT%02d%02d%02dZ", c.year, c.month,
                 c.day, c.hour, c.minute, c.second);
        return buffer;
}

const char *format_local(sec_t sec, int offset, char buffer[static TIME_TEXT_MAX])
{
        struct civil c = civil_from_sec(sec + offset);
        int minutes = abs(offset) / 60;

        snprintf(buffer, TIME_TEXT_MAX, "%04" PRId64 "-%02d-%02d %02d:%02d:%02d %c%02d:%02d",
                 c.year, c.month, c.day, c.hour, c.minute, c.second, offset < 0 ? '-' : '+',
                 minutes / 60 % 100, minutes % 60);
        return buffer;
}

/* Parses exactly `digits` digits, and advances *text. */
static bool take_digits(const char **text, int digits, int *ret)
{
        int value = 0;

        for (; digits; digits--, (*text)++) {
                if (!isdigit((unsigned char)**text))
                        return false;
                value = value * 10 + (**text - '0');
        }
        *ret = value;
        return true;
}

static bool take_char(const char **text, const char *set)
{
        if (!**text || !strchr(set, **text))
                return false;
        (*text)++;
        return true;
}

static bool take_civil(const char **text, const char *between, struct civil *ret)
{
        struct civil c;
        int year;

        if (!take_digits(text, 4, &year) || !take_char(text, "-") ||
            !take_digits(text, 2, &c.month) || !take_char(text, "-") ||
            !take_digits(text, 2, &c.day) || !take_char(text, between) ||
            !take_digits(text, 2, &c.hour) || !take_char(text, ":") ||
            !take_digits(text, 2, &c.minute) || !take_char(text, ":") ||
            !take_digits(text, 2, &c.second))
                return false;
        c.year = year;
        if (!civil_is_valid(&c))
                return false;
        *ret = c;
        return true;
}

bool parse_civil(const char *text, struct civil *ret)
{
        struct civil c;

        if (!take_civil(&text, "T", &c) || *text)
                return false;
        *ret = c;
        return true;
}

bool parse_rfc3339(const char *text, sec_t *ret)
{
        int sign, hours = 0, minutes = 0;
        struct civil c;

        if (!take_civil(&text, "Tt ", &c))
                return false;
        if (take_char(&text, ".")) {
                if (!isdigit((unsigned char)*text))
                        return false;
                text += strspn(text, "0123456789");
        }
        if (take_char(&text, "Zz")) {
                sign = 0;
        } else {
                sign = *text == '-' ? -1 : 1;
                if (!take_char(&text, "+-") || !take_digits(&text, 2, &hours) ||
                    !take_char(&text, ":") || !take_digits(&text, 2, &minutes) || hours > 23 ||
                    minutes > 59)
                        return false;
        }
        if (*text)
                return false;
        *ret = sec_from_civil(&c) - sign * (hours * SEC_PER_HOUR + minutes * SEC_PER_MIN);
        return true;
}

static const struct unit {
        char letter;
        sec_t seconds;
} units[] = {
        { 'w', SEC_PER_WEEK }, { 'd', SEC_PER_DAY }, { 'h', SEC_PER_HOUR },
        { 'm', SEC_PER_MIN },  { 's', 1 },
};

bool parse_duration(const char *text, sec_t *ret)
{
        const sec_t longest = 36525 * SEC_PER_DAY;
        sec_t value = 0;

        if (!isdigit((unsigned char)*text))
                return false;
        for (; isdigit((unsigned char)*text); text++) {
                value = value * 10 + (*text - '0');
                if (value > longest)
                        return false;
        }
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (text[0] != units[i].letter || text[1])
                        continue;
                if (value == 0 || value > longest / units[i].seconds)
                        return false;
                *ret = value * units[i].seconds;
                return true;
        }
        return false;
}

const char *format_duration(sec_t duration, char buffer[static TIME_TEXT_MAX])
{
        for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
                if (duration % units[i].seconds && units[i].seconds > 1)
                        continue;
                if (duration == 0 && units[i].seconds > 1)
                        continue;
                snprintf(buffer, TIME_TEXT_MAX, "%" PRId64 "%c", duration / units[i].seconds,
                         units[i].letter);
                break;
        }
        return buffer;
}

const char *format_timespan(sec_t duration, char buffer[static TIME_TEXT_MAX])
{
        size_t n = sizeof(units) / sizeof(units[0]);

        for (size_t i = 1; i + 1 < n; i++) {
                sec_t big = duration / units[i].seconds;
                sec_t small = duration % units[i].seconds / units[i + 1].seconds;

                if (!big)
                        continue;
                if (small)
                        snprintf(buffer, TIME_TEXT_MAX, "%" PRId64 "%c %" PRId64 "%c", big,
                                 units[i].letter, small, units[i + 1].letter);
                else
                        snprintf(buffer, TIME_TEXT_MAX, "%" PRId64 "%c", big, units[i].letter);
                return buffer;
        }
        snprintf(buffer, TIME_TEXT_MAX, "%" PRId64 "s", duration);
        return buffer;
}
