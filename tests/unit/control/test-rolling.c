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

/* clang-format off */
static const struct {
        int line;
        unsigned int max_parallel;
        const char *groups[AT_MOST]; /* "-": takes no turn */
        sec_t away[AT_MOST];
        unsigned int order[AT_MOST];
        sec_t begins[AT_MOST], length;
} rows[] = {
        { __LINE__, 1, { "a" }, { 60 }, { 1 }, { 0 }, 60 },
        { __LINE__, 1, { "a", "a", "a" }, { 60, 30, 10 }, { 1, 2, 3 }, { 0, 60, 90 }, 100 },
        { __LINE__, 2, { "a", "a", "a", "a" }, { 60, 30, 10, 50 }, { 1, 1, 2, 3 }, { 0, 0, 30, 40 }, 90 },
        { __LINE__, 1, { "a", "b", "a", "b" }, { 60, 10, 5, 5 }, { 1, 1, 3, 2 }, { 0, 0, 60, 10 }, 65 },
        /* in two groups: down in both */
        { __LINE__, 1, { "a\nb", "b", "a", "c" }, { 60, 10, 20, 1 }, { 1, 2, 2, 1 }, { 0, 60, 60, 0 }, 80 },
        { __LINE__, 1, { "-", "a", "-" }, { 9, 60, 9 }, { 0, 1, 0 }, { 0, 0, 0 }, 60 },
        { __LINE__, 1, { "-" }, { 0 }, { 0 }, { 0 }, 0 },
        /* one that was never measured counts as the longest; nothing known: the order all the same */
        { __LINE__, 1, { "a", "a", "a" }, { 60, 0, 10 }, { 1, 2, 3 }, { 0, 60, 120 }, 130 },
        { __LINE__, 1, { "a", "a" }, { 0, 0 }, { 1, 2 }, { 0, 1 }, 0 },
        { __LINE__, 1, { NULL }, { 0 }, { 0 }, { 0 }, 0 },
};
/* clang-format on */

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
                                fail_msg("line %d, number %zu: order %u at %lld", rows[i].line, j,
                                         list[j].order, (long long)list[j].begins);
                if (length != rows[i].length)
                        fail_msg("line %d: %lld", rows[i].line, (long long)length);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(outages_are_predicted_in_order),
        };

        return cmocka_run_group_tests_name("rolling", tests, NULL, NULL);
}
