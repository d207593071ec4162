/* What proves that a resource of AWS no longer exists, and what does not. */
#include "runs/location/gone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

/* A history: at each second listed there is a list; `s` seen, `.` missed, `t` terminated. */
static void an_absence_is_certain_after_minutes_and_several_lists(void **state)
{
        static const struct {
                const char *name;
                enum gone_kind kind;
                struct {
                        sec_t at;
                        char what;
                } looks[8];
                bool gone, suspected;
        } rows[] = {
                { .name = "nothing is known", .kind = GONE_INSTANCE },
                { .name = "one empty list",
                  .kind = GONE_INSTANCE,
                  .looks = { { 1, '.' } },
                  .suspected = true },
                { .name = "many empty lists within seconds",
                  .kind = GONE_INSTANCE,
                  .looks = { { 1, '.' }, { 2, '.' }, { 3, '.' }, { 4, '.' }, { 5, '.' } },
                  .suspected = true },
                { .name = "two empty lists an hour apart",
                  .kind = GONE_INSTANCE,
                  .looks = { { 1, '.' }, { 3601, '.' } },
                  .suspected = true },
                { .name = "four over five minutes",
                  .kind = GONE_INSTANCE,
                  .looks = { { 1, '.' }, { 100, '.' }, { 200, '.' }, { 301, '.' } },
                  .gone = true },
                { .name = "listed once in between",
                  .kind = GONE_INSTANCE,
                  .looks = { { 1, '.' }, { 100, '.' }, { 200, 's' }, { 301, '.' } },
                  .suspected = true },
                { .name = "listed again after all that",
                  .kind = GONE_INSTANCE,
                  .looks = { { 1, '.' }, { 100, '.' }, { 200, '.' }, { 301, '.' }, { 302, 's' } } },
                { .name = "terminated",
                  .kind = GONE_INSTANCE,
                  .looks = { { 1, 's' }, { 2, 't' } },
                  .gone = true },
                { .name = "an image that was listed, ten minutes",
                  .kind = GONE_IMAGE,
                  .looks = { { 1, 's' }, { 2, '.' }, { 200, '.' }, { 400, '.' }, { 602, '.' } },
                  .gone = true },
                { .name = "an image that never was, ten minutes",
                  .kind = GONE_IMAGE,
                  .looks = { { 2, '.' }, { 200, '.' }, { 400, '.' }, { 602, '.' } },
                  .suspected = true },
                { .name = "an image that never was, an hour",
                  .kind = GONE_IMAGE,
                  .looks = { { 2, '.' }, { 200, '.' }, { 400, '.' }, { 3602, '.' } },
                  .gone = true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct gone gone = {};

                for (size_t j = 0; j < ELEMENTS(rows[i].looks) && rows[i].looks[j].what; j++) {
                        usec_t now = rows[i].looks[j].at * USEC_PER_SEC;

                        if (rows[i].looks[j].what == 's')
                                gone_see(&gone, now);
                        else if (rows[i].looks[j].what == 't')
                                gone_end(&gone);
                        else
                                gone_miss(&gone, now);
                }
                if (gone_is_certain(&gone, rows[i].kind) != rows[i].gone ||
                    gone_is_suspected(&gone, rows[i].kind) != rows[i].suspected)
                        fail_msg("%s: gone %d, doubted %d", rows[i].name,
                                 gone_is_certain(&gone, rows[i].kind),
                                 gone_is_suspected(&gone, rows[i].kind));
        }
}

static void only_some_codes_claim_that_a_resource_is_gone(void **state)
{
        static const struct {
                const char *code;
                enum aws_outcome outcome;
                bool claimed;
        } rows[] = {
                { "InvalidInstanceID.NotFound", AWS_ERROR, true },
                { "InvalidAMIID.NotFound", AWS_ERROR, true },
                { "InvalidAMIID.Unavailable", AWS_ERROR, true },
                { "InvalidSnapshot.NotFound", AWS_ERROR, true },
                { "TargetGroupNotFound", AWS_ERROR, true },
                { "TargetGroupNotFoundException", AWS_ERROR, true },
                { "InvalidTarget", AWS_ERROR, true },
                { "InvalidInstanceId", AWS_ERROR, true },
                { "InvalidInstanceIdFoo", AWS_ERROR, false },
                { "InvalidSnapshot.InUse", AWS_ERROR, false },
                { "UnauthorizedOperation", AWS_ERROR, false },
                { NULL, AWS_ERROR, false },
                { NULL, AWS_OK, false },
                { "InvalidInstanceID.NotFound", AWS_UNKNOWN, false },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct aws_reply reply = { .outcome = rows[i].outcome, .code = rows[i].code };

                if (gone_is_claimed(&reply) != rows[i].claimed)
                        fail_msg("row %zu: %s", i, rows[i].code ? rows[i].code : "no code");
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_absence_is_certain_after_minutes_and_several_lists),
                cmocka_unit_test(only_some_codes_claim_that_a_resource_is_gone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
