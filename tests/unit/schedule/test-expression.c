/* The parser of expressions, and its messages. */
#include "schedule/expression.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

/* clang-format off */
static const struct refusal {
        int line;
        const char *text, *message;
} refusals[] = {
        { __LINE__, "0 3 * * *",
          "'0 3 * * *' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "0 3 * * ? *",
          "'0 3 * * ? *' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron(0 3 * * *)",
          "day-of-month '*' and day-of-week '*' are both set; allowed: '?' in exactly one of them; did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron(0 3 * * * *)",
          "day-of-month '*' and day-of-week '*' are both set; allowed: '?' in exactly one of them; did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron(0 3 * * MON-FRI *)",
          "day-of-month '*' and day-of-week 'MON-FRI' are both set; allowed: '?' in exactly one of them; did you mean cron(0 3 ? * MON-FRI *)?" },
        { __LINE__, "0 3 * * 1-5",
          "'0 3 * * 1-5' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 ? * MON-FRI *)? (days of the week by name: Unix counts them from 0 = SUN, EventBridge from 1 = SUN)" },
        { __LINE__, "0 3 * * 0",
          "'0 3 * * 0' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 ? * SUN *)? (days of the week by name: Unix counts them from 0 = SUN, EventBridge from 1 = SUN)" },
        { __LINE__, "*/5 * * * *",
          "'*/5 * * * *' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(*/5 * * * ? *)?" },
        { __LINE__, "0 3 1 * 1",
          "'0 3 1 * 1' is not an expression; allowed: cron(...), rate(...), at(...); did you mean two schedules, cron(0 3 1 * ? *) and cron(0 3 ? * MON *)? (days of the week by name: Unix counts them from 0 = SUN, EventBridge from 1 = SUN)" },
        { __LINE__, "0 0 1,15 * FRI",
          "'0 0 1,15 * FRI' is not an expression; allowed: cron(...), rate(...), at(...); did you mean two schedules, cron(0 0 1,15 * ? *) and cron(0 0 ? * FRI *)?" },
        { __LINE__, "cron(0 3 * * 1-5)",
          "day-of-month '*' and day-of-week '1-5' are both set; allowed: '?' in exactly one of them; did you mean cron(0 3 ? * MON-FRI *)? (days of the week by name: Unix counts them from 0 = SUN, EventBridge from 1 = SUN)" },
        { __LINE__, "0 0 3 * * ?",
          "'0 0 3 * * ?' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ?)? (there is no field for seconds)" },
        { __LINE__, "0 0 3 ? * MON-FRI",
          "'0 0 3 ? * MON-FRI' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 ? * MON-FRI)? (there is no field for seconds)" },
        { __LINE__, "0 0 3 * * ? *",
          "'0 0 3 * * ? *' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)? (there is no field for seconds)" },
        { __LINE__, "@daily",
          "'@daily' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 0 * * ? *)?" },
        { __LINE__, "@Weekly",
          "'@Weekly' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 0 ? * SUN *)?" },
        { __LINE__, "@reboot",
          "'@reboot' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "@every 5m",
          "'@every 5m' is not an expression; allowed: cron(...), rate(...), at(...); did you mean rate(5 minutes)?" },
        { __LINE__, "every 2 weeks",
          "'every 2 weeks' is not an expression; allowed: cron(...), rate(...), at(...); did you mean rate(14 days)?" },
        { __LINE__, "5 minutes",
          "'5 minutes' is not an expression; allowed: cron(...), rate(...), at(...); did you mean rate(5 minutes)?" },
        { __LINE__, "daily",
          "'daily' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "cron(0 24 * * ? *)",
          "hours: '24' is out of range; allowed: 0-23" },
        { __LINE__, "cron(60 3 * * ? *)",
          "minutes: '60' is out of range; allowed: 0-59" },
        { __LINE__, "cron(0 3 32 * ? *)",
          "day-of-month: '32' is out of range; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 3 * 13 ? *)",
          "month: '13' is out of range; allowed: 1-12 or JAN-DEC" },
        { __LINE__, "cron(0 3 ? * 0 *)",
          "day-of-week: '0' is out of range; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 3 ? * 8 *)",
          "day-of-week: '8' is out of range; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 3 ? * MONDAY *)",
          "day-of-week: 'MONDAY' is not one of the short names, write MON; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 3 ? * MON-6 *)",
          "day-of-week: 'MON-6' mixes a name and a number in one range; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 3 * * ? 1969)",
          "year: '1969' is out of range; allowed: 1970-2199" },
        { __LINE__, "cron(0 3 * * ? 2200)",
          "year: '2200' is out of range; allowed: 1970-2199" },
        { __LINE__, "cron(0 3 * * ? 2030-2020)",
          "year: '2030-2020' runs backwards; allowed: 1970-2199" },
        { __LINE__, "cron(*/60 * * * ? *)",
          "minutes: '*/60' has the step '60', a step is 1-59; allowed: 0-59" },
        { __LINE__, "cron(0/0 * * * ? *)",
          "minutes: '0/0' has the step '0', a step is 1-59; allowed: 0-59" },
        { __LINE__, "cron(0/ * * * ? *)",
          "minutes: '0/' lacks a step after '/'; allowed: 0-59" },
        { __LINE__, "cron(,5 * * * ? *)",
          "minutes: ',5' has an empty item; allowed: 0-59" },
        { __LINE__, "cron(5, * * * ? *)",
          "minutes: '5,' has an empty item; allowed: 0-59" },
        { __LINE__, "cron(1.5 * * * ? *)",
          "minutes: '1.5' is not a value of this field; allowed: 0-59" },
        { __LINE__, "cron(5* * * * ? *)",
          "minutes: '5*' is not a value of this field; allowed: 0-59" },
        { __LINE__, "cron(0-1-2 * * * ? *)",
          "minutes: '1-2' is not a value of this field; allowed: 0-59" },
        { __LINE__, "cron(99 * * * ? *)",
          "minutes: '99' is out of range; allowed: 0-59" },
        { __LINE__, "cron(? * * * ? *)",
          "minutes: '?' has a '?', which stands alone, in day-of-month or day-of-week; allowed: 0-59" },
        { __LINE__, "cron(0 0 ? * ? *)",
          "day-of-month and day-of-week are both '?'; allowed: '?' in exactly one of them" },
        { __LINE__, "cron(0 0 L,15 * ? *)",
          "day-of-month: 'L,15' has an 'L' or 'W', which stand alone, as in L, L-3, LW or 15W; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 15W,20 * ? *)",
          "day-of-month: '15W,20' has an 'L' or 'W', which stand alone, as in L, L-3, LW or 15W; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 1-5W * ? *)",
          "day-of-month: '1-5W' has an 'L' or 'W', which stand alone, as in L, L-3, LW or 15W; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 32W * ? *)",
          "day-of-month: '32W' is out of range; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 0W * ? *)",
          "day-of-month: '0W' is out of range; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 W * ? *)",
          "day-of-month: 'W' has an 'L' or 'W', which stand alone, as in L, L-3, LW or 15W; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 L-31 * ? *)",
          "day-of-month: 'L-31' is out of range; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 L-0 * ? *)",
          "day-of-month: 'L-0' is out of range; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 ? * L-2 *)",
          "day-of-week: 'L-2' has an 'L', which stands alone, as in 6L; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 8#1 *)",
          "day-of-week: '8' is out of range; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 3#6 *)",
          "day-of-week: '3#6' asks for a week other than 1-5; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 3#0 *)",
          "day-of-week: '3#0' asks for a week other than 1-5; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 3# *)",
          "day-of-week: '3#' asks for a week other than 1-5; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * #3 *)",
          "day-of-week: '#3' lacks a value; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 3#1,6#3 *)",
          "day-of-week: '3#1,6#3' has a '#', which stands alone, as in 6#3; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * MON-FRI#2 *)",
          "day-of-week: 'MON-FRI#2' has an 'L' or '#' after a range; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * FRIL,MON *)",
          "day-of-week: 'FRIL,MON' has an 'L', which stands alone, as in 6L; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 15W *)",
          "day-of-week: '15W' is not a value of this field; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 1 L ? *)",
          "month: 'L' is not a value of this field; allowed: 1-12 or JAN-DEC" },
        { __LINE__, "cron(0 0 1#2 * ? *)",
          "day-of-month: '1#2' is not a value of this field; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 ? * ?,MON *)",
          "day-of-week: '?,MON' has a '?', which stands alone, in day-of-month or day-of-week; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0  3 * * ? *)",
          "cron() takes one space between its fields and none around them; did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron( 0 3 * * ? * )",
          "cron() takes one space between its fields and none around them; did you mean cron(0 3 * * ? *)?" },
        { __LINE__, " cron(0 3 * * ? *)",
          "' cron(0 3 * * ? *)' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron(0 3 * * ? *",
          "'cron(0 3 * * ? *' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "CRON(0 3 * * ? *)",
          "'CRON(0 3 * * ? *)' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron(0 3 * * ? *) x",
          "'cron(0 3 * * ? *) x' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron()",
          "cron() takes one space between its fields and none around them" },
        { __LINE__, "cron",
          "'cron' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "rate",
          "'rate' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "rate()",
          "rate: '' is not a value and a unit; allowed: rate(VALUE UNIT) with one space" },
        { __LINE__, "rate(10)",
          "rate: '10' is not a value and a unit; allowed: rate(VALUE UNIT) with one space" },
        { __LINE__, "rate(0 minutes)",
          "rate value: '0' is not a number in range; allowed: 1-52596000" },
        { __LINE__, "rate(10 minutess)",
          "rate unit: 'minutess' is unknown; allowed: minute(s), hour(s), day(s); did you mean rate(10 minutes)?" },
        { __LINE__, "rate(10 seconds)",
          "rate unit: 'seconds' is unknown; allowed: minute(s), hour(s), day(s)" },
        { __LINE__, "rate(10 years)",
          "rate unit: 'years' is unknown; allowed: minute(s), hour(s), day(s)" },
        { __LINE__, "rate(foo minutes)",
          "rate value: 'foo' is not a number in range; allowed: 1-52596000" },
        { __LINE__, "rate(-10 minutes)",
          "rate value: '-10' is not a number in range; allowed: 1-52596000" },
        { __LINE__, "rate(+10 minutes)",
          "rate value: '+10' is not a number in range; allowed: 1-52596000" },
        { __LINE__, "rate( 10 minutes )",
          "rate: ' 10 minutes ' is not a value and a unit; allowed: rate(VALUE UNIT) with one space; did you mean rate(10 minutes)?" },
        { __LINE__, " rate(10 minutes)",
          "' rate(10 minutes)' is not an expression; allowed: cron(...), rate(...), at(...); did you mean rate(10 minutes)?" },
        { __LINE__, "rate(10  minutes)",
          "rate: '10  minutes' is not a value and a unit; allowed: rate(VALUE UNIT) with one space; did you mean rate(10 minutes)?" },
        { __LINE__, "rate(1 week)",
          "rate unit: 'week' is unknown; allowed: minute(s), hour(s), day(s); did you mean rate(7 days)?" },
        { __LINE__, "rate(5m)",
          "rate: '5m' is not a value and a unit; allowed: rate(VALUE UNIT) with one space; did you mean rate(5 minutes)?" },
        { __LINE__, "rate(36526 days)",
          "rate value: '36526' is not a number in range; allowed: 1-36525" },
        { __LINE__, "rate(99999999999999999999 days)",
          "rate value: '99999999999999999999' is not a number in range; allowed: 1-36525" },
        { __LINE__, "at(2021-12-31)",
          "at: '2021-12-31' is not a date and time; allowed: at(yyyy-mm-ddThh:mm:ss), without a zone; did you mean at(2021-12-31T00:00:00)?" },
        { __LINE__, "at(2021-12-31T23:59:59Z)",
          "at: '2021-12-31T23:59:59Z' is not a date and time; allowed: at(yyyy-mm-ddThh:mm:ss), without a zone; did you mean at(2021-12-31T23:59:59)? (wall time of the schedule's timezone)" },
        { __LINE__, "at(2021-12-31T23:59:59+09:00)",
          "at: '2021-12-31T23:59:59+09:00' is not a date and time; allowed: at(yyyy-mm-ddThh:mm:ss), without a zone; did you mean at(2021-12-31T23:59:59)? (wall time of the schedule's timezone)" },
        { __LINE__, "at(2021-12-31 23:59:59)",
          "at: '2021-12-31 23:59:59' is not a date and time; allowed: at(yyyy-mm-ddThh:mm:ss), without a zone; did you mean at(2021-12-31T23:59:59)?" },
        { __LINE__, "at(2021-12-31T23:59)",
          "at: '2021-12-31T23:59' is not a date and time; allowed: at(yyyy-mm-ddThh:mm:ss), without a zone; did you mean at(2021-12-31T23:59:00)?" },
        { __LINE__, "at(2021-02-30T00:00:00)",
          "at: '2021-02-30T00:00:00' is not in the calendar or not a time of day; allowed: 0000-01-01T00:00:00 to 9999-12-31T23:59:59" },
        { __LINE__, "2026-12-24T18:00:00",
          "'2026-12-24T18:00:00' is not an expression; allowed: cron(...), rate(...), at(...); did you mean at(2026-12-24T18:00:00)?" },
        { __LINE__, "at()",
          "at: '' is not a date and time; allowed: at(yyyy-mm-ddThh:mm:ss), without a zone" },
        { __LINE__, "",
          "'' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "cron(0 0 ? * L,MON *)",
          "day-of-week: 'L' is not a value of this field; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 2L/2 *)",
          "day-of-week: '2L/2' has an 'L', which stands alone, as in 6L; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 ? * 0L *)",
          "day-of-week: '0' is out of range; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 3 * *)",
          "cron() has 4 fields; allowed: six (minutes hours day-of-month month day-of-week year), or five without the year" },
        { __LINE__, "cron(0 3 * * ? * *)",
          "cron() has 7 fields; allowed: six (minutes hours day-of-month month day-of-week year), or five without the year" },
        { __LINE__, "cron(0\t3 * * ? *)",
          "cron() takes one space between its fields and none around them; did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "cron(0 0 1-40 * ? *)",
          "day-of-month: '40' is out of range; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 5- * ? *)",
          "day-of-month: '5-' lacks a value; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 -5 * ? *)",
          "day-of-month: '-5' lacks a value; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 0 1 JAN-FOO ? *)",
          "month: 'FOO' is not a value of this field; allowed: 1-12 or JAN-DEC" },
        { __LINE__, "cron(0 0 */32 * ? *)",
          "day-of-month: '*/32' has the step '32', a step is 1-31; allowed: 1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        { __LINE__, "cron(0 */24 * * ? *)",
          "hours: '*/24' has the step '24', a step is 1-23; allowed: 0-23" },
        { __LINE__, "cron(0 0 1 */13 ? *)",
          "month: '*/13' has the step '13', a step is 1-12; allowed: 1-12 or JAN-DEC" },
        { __LINE__, "cron(0 0 ? * */8 *)",
          "day-of-week: '*/8' has the step '8', a step is 1-7; allowed: 1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        { __LINE__, "cron(0 0 1 * ? 2020/x)",
          "year: '2020/x' has the step 'x', a step is 1-9999; allowed: 1970-2199" },
        { __LINE__, "0 3 * * 8",
          "'0 3 * * 8' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "0 3 * * 0-6",
          "'0 3 * * 0-6' is not an expression; allowed: cron(...), rate(...), at(...); did you mean cron(0 3 * * ? *)?" },
        { __LINE__, "0 0 3 * * 1",
          "'0 0 3 * * 1' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "60 3 * * *",
          "'60 3 * * *' is not an expression; allowed: cron(...), rate(...), at(...)" },
        { __LINE__, "rate (5 minutes)",
          "'rate (5 minutes)' is not an expression; allowed: cron(...), rate(...), at(...); did you mean rate(5 minutes)?" },
        { __LINE__, "rate(5 minutes",
          "'rate(5 minutes' is not an expression; allowed: cron(...), rate(...), at(...); did you mean rate(5 minutes)?" },
        { __LINE__, "cron((0 3 * * ? *))",
          "minutes: '(0' is not a value of this field; allowed: 0-59" },
        { __LINE__, "at(2021-12-31T24:00:00)",
          "at: '2021-12-31T24:00:00' is not in the calendar or not a time of day; allowed: 0000-01-01T00:00:00 to 9999-12-31T23:59:59" },
};
/* clang-format on */

