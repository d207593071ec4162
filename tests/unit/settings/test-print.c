/* The manual and the schema in the tree are the printed ones, and the shipped settings load. Paths
 * are relative to the top of the tree, where unit tests run. */
#include "settings/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "base/alloc.h"

#define MANUAL  "man/amid.yaml.5"
#define SCHEMA  "config/amid.schema.json"
#define SHIPPED "config/amid.yaml"
#define BEGIN   ".\\\" BEGIN KEYS\n"
#define END     ".\\\" END KEYS\n"

static char *read_all(const char *path)
{
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        char *data = xcalloc(1 << 20, 1);

        assert_non_null(file);
        assert_true(fread(data, 1, (1 << 20) - 1, file) > 0);
        return data;
}

static void the_manual_has_the_key_tables(void **state)
{
        (void)state;
        _cleanup_free_ char *file = read_all(MANUAL), *part = NULL;
        _cleanup_(text_done) struct text text = {};
        const char *begin = strstr(file, BEGIN), *end = strstr(file, END);

        assert_true(begin && end && begin < end);
        begin += strlen(BEGIN);
        part = xstrndup(begin, (size_t)(end - begin));
        settings_print_manual(&text);
        if (!streq(part, text_get(&text)))
                fail_msg("put the output of build/*/tests/tools/print-keys manual between the two "
                         "marks of " MANUAL);
}

static void the_schema_has_the_key_tables(void **state)
{
        (void)state;
        _cleanup_free_ char *file = read_all(SCHEMA);
        _cleanup_(text_done) struct text text = {};
        cJSON *schema;

        settings_print_schema(&text);
        if (!streq(file, text_get(&text)))
                fail_msg("write the output of build/*/tests/tools/print-keys schema to " SCHEMA);
        schema = cJSON_Parse(file);
        assert_non_null(schema);
        cJSON_Delete(schema);
}

static struct settings *parse(const char *yaml, size_t n_schedules)
{
        _cleanup_(text_done) struct text messages = {};
        struct settings *settings = NULL;

        if (settings_parse(SHIPPED, yaml, strlen(yaml), &settings, &messages) < 0)
                fail_msg("%s", text_get(&messages));
        assert_string_equal(text_get(&messages), "");
        assert_int_equal(settings->n_schedules, n_schedules);
        return settings;
}

/* Removes the "#" before settings, as the file explains. */
static char *uncomment(const char *yaml)
{
        _cleanup_(text_done) struct text text = {};

        while (*yaml) {
                size_t n = strcspn(yaml, "\n") + 1;
                bool setting =
                        yaml[0] == '#' && yaml[1] != '\n' && (yaml[1] != ' ' || yaml[2] == ' ');

                text_write(&text, yaml + setting, n - setting);
                yaml += n;
        }
        return text_steal(&text);
}

static void the_shipped_file_is_valid_with_and_without_its_comments(void **state)
{
        (void)state;
        _cleanup_free_ char *yaml = read_all(SHIPPED), *all = uncomment(yaml);
        _cleanup_(settings_unrefp) struct settings *bare = parse(yaml, 0), *whole = parse(all, 7);

        assert_int_equal(bare->n_accounts, 1);
        assert_int_equal(whole->n_accounts, 3);
        assert_int_equal(settings_schedule(whole, "every-key")->retain.keep[RETAIN_YEARLY], 1);
}

/* A new key in the tables fails this test until the shipped file explains the key. */
static void the_shipped_file_has_every_key(void **state)
{
        (void)state;
        _cleanup_free_ char *yaml = read_all(SHIPPED), *all = uncomment(yaml);
        _cleanup_(text_done) struct text manual = {};
        const char *p;
        size_t n = 0;

        settings_print_manual(&manual);
        for (p = text_get(&manual); (p = strstr(p, ".It Ic ")); n++) {
                _cleanup_free_ char *key = NULL, *wanted = NULL;

                p += strlen(".It Ic ");
                key = xstrndup(p, strcspn(p, " "));
                wanted = xasprintf("%s:", key);
                if (!strstr(all, wanted))
                        fail_msg("%s is not in " SHIPPED, key);
        }
        assert_true(n > 40);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_manual_has_the_key_tables),
                cmocka_unit_test(the_schema_has_the_key_tables),
                cmocka_unit_test(the_shipped_file_is_valid_with_and_without_its_comments),
                cmocka_unit_test(the_shipped_file_has_every_key),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
