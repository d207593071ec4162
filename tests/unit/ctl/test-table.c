/* The layout of tables. */
#include "ctl/table.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"
#include "ctl/output.h"

static const struct table_column columns[] = {
        { .heading = "NAME", .shrinks_to = 6 },
        { .heading = "ID" },
        { .heading = "WHY", .drop = 1 },
        { .heading = "" },
};

static char *printed(const char *name, const char *id, const char *why, const char *last,
                     size_t width, bool colours)
{
        _cleanup_(table_done) struct table table = TABLE(columns);
        _cleanup_(text_done) struct text text = {};
        struct terminal terminal = { .width = width, .colours = colours };

        text_append(&text, "");
        terminal.stream = text.stream;
        table_row(&table);
        table_cell(&table, STYLE_GOOD, name);
        table_cell(&table, STYLE_PLAIN, id);
        table_cell(&table, STYLE_PLAIN, why);
        table_cell(&table, STYLE_PLAIN, last);
        table_print(&table, &terminal);
        return text_steal(&text);
}

static void a_table_fits_into_the_terminal(void **state)
{
        static const struct {
                int line;
                const char *name, *id, *why, *last;
                size_t width;
                const char *output;
        } rows[] = {
                { __LINE__, "web", "i-1", "because", "", 80,
                  "NAME  ID   WHY\nweb   i-1  because\n" },
                { __LINE__, "web", NULL, "x", "z", 80, "NAME  ID  WHY\nweb   -   x    z\n" },
                /* cut first what may be cut */
                { __LINE__, "abcdefghijkl", "i-1", "because", "", 22,
                  "NAME      ID   WHY\nabcdef..  i-1  because\n" },
                /* then leave out */
                { __LINE__, "abcdefghijkl", "i-1", "because", "", 15,
                  "NAME        ID\nabcdefgh..  i-1\n" },
                /* in the end cut anything rather than break the line */
                { __LINE__, "abcdefghijkl", "i-0123456789", "because", "", 16,
                  "NAME    ID\nabcd..  i-0123..\n" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *output = printed(rows[i].name, rows[i].id, rows[i].why,
                                                      rows[i].last, rows[i].width, false);

                if (!streq(output, rows[i].output))
                        fail_msg("line %d:\n%s", rows[i].line, output);
        }
}

/* Users copy ids, so the line gets too long instead. */
static void an_id_is_never_cut(void **state)
{
        static const struct table_column columns_of_show[] = {
                { .heading = "TASK" },
                { .heading = "SUBJECT", .whole = true },
                { .heading = "IMAGE", .drop = 2, .whole = true },
                { .heading = "STEP", .shrinks_to = 6, .drop = 3 },
        };
        static const struct {
                size_t width;
                const char *output;
        } rows[] = {
                { 80, "TASK   SUBJECT                IMAGE                  STEP\n"
                      "prune  ami-0123456789abcdef0  ami-00000000000000001  delete-snapshots\n" },
                { 60, "TASK   SUBJECT                IMAGE                  STEP\n"
                      "prune  ami-0123456789abcdef0  ami-00000000000000001  delet..\n" },
                { 52, "TASK   SUBJECT                IMAGE\n"
                      "prune  ami-0123456789abcdef0  ami-00000000000000001\n" },
                { 40, "TASK   SUBJECT\nprune  ami-0123456789abcdef0\n" },
                { 20, "T  SUBJECT\np  ami-0123456789abcdef0\n" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(table_done) struct table table = TABLE(columns_of_show);
                _cleanup_(text_done) struct text text = {};
                struct terminal terminal = { .width = rows[i].width };

                text_append(&text, "");
                terminal.stream = text.stream;
                table_row(&table);
                table_cell(&table, STYLE_PLAIN, "prune");
                table_cell(&table, STYLE_PLAIN, "ami-0123456789abcdef0");
                table_cell(&table, STYLE_PLAIN, "ami-00000000000000001");
                table_cell(&table, STYLE_PLAIN, "delete-snapshots");
                table_print(&table, &terminal);
                if (!streq(text_get(&text), rows[i].output))
                        fail_msg("%zu columns:\n%s", rows[i].width, text_get(&text));
        }
}

static void colours_are_outside_of_the_padding(void **state)
{
        _cleanup_free_ char *output = printed("web", "i-1", "x", "", 80, true);

        (void)state;
        assert_non_null(strstr(output, "\033[32mweb\033[0m   i-1"));
}

/* Wide characters take two columns, combining ones none. */
static void wide_characters_take_two_columns(void **state)
{
        (void)state;
        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                skip();
        assert_int_equal(text_columns("abc"), 3);
        assert_int_equal(text_columns("\xed\x95\x9c\xea\xb8\x80"), 4);
        assert_int_equal(text_columns("e\xcc\x81"), 1);
        assert_int_equal(text_columns("\xff\xfe"), 2);
}

static void a_text_is_wrapped_at_spaces(void **state)
{
        _cleanup_(text_done) struct text text = {};
        struct terminal terminal = { .width = 16 };

        (void)state;
        text_append(&text, "");
        terminal.stream = text.stream;
        terminal_wrap(&terminal, "one two  three four\nfive averyverylongword x", 4);
        assert_string_equal(
                text_get(&text),
                "    one two\n    three four\n    five\n    averyverylongword\n    x\n");
}

static void a_paragraph_has_one_style(void **state)
{
        _cleanup_(text_done) struct text text = {};
        struct terminal terminal = { .width = 10, .colours = true };

        (void)state;
        text_append(&text, "");
        terminal.stream = text.stream;
        terminal_wrap_styled(&terminal, STYLE_BAD, "one two three", 0);
        terminal_wrap_styled(&terminal, STYLE_PLAIN, "four", 0);
        assert_string_equal(text_get(&text), "\033[31mone two\nthree\n\033[0mfour\n");
}

static void what_has_happened_is_never_to_come(void **state)
{
        static const struct {
                sec_t time;
                const char *wanted;
        } rows[] = {
                { 1000, "0s ago" },
                { 940, "1m ago" },
                { 1001, "0s ago" },
                { 2303424000, "dated 2042-12-29" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_free_ char *said = past_time(rows[i].time, 1000);

                assert_string_equal(said, rows[i].wanted);
        }
        assert_null(past_time(SEC_NONE, 1000));
        assert_null(past_time(SEC_NEVER, 1000));
}

static void a_table_without_rows_prints_nothing(void **state)
{
        struct table table = TABLE(columns);
        _cleanup_(text_done) struct text text = {};
        struct terminal terminal = { .width = 80 };

        (void)state;
        text_append(&text, "");
        terminal.stream = text.stream;
        table_print(&table, &terminal);
        assert_string_equal(text_get(&text), "");
}

/* A column with the usual text in each row is left out before other columns. */
static void a_column_with_the_usual_text_is_left_out_first(void **state)
{
        static const struct table_column some[] = {
                { .heading = "ID" },
                { .heading = "WHEN", .drop = 2 },
                { .heading = "STATE", .drop = 1, .usual = "good", .usual_drop = 3 },
        };
        static const struct {
                const char *name, *first, *second;
                size_t width;
                const char *output;
        } rows[] = {
                { "room for all", "good", "good", 20,
                  "ID  WHEN   STATE\na   today  good\nb   today  good\n" },
                { "all usual", "good", "good", 10, "ID  WHEN\na   today\nb   today\n" },
                { "nothing there", "good", NULL, 10, "ID  WHEN\na   today\nb   today\n" },
                { "one is not", "good", "lost", 10, "ID  STATE\na   good\nb   lost\n" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(table_done) struct table table = TABLE(some);
                _cleanup_(text_done) struct text text = {};
                struct terminal terminal = { .width = rows[i].width };

                text_append(&text, "");
                terminal.stream = text.stream;
                for (int second = 0; second < 2; second++) {
                        table_row(&table);
                        table_cell(&table, STYLE_PLAIN, second ? "b" : "a");
                        table_cell(&table, STYLE_PLAIN, "today");
                        table_cell(&table, STYLE_PLAIN, second ? rows[i].second : rows[i].first);
                }
                table_print(&table, &terminal);
                if (!streq(text_get(&text), rows[i].output))
                        fail_msg("%s: %s", rows[i].name, text_get(&text));
        }
}

/* Regions that differ in the last letter are not cut; a text that is the same in every row is named
 * below. */
static void a_column_with_one_text_is_named_below(void **state)
{
        static const struct table_column some[] = {
                { .heading = "ID", .whole = true },
                { .heading = "PROVEN", .usual = table_same, .usual_drop = 4 },
                { .heading = "WHY", .drop = 3 },
                { .heading = "PLACE",
                  .whole = true,
                  .drop = 2,
                  .usual = table_same,
                  .usual_drop = 5 },
        };
        static const struct {
                const char *name, *proven, *place;
                size_t width;
                const char *output;
        } rows[] = {
                { "room for all", "crash", "us-east-2", 40,
                  "ID   PROVEN  WHY      PLACE\ni-1  crash   because  us-east-1\n"
                  "i-2  crash   because  us-east-2\n" },
                { "two regions", "crash", "us-east-2", 30,
                  "ID   WHY      PLACE\ni-1  because  us-east-1\ni-2  because  us-east-2\n"
                  "The same in every row: PROVEN\ncrash\n" },
                { "one region", "freeze", "us-east-1", 30,
                  "ID   PROVEN  WHY\ni-1  crash   because\ni-2  freeze  because\n"
                  "The same in every row: PLACE\nus-east-1\n" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(table_done) struct table table = TABLE(some);
                _cleanup_(text_done) struct text text = {};
                struct terminal terminal = { .width = rows[i].width };

                text_append(&text, "");
                terminal.stream = text.stream;
                for (int second = 0; second < 2; second++) {
                        table_row(&table);
                        table_cell(&table, STYLE_PLAIN, second ? "i-2" : "i-1");
                        table_cell(&table, STYLE_PLAIN, second ? rows[i].proven : "crash");
                        table_cell(&table, STYLE_PLAIN, "because");
                        table_cell(&table, STYLE_PLAIN, second ? rows[i].place : "us-east-1");
                }
                table_print(&table, &terminal);
                if (!streq(text_get(&text), rows[i].output))
                        fail_msg("%s: %s", rows[i].name, text_get(&text));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_column_with_the_usual_text_is_left_out_first),
                cmocka_unit_test(a_column_with_one_text_is_named_below),
                cmocka_unit_test(a_table_fits_into_the_terminal),
                cmocka_unit_test(an_id_is_never_cut),
                cmocka_unit_test(colours_are_outside_of_the_padding),
                cmocka_unit_test(wide_characters_take_two_columns),
                cmocka_unit_test(a_text_is_wrapped_at_spaces),
                cmocka_unit_test(a_paragraph_has_one_style),
                cmocka_unit_test(what_has_happened_is_never_to_come),
                cmocka_unit_test(a_table_without_rows_prints_nothing),
        };

        return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
