/* Finds the next matching date and minute. */
#include "schedule/cron-search.h"

#include <stdlib.h>

enum {
        DAYS_PER_WEEK = 7,
        MINUTES_PER_HOUR = 60,
        MINUTES_PER_DAY = 1440,
        MONTHS = 12,
        SATURDAY = 6,
};

struct date {
        int64_t year;
        int month, day;
};

/* The workday nearest to `day`, never in another month. */
static int nearest_workday(int day, int weekday, int last)
{
        if (weekday == SATURDAY)
                return day > 1 ? day - 1 : day + 2;
        if (weekday == 0)
                return day < last ? day + 1 : day - 2;
        return day;
}

static uint32_t bit(int day)
{
        return UINT32_C(1) << day;
}

uint32_t cron_month_days(const struct cron *cron, int64_t year, int month)
{
        const uint64_t every_week = UINT64_C(0x810204081); /* the bits 0, 7, ... 35 */
        int last = days_in_month(year, month);
        uint32_t existing = (uint32_t)((UINT64_C(2) << last) - 2);
        int first, day; /* the weekday of the 1st; a day of the month */

        if (cron->day_rule == CRON_DAYS_OF_MONTH)
                return cron->days & existing;
        first = weekday_of_days(days_from_civil(year, month, 1));
        switch (cron->day_rule) {
        case CRON_DAYS_OF_WEEK:
                return (uint32_t)((cron->weekdays * every_week) >> first << 1) & existing;
        case CRON_LAST_DAY:
                return last > cron->number ? bit(last - cron->number) : 0;
        case CRON_LAST_WORKDAY:
                return bit(nearest_workday(last, (first + last - 1) % DAYS_PER_WEEK, last));
        case CRON_NEAREST_WORKDAY:
                if (cron->number > last)
                        return 0;
                day = (first + cron->number - 1) % DAYS_PER_WEEK;
                return bit(nearest_workday(cron->number, day, last));
        case CRON_LAST_WEEKDAY:
                day = (first + last - 1 - cron->weekday + DAYS_PER_WEEK) % DAYS_PER_WEEK;
                return bit(last - day);
        case CRON_NTH_WEEKDAY:
                day = 1 + (cron->weekday - first + DAYS_PER_WEEK) % DAYS_PER_WEEK +
                      (cron->number - 1) * DAYS_PER_WEEK;
                return day <= last ? bit(day) : 0;
        case CRON_DAYS_OF_MONTH:
                break;
        }
        abort();
}

/* The first year of the set at or after `year`; false: there is none. */
static bool next_year(const struct cron *cron, int64_t *year)
{
        const size_t n = sizeof(cron->years) / sizeof(cron->years[0]);
        size_t start = (size_t)(*year - CRON_YEAR_FIRST);

        for (size_t word = start / 64; word < n; word++) {
                uint64_t left = cron->years[word];

                if (word == start / 64)
                        left &= UINT64_MAX << (start % 64);
                if (left) {
                        *year = CRON_YEAR_FIRST + (int64_t)word * 64 + __builtin_ctzll(left);
                        return true;
                }
        }
        return false;
}

/* Moves `date` to the first matching day at or after it; date->day may be past the end of the
 * month. */
static bool next_date(const struct cron *cron, struct date *date)
{
        for (int64_t year = date->year; next_year(cron, &year); year++) {
                uint32_t months = cron->months;

                if (year == date->year)
                        months &= UINT32_MAX << date->month;
                for (; months; months &= months - 1) {
                        int month = __builtin_ctz(months);
                        uint32_t days = cron_month_days(cron, year, month);

                        if (year == date->year && month == date->month)
                                days = (uint32_t)(days & UINT64_MAX << date->day);
                        if (days) {
                                *date = (struct date){ year, month, __builtin_ctz(days) };
                                return true;
                        }
                }
        }
        return false;
}

/* The first matching minute of a day at or after `minute`; false: there is none. */
static bool next_minute(const struct cron *cron, int minute, int *ret)
{
        int hour = minute / MINUTES_PER_HOUR;
        uint32_t hours = cron->hours & UINT32_MAX << hour;
        uint64_t minutes = cron->minutes & UINT64_MAX << minute % MINUTES_PER_HOUR;
        bool this_hour = hours & UINT32_C(1) << hour;

        if (this_hour && !minutes)
                hours &= hours - 1;
        if (!hours)
                return false;
        if (!this_hour || !minutes) {
                hour = __builtin_ctz(hours);
                minutes = cron->minutes;
        }
        *ret = hour * MINUTES_PER_HOUR + __builtin_ctzll(minutes);
        return true;
}

bool cron_search(const struct cron *cron, int64_t from, int64_t *ret)
{
        int64_t today;
        struct date date;
        int minute;

        if (from < 0)
                from = 0;
        today = from / MINUTES_PER_DAY;
        minute = (int)(from % MINUTES_PER_DAY);
        civil_from_days(today, &date.year, &date.month, &date.day);
        if (date.year > CRON_YEAR_LAST)
                return false;
        while (next_date(cron, &date)) { /* at most twice: today, and a later day */
                int64_t days = days_from_civil(date.year, date.month, date.day);

                if (next_minute(cron, days == today ? minute : 0, &minute)) {
                        *ret = days * MINUTES_PER_DAY + minute;
                        return true;
                }
                date.day++;
        }
        return false;
}