/* Rows: a text, and its message with field, value, allowed range or corrected text. */
static void a_refusal_has_field_value_and_range(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(refusals); i++) {
                struct expression expression = { .interval = 12345 };
                char *error = NULL;

                if (expression_parse(refusals[i].text, &expression, &error))
                        fail_msg("line %d: %s was taken", refusals[i].line, refusals[i].text);
                if (!streq(error, refusals[i].message))
                        fail_msg("line %d: %s: %s", refusals[i].line, refusals[i].text, error);
                assert_int_equal(expression.interval, 12345);
                free(error);
        }
}

/* The text after "did you mean" has to be a valid expression. */
static void hints_are_valid_expressions(void **state)
{
        int n = 0;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(refusals); i++) {
                const char *hint = strstr(refusals[i].message, "did you mean ");
                _cleanup_free_ char *text = NULL, *error = NULL;
                struct expression expression;

                if (!hint || strstr(hint, "two schedules"))
                        continue;
                hint += strlen("did you mean ");
                text = xstrndup(hint, (size_t)(strchr(hint, ')') - hint) + 1);
                if (!expression_parse(text, &expression, &error))
                        fail_msg("line %d: %s: %s", refusals[i].line, text, error);
                n++;
        }
        assert_in_range(n, 30, 200);
}

