/* Next and latest firings of schedules. */
#include "schedule/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

/* The instant of a row: RFC 3339 with any offset, "-" for SEC_NONE, "never". */
static sec_t instant(const char *text, int line)
{
        sec_t sec;

        if (streq(text, "-"))
                return SEC_NONE;
        if (streq(text, "never"))
                return SEC_NEVER;
        if (!parse_rfc3339(text, &sec))
                fail_msg("line %d: bad instant %s", line, text);
        return sec;
}

static struct zone *load(const char *name, int line)
{
        struct zone *zone;

        if (zone_load(name, &zone) < 0)
                fail_msg("line %d: no zone %s", line, name);
        return zone;
}

static struct schedule schedule_of(const char *expression, struct zone *zone, int line)
{
        struct schedule schedule = {
                .zone = zone, .start = SEC_NONE, .end = SEC_NONE, .anchor = SEC_NONE
        };
        char *error = NULL;

        if (!expression_parse(expression, &schedule.expression, &error))
                fail_msg("line %d: %s: %s", line, expression, error);
        return schedule;
}

static const char *show(sec_t sec, char buffer[static TIME_TEXT_MAX])
{
        if (sec == SEC_NEVER)
                return "never";
        if (sec == SEC_NONE)
                return "-";
        return format_rfc3339(sec, buffer);
}

static void assert_instant(sec_t got, sec_t expected, const char *what, int line)
{
        char a[TIME_TEXT_MAX], b[TIME_TEXT_MAX];

        if (got != expected)
                fail_msg("line %d: %s gave %s, not %s", line, what, show(got, a),
                         show(expected, b));
}

enum { EXPECTED_MAX = 5 };

struct next_row {
        int line;
        const char *expression, *zone, *from, *expected[EXPECTED_MAX];
};

/* Checks the firings of a row; each has to be the latest firing right after it. */
static void check_next(const struct next_row *row)
{
        _cleanup_(zone_unrefp) struct zone *zone = load(row->zone, row->line);
        struct schedule schedule = schedule_of(row->expression, zone, row->line);
        sec_t from = instant(row->from, row->line), before = from, next;

        for (int i = 0; i < EXPECTED_MAX && row->expected[i]; i++) {
                next = schedule_next(&schedule, before);
                assert_instant(next, instant(row->expected[i], row->line), row->expression,
                               row->line);
                if (next == SEC_NEVER)
                        break;
                assert_instant(schedule_latest(&schedule, from, next), next, "latest", row->line);
                assert_instant(schedule_latest(&schedule, from, next - 1), i ? before : SEC_NONE,
                               "latest before", row->line);
                before = next;
        }
}

#define NOW "2026-11-22T16:33:21Z" /* a Sunday */

