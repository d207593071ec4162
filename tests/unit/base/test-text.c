/* Growing strings, and helpers on C strings. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static void a_text_grows_and_is_handed_over(void **state)
{
        _cleanup_(text_done) struct text text = {};
        _cleanup_free_ char *first = NULL, *second = NULL;

        (void)state;
        assert_string_equal(text_get(&text), "");
        assert_int_equal(text_size(&text), 0);
        text_printf(&text, "%s=%d", "a", 5);
        text_append(&text, ";");
        text_write(&text, "\0b", 2);
        text_write(&text, NULL, 0);
        assert_int_equal(text_size(&text), 6);
        assert_memory_equal(text_get(&text), "a=5;\0b", 7);
        first = text_steal(&text);
        assert_memory_equal(first, "a=5;\0b", 7);
        second = text_steal(&text);
        assert_string_equal(second, "");
        for (int i = 0; i < 100000; i++)
                text_append(&text, "0123456789");
        assert_int_equal(text_size(&text), 1000000);
        assert_int_equal(strlen(text_get(&text)), 1000000);
        text_done(&text);
        text_done(&text);
}

static void null_equals_only_null(void **state)
{
        (void)state;
        assert_true(streq("a", "a") && streq(NULL, NULL) && streq("", ""));
        assert_false(streq("a", "b") || streq("a", NULL) || streq(NULL, ""));
        assert_string_equal(startswith("prefix-rest", "prefix-"), "rest");
        assert_string_equal(startswith("same", "same"), "");
        assert_null(startswith("pre", "prefix"));
        assert_true(endswith("a.yaml", ".yaml") && endswith("x", "x") && endswith("x", ""));
        assert_false(endswith("yaml", ".yaml") || endswith("a.yaml ", ".yaml"));
}

static const struct number_row {
        int line;
        const char *text;
        unsigned long long max;
        bool good;
        unsigned long long value;
} number_rows[] = {
        { __LINE__, "0", 0, true, 0 },
        { __LINE__, "007", 7, true, 7 },
        { __LINE__, "8", 7, false, 0 },
        { __LINE__, "18446744073709551615", ~0ULL, true, ~0ULL },
        { __LINE__, "18446744073709551616", ~0ULL, false, 0 },
        { __LINE__, "", 9, false, 0 },
        { __LINE__, "-1", ~0ULL, false, 0 },
        { __LINE__, "+1", 9, false, 0 },
        { __LINE__, " 1", 9, false, 0 },
        { __LINE__, "1 ", 9, false, 0 },
        { __LINE__, "0x1", 99, false, 0 },
        { __LINE__, "1.0", 99, false, 0 },
};

static void only_whole_numbers_in_range_are_parsed(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(number_rows); i++) {
                const struct number_row *row = &number_rows[i];
                unsigned long long value = 0;

                if (parse_number(row->text, row->max, &value) != row->good || value != row->value)
                        fail_msg("line %d: '%s' gave %llu", row->line, row->text, value);
        }
}

static const struct closest_row {
        int line;
        const char *word, *expected;
} closest_rows[] = {
        { __LINE__, "schedule", "schedule" },
        { __LINE__, "schedul", "schedule" },
        { __LINE__, "sched", NULL },
        { __LINE__, "shcedule", "schedule" },
        { __LINE__, "Schedule", "schedule" },
        { __LINE__, "time_zone", "timezone" },
        { __LINE__, "tiemzone", "timezone" },
        { __LINE__, "retian", "retain" },
        { __LINE__, "copys", "copies" },
        { __LINE__, "ent", "end" },
        { __LINE__, "edn", "end" },
        { __LINE__, "completely-different", NULL },
        { __LINE__, "", NULL },
        { __LINE__, "\xc3\xa9nd", "end" },
};

static void only_a_typing_error_has_a_closest_name(void **state)
{
        static const char *const names[] = { "schedule", "timezone", "retain", "copies", "end" };
        _cleanup_free_ char *endless = xcalloc(1, 100001);

        (void)state;
        for (size_t i = 0; i < ELEMENTS(closest_rows); i++) {
                const struct closest_row *row = &closest_rows[i];
                const char *found = closest(row->word, names, ELEMENTS(names));

                if (!streq(found, row->expected))
                        fail_msg("line %d: %s gave %s", row->line, row->word,
                                 found ? found : "nothing");
        }
        memset(endless, 'e', 100000);
        assert_null(closest(endless, names, ELEMENTS(names)));
        assert_null(closest("end", names, 0));
}

static void only_unreserved_characters_stay(void **state)
{
        static const char all[] = "azAZ09-._~/ %+\xc3\xa9\0";
        _cleanup_(text_done) struct text with = {}, without = {};

        (void)state;
        text_percent_encode(&with, all, sizeof(all) - 1, true);
        assert_string_equal(text_get(&with), "azAZ09-._~/%20%25%2B%C3%A9%00");
        text_percent_encode(&without, all, sizeof(all) - 1, false);
        assert_string_equal(text_get(&without), "azAZ09-._~%2F%20%25%2B%C3%A9%00");
}

static const struct utf8_row {
        int line;
        const char *text;
        bool printable;
} utf8_rows[] = {
        { __LINE__, "", true },
        { __LINE__, "plain\ttext ~", true },
        { __LINE__, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", true },
        { __LINE__, "\xf4\x8f\xbf\xbf", true },
        { __LINE__, "\n", false },
        { __LINE__, "\x1b[0m", false },
        { __LINE__, "\x7f", false },
        { __LINE__, "\xc2\x85", false }, /* a control character of C1 */
        { __LINE__, "\x80", false },     /* no start */
        { __LINE__, "\xc3", false },     /* cut off */
        { __LINE__, "\xe2\x82", false },
        { __LINE__, "\xc0\xaf", false }, /* too long a form of '/' */
        { __LINE__, "\xe0\x80\xaf", false },
        { __LINE__, "\xed\xa0\x80", false }, /* a surrogate */
        { __LINE__, "\xf4\x90\x80\x80", false },
        { __LINE__, "\xff", false },
};