#define ALL_MINUTES  ((UINT64_C(1) << 60) - 1)
#define ALL_HOURS    ((UINT32_C(1) << 24) - 1)
#define ALL_DAYS     UINT32_C(0xfffffffe)
#define ALL_MONTHS   0x1ffe
#define ALL_WEEKDAYS 0x7f

/* clang-format off */
static const struct mask_row {
        int line;
        const char *text;
        uint64_t minutes;
        uint32_t hours, days, months, weekdays;
        enum cron_day_rule rule;
        int number, weekday;
        bool never;
} mask_rows[] = {
        { __LINE__, "cron(* * * * ? *)", ALL_MINUTES, ALL_HOURS, ALL_DAYS, ALL_MONTHS, 0, CRON_DAYS_OF_MONTH, 0, 0, false },
        { __LINE__, "cron(*/1 0-23 1-31 JAN-DEC ? *)", ALL_MINUTES, ALL_HOURS, ALL_DAYS, ALL_MONTHS, 0, CRON_DAYS_OF_MONTH, 0, 0, false },
        { __LINE__, "cron(0 0 ? * * *)", 1, 1, 0, ALL_MONTHS, ALL_WEEKDAYS, CRON_DAYS_OF_WEEK, 0, 0, false },
        { __LINE__, "cron(0 0 ? * 1-7)", 1, 1, 0, ALL_MONTHS, ALL_WEEKDAYS, CRON_DAYS_OF_WEEK, 0, 0, false },
        { __LINE__, "cron(59,0,0-2,1 23 ? dec sat *)", 7 | UINT64_C(1) << 59, 1 << 23, 0, 1 << 12, 1 << 6, CRON_DAYS_OF_WEEK, 0, 0, false },
        { __LINE__, "cron(0/20,5 22-2 ? * FRI-MON *)", 1 | 1 << 5 | 1 << 20 | UINT64_C(1) << 40, 3 << 22 | 7, 0, ALL_MONTHS, 0x63, CRON_DAYS_OF_WEEK, 0, 0, false },
        { __LINE__, "cron(0 22-2/2 30-2 NOV-FEB ? *)", 1, 1 << 22 | 5, 3U << 30 | 6, 3 << 11 | 6, 0, CRON_DAYS_OF_MONTH, 0, 0, false },
        { __LINE__, "cron(0 0 */10 MAR/4 ? *)", 1, 1, 1U << 1 | 1 << 11 | 1 << 21 | 1U << 31, 1 << 3 | 1 << 7 | 1 << 11, 0, CRON_DAYS_OF_MONTH, 0, 0, false },
        { __LINE__, "cron(0 0 ? * TUE/3 *)", 1, 1, 0, ALL_MONTHS, 1 << 2 | 1 << 5, CRON_DAYS_OF_WEEK, 0, 0, false },
        { __LINE__, "cron(05 007 01 01 ? 2030)", 1 << 5, 1 << 7, 2, 2, 0, CRON_DAYS_OF_MONTH, 0, 0, false },
        { __LINE__, "cron(0 0 L * ? *)", 1, 1, 0, ALL_MONTHS, 0, CRON_LAST_DAY, 0, 0, false },
        { __LINE__, "cron(0 0 l-30 * ? *)", 1, 1, 0, ALL_MONTHS, 0, CRON_LAST_DAY, 30, 0, false },
        { __LINE__, "cron(0 0 L-29 2 ? *)", 1, 1, 0, 4, 0, CRON_LAST_DAY, 29, 0, true },
        { __LINE__, "cron(0 0 L-28 2 ? *)", 1, 1, 0, 4, 0, CRON_LAST_DAY, 28, 0, false },
        { __LINE__, "cron(0 0 LW * ? *)", 1, 1, 0, ALL_MONTHS, 0, CRON_LAST_WORKDAY, 0, 0, false },
        { __LINE__, "cron(0 0 15w * ? *)", 1, 1, 0, ALL_MONTHS, 0, CRON_NEAREST_WORKDAY, 15, 0, false },
        { __LINE__, "cron(0 0 ? * L *)", 1, 1, 0, ALL_MONTHS, 1 << 6, CRON_DAYS_OF_WEEK, 0, 0, false },
        { __LINE__, "cron(0 0 ? * fril *)", 1, 1, 0, ALL_MONTHS, 0, CRON_LAST_WEEKDAY, 0, 5, false },
        { __LINE__, "cron(0 0 ? * 1L *)", 1, 1, 0, ALL_MONTHS, 0, CRON_LAST_WEEKDAY, 0, 0, false },
        { __LINE__, "cron(0 0 ? * Tue#5 *)", 1, 1, 0, ALL_MONTHS, 0, CRON_NTH_WEEKDAY, 5, 2, false },
        { __LINE__, "cron(0 0 ? 2 3#5 2027)", 1, 1, 0, 4, 0, CRON_NTH_WEEKDAY, 5, 2, true },
        { __LINE__, "cron(0 0 29 2 ? 2100)", 1, 1, 1 << 29, 4, 0, CRON_DAYS_OF_MONTH, 0, 0, true },
        { __LINE__, "cron(0 0 29 2 ? 1970-2199)", 1, 1, 1 << 29, 4, 0, CRON_DAYS_OF_MONTH, 0, 0, false },
        { __LINE__, "cron(0 0 1 1 ? 1999)", 1, 1, 2, 2, 0, CRON_DAYS_OF_MONTH, 0, 0, false },
};
/* clang-format on */

