/*
 * Time as numbers. Wall-clock instants and the durations of settings are whole seconds (sec_t, UTC
 * since 1970); times of the event loop are microseconds (usec_t, monotonic). Only loop/ reads
 * clocks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef int64_t sec_t;
typedef int64_t usec_t;

#define SEC_NEVER     INT64_MAX /* an instant that never comes */
#define SEC_NONE      INT64_MIN /* no instant */
#define SEC_PER_MIN   ((sec_t)60)
#define SEC_PER_HOUR  ((sec_t)3600)
#define SEC_PER_DAY   ((sec_t)86400)
#define SEC_PER_WEEK  (7 * SEC_PER_DAY)
#define USEC_PER_SEC  ((usec_t)1000000)
#define USEC_PER_MSEC ((usec_t)1000)
#define USEC_INFINITY INT64_MAX

/* A date and time of day of the proleptic Gregorian calendar, without a zone. */
struct civil {
        int64_t year;
        int month;  /* 1-12 */
        int day;    /* 1-31 */
        int hour;   /* 0-23 */
        int minute; /* 0-59 */
        int second; /* 0-59 */
};

/* Conversion between dates and days since 1970-01-01. */
int64_t days_from_civil(int64_t year, int month, int day);
void civil_from_days(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
/* 0 = Sunday. */
int weekday_of_days(int64_t days);
int days_in_month(int64_t year, int month);
bool is_leap_year(int64_t year);

struct civil civil_from_sec(sec_t sec);
sec_t sec_from_civil(const struct civil *civil);
/* Whether every field is in its range and the day exists in its month. */
bool civil_is_valid(const struct civil *civil);

enum {
        TIME_TEXT_MAX = 40, /* room for any text of the two formatters, with the NUL */
};

/* `2027-01-01T00:00:00Z`. */
const char *format_rfc3339(sec_t sec, char buffer[static TIME_TEXT_MAX]);
/* `20270101T000000Z`, for names. */
const char *format_compact(sec_t sec, char buffer[static TIME_TEXT_MAX]);
/* `2027-01-01 09:00:00 +09:00`, with `offset` the seconds east of UTC. */
const char *format_local(sec_t sec, int offset, char buffer[static TIME_TEXT_MAX]);
/* Parses RFC 3339 with any offset and an optional fraction, which is cut off; a space may separate
 * date and time. False for another form, and for a date that does not exist. */
bool parse_rfc3339(const char *text, sec_t *ret);
/* Parses exactly `yyyy-mm-ddThh:mm:ss`. */
bool parse_civil(const char *text, struct civil *ret);

/* Parses `90s`, `15m`, `6h`, `30d`, `2w`: a positive number and a unit, at most 100 years. */
bool parse_duration(const char *text, sec_t *ret);
/* The shortest exact form: 90s, 15m, 6h, 30d, 2w. */
const char *format_duration(sec_t duration, char buffer[static TIME_TEXT_MAX]);
/* For display, rounded to two units: `2h 5m`, `45s`, `3d 4h`. */
const char *format_timespan(sec_t duration, char buffer[static TIME_TEXT_MAX]);