/* clang-format off */
static const struct next_row utc_rows[] = {
        { __LINE__, "cron(* * * * ? *)", "UTC", NOW, { "2026-11-22T16:34:00Z", "2026-11-22T16:35:00Z" } },
        { __LINE__, "cron(* * * * ?)", "UTC", NOW, { "2026-11-22T16:34:00Z" } },
        { __LINE__, "cron(* * ? * * *)", "UTC", "2026-11-22T16:34:00Z", { "2026-11-22T16:35:00Z" } },
        { __LINE__, "cron(* * * * ? *)", "UTC", "2026-11-22T16:33:59Z", { "2026-11-22T16:34:00Z" } },
        { __LINE__, "cron(* * * * ? *)", "UTC", "1960-01-01T00:00:00Z", { "1970-01-01T00:00:00Z" } },
        { __LINE__, "cron(* * * * ? *)", "UTC", "2199-12-31T23:58:00Z", { "2199-12-31T23:59:00Z", "never" } },
        { __LINE__, "cron(* * * * ? *)", "UTC", "9000-01-01T00:00:00Z", { "never" } },
        { __LINE__, "cron(0/5 * * * ? *)", "UTC", NOW, { "2026-11-22T16:35:00Z", "2026-11-22T16:40:00Z" } },
        { __LINE__, "cron(0/7 * * * ? *)", "UTC", "2026-11-22T16:49:00Z", { "2026-11-22T16:56:00Z", "2026-11-22T17:00:00Z" } },
        { __LINE__, "cron(1/10 * * * ? *)", "UTC", NOW, { "2026-11-22T16:41:00Z", "2026-11-22T16:51:00Z", "2026-11-22T17:01:00Z" } },
        { __LINE__, "cron(0/20,5 * * * ? *)", "UTC", "2026-11-22T16:00:00Z", { "2026-11-22T16:05:00Z", "2026-11-22T16:20:00Z", "2026-11-22T16:40:00Z", "2026-11-22T17:00:00Z" } },
        { __LINE__, "cron(0-15/5 8-8 * * ? *)", "UTC", NOW, { "2026-11-23T08:00:00Z", "2026-11-23T08:05:00Z", "2026-11-23T08:10:00Z", "2026-11-23T08:15:00Z", "2026-11-24T08:00:00Z" } },
        { __LINE__, "cron(50-10/10 0 * * ? *)", "UTC", NOW, { "2026-11-23T00:00:00Z", "2026-11-23T00:10:00Z", "2026-11-23T00:50:00Z", "2026-11-24T00:00:00Z" } },
        { __LINE__, "cron(0 18 ? * MON-FRI *)", "UTC", NOW, { "2026-11-23T18:00:00Z", "2026-11-24T18:00:00Z" } },
        { __LINE__, "cron(0 18 ? * mon-sun *)", "UTC", NOW, { "2026-11-22T18:00:00Z", "2026-11-23T18:00:00Z" } },
        { __LINE__, "cron(0 0 ? * FRI-MON *)", "UTC", NOW, { "2026-11-23T00:00:00Z", "2026-11-27T00:00:00Z", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * 1 *)", "UTC", NOW, { "2026-11-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * 2/2 *)", "UTC", NOW, { "2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z", "2026-11-27T00:00:00Z", "2026-11-30T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * MON,4,sat *)", "UTC", NOW, { "2026-11-23T00:00:00Z", "2026-11-25T00:00:00Z", "2026-11-28T00:00:00Z" } },
        { __LINE__, "cron(0 8 1 * ? *)", "UTC", NOW, { "2026-12-01T08:00:00Z", "2027-01-01T08:00:00Z" } },
        { __LINE__, "cron(0 0 1 1 ? *)", "UTC", NOW, { "2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z" } },
        { __LINE__, "cron(0 0 31 * ? *)", "UTC", NOW, { "2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z", "2027-03-31T00:00:00Z", "2027-05-31T00:00:00Z" } },
        { __LINE__, "cron(0 0 30-2 * ? *)", "UTC", NOW, { "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z", "2026-12-30T00:00:00Z", "2026-12-31T00:00:00Z" } },
        { __LINE__, "cron(0 0 1-31/30 * ? *)", "UTC", NOW, { "2026-12-01T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-01T00:00:00Z" } },
        { __LINE__, "cron(0 0 L * ? *)", "UTC", NOW, { "2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-31T00:00:00Z", "2027-02-28T00:00:00Z" } },
        { __LINE__, "cron(0 0 L 2 ? *)", "UTC", NOW, { "2027-02-28T00:00:00Z", "2028-02-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 L-3 * ? *)", "UTC", NOW, { "2026-11-27T00:00:00Z", "2026-12-28T00:00:00Z" } },
        { __LINE__, "cron(0 0 L-30 * ? *)", "UTC", NOW, { "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-03-01T00:00:00Z" } },
        { __LINE__, "cron(0 0 lw * ? *)", "UTC", NOW, { "2026-11-30T00:00:00Z", "2026-12-31T00:00:00Z", "2027-01-29T00:00:00Z", "2027-02-26T00:00:00Z" } },
        { __LINE__, "cron(0 0 LW 10 ? *)", "UTC", NOW, { "2027-10-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 15W * ? *)", "UTC", "2026-08-01T00:00:00Z", { "2026-08-14T00:00:00Z", "2026-09-15T00:00:00Z", "2026-10-15T00:00:00Z", "2026-11-16T00:00:00Z" } },
        { __LINE__, "cron(0 0 1W * ? *)", "UTC", "2026-07-31T00:00:00Z", { "2026-08-03T00:00:00Z", "2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z", "2026-11-02T00:00:00Z" } },
        { __LINE__, "cron(0 0 31W * ? *)", "UTC", NOW, { "2026-12-31T00:00:00Z", "2027-01-29T00:00:00Z", "2027-03-31T00:00:00Z", "2027-05-31T00:00:00Z" } },
        { __LINE__, "cron(0 0 28W 2 ? *)", "UTC", NOW, { "2027-02-26T00:00:00Z", "2028-02-28T00:00:00Z" } },
        { __LINE__, "cron(0 0 29W 2 ? *)", "UTC", NOW, { "2028-02-29T00:00:00Z", "2032-02-27T00:00:00Z" } },
        { __LINE__, "cron(0 0 30W 2 ? *)", "UTC", NOW, { "never" } },
        { __LINE__, "cron(0 0 31W 6 ? *)", "UTC", NOW, { "never" } },
        { __LINE__, "cron(0 0 ? * 3#2 *)", "UTC", NOW, { "2026-12-08T00:00:00Z", "2027-01-12T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * 6#3 *)", "UTC", NOW, { "2026-12-18T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * SAT#3 *)", "UTC", NOW, { "2026-12-19T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? 2 1#5 *)", "UTC", NOW, { "2032-02-29T00:00:00Z", "2060-02-29T00:00:00Z", "2088-02-29T00:00:00Z", "2128-02-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * 2#5 *)", "UTC", NOW, { "2026-11-30T00:00:00Z", "2027-03-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * 6L *)", "UTC", NOW, { "2026-11-27T00:00:00Z", "2026-12-25T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * FRIL *)", "UTC", NOW, { "2026-11-27T00:00:00Z", "2026-12-25T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * 7l *)", "UTC", NOW, { "2026-11-28T00:00:00Z", "2026-12-26T00:00:00Z" } },
        { __LINE__, "cron(0 0 ? * L *)", "UTC", NOW, { "2026-11-28T00:00:00Z", "2026-12-05T00:00:00Z" } },
        { __LINE__, "cron(0/30 20-2 ? * MON-FRI *)", "UTC", "2026-11-27T23:00:00Z", { "2026-11-27T23:30:00Z", "2026-11-30T00:00:00Z" } },
        { __LINE__, "cron(0 22-2/2 * * ? *)", "UTC", NOW, { "2026-11-22T22:00:00Z", "2026-11-23T00:00:00Z", "2026-11-23T02:00:00Z", "2026-11-23T22:00:00Z" } },
        { __LINE__, "cron(0 0 1 NOV-FEB ? *)", "UTC", NOW, { "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z", "2027-11-01T00:00:00Z" } },
        { __LINE__, "cron(0 0 1 MAR/4 ? *)", "UTC", NOW, { "2027-03-01T00:00:00Z", "2027-07-01T00:00:00Z", "2027-11-01T00:00:00Z" } },
        { __LINE__, "cron(0 0 1 jan,7 ? *)", "UTC", NOW, { "2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z" } },
        { __LINE__, "cron(0 0 29 2 ? *)", "UTC", NOW, { "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 29 2 ? *)", "UTC", "2096-02-29T00:00:00Z", { "2104-02-29T00:00:00Z" } },
        { __LINE__, "cron(0 0 29 2 ? 2027-2031)", "UTC", NOW, { "2028-02-29T00:00:00Z", "never" } },
        { __LINE__, "cron(0 0 1 1 ? 2099)", "UTC", NOW, { "2099-01-01T00:00:00Z", "never" } },
        { __LINE__, "cron(0 0 1 1 ? 2199,2030,2097/64)", "UTC", NOW, { "2030-01-01T00:00:00Z", "2097-01-01T00:00:00Z", "2161-01-01T00:00:00Z", "2199-01-01T00:00:00Z", "never" } },
        { __LINE__, "cron(0 0 1 1 ? */100)", "UTC", NOW, { "2070-01-01T00:00:00Z", "2170-01-01T00:00:00Z", "never" } },
        { __LINE__, "cron(59 23 31 12 ? 2199)", "UTC", NOW, { "2199-12-31T23:59:00Z", "never" } },
        { __LINE__, "cron(0 0 ? 1 6L 2002-2005)", "UTC", NOW, { "never" } },
        { __LINE__, "cron(0 0 31 2 ? *)", "UTC", NOW, { "never" } },
        { __LINE__, "cron(0 0 30 2 ? *)", "UTC", "1900-01-01T00:00:00Z", { "never" } },
        { __LINE__, "cron(0 0 31 4,6,9,11 ? *)", "UTC", NOW, { "never" } },
};

/* https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html "Daylight savings time" */
static const struct next_row zone_rows[] = {
        { __LINE__, "cron(0 3 * * ? *)", "Asia/Seoul", NOW, { "2026-11-23T03:00:00+09:00", "2026-11-24T03:00:00+09:00" } },
        { __LINE__, "cron(30 2 * * ? *)", "America/Los_Angeles", "2026-03-07T12:00:00-08:00", { "2026-03-09T02:30:00-07:00", "2026-03-10T02:30:00-07:00" } },
        { __LINE__, "cron(30 1 * * ? *)", "America/Los_Angeles", "2026-10-31T12:00:00-07:00", { "2026-11-01T01:30:00-07:00", "2026-11-02T01:30:00-08:00" } },
        { __LINE__, "cron(30 1 * * ? *)", "America/New_York", "2026-11-01T01:10:00-05:00", { "2026-11-02T01:30:00-05:00" } },
        { __LINE__, "cron(0/5 * * * ? *)", "America/New_York", "2026-11-01T01:50:00-04:00", { "2026-11-01T01:55:00-04:00", "2026-11-01T02:00:00-05:00" } },
        { __LINE__, "cron(0/5 * * * ? *)", "America/New_York", "2026-11-01T01:10:00-05:00", { "2026-11-01T02:00:00-05:00" } },
        { __LINE__, "cron(0/5 * * * ? *)", "America/New_York", "2026-03-08T01:50:00-05:00", { "2026-03-08T01:55:00-05:00", "2026-03-08T03:00:00-04:00" } },
        { __LINE__, "cron(0 2-3 * * ? *)", "America/New_York", "2026-03-08T00:00:00-05:00", { "2026-03-08T03:00:00-04:00", "2026-03-09T02:00:00-04:00" } },
        { __LINE__, "cron(30 2 8 3 ? *)", "America/New_York", "2026-01-01T00:00:00Z", { "2027-03-08T02:30:00-05:00" } },
        { __LINE__, "cron(30 2 8 3 ? 2026)", "America/New_York", "2026-01-01T00:00:00Z", { "never" } },
        { __LINE__, "cron(0 0 * * ? *)", "America/Sao_Paulo", "2018-11-03T12:00:00-03:00", { "2018-11-05T00:00:00-02:00" } },
        { __LINE__, "cron(0 * * * ? *)", "America/Sao_Paulo", "2018-11-03T22:30:00-03:00", { "2018-11-03T23:00:00-03:00", "2018-11-04T01:00:00-02:00" } },
        { __LINE__, "cron(30 23 * * ? *)", "America/Sao_Paulo", "2018-02-17T12:00:00-02:00", { "2018-02-17T23:30:00-02:00", "2018-02-18T23:30:00-03:00" } },
        { __LINE__, "cron(45 1 * * ? *)", "Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", { "2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30" } },
        { __LINE__, "cron(15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", { "2026-10-05T02:15:00+11:00" } },
        { __LINE__, "cron(0/15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", { "2026-10-04T02:30:00+11:00", "2026-10-04T02:45:00+11:00", "2026-10-05T02:00:00+11:00" } },
        { __LINE__, "cron(30 2 * * ? *)", "Antarctica/Troll", "2026-03-28T12:00:00Z", { "2026-03-30T02:30:00+02:00" } },
        { __LINE__, "cron(30 1,2 * * ? *)", "Antarctica/Troll", "2026-10-24T12:00:00+02:00", { "2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-26T01:30:00Z" } },
        { __LINE__, "cron(0 12 * * ? *)", "Pacific/Apia", "2011-12-29T00:00:00-10:00", { "2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00" } },
        { __LINE__, "cron(0 12 LW * ? *)", "Pacific/Apia", "2011-12-01T00:00:00-10:00", { "2012-01-31T12:00:00+14:00" } },
        { __LINE__, "cron(0 12 ? * FRIL *)", "Pacific/Apia", "2011-12-01T00:00:00-10:00", { "2012-01-27T12:00:00+14:00" } },
        { __LINE__, "cron(0 12 L-1 12 ? 2011)", "Pacific/Apia", "2011-12-01T00:00:00-10:00", { "never" } },
        { __LINE__, "cron(0 12 ? 12 6#5 2011)", "Pacific/Apia", "2011-12-01T00:00:00-10:00", { "never" } },
        { __LINE__, "cron(30 0 * * ? *)", "America/St_Johns", "2010-03-13T12:00:00-03:30", { "2010-03-15T00:30:00-02:30" } },
        { __LINE__, "cron(0 0 * * ? *)", "America/St_Johns", "2010-03-13T12:00:00-03:30", { "2010-03-14T00:00:00-03:30", "2010-03-15T00:00:00-02:30" } },
        { __LINE__, "cron(30 23 * * ? *)", "America/St_Johns", "2010-11-06T12:00:00-02:30", { "2010-11-06T23:30:00-02:30", "2010-11-07T23:30:00-03:30" } },
        { __LINE__, "cron(0 0 * * ? *)", "America/St_Johns", "2010-11-06T12:00:00-02:30", { "2010-11-07T00:00:00-02:30", "2010-11-08T00:00:00-03:30" } },
        { __LINE__, "cron(30 1 * * ? *)", "Europe/Dublin", "2026-03-28T12:00:00Z", { "2026-03-30T01:30:00+01:00" } },
        { __LINE__, "cron(30 1 * * ? *)", "Europe/Dublin", "2026-10-24T12:00:00+01:00", { "2026-10-25T01:30:00+01:00", "2026-10-26T01:30:00Z" } },
        { __LINE__, "cron(30 2 * * ? *)", "Africa/Casablanca", "2026-02-14T12:00:00+01:00", { "2026-02-15T02:30:00+01:00", "2026-02-16T02:30:00Z" } },
        { __LINE__, "cron(30 2 * * ? *)", "Africa/Casablanca", "2026-03-21T12:00:00Z", { "2026-03-23T02:30:00+01:00" } },
        { __LINE__, "cron(30 2 * * ? *)", "America/New_York", "2100-03-13T12:00:00-05:00", { "2100-03-15T02:30:00-04:00" } },
        { __LINE__, "cron(0 12 1 7 ? 2199)", "America/New_York", NOW, { "2199-07-01T12:00:00-04:00", "never" } },
        { __LINE__, "cron(59 23 31 12 ? 2199)", "America/New_York", NOW, { "2199-12-31T23:59:00-05:00", "never" } },
        { __LINE__, "cron(* * * * ? *)", "Pacific/Kiritimati", "1969-12-31T00:00:00Z", { "1970-01-01T00:00:00-10:40" } },
        { __LINE__, "cron(45 2 * * ? *)", "America/Caracas", "2016-04-30T12:00:00-04:30", { "2016-05-02T02:45:00-04:00" } },
        { __LINE__, "cron(45 2 * * ? *)", "America/Caracas", "2007-12-08T12:00:00-04:00", { "2007-12-09T02:45:00-04:00", "2007-12-10T02:45:00-04:30" } },
        { __LINE__, "cron(45 23 * * ? *)", "Asia/Pyongyang", "2018-05-04T12:00:00+08:30", { "2018-05-05T23:45:00+09:00" } },
        { __LINE__, "cron(45 23 4W 5 ? 2018)", "Asia/Pyongyang", "2018-01-01T00:00:00Z", { "never" } },
        { __LINE__, "cron(45 23 * * ? *)", "Asia/Pyongyang", "2015-08-14T12:00:00+09:00", { "2015-08-14T23:45:00+09:00", "2015-08-15T23:45:00+08:30" } },
        { __LINE__, "cron(10 0 * * ? *)", "Asia/Kathmandu", "1985-12-31T12:00:00+05:30", { "1986-01-02T00:10:00+05:45" } },
        /* one-time */
        { __LINE__, "at(2026-12-24T18:00:00)", "UTC", NOW, { "2026-12-24T18:00:00Z", "never" } },
        { __LINE__, "at(2026-12-24T18:00:30)", "Asia/Seoul", NOW, { "2026-12-24T18:00:30+09:00", "never" } },
        { __LINE__, "at(2022-12-31T23:59:59)", "UTC", NOW, { "never" } },
        { __LINE__, "at(2026-11-01T01:30:00)", "America/New_York", "2026-01-01T00:00:00Z", { "2026-11-01T01:30:00-04:00", "never" } },
        { __LINE__, "at(2026-03-08T02:30:00)", "America/New_York", "2026-01-01T00:00:00Z", { "never" } },
        /* a rate that was not started yet */
        { __LINE__, "rate(5 minutes)", "UTC", NOW, { "never" } },
};
/* clang-format on */

static void the_next_firing_is_found_in_utc(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(utc_rows); i++)
                check_next(&utc_rows[i]);
}

static void the_next_firing_is_found_in_zones(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(zone_rows); i++)
                check_next(&zone_rows[i]);
}

/* clang-format off */
static const struct bounds_row {
        int line;
        const char *expression, *zone, *start, *end, *anchor, *after, *expected;
} bounds_rows[] = {
        /* start and end are inclusive */
        { __LINE__, "cron(0 3 * * ? *)", "UTC", "2026-12-01T03:00:00Z", "-", "-", NOW, "2026-12-01T03:00:00Z" },
        { __LINE__, "cron(0 3 * * ? *)", "UTC", "2026-12-01T03:00:01Z", "-", "-", NOW, "2026-12-02T03:00:00Z" },
        { __LINE__, "cron(0 3 * * ? *)", "UTC", "2026-12-01T03:00:00Z", "-", "-", "2026-12-01T03:00:00Z", "2026-12-02T03:00:00Z" },
        { __LINE__, "cron(0 3 * * ? *)", "UTC", "2020-01-01T00:00:00Z", "-", "-", NOW, "2026-11-23T03:00:00Z" },
        { __LINE__, "cron(0 3 * * ? *)", "UTC", "-", "2026-11-23T03:00:00Z", "-", NOW, "2026-11-23T03:00:00Z" },
        { __LINE__, "cron(0 3 * * ? *)", "UTC", "-", "2026-11-23T02:59:59Z", "-", NOW, "never" },
        { __LINE__, "cron(0 3 * * ? *)", "UTC", "2026-12-01T00:00:00Z", "2026-11-30T00:00:00Z", "-", NOW, "never" },
        /* the grid of a rate: days are 24 hours, whatever the clock does */
        { __LINE__, "rate(5 minutes)", "UTC", "-", "-", NOW, "2026-11-22T16:33:20Z", "2026-11-22T16:38:21Z" },
        { __LINE__, "rate(5 minutes)", "UTC", "-", "-", NOW, NOW, "2026-11-22T16:38:21Z" },
        { __LINE__, "rate(5 minutes)", "UTC", "-", "-", NOW, "2026-11-22T16:38:20Z", "2026-11-22T16:38:21Z" },
        { __LINE__, "rate(5 minutes)", "UTC", "-", "-", NOW, "2020-01-01T00:00:00Z", "2026-11-22T16:38:21Z" },
        { __LINE__, "rate(1 hours)", "UTC", "2026-11-01T00:30:00Z", "-", NOW, NOW, "2026-11-22T17:30:00Z" },
        { __LINE__, "rate(1 hour)", "UTC", "2026-12-01T00:30:00Z", "-", "-", NOW, "2026-12-01T00:30:00Z" },
        { __LINE__, "rate(1 day)", "America/New_York", "2026-03-07T12:00:00-05:00", "-", "-", "2026-03-08T00:00:00-05:00", "2026-03-08T13:00:00-04:00" },
        { __LINE__, "rate(7 DAYS)", "UTC", "1970-01-01T00:00:00Z", "-", "-", NOW, "2026-11-26T00:00:00Z" },
        { __LINE__, "rate(1 day)", "UTC", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", "-", NOW, "2026-11-23T00:00:00Z" },
        { __LINE__, "rate(1 day)", "UTC", "2026-11-22T00:00:00Z", "2026-11-22T23:59:59Z", "-", NOW, "never" },
        { __LINE__, "rate(36525 days)", "UTC", "2026-11-22T00:00:00Z", "-", "-", "never", "never" },
        /* at() ignores both */
        { __LINE__, "at(2026-12-24T18:00:00)", "UTC", "2027-01-01T00:00:00Z", "2026-11-30T00:00:00Z", "-", NOW, "2026-12-24T18:00:00Z" },
        /* the far ends of time */
        { __LINE__, "cron(* * * * ? *)", "America/New_York", "-", "-", "-", "never", "never" },
        { __LINE__, "cron(* * * * ? *)", "UTC", "-", "-", "-", "-", "1970-01-01T00:00:00Z" },
        { __LINE__, "rate(1 minute)", "UTC", "-", "-", NOW, "-", "2026-11-22T16:34:21Z" },
};
/* clang-format on */

static void start_end_and_anchor_limit_firings(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(bounds_rows); i++) {
                const struct bounds_row *row = &bounds_rows[i];
                _cleanup_(zone_unrefp) struct zone *zone = load(row->zone, row->line);
                struct schedule schedule = schedule_of(row->expression, zone, row->line);

                schedule.start = instant(row->start, row->line);
                schedule.end = instant(row->end, row->line);
                schedule.anchor = instant(row->anchor, row->line);
                assert_instant(schedule_next(&schedule, instant(row->after, row->line)),
                               instant(row->expected, row->line), row->expression, row->line);
        }
}

/* clang-format off */
static const struct latest_row {
        int line;
        const char *expression, *zone, *floor, *at, *expected;
} latest_rows[] = {
        { __LINE__, "cron(* * * * ? *)", "UTC", "-", NOW, "2026-11-22T16:33:00Z" },
        { __LINE__, "cron(* * * * ? *)", "UTC", "2026-11-22T16:33:00Z", NOW, "-" },
        { __LINE__, "cron(* * * * ? *)", "UTC", "2026-11-22T16:32:59Z", NOW, "2026-11-22T16:33:00Z" },
        { __LINE__, "cron(* * * * ? *)", "UTC", "-", "never", "2199-12-31T23:59:00Z" },
        { __LINE__, "cron(* * * * ? *)", "UTC", NOW, "2020-01-01T00:00:00Z", "-" },
        { __LINE__, "cron(0 3 * * ? *)", "America/New_York", "2020-01-01T00:00:00Z", "2026-03-08T12:00:00Z", "2026-03-08T03:00:00-04:00" },
        { __LINE__, "cron(30 2 * * ? *)", "America/New_York", "2020-01-01T00:00:00Z", "2026-03-08T12:00:00Z", "2026-03-07T02:30:00-05:00" },
        { __LINE__, "cron(30 1 * * ? *)", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-01T12:00:00Z", "2026-11-01T01:30:00-04:00" },
        { __LINE__, "cron(0 0 29 2 ? *)", "UTC", "1970-01-01T00:00:00Z", NOW, "2024-02-29T00:00:00Z" },
        { __LINE__, "cron(0 0 31 2 ? *)", "UTC", "-", NOW, "-" },
        { __LINE__, "cron(0 0 ? 1 6L 2002-2005)", "UTC", "-", NOW, "2005-01-28T00:00:00Z" },
        { __LINE__, "at(2022-12-31T23:59:59)", "UTC", "-", NOW, "2022-12-31T23:59:59Z" },
        { __LINE__, "at(2022-12-31T23:59:59)", "UTC", "2022-12-31T23:59:59Z", NOW, "-" },
        { __LINE__, "rate(7 minutes)", "UTC", "-", NOW, "2026-11-22T16:33:00Z" },
        { __LINE__, "rate(7 minutes)", "UTC", "-", "2025-12-31T23:59:59Z", "-" },
};
/* clang-format on */

static void the_latest_firing_is_found(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(latest_rows); i++) {
                const struct latest_row *row = &latest_rows[i];
                _cleanup_(zone_unrefp) struct zone *zone = load(row->zone, row->line);
                struct schedule schedule = schedule_of(row->expression, zone, row->line);

                schedule.anchor = instant("2026-01-01T00:00:00Z", row->line);
                assert_instant(schedule_latest(&schedule, instant(row->floor, row->line),
                                               instant(row->at, row->line)),
                               instant(row->expected, row->line), row->expression, row->line);
        }
}

static void an_at_in_a_gap_names_the_nearest_times(void **state)
{
        _cleanup_(zone_unrefp) struct zone *zone = load("America/New_York", __LINE__);
        struct schedule gap = schedule_of("at(2026-03-08T02:30:00)", zone, __LINE__);
        struct schedule good = schedule_of("at(2026-03-08T03:00:00)", zone, __LINE__);
        struct schedule cron = schedule_of("cron(30 2 8 3 ? 2026)", zone, __LINE__);
        _cleanup_free_ char *problem = schedule_at_problem(&gap.expression, zone);

        (void)state;
        assert_non_null(problem);
        assert_non_null(strstr(problem, "America/New_York"));
        assert_non_null(strstr(problem, "until at(2026-03-08T01:59:59)"));
        assert_non_null(strstr(problem, "from at(2026-03-08T03:00:00)"));
        assert_null(schedule_at_problem(&good.expression, zone));
        assert_null(schedule_at_problem(&cron.expression, zone));
}

static void flexible_offsets_are_spread_evenly(void **state)
{
        enum { WINDOW = 900, NAMES = 9000, PARTS = 9 };
        int parts[PARTS] = {};

        (void)state;
        assert_int_equal(schedule_flexible_offset("web-nightly", 0), 0);
        assert_int_equal(schedule_flexible_offset("web-nightly", -5), 0);
        assert_int_equal(schedule_flexible_offset("web-nightly", 1), 0);
        /* stable for ever: a change of this number would move everybody's backups */
        assert_int_equal(schedule_flexible_offset("web-nightly", WINDOW), 622);
        for (int i = 0; i < NAMES; i++) {
                _cleanup_free_ char *name = xasprintf("schedule-%d", i);
                sec_t offset = schedule_flexible_offset(name, WINDOW);

                assert_true(offset >= 0 && offset < WINDOW);
                parts[offset / (WINDOW / PARTS)]++;
        }
        for (int i = 0; i < PARTS; i++)
                assert_in_range(parts[i], NAMES / PARTS * 85 / 100, NAMES / PARTS * 115 / 100);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_next_firing_is_found_in_utc),
                cmocka_unit_test(the_next_firing_is_found_in_zones),
                cmocka_unit_test(start_end_and_anchor_limit_firings),
                cmocka_unit_test(the_latest_firing_is_found),
                cmocka_unit_test(an_at_in_a_gap_names_the_nearest_times),
                cmocka_unit_test(flexible_offsets_are_spread_evenly),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
