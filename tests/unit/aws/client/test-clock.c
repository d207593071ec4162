/* The wall clock beside AWS's clock: answers that count, and the time between them. */
#include "aws/request/clock.h"
#include "unit/aws/call.h"

#define DATE "Fri, 15 Jan 2027 08:00:00 GMT" /* 1800000000, world.loop.wall0 */

/* Rows: an answer, and the state and difference of the clocks after it. */
static void only_answers_that_aws_wrote_tell_the_time(void **state)
{
        static const struct {
                const char *name;
                struct fake_answer answer;
                enum aws_clock_state state;
                sec_t ahead;
        } rows[] = {
                { "a success", { .body = CREATED, .date = DATE }, AWS_CLOCK_COMPARED, 0 },
                { "an error",
                  { .status = 403, .body = FAILED("UnauthorizedOperation"), .date = DATE },
                  AWS_CLOCK_COMPARED,
                  0 },
                { "16 years ahead",
                  { .body = CREATED, .date = "Fri, 15 Jan 2011 08:00:00 GMT" },
                  AWS_CLOCK_COMPARED,
                  504921600 },
                { "behind",
                  { .body = CREATED, .date = "Fri, 15 Jan 2027 09:00:00 GMT" },
                  AWS_CLOCK_COMPARED,
                  -3600 },
                { "no Date", { .body = CREATED }, AWS_CLOCK_UNDATED, 0 },
                { "a Date that is none",
                  { .body = CREATED, .date = "yesterday" },
                  AWS_CLOCK_UNDATED,
                  0 },
                { "a proxy's page",
                  { .status = 403, .body = HTML, .date = "Fri, 15 Jan 2011 08:00:00 GMT" },
                  AWS_CLOCK_UNKNOWN,
                  0 },
                { "no answer", { .outcome = HTTP_LOST }, AWS_CLOCK_UNKNOWN, 0 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct aws_clock clock;
                struct world world;

                world_init(&world, &rows[i].answer, 1);
                call(&world, &ec2_create_image, &image);
                aws_clock(world.aws, &clock);
                if (clock.state != rows[i].state ||
                    (clock.state == AWS_CLOCK_COMPARED &&
                     loop_wall(&world.loop) - clock.theirs != rows[i].ahead))
                        fail_msg("%s: state %d, theirs %ld", rows[i].name, clock.state,
                                 (long)clock.theirs);
                world_done(&world);
        }
}

static void a_step_of_the_wall_clock_is_noticed_without_an_answer(void **state)
{
        static const struct {
                const char *name;
                sec_t later, step;
                bool stepped;
        } rows[] = {
                { "at once", 0, 0, false },     { "a day later", 86400, 0, false },
                { "slewed", 86400, 40, false }, { "set ahead", 600, 5, true },
                { "set back", 600, -5, true },  { "set by years", 600, 504921600, true },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct loop loop = { .wall0 = 1800000000 };
                struct clock_sample sample = {};
                struct aws_clock clock;

                clock_sample_take(&sample, &loop, DATE);
                loop.now += rows[i].later * USEC_PER_SEC;
                loop.wall0 += rows[i].step;
                clock_sample_read(&sample, &loop, &clock);
                if (clock.stepped != rows[i].stepped || clock.age != rows[i].later ||
                    clock.theirs != 1800000000 + rows[i].later)
                        fail_msg("%s: stepped %d, age %ld, theirs %ld", rows[i].name, clock.stepped,
                                 (long)clock.age, (long)clock.theirs);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_answers_that_aws_wrote_tell_the_time),
                cmocka_unit_test(a_step_of_the_wall_clock_is_noticed_without_an_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
