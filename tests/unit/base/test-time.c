/* Dates, instants, and the texts of times and durations. */
#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/text.h"

static const struct date_row {
        int line;
        int64_t year;
        int month, day;
        int64_t days;
        int weekday;
} date_rows[] = {
        { __LINE__, 1970, 1, 1, 0, 4 },       { __LINE__, 1969, 12, 31, -1, 3 },
        { __LINE__, 2000, 2, 29, 11016, 2 },  { __LINE__, 2000, 3, 1, 11017, 3 },
        { __LINE__, 1900, 2, 28, -25509, 3 }, { __LINE__, 1900, 3, 1, -25508, 4 },
        { __LINE__, 2026, 11, 22, 20779, 0 }, { __LINE__, 0, 3, 1, -719468, 3 },
        { __LINE__, -1, 12, 31, -719529, 5 }, { __LINE__, 9999, 12, 31, 2932896, 5 },
};

static void dates_and_days_convert_both_ways(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(date_rows); i++) {
                const struct date_row *row = &date_rows[i];
                int64_t days = days_from_civil(row->year, row->month, row->day), year;
                int month, day;

                civil_from_days(row->days, &year, &month, &day);
                if (days != row->days || year != row->year || month != row->month ||
                    day != row->day || weekday_of_days(days) != row->weekday)
                        fail_msg("line %d: day %lld, %lld-%d-%d, weekday %d", row->line,
                                 (long long)days, (long long)year, month, day,
                                 weekday_of_days(days));
        }
}

/* Counts through a whole cycle of the calendar, one day after the other. */
static void every_day_of_400_years_follows_the_day_before(void **state)
{
        int64_t days = days_from_civil(1800, 1, 1);

        (void)state;
        for (int64_t year = 1800; year <= 2200; year++)
                for (int month = 1; month <= 12; month++)
                        for (int day = 1; day <= days_in_month(year, month); day++, days++) {
                                int64_t y;
                                int m, d;

                                civil_from_days(days, &y, &m, &d);
                                assert_true(y == year && m == month && d == day);
                                assert_true(days_from_civil(year, month, day) == days);
                        }
        assert_true(days == days_from_civil(2201, 1, 1));
}

static void leap_years_follow_the_gregorian_rule(void **state)
{
        (void)state;
        assert_true(is_leap_year(2024) && is_leap_year(2000) && is_leap_year(-4));
        assert_false(is_leap_year(2023) || is_leap_year(1900) || is_leap_year(2100));
        assert_int_equal(days_in_month(2024, 2), 29);
        assert_int_equal(days_in_month(2100, 2), 28);
        assert_int_equal(days_in_month(2100, 4), 30);
}

static const struct text_row {
        int line;
        sec_t sec;
        const char *rfc3339, *compact;
} text_rows[] = {
        { __LINE__, 0, "1970-01-01T00:00:00Z", "19700101T000000Z" },
        { __LINE__, -1, "1969-12-31T23:59:59Z", "19691231T235959Z" },
        { __LINE__, 1798761600, "2027-01-01T00:00:00Z", "20270101T000000Z" },
        { __LINE__, 951868799, "2000-02-29T23:59:59Z", "20000229T235959Z" },
        { __LINE__, -62167219200, "0000-01-01T00:00:00Z", "00000101T000000Z" },
        { __LINE__, 253402300799, "9999-12-31T23:59:59Z", "99991231T235959Z" },
};

static void instants_have_their_texts(void **state)
{
        char buffer[TIME_TEXT_MAX];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(text_rows); i++) {
                const struct text_row *row = &text_rows[i];
                struct civil civil = civil_from_sec(row->sec);
                sec_t sec;

                if (!streq(format_rfc3339(row->sec, buffer), row->rfc3339) ||
                    !streq(format_compact(row->sec, buffer), row->compact) ||
                    !parse_rfc3339(row->rfc3339, &sec) || sec != row->sec ||
                    sec_from_civil(&civil) != row->sec || !civil_is_valid(&civil))
                        fail_msg("line %d: %s", row->line, buffer);
        }
        /* the ends of time fit the buffer */
        assert_string_equal(format_rfc3339(SEC_NEVER, buffer), "292277026596-12-04T15:30:07Z");
        assert_non_null(format_local(SEC_NONE + 90000, -86399, buffer));
        assert_string_equal(format_local(1798761600, 9 * 3600, buffer),
                            "2027-01-01 09:00:00 +09:00");
        assert_string_equal(format_local(1798761600, -12600, buffer), "2026-12-31 20:30:00 -03:30");
        assert_string_equal(format_local(0, 0, buffer), "1970-01-01 00:00:00 +00:00");
}

