/* The predicted order of outages. */
#include "control/rolling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

enum { AT_MOST = 8 };

static const struct {
        const char *name;
        unsigned int max_parallel;
        const char *groups[AT_MOST]; /* "-": no outage */
        sec_t away[AT_MOST];
        unsigned int order[AT_MOST];
        sec_t begins[AT_MOST], length;
} rows[] = {
        { .name = "one instance",
          .max_parallel = 1,
          .groups = { "a" },
          .away = { 60 },
          .order = { 1 },
          .begins = { 0 },
          .length = 60 },
        { .name = "three take turns",
          .max_parallel = 1,
          .groups = { "a", "a", "a" },
          .away = { 60, 30, 10 },
          .order = { 1, 2, 3 },
          .begins = { 0, 60, 90 },
          .length = 100 },
        { .name = "two at a time",
          .max_parallel = 2,
          .groups = { "a", "a", "a", "a" },
          .away = { 60, 30, 10, 50 },
          .order = { 1, 1, 2, 3 },
          .begins = { 0, 0, 30, 40 },
          .length = 90 },
        { .name = "two groups",
          .max_parallel = 1,
          .groups = { "a", "b", "a", "b" },
          .away = { 60, 10, 5, 5 },
          .order = { 1, 1, 3, 2 },
          .begins = { 0, 0, 60, 10 },
          .length = 65 },
        { .name = "an instance in two groups",
          .max_parallel = 1,
          .groups = { "a\nb", "b", "a", "c" },
          .away = { 60, 10, 20, 1 },
          .order = { 1, 2, 2, 1 },
          .begins = { 0, 60, 60, 0 },
          .length = 80 },
        { .name = "instances without an outage",
          .max_parallel = 1,
          .groups = { "-", "a", "-" },
          .away = { 9, 60, 9 },
          .order = { 0, 1, 0 },
          .begins = { 0, 0, 0 },
          .length = 60 },
        { .name = "no outage at all",
          .max_parallel = 1,
          .groups = { "-" },
          .away = { 0 },
          .order = { 0 },
          .begins = { 0 },
          .length = 0 },
        { .name = "an unknown duration counts like the longest",
          .max_parallel = 1,
          .groups = { "a", "a", "a" },
          .away = { 60, 0, 10 },
          .order = { 1, 2, 3 },
          .begins = { 0, 60, 120 },
          .length = 130 },
        { .name = "no known duration",
          .max_parallel = 1,
          .groups = { "a", "a" },
          .away = { 0, 0 },
          .order = { 1, 2 },
          .begins = { 0, 1 },
          .length = 0 },
        { .name = "no instance",
          .max_parallel = 1,
          .groups = { NULL },
          .away = { 0 },
          .order = { 0 },
          .begins = { 0 },
          .length = 0 },
};

static void outages_are_predicted_in_order(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct rolling list[AT_MOST] = {};
                size_t n = 0;
                sec_t length;

                for (; n < AT_MOST && rows[i].groups[n]; n++)
                        list[n] = (struct rolling){
                                .groups = streq(rows[i].groups[n], "-") ? NULL : rows[i].groups[n],
                                .away = rows[i].away[n],
                        };
                length = rolling_plan(list, n, rows[i].max_parallel);
                for (size_t j = 0; j < n; j++)
                        if (list[j].order != rows[i].order[j] ||
                            list[j].begins != rows[i].begins[j])
                                fail_msg("%s, number %zu: order %u at %lld", rows[i].name, j,
                                         list[j].order, (long long)list[j].begins);
                if (length != rows[i].length)
                        fail_msg("%s: %lld", rows[i].name, (long long)length);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(outages_are_predicted_in_order),
        };

        return cmocka_run_group_tests_name("rolling", tests, NULL, NULL);
}
