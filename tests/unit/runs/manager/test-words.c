/* Steps and phases have words for people, each of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "runs/events/words.h"
#include "runs/manager/kinds.h"

static void every_step_and_phase_has_words(void **state)
{
        (void)state;
        for (const struct run_kind *kind = run_kinds; kind->name; kind++)
                for (const struct phase *phase = kind->phases; phase->name; phase++) {
                        if (!phase_words(phase->name, false))
                                fail_msg("phase %s", phase->name);
                        for (const struct step *step = phase->kind->steps; step->name; step++)
                                if (!step_words(step->name))
                                        fail_msg("step %s", step->name);
                }
        assert_null(step_words("no-such-step"));
        assert_null(phase_words("", false));
        assert_null(step_words(NULL));
}

static void a_dry_run_removes_nothing_in_words_either(void **state)
{
        (void)state;
        assert_string_equal(phase_words("remove-expired", false), "removing images");
        assert_string_equal(phase_words("remove-expired", true),
                            "looking what retention would remove");
        assert_string_equal(phase_words("find-images", true), phase_words("find-images", false));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_step_and_phase_has_words),
                cmocka_unit_test(a_dry_run_removes_nothing_in_words_either),
        };

        return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
