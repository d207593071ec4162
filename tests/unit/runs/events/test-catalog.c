/* The table of events: well-formed, unique, and the same as the installed catalog. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runs/events/events.h"

static void each_event_has_an_id_a_name_and_texts_of_its_own(void **state)
{
        (void)state;
        for (size_t i = 0; i < EVENTS; i++) {
                const struct log_event *event = &events[i];

                assert_non_null(event->name);
                assert_int_equal(strlen(event->id), 32);
                for (const char *c = event->id; *c; c++)
                        assert_true(isxdigit((unsigned char)*c) && !isupper((unsigned char)*c));
                assert_true(event->priority >= LOG_CRIT && event->priority <= LOG_INFO);
                assert_true(*event->subject && *event->help);
                for (size_t j = 0; j < i; j++) {
                        assert_string_not_equal(event->name, events[j].name);
                        assert_string_not_equal(event->id, events[j].id);
                }
        }
}

static void the_installed_catalog_is_the_printed_one(void **state)
{
        _cleanup_(text_done) struct text printed = {}, installed = {};
        _cleanup_fclose_ FILE *file = fopen("systemd/amid.catalog", "re");
        int c;

        (void)state;
        assert_non_null(file);
        while ((c = getc(file)) != EOF)
                text_write(&installed, &(char){ (char)c }, 1);
        events_print_catalog(&printed);
        assert_string_equal(text_get(&installed), text_get(&printed)); /* else: make print */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_event_has_an_id_a_name_and_texts_of_its_own),
                cmocka_unit_test(the_installed_catalog_is_the_printed_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
