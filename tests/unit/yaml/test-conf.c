/* Reads a menu along key tables. The test is linked only with yaml/ and base/. */
#include "yaml/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/alloc.h"

struct dish {
        char *name;
        char **herbs;
        size_t n_herbs;
        unsigned int plates, days;
        bool warm;
};

struct menu {
        struct conf conf;
        struct dish dish;
        char *currency;
};

static const struct form form_herb = {
        .name = "herb",
        .noun = "a herb such as thyme",
        .pattern = "^[a-z]+$",
        .max = 12,
};
static const struct word day_words[] = {
        { "monday", 1, NULL },
        { "friday", 16, NULL },
        { "sunday", 64, "the kitchen is closed" },
        {},
};
static const struct key dish_keys[] = {
        KEY("name", text, struct dish, name, .required = true, .help = "What it is called. Short."),
        KEY_LIST("herbs", one_or_list, struct dish, herbs, .form = &form_herb, .max = 2,
                 .help = "Herbs in it."),
        KEY("plates", number, struct dish, plates, .min = 1, .max = 9, .fallback = "4",
            .help = "For how many."),
        KEY("days", words, struct dish, days, .words = day_words, .help = "Days it is cooked on."),
        KEY("warm", boolean, struct dish, warm, .fallback = "true", .help = "Whether it is warm."),
        {},
};
static const struct key menu_keys[] = {
        KEY("currency", text, struct menu, currency, .fallback = "EUR", .is_context = true,
            .help = "Of all prices."),
        KEY("dish", table, struct menu, dish, .sub = dish_keys, .required = true,
            .help = "The dish of the day."),
        KEY_REFUSED("wine", "there is none"),
        {},
};
static const struct grammar grammar = {
        .documents = "menus",
        .entries = "dishes",
        .manual = "menu(5)",
        .when_missing = "cook one",
        .when_denied = "ask the cook",
        .instead_of_merge = "a second menu",
        .file_max = 400,
};

static void menu_done(struct menu *menu)
{
        free(menu->dish.name);
        strings_free(menu->dish.herbs, menu->dish.n_herbs);
        free(menu->currency);
        conf_done(&menu->conf);
}

/* Reads a menu. Returns its messages; caller frees. */
static char *read_menu(struct menu *menu, const char *yaml)
{
        _cleanup_(text_done) struct text messages = {};

        *menu = (struct menu){};
        conf_init(&menu->conf, &grammar);
        if (conf_load_data(&menu->conf, "menu", false, yaml, strlen(yaml)))
                conf_read_table(&menu->conf, conf_root(&menu->conf, 0), menu_keys, menu, NULL);
        conf_print_messages(&menu->conf, &messages);
        return xstrdup(text_get(&messages));
}

static void a_document_fills_the_fields_of_its_rows(void **state)
{
        (void)state;
        _cleanup_(menu_done) struct menu menu;
        _cleanup_free_ char *messages =
                read_menu(&menu, "dish: {name: soup, herbs: [dill, mint], days: [monday, friday]}");

        assert_string_equal(messages, "");
        assert_string_equal(menu.dish.name, "soup");
        assert_int_equal(menu.dish.n_herbs, 2);
        assert_string_equal(menu.dish.herbs[1], "mint");
        assert_int_equal(menu.dish.days, 17);
        assert_int_equal(menu.dish.plates, 4); /* the fallback */
        assert_true(menu.dish.warm);
        assert_string_equal(menu.currency, "EUR");
}

static void a_byte_order_mark_is_no_part_of_the_document(void **state)
{
        (void)state;
        _cleanup_(menu_done) struct menu menu;
        _cleanup_(menu_done) struct menu other;
        _cleanup_free_ char *messages = read_menu(&menu, "\xef\xbb\xbf"
                                                         "dish:\n  name: soup\ncurrency: CHF\n");
        _cleanup_free_ char *wrong_key = read_menu(&other, "\xef\xbb\xbf"
                                                           "dishes: {}\ndish: {name: soup}\n");

        assert_string_equal(messages, "");
        assert_string_equal(menu.currency, "CHF");
        /* the mark does not count as a column */
        assert_string_equal(wrong_key,
                            "menu:1:1: unknown key \"dishes\"; did you mean \"dish\"?\n");
}

