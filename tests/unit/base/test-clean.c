/* Cleaning of text from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clean.h"

#include "base/cleanup.h"

static const struct {
        const char *name, *text, *clean, *json;
} rows[] = {
        { .name = "plain text", .text = "a b~\\\"{}", .clean = "a b~\\\"{}" },
        { .name = "letters of all scripts",
          .text = "\xc3\xa9 \xe2\x82\xac \xd7\xa9 \xf0\x9f\x98\x80\xef\xb8\x8f",
          .clean = "\xc3\xa9 \xe2\x82\xac \xd7\xa9 \xf0\x9f\x98\x80\xef\xb8\x8f" },
        { .name = "an escape sequence",
          .text = "\x1b[2J\x1b]0;x\x07",
          .clean = "\\x1b[2J\\x1b]0;x\\x07",
          .json = "\\u001b[2J\\u001b]0;x\\u0007" },
        { .name = "a line of one's own",
          .text = "x\namid: forged\r\ty",
          .clean = "x\\namid: forged\\r\\ty",
          .json = "x\namid: forged\\u000d\ty" },
        { .name = "DEL", .text = "\x7f", .clean = "\\x7f", .json = "\\u007f" },
        { .name = "C1 as a character", .text = "\xc2\x9b", .clean = "\\u009b", .json = "\\u009b" },
        { .name = "C1 as a byte", .text = "a\x9b", .clean = "a\\x9b", .json = "a\\ufffd" },
        { .name = "an override of direction",
          .text = "\xe2\x80\xae",
          .clean = "\\u202e",
          .json = "\\u202e" },
        { .name = "an isolate", .text = "\xe2\x81\xa6", .clean = "\\u2066", .json = "\\u2066" },
        { .name = "a line separator",
          .text = "\xe2\x80\xa8\xe2\x80\xa9",
          .clean = "\\u2028\\u2029",
          .json = "\\u2028\\u2029" },
        { .name = "zero width",
          .text = "\xe2\x80\x8b\xef\xbb\xbf\xe2\x81\xa0",
          .clean = "\\u200b\\ufeff\\u2060",
          .json = "\\u200b\\ufeff\\u2060" },
        { .name = "a soft hyphen", .text = "\xc2\xad", .clean = "\\u00ad", .json = "\\u00ad" },
        { .name = "a filler", .text = "\xe3\x85\xa4", .clean = "\\u3164", .json = "\\u3164" },
        { .name = "a tag character",
          .text = "\xf3\xa0\x81\x81",
          .clean = "\\U000e0041",
          .json = "\\udb40\\udc41" },
        { .name = "a noncharacter", .text = "\xef\xbf\xbf", .clean = "\\uffff", .json = "\\uffff" },
        { .name = "an overlong slash",
          .text = "\xc0\xaf\xe0\x80\xaf",
          .clean = "\\xc0\\xaf\\xe0\\x80\\xaf",
          .json = "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd" },
        { .name = "a surrogate",
          .text = "\xed\xa0\x80",
          .clean = "\\xed\\xa0\\x80",
          .json = "\\ufffd\\ufffd\\ufffd" },
        { .name = "a character that is cut off",
          .text = "\xe2\x82",
          .clean = "\\xe2\\x82",
          .json = "\\ufffd\\ufffd" },
        { .name = "a character cut off by another",
          .text = "\xf0\x9f\x98z",
          .clean = "\\xf0\\x9f\\x98z",
          .json = "\\ufffd\\ufffd\\ufffdz" },
        { .name = "beyond Unicode",
          .text = "\xf4\x90\x80\x80\xff",
          .clean = "\\xf4\\x90\\x80\\x80\\xff",
          .json = "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd" },
};

static void unsafe_characters_are_escaped(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *clean = text_clean(rows[i].text, CLEAN_LINE_MAX);
                _cleanup_free_ char *again = text_clean(clean, CLEAN_LINE_MAX);
                _cleanup_free_ char *json = text_clean_json(rows[i].text);

                if (!streq(clean, rows[i].clean) || !streq(again, clean))
                        fail_msg("%s: %s, then %s", rows[i].name, clean, again);
                if (!streq(json, rows[i].json ? rows[i].json : rows[i].text))
                        fail_msg("%s: JSON %s", rows[i].name, json);
        }
        assert_null(text_clean(NULL, 1));
}

static void the_middle_of_a_long_line_is_left_out(void **state)
{
        static const struct {
                const char *text, *clean;
                size_t max;
        } lines[] = {
                { "0123456789", "0123456789", 10 },
                { "0123456789a", "01234[...]6789a", 10 },
                { "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac",
                  "\xe2\x82\xac[...]\xe2\x82\xac", 8 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(lines); i++) {
                _cleanup_free_ char *clean = text_clean(lines[i].text, lines[i].max);

                assert_string_equal(clean, lines[i].clean);
        }
}

static void lines_of_a_text_stay_lines(void **state)
{
        _cleanup_free_ char *clean = text_clean_lines("a\n\x1b\n\nb\r\n"), *none = NULL;

        (void)state;
        assert_string_equal(clean, "a\n\\x1b\n\nb\\r\n");
        none = text_clean_lines("");
        assert_string_equal(none, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(unsafe_characters_are_escaped),
                cmocka_unit_test(the_middle_of_a_long_line_is_left_out),
                cmocka_unit_test(lines_of_a_text_stay_lines),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