static void only_printable_utf8_is_accepted(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(utf8_rows); i++)
                if (is_printable_utf8(utf8_rows[i].text) != utf8_rows[i].printable)
                        fail_msg("line %d", utf8_rows[i].line);
}

static void strings_are_split_and_joined(void **state)
{
        size_t n;
        char **parts = strings_split(",,a,b c,,d,", ", ", &n), *joined;

        (void)state;
        assert_int_equal(n, 4);
        assert_string_equal(parts[2], "c");
        assert_true(strings_contain(parts, n, "b"));
        assert_false(strings_contain(parts, n, "e"));
        joined = strings_join(parts, n, "--");
        assert_string_equal(joined, "a--b--c--d");
        free(joined);
        strings_free(parts, n);
        parts = strings_split(",,", ",", &n);
        assert_int_equal(n, 0);
        joined = strings_join(parts, n, "-");
        assert_string_equal(joined, "");
        free(joined);
        strings_free(parts, n);
}

static void lines_are_found_in_a_text(void **state)
{
        static const char lines[] = "a\nbc\n\nd";

        (void)state;
        assert_string_equal(lines_next(lines), "bc\n\nd");
        assert_string_equal(lines_next("\nd"), "d");
        assert_string_equal(lines_next("d\n"), "");
        assert_null(lines_next("d"));
        assert_true(lines_contain(lines, "bcd", 2));
        assert_true(lines_contain(lines, "", 0));
        assert_true(lines_contain(lines, "d", 1));
        assert_false(lines_contain(lines, "b", 1));
        assert_false(lines_contain("a", "", 0));
        assert_false(lines_contain(NULL, "", 0));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_found_in_a_text),
                cmocka_unit_test(a_text_grows_and_is_handed_over),
                cmocka_unit_test(null_equals_only_null),
                cmocka_unit_test(only_whole_numbers_in_range_are_parsed),
                cmocka_unit_test(only_a_typing_error_has_a_closest_name),
                cmocka_unit_test(only_unreserved_characters_stay),
                cmocka_unit_test(only_printable_utf8_is_accepted),
                cmocka_unit_test(strings_are_split_and_joined),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