static void fields_become_masks(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(mask_rows); i++) {
                const struct mask_row *row = &mask_rows[i];
                struct expression expression;
                char *error = NULL;
                const struct cron *cron = &expression.cron;

                if (!expression_parse(row->text, &expression, &error))
                        fail_msg("line %d: %s: %s", row->line, row->text, error);
                if (expression.kind != EXPRESSION_CRON || cron->minutes != row->minutes ||
                    cron->hours != row->hours || cron->days != row->days ||
                    cron->months != row->months || cron->weekdays != row->weekdays ||
                    cron->day_rule != row->rule || cron->number != row->number ||
                    cron->weekday != row->weekday || cron->never != row->never)
                        fail_msg("line %d: %s was read differently", row->line, row->text);
        }
}

static bool has_year(const struct cron *cron, int year)
{
        int bit = year - CRON_YEAR_FIRST;

        return cron->years[bit / 64] >> bit % 64 & 1;
}

static void years_become_a_set(void **state)
{
        struct expression expression;
        char *error = NULL;

        (void)state;
        assert_true(expression_parse("cron(0 0 1 1 ? 2199,1970,2030-2040/5,2100/50)", &expression,
                                     &error));
        for (int year = CRON_YEAR_FIRST; year <= CRON_YEAR_LAST; year++)
                assert_int_equal(has_year(&expression.cron, year),
                                 year == 1970 || year == 2199 || year == 2030 || year == 2035 ||
                                         year == 2040 || year == 2100 || year == 2150);
        assert_true(expression_parse("cron(0 0 1 1 ? */229)", &expression, &error));
        for (int year = CRON_YEAR_FIRST; year <= CRON_YEAR_LAST; year++)
                assert_int_equal(has_year(&expression.cron, year), year == 1970 || year == 2199);
        assert_true(expression_parse("cron(0 0 1 1 ? *)", &expression, &error));
        for (int year = CRON_YEAR_FIRST; year <= CRON_YEAR_LAST; year++)
                assert_true(has_year(&expression.cron, year));
}

