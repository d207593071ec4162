/* The batch mode of `amictl calendar`. */
#include "ctl/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

static const sec_t now = 1795365201; /* 2026-11-22T16:33:21Z */

static char *answers(const char *input, size_t size, const char *timezone, unsigned int count,
                     bool json)
{
        _cleanup_(text_done) struct text output = {};
        FILE *in = size ? fmemopen((void *)(uintptr_t)input, size, "r") : fopen("/dev/null", "r");

        text_append(&output, "");
        assert_true(calendar_batch(&(struct calendar_batch){ .input = in,
                                                             .output = output.stream,
                                                             .timezone = timezone,
                                                             .now = now,
                                                             .count = count,
                                                             .json = json }));
        fclose(in);
        return text_steal(&output);
}

static char *batch(const char *input, size_t size, const char *timezone, unsigned int count)
{
        return answers(input, size, timezone, count, false);
}

static void each_line_of_a_batch_has_an_answer(void **state)
{
        static const struct {
                int line;
                const char *input, *output;
        } rows[] = {
                { __LINE__, "", "" },
                { __LINE__, "cron(0 0 1 1 ? *)\n", "2027-01-01T00:00:00Z\t2028-01-01T00:00:00Z\n" },
                { __LINE__, "cron(0 0 1 1 ? *)", "2027-01-01T00:00:00Z\t2028-01-01T00:00:00Z\n" },
                { __LINE__, "cron(0 0 1 1 ? *)\r\n",
                  "2027-01-01T00:00:00Z\t2028-01-01T00:00:00Z\n" },
                { __LINE__, "cron(0 3 * * ? *)\tAsia/Seoul\t2026-12-01T00:00:00Z\n",
                  "2026-12-01T18:00:00Z\t2026-12-02T18:00:00Z\n" },
                { __LINE__, "cron(0 3 * * ? *)\t\t2026-12-01T00:00:00Z\n",
                  "2026-12-01T03:00:00Z\t2026-12-02T03:00:00Z\n" },
                /* a time without an offset is of the zone; strictly after it */
                { __LINE__, "cron(0 3 * * ? *)\tAsia/Seoul\t2026-12-01T03:00:00\n",
                  "2026-12-01T18:00:00Z\t2026-12-02T18:00:00Z\n" },
                { __LINE__, "rate(5 minutes)\tUTC\t2026-12-01T00:00:00Z\n",
                  "2026-12-01T00:05:00Z\t2026-12-01T00:10:00Z\n" },
                { __LINE__, "at(2026-12-24T18:00:00)\tEurope/Berlin\t\n",
                  "2026-12-24T17:00:00Z\n" },
                { __LINE__, "at(2001-01-01T00:00:00)\n", "never\n" },
                { __LINE__, "cron(0 0 30 2 ? *)\n", "never\n" },
                { __LINE__, "cron(0 0 1 1 ? *)\tNowhere/X\n", "invalid: " },
                { __LINE__, "cron(0 0 1 1 ? *)\t../etc/passwd\n", "invalid: " },
                { __LINE__, "cron(0 0 1 1 ? *)\tUTC\tyesterday\n", "invalid: " },
                { __LINE__, "cron(0 0 1 1 ? *)\tUTC\t\textra\n", "invalid: more than three" },
                { __LINE__, "cron(0 0 * * * *)\n", "invalid: " },
                { __LINE__, "\n", "invalid: " },
                /* a time that clocks skip is a mistake, as in the settings */
                { __LINE__, "at(2027-03-28T02:30:00)\tEurope/Berlin\n",
                  "invalid: 2027-03-28T02:30:00 does not exist in Europe/Berlin, whose clocks go "
                  "on "
                  "from 2027-03-28T01:59:59 to 2027-03-28T03:00:00" },
                { __LINE__, "at(2027-03-28T02:30:00)\n", "2027-03-28T02:30:00Z\n" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *output = batch(rows[i].input, strlen(rows[i].input), NULL, 2);
                bool same = startswith(rows[i].output, "invalid")
                                    ? startswith(output, rows[i].output) != NULL
                                    : streq(output, rows[i].output);
                size_t lines = 0;

                for (const char *c = output; *c; c++)
                        lines += *c == '\n';
                if (!same || lines != (*rows[i].input ? 1 : 0))
                        fail_msg("line %d: %s", rows[i].line, output);
        }
}

static void defaults_fill_in_missing_columns(void **state)
{
        _cleanup_free_ char *output = batch("cron(0 3 * * ? *)\n", 18, "Asia/Seoul", 1);

        (void)state;
        assert_string_equal(output, "2026-11-22T18:00:00Z\n");
}

static void a_document_answers_each_line(void **state)
{
        static const char input[] = "at(2026-12-24T18:00:00)\tEurope/Berlin\n"
                                    "at(2001-01-01T00:00:00)\n"
                                    "\n"
                                    "at(2027-03-28T02:30:00)\tEurope/Berlin\n";
        static const char *const wanted[] = {
                "{\"expression\":\"at(2026-12-24T18:00:00)\",\"timezone\":\"Europe/Berlin\","
                "\"firings\":[\"2026-12-24T17:00:00Z\"]}",
                "{\"expression\":\"at(2001-01-01T00:00:00)\",\"timezone\":\"UTC\","
                "\"firings\":[]}",
                "{\"expression\":\"\",\"error\":\"",
                "{\"expression\":\"at(2027-03-28T02:30:00)\",\"error\":\"2027-03-28T02:30:00 "
                "does not exist",
        };
        _cleanup_free_ char *output = answers(input, strlen(input), NULL, 2, true);
        char *rest = output;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(wanted); i++) {
                const char *line = strsep(&rest, "\n");
                cJSON *document = cJSON_Parse(line);

                assert_non_null(document);
                if (!startswith(line, wanted[i]))
                        fail_msg("line %zu: %s", i, line);
                cJSON_Delete(document);
        }
        assert_string_equal(rest, "");
}

/* A line that is too long or has a NUL is one bad line; those after it are read. */
static void a_line_that_is_too_long_is_one_bad_line(void **state)
{
        static const char tail[] = "\na\0b\nrate(1 day)\n";
        enum { LONG = CALENDAR_LINE_MAX + 10 };
        _cleanup_free_ char *input = xcalloc(1, LONG + 100), *output = NULL;

        (void)state;
        memset(input, 'x', LONG);
        memcpy(input + LONG, tail, sizeof(tail));
        output = batch(input, LONG + sizeof(tail) - 1, NULL, 1);
        assert_non_null(startswith(output, "invalid: a line has at most"));
        assert_non_null(strstr(output, "\ninvalid: a line has at most"));
        assert_true(endswith(output, "\n2026-11-23T16:33:21Z\n"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_line_of_a_batch_has_an_answer),
                cmocka_unit_test(defaults_fill_in_missing_columns),
                cmocka_unit_test(a_line_that_is_too_long_is_one_bad_line),
                cmocka_unit_test(a_document_answers_each_line),
        };

        return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