static const struct rfc3339_row {
        int line;
        const char *text;
        bool good;
        sec_t sec;
} rfc3339_rows[] = {
        { __LINE__, "2027-01-01T00:00:00Z", true, 1798761600 },
        { __LINE__, "2027-01-01t00:00:00z", true, 1798761600 },
        { __LINE__, "2027-01-01 00:00:00Z", true, 1798761600 },
        { __LINE__, "2027-01-01T09:00:00+09:00", true, 1798761600 },
        { __LINE__, "2026-12-31T20:30:00-03:30", true, 1798761600 },
        { __LINE__, "2027-01-01T00:00:00.999Z", true, 1798761600 },
        { __LINE__, "2027-01-01T00:00:00-00:00", true, 1798761600 },
        { __LINE__, "2027-01-01T00:00:00", false, 0 },
        { __LINE__, "2027-01-01", false, 0 },
        { __LINE__, "", false, 0 },
        { __LINE__, "2027-02-29T00:00:00Z", false, 0 },
        { __LINE__, "2027-13-01T00:00:00Z", false, 0 },
        { __LINE__, "2027-00-01T00:00:00Z", false, 0 },
        { __LINE__, "2027-01-00T00:00:00Z", false, 0 },
        { __LINE__, "2027-01-01T24:00:00Z", false, 0 },
        { __LINE__, "2027-01-01T00:60:00Z", false, 0 },
        { __LINE__, "2027-01-01T00:00:60Z", false, 0 },
        { __LINE__, "2027-01-01T00:00:00.Z", false, 0 },
        { __LINE__, "2027-01-01T00:00:00+0900", false, 0 },
        { __LINE__, "2027-01-01T00:00:00+24:00", false, 0 },
        { __LINE__, "2027-01-01T00:00:00+09:60", false, 0 },
        { __LINE__, "2027-01-01T00:00:00Zx", false, 0 },
        { __LINE__, " 2027-01-01T00:00:00Z", false, 0 },
        { __LINE__, "27-01-01T00:00:00Z", false, 0 },
};

static void only_rfc3339_is_parsed(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(rfc3339_rows); i++) {
                const struct rfc3339_row *row = &rfc3339_rows[i];
                sec_t sec = 77;

                if (parse_rfc3339(row->text, &sec) != row->good ||
                    sec != (row->good ? row->sec : 77))
                        fail_msg("line %d: %s", row->line, row->text);
        }
}

static void only_civil_texts_are_parsed(void **state)
{
        static const char *const bad[] = { "2027-01-01T00:00:00Z",
                                           "2027-01-01 00:00:00",
                                           "2027-01-01t00:00:00",
                                           "2027-1-01T00:00:00",
                                           "2027-02-30T00:00:00",
                                           "2027-01-01T00:00",
                                           "" };
        struct civil civil;

        (void)state;
        assert_true(parse_civil("2028-02-29T12:34:56", &civil));
        assert_true(civil.year == 2028 && civil.month == 2 && civil.day == 29 && civil.hour == 12 &&
                    civil.minute == 34 && civil.second == 56);
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                if (parse_civil(bad[i], &civil))
                        fail_msg("%s was taken", bad[i]);
}

static const struct duration_row {
        int line;
        const char *text;
        sec_t sec;            /* 0: refused */
        const char *shortest; /* NULL: the text itself */
        const char *timespan;
} duration_rows[] = {
        { __LINE__, "1s", 1, NULL, "1s" },
        { __LINE__, "90s", 90, NULL, "1m 30s" },
        { __LINE__, "60s", 60, "1m", "1m" },
        { __LINE__, "15m", 900, NULL, "15m" },
        { __LINE__, "125m", 7500, NULL, "2h 5m" },
        { __LINE__, "6h", 21600, NULL, "6h" },
        { __LINE__, "76h", 273600, NULL, "3d 4h" },
        { __LINE__, "30d", 2592000, NULL, "30d" },
        { __LINE__, "14d", 1209600, "2w", "14d" },
        { __LINE__, "2w", 1209600, NULL, "14d" },
        { __LINE__, "36525d", 3155760000, NULL, "36525d" },
        { __LINE__, "36526d", 0, NULL, NULL },
        { __LINE__, "5218w", 0, NULL, NULL },
        { __LINE__, "99999999999999999999s", 0, NULL, NULL },
        { __LINE__, "0s", 0, NULL, NULL },
        { __LINE__, "", 0, NULL, NULL },
        { __LINE__, "5", 0, NULL, NULL },
        { __LINE__, "m", 0, NULL, NULL },
        { __LINE__, "-5m", 0, NULL, NULL },
        { __LINE__, "+5m", 0, NULL, NULL },
        { __LINE__, "5 m", 0, NULL, NULL },
        { __LINE__, "5M", 0, NULL, NULL },
        { __LINE__, "5min", 0, NULL, NULL },
        { __LINE__, "1h30m", 0, NULL, NULL },
        { __LINE__, "1.5h", 0, NULL, NULL },
};

static void durations_are_parsed_and_formatted(void **state)
{
        char buffer[TIME_TEXT_MAX];

        (void)state;
        for (size_t i = 0; i < ELEMENTS(duration_rows); i++) {
                const struct duration_row *row = &duration_rows[i];
                sec_t sec = 0;

                if (parse_duration(row->text, &sec) != (row->sec != 0) || sec != row->sec)
                        fail_msg("line %d: %s", row->line, row->text);
                if (!row->sec)
                        continue;
                if (!streq(format_duration(sec, buffer), row->shortest ? row->shortest : row->text))
                        fail_msg("line %d: %s", row->line, buffer);
                if (!streq(format_timespan(sec, buffer), row->timespan))
                        fail_msg("line %d: %s", row->line, buffer);
        }
        assert_string_equal(format_duration(0, buffer), "0s");
        assert_string_equal(format_timespan(0, buffer), "0s");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(dates_and_days_convert_both_ways),
                cmocka_unit_test(every_day_of_400_years_follows_the_day_before),
                cmocka_unit_test(leap_years_follow_the_gregorian_rule),
                cmocka_unit_test(instants_have_their_texts),
                cmocka_unit_test(only_rfc3339_is_parsed),
                cmocka_unit_test(only_civil_texts_are_parsed),
                cmocka_unit_test(durations_are_parsed_and_formatted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
