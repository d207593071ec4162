/* Retries of aws_call(), and calls with too many pages. */
#include "unit/aws/call.h"

/* A call that is always throttled. */
static void throttling_without_end_ends_the_call_after_minutes(void **state)
{
        struct fake_answer script[64];
        struct world world;

        (void)state;
        for (size_t i = 0; i < ELEMENTS(script); i++)
                script[i] = (struct fake_answer)ERROR(503, "RequestLimitExceeded");
        world_init(&world, ROWS(script));
        call(&world, &ec2_create_image, &image);
        assert_int_equal(world.outcome, AWS_ERROR);
        assert_string_equal(world.code, "RequestLimitExceeded");
        assert_in_range(world.loop.now / USEC_PER_SEC, 5 * 60, 15 * 60);
        assert_non_null(strstr(world.described, "quota of CreateImage"));
        world_done(&world);
}

/* Tokens of pages that repeat in circles of several lengths. */
static void a_repeated_token_ends_the_call(void **state)
{
        static const char *const bodies[] = {
                IMAGES(IMAGE("ami-1"), "<nextToken>t1</nextToken>"),
                IMAGES(IMAGE("ami-2"), "<nextToken>t2</nextToken>"),
                IMAGES(IMAGE("ami-3"), "<nextToken>t3</nextToken>"),
        };

        (void)state;
        for (size_t circle = 1; circle <= ELEMENTS(bodies); circle++) {
                struct fake_answer script[16];
                struct world world;

                for (size_t i = 0; i < ELEMENTS(script); i++)
                        script[i] = (struct fake_answer){ .body = bodies[i % circle] };
                world_init(&world, ROWS(script));
                call(&world, &ec2_describe_images, &mine);
                assert_int_equal(world.outcome, AWS_UNREACHABLE);
                assert_int_equal(world.images.n_images, 0);
                assert_true(world.http.n_sent <= 3 * circle + 1);
                assert_non_null(strstr(world.described, "was not answered in full: the pages go in "
                                                        "a circle"));
                world_done(&world);
        }
}

/* Each page is within the limits of a page. */
static void endless_pages_end_the_call(void **state)
{
        static const struct {
                const char *name, *item, *error;
                size_t items, pages;
        } rows[] = {
                { "rows", "<item><imageId>i</imageId></item>", "beyond 1500000 rows",
                  REPLY_ROWS_MAX, 16 },
                { "bytes", "<other>0123456789abcdef0123456789abcdef</other>", "beyond 256 MiB",
                  600000, 10 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                _cleanup_(text_done) struct text items = {};
                struct fake_answer script[16];
                struct world world;

                for (size_t k = 0; k < rows[i].items; k++)
                        text_append(&items, rows[i].item);
                for (size_t k = 0; k < ELEMENTS(script); k++)
                        script[k].body = xasprintf(IMAGES("%s", "<nextToken>t%zu</nextToken>"),
                                                   text_get(&items), k);
                for (size_t k = 0; k < ELEMENTS(script); k++)
                        script[k] = (struct fake_answer){ .body = script[k].body };
                world_init(&world, ROWS(script));
                call(&world, &ec2_describe_images, &mine);
                if (world.outcome != AWS_UNREACHABLE || world.http.n_sent != rows[i].pages ||
                    !strstr(world.described, rows[i].error))
                        fail_msg("%s: outcome %d after %zu pages: %s", rows[i].name, world.outcome,
                                 world.http.n_sent, world.described);
                world_done(&world);
                for (size_t k = 0; k < ELEMENTS(script); k++)
                        free((char *)(uintptr_t)script[k].body);
        }
}

static void a_retry_waits_as_long_as_retry_after(void **state)
{
        static const struct fake_answer script[] = {
                { .status = 503, .body = FAILED("RequestLimitExceeded"), .retry_after = "17" },
                { .body = IMAGES("", "") },
        };
        struct capacities capacities = {};
        struct world world;

        (void)state;
        world_init(&world, ROWS(script));
        call(&world, &ec2_describe_images, &mine);
        assert_true(world.http.sent[1].at >= 17 * USEC_PER_SEC);
        /* the governor has heard of it */
        aws_usage(world.aws, on_usage, &capacities);
        assert_int_equal(capacities.throttles, 1);
        assert_true(capacities.factor >= 0.5 && capacities.factor < 0.6);
        world_done(&world);
}

/* The reported attempts: their number, and the text of the last one. */
struct reports {
        unsigned int n;
        char *text;
};

static void on_retry(const struct action *action, const struct aws_reply *reply, usec_t after,
                     void *userdata)
{
        struct reports *reports = userdata;
        _cleanup_free_ char *more = NULL;

        assert_true(after > 0);
        assert_int_equal(reply->attempts, ++reports->n);
        free(reports->text);
        aws_describe_refusal(reply, action, "us-east-1", &reports->text, &more);
}

static void each_attempt_before_the_last_is_reported(void **state)
{
        static const struct {
                const char *name;
                struct fake_answer script[4];
                size_t n_sent;
                unsigned int reports;
                const char *text;
        } rows[] = {
                { "goes well", { { .body = IMAGES("", "") } }, 1, 0, NULL },
                { "throttled twice",
                  { ERROR(503, "RequestLimitExceeded"),
                    ERROR(503, "RequestLimitExceeded"),
                    { .body = IMAGES("", "") } },
                  3,
                  2,
                  "DescribeImages refused: RequestLimitExceeded" },
                { "a web page, then an answer",
                  { { .status = 502, .body = HTML }, { .body = IMAGES("", "") } },
                  2,
                  1,
                  "DescribeImages not answered: HTTP 502 with an unreadable answer" },
                { "refused for good", { ERROR(403, "UnauthorizedOperation") }, 1, 0, NULL },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct reports reports = {};
                struct world world;

                world_init(&world, rows[i].script, rows[i].n_sent);
                start(&world, &ec2_describe_images, &mine);
                aws_slot_watch(world.slot, on_retry, &reports);
                fake_run(&world.loop);
                assert_int_equal(world.answers, 1);
                if (reports.n != rows[i].reports ||
                    (rows[i].text && !startswith(reports.text, rows[i].text)))
                        fail_msg("%s: %u, %s", rows[i].name, reports.n,
                                 reports.text ? reports.text : "-");
                free(reports.text);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_attempt_before_the_last_is_reported),
                cmocka_unit_test(throttling_without_end_ends_the_call_after_minutes),
                cmocka_unit_test(a_repeated_token_ends_the_call),
                cmocka_unit_test(endless_pages_end_the_call),
                cmocka_unit_test(a_retry_waits_as_long_as_retry_after),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