static const struct {
        const char *name, *yaml, *messages;
} wrong[] = {
        { .name = "all mistakes at once, with their positions",
          .yaml = "dish:\n  name: soup\n  plates: 12\n  herb: dill\nwine: red\n",
          .messages = "menu:3:11: plates needs a whole number from 1 to 9, not \"12\"\n"
                      "menu:4:3: unknown key \"herb\"; did you mean \"herbs\"?\n"
                      "menu:5:1: wine: there is none\n" },
        { .name = "a required key",
          .yaml = "dish: {warm: false}",
          .messages = "menu:1:7: name is missing: What it is called\n" },
        { .name = "a text of another form",
          .yaml = "dish: {name: soup, herbs: Dill}",
          .messages = "menu:1:27: \"Dill\" is not a herb such as thyme\n" },
        { .name = "a word that is not taken",
          .yaml = "dish: {name: soup, days: sunday}",
          .messages = "menu:1:26: days: sunday: the kitchen is closed\n" },
        { .name = "the caller's word for documents",
          .yaml = "--- {}\n--- {}\n",
          .messages = "menu:2:1: a second document (---); menus are one document a file\n" },
        { .name = "the caller's word instead of merge keys",
          .yaml = "<<: {}\ndish: {name: soup}",
          .messages = "menu:1:1: merge keys (<<) are not read; use a second menu\n" },
};

static void mistakes_are_reported_in_the_words_of_the_grammar(void **state)
{
        (void)state;

        for (size_t i = 0; i < ELEMENTS(wrong); i++) {
                _cleanup_(menu_done) struct menu menu;
                _cleanup_free_ char *messages = read_menu(&menu, wrong[i].yaml);

                if (!streq(messages, wrong[i].messages))
                        fail_msg("%s:\n%s", wrong[i].name, messages);
        }
}

static void a_file_has_the_limit_of_its_grammar(void **state)
{
        (void)state;
        _cleanup_(menu_done) struct menu menu;
        _cleanup_free_ char *yaml = xcalloc(402, 1), *messages = NULL;

        memset(yaml, '#', 401);
        messages = read_menu(&menu, yaml);
        assert_string_equal(
                messages, "menu: larger than 400 bytes; spread the dishes over files in conf.d\n");
}

static void defaults_are_checked_without_being_filled_in(void **state)
{
        (void)state;
        _cleanup_(menu_done) struct menu menu = {};
        static const char yaml[] = "dish: {name: soup}";

        conf_init(&menu.conf, &grammar);
        assert_true(conf_load_data(&menu.conf, "menu", false, yaml, strlen(yaml)));
        menu.conf.file = 0;
        assert_true(conf_check_defaults(&menu.conf, conf_root(&menu.conf, 0), menu_keys, &menu));
        assert_string_equal(menu.currency, "EUR"); /* other rows may be read with it */
        assert_int_equal(menu.conf.n_errors, 0);
}

static void a_table_is_printed_as_manual_and_schema(void **state)
{
        (void)state;
        static const struct schema_definition definitions[] = { { "dish", dish_keys }, {} };
        static const struct schema schema = { "Menu", menu_keys, definitions };
        _cleanup_(text_done) struct text manual = {}, printed = {};
        const cJSON *property;
        cJSON *json;

        conf_print_manual(&manual, menu_keys);
        assert_non_null(strstr(text_get(&manual), ".It Ic plates : Ar number from 1 to 9\n"));
        assert_non_null(strstr(text_get(&manual), ".It Ic herbs : Ar herb, or a list\n"));
        assert_null(strstr(text_get(&manual), "sunday"));
        assert_null(strstr(text_get(&manual), "wine"));

        conf_print_schema(&printed, &schema);
        json = cJSON_Parse(text_get(&printed));
        assert_non_null(json);
        assert_string_equal(cJSON_GetObjectItem(json, "title")->valuestring, "Menu");
        assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "required")), 1);
        property = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "properties"), "dish");
        assert_string_equal(cJSON_GetObjectItem(property, "$ref")->valuestring, "#/$defs/dish");
        cJSON_Delete(json);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_document_fills_the_fields_of_its_rows),
                cmocka_unit_test(a_byte_order_mark_is_no_part_of_the_document),
                cmocka_unit_test(mistakes_are_reported_in_the_words_of_the_grammar),
                cmocka_unit_test(a_file_has_the_limit_of_its_grammar),
                cmocka_unit_test(defaults_are_checked_without_being_filled_in),
                cmocka_unit_test(a_table_is_printed_as_manual_and_schema),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