static const struct rate_row {
        int line;
        const char *text;
        sec_t interval;
} rate_rows[] = {
        { __LINE__, "rate(1 minute)", 60 },
        { __LINE__, "rate(1 minutes)", 60 },
        { __LINE__, "rate(10 minute)", 600 },
        { __LINE__, "rate(10 MINUTES)", 600 },
        { __LINE__, "rate(12 hours)", 12 * SEC_PER_HOUR },
        { __LINE__, "rate(1 hour)", SEC_PER_HOUR },
        { __LINE__, "rate(1 days)", SEC_PER_DAY },
        { __LINE__, "rate(36525 days)", 36525 * SEC_PER_DAY },
        { __LINE__, "rate(52596000 minutes)", 36525 * SEC_PER_DAY },
};

static void rates_become_intervals(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(rate_rows); i++) {
                struct expression expression;
                char *error = NULL;

                if (!expression_parse(rate_rows[i].text, &expression, &error))
                        fail_msg("line %d: %s", rate_rows[i].line, error);
                assert_int_equal(expression.kind, EXPRESSION_RATE);
                assert_int_equal(expression.interval, rate_rows[i].interval);
        }
}

static void an_at_is_a_civil_time(void **state)
{
        struct expression expression;
        char *error = NULL;

        (void)state;
        assert_true(expression_parse("at(2024-02-29T23:59:58)", &expression, &error));
        assert_int_equal(expression.kind, EXPRESSION_AT);
        assert_int_equal(expression.at.year, 2024);
        assert_int_equal(expression.at.month, 2);
        assert_int_equal(expression.at.day, 29);
        assert_int_equal(expression.at.hour, 23);
        assert_int_equal(expression.at.minute, 59);
        assert_int_equal(expression.at.second, 58);
}

/* Texts that are too long, or have bytes that are unsafe for a terminal. */
static void hostile_texts_are_not_repeated_in_messages(void **state)
{
        static const char *const texts[] = { "cron(\x1b[31m * * * ? *)", "\xff\xfe", "rate(5\n)",
                                             "at(\xc3\x28)" };
        _cleanup_free_ char *endless = xcalloc(1, 100001), *error = NULL;
        struct expression expression;

        (void)state;
        memset(endless, '(', 100000);
        assert_false(expression_parse(endless, &expression, &error));
        assert_string_equal(error, "the expression is longer than 1024 bytes");
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                _cleanup_free_ char *message = NULL;

                assert_false(expression_parse(texts[i], &expression, &message));
                assert_string_equal(message, "the expression is not printable UTF-8");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_refusal_has_field_value_and_range),
                cmocka_unit_test(hints_are_valid_expressions),
                cmocka_unit_test(fields_become_masks),
                cmocka_unit_test(years_become_a_set),
                cmocka_unit_test(rates_become_intervals),
                cmocka_unit_test(an_at_is_a_civil_time),
                cmocka_unit_test(hostile_texts_are_not_repeated_in_messages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
