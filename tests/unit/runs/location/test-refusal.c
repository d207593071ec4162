/* What a task is shown to wait for while AWS refuses the call it needs: the call, the code, and
 * when it is asked again, whoever asks and for how many. */
#include "unit/runs/rotated.h"

#define FREEZES                                                                                    \
        HEAD "  s:\n    schedule: cron(0 1 * * ? *)\n    targets: {tags: {A: b}}\n"                \
             "    consistency: freeze\n    freeze: {before: [a], after: [b]}\n"

/* What the task of an instance waits for, or, where there is none yet, the first task of the run.
 * Caller frees. */
static char *waiting_of_task(struct world *world, const char *subject)
{
        struct store_task *tasks;
        char *waiting = NULL;
        size_t n;

        assert_int_equal(store_load_tasks(world->store, RUN, &tasks, &n), 0);
        for (size_t i = 0; i < n; i++) {
                struct task_progress progress;

                if ((i == 0 || streq(tasks[i].subject, subject)) &&
                    manager_task_progress(world->manager, tasks[i].id, &progress))
                        xreplace(&waiting, progress.waiting);
        }
        store_tasks_free(tasks, n);
        return waiting;
}

static char *waiting_of(struct world *world)
{
        return waiting_of_task(world, "i-1");
}

/* The first is not down: it is looked at, and EC2 takes its time to answer. */
static void a_task_waits_for_a_slot_while_another_instance_has_it(void **state)
{
        _cleanup_free_ char *waiting = NULL;
        struct world world;

        (void)state;
        setup(&world, S("reboot", "settle: 2m"), 2);
        virtual_run_until(world.loop, at("2026-03-02T00:59:00Z"));
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstanceStatus",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "UnauthorizedOperation" });
        virtual_run_until(world.loop, at("2026-03-02T01:00:30Z"));
        waiting = waiting_of_task(&world, "i-2");
        if (!streq(waiting, "waits for its turn: i-1 is being worked on"))
                fail_msg("%s", waiting ? waiting : "nothing");
        world_done(&world);
}

/* Says the next attempt to be in so many seconds. */
static bool says(const char *waiting, const char *what, const char *more)
{
        const char *rest = waiting ? startswith(waiting, what) : NULL;

        rest = rest ? startswith(rest, "; asked again ") : NULL;
        return rest && (startswith(rest, "in ") || startswith(rest, "now")) && strstr(rest, more);
}

static void a_task_names_the_call_that_is_refused_and_the_code(void **state)
{
        static const char web[] = S("reboot", "settle: 2m"), freeze[] = FREEZES;
        static const struct {
                const char *name, *yaml, *action;
                unsigned int skip;
                const char *code; /* NULL: it is throttled, all the time */
        } rows[] = {
                { .name = "the search", .yaml = web, .action = "DescribeInstances" },
                { .name = "the status before",
                  .yaml = web,
                  .action = "DescribeInstanceStatus",
                  .code = "UnauthorizedOperation" },
                { .name = "the status before", .yaml = web, .action = "DescribeInstanceStatus" },
                { .name = "target groups",
                  .yaml = web,
                  .action = "DescribeTargetHealth",
                  .skip = 4 },
                { .name = "another daemon",
                  .yaml = web,
                  .action = "DescribeImages",
                  .code = "UnauthorizedOperation" },
                { .name = "the status afterwards",
                  .yaml = web,
                  .action = "DescribeInstanceStatus",
                  .skip = 1,
                  .code = "UnauthorizedOperation" },
                { .name = "CreateImage", .yaml = web, .action = "CreateImage" },
                { .name = "CreateImage, with no room",
                  .yaml = web,
                  .action = "CreateImage",
                  .code = "ResourceLimitExceeded" },
                { .name = "the image",
                  .yaml = web,
                  .action = "DescribeImages",
                  .skip = 1,
                  .code = "UnauthorizedOperation" },
                { .name = "the snapshots",
                  .yaml = freeze,
                  .action = "DescribeSnapshots",
                  .code = "UnauthorizedOperation" },
                { .name = "the freeze",
                  .yaml = freeze,
                  .action = "GetCommandInvocation",
                  .code = "AccessDeniedException" },
                { .name = "the freeze", .yaml = freeze, .action = "GetCommandInvocation" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const char *code = rows[i].code ? rows[i].code : "RequestLimitExceeded";
                _cleanup_free_ char *what = xasprintf("%s refused: %s", rows[i].action, code);
                _cleanup_free_ char *waiting = NULL;
                usec_t end;
                struct world world;

                setup(&world, rows[i].yaml, 1);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = rows[i].action,
                                                        .skip = rows[i].skip,
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .throttled = rows[i].code ? 0 : 2,
                                                        .delay = rows[i].code ? 0 : MINUTES(30),
                                                        .code = code,
                                                        .message = "You are not let" });
                virtual_run_until(world.loop, at("2026-03-02T01:00:00Z"));
                end = loop_monotonic(world.loop) + MINUTES(20);
                while (!says(waiting, what, rows[i].code ? "You are not let" : "Request limit")) {
                        if (!virtual_step(world.loop, end))
                                fail_msg("%s: %s", rows[i].name, waiting ? waiting : "nothing");
                        free(steal(waiting));
                        waiting = waiting_of(&world);
                }
                world_done(&world);
        }
}

/* One attempt in vain is none of anybody's business, and an answer ends it. */
static void a_call_that_succeeds_after_all_is_not_shown(void **state)
{
        _cleanup_free_ char *first = NULL, *then = NULL;
        struct world world;

        (void)state;
        setup(&world, S("reboot", "settle: 2m"), 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstanceStatus",
                                                            .throttled = 1,
                                                            .delay = MINUTES(1) });
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeInstanceStatus",
                                                            .throttled = 2,
                                                            .delay = MINUTES(1) });
        world_run_until_sent(&world, "DescribeInstanceStatus", NULL);
        first = waiting_of(&world);
        assert_string_equal(first, "reading its status checks");
        world_run_until_sent(&world, "DescribeInstanceStatus", NULL);
        then = waiting_of(&world);
        assert_true(says(then, "DescribeInstanceStatus refused: RequestLimitExceeded", "quota"));
        virtual_run_for(world.loop, MINUTES(1) + USEC_PER_SEC);
        free(steal(then));
        then = waiting_of(&world);
        assert_true(!then || !strstr(then, "refused"));
        world_done(&world);
}

/* What became of the freeze cannot be asked: the end of the task and the journal say why. */
static void a_freeze_that_cannot_be_looked_at_ends_with_the_refusal(void **state)
{
        _cleanup_free_ char *detail = NULL;
        struct world world;

        (void)state;
        setup(&world, FREEZES, 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "GetCommandInvocation",
                                                            .times = SCRIPTED_ALWAYS,
                                                            .outcome = AWS_ERROR,
                                                            .code = "AccessDeniedException",
                                                            .message = "not authorized" });
        virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
        assert_true(detail && strstr(detail, "GetCommandInvocation refused: "
                                             "AccessDeniedException: not authorized"));
        assert_true(detail && strstr(detail, "ssm:GetCommandInvocation"));
        assert_int_equal(captured_events(&events[EVENT_AWS_REFUSES]), 1);
        assert_true(captured_words("GetCommandInvocation refused: AccessDeniedException") >= 1);
        world_done(&world);
}

/* A call that a stopped instance waits for is ended before its answer, again and again: the task
 * goes on naming what AWS answered to its attempts, and no reason is told within another. */
static void a_call_that_is_ended_is_shown_with_its_last_refusal(void **state)
{
        static const struct {
                const char *name;
                unsigned int throttled;
                const char *shown;
        } rows[] = {
                { "throttled", 2, "DescribeImages refused: RequestLimitExceeded; asked again" },
                { "not answered", 0,
                  "DescribeImages not answered: no answer within 3m; asked again" },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                size_t shown = 0;
                struct world world;
                usec_t end;

                setup(&world, S("stop", "settle: 2m, ready_timeout: 4m"), 1);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                                    .outcome = AWS_UNKNOWN });
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "DescribeImages",
                                                                    .about = "=name",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .throttled = rows[i].throttled,
                                                                    .delay = HOURS(5) });
                world_run_until_sent(&world, "CreateImage", NULL);
                end = loop_monotonic(world.loop) + MINUTES(12);
                while (virtual_step(world.loop, end)) {
                        _cleanup_free_ char *waiting = waiting_of(&world);

                        if (!waiting)
                                continue;
                        shown += startswith(waiting, rows[i].shown) != NULL;
                        if (strstr(waiting, "within") &&
                            strstr(strstr(waiting, "within") + 1, "within"))
                                fail_msg("%s: %s", rows[i].name, waiting);
                        if (rows[i].throttled && strstr(waiting, "not answered"))
                                fail_msg("%s: %s", rows[i].name, waiting);
                }
                if (!shown)
                        fail_msg("%s: is not shown", rows[i].name);
                world_done(&world);
        }
}

/* What was told last, and how often that was another refusal. */
struct heard {
        char *last;
        unsigned int refusals;
};

static void hear(const struct run_event *event, void *userdata)
{
        struct heard *heard = userdata;
        const char *waiting = event->task ? event->progress->waiting : NULL;

        if (streq(waiting, heard->last))
                return;
        xreplace(&heard->last, waiting);
        heard->refusals += waiting && strstr(waiting, "refused: UnauthorizedOperation; asked "
                                                      "again");
}

/* Watchers hear of a refusal once, not of each attempt; and not that a call is asked again which
 * ends the task. */
static void watchers_hear_of_a_refusal_once_and_only_where_it_is_asked_again(void **state)
{
        static const struct {
                const char *action;
                unsigned int told;
        } rows[] = { { "CreateImage", 0 }, { "DescribeInstanceStatus", 1 } };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct heard heard = {};
                struct watch *watch;
                struct world world;

                setup(&world, S("reboot", "settle: 2m"), 1);
                watch = manager_watch(world.manager, NULL, hear, &heard);
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = rows[i].action,
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .code = "UnauthorizedOperation" });
                virtual_run_until(world.loop, at("2026-03-02T01:04:00Z"));
                if (heard.refusals != rows[i].told)
                        fail_msg("%s: told %u times", rows[i].action, heard.refusals);
                watch_free(watch);
                free(heard.last);
                world_done(&world);
        }
}

/* One line for each code, in whatever turn they come, and one when the call succeeds. */
static void codes_that_alternate_have_a_line_each(void **state)
{
        static const struct {
                const char *name;
                enum aws_outcome outcomes[2];
                const char *codes[2];
                size_t refuses, silent;
        } rows[] = {
                { .name = "two refusals",
                  .outcomes = { AWS_ERROR, AWS_ERROR },
                  .codes = { "UnauthorizedOperation", "OptInRequired" },
                  .refuses = 2 },
                { .name = "the key, and what it may do",
                  .outcomes = { AWS_ERROR, AWS_UNSIGNED },
                  .codes = { "UnauthorizedOperation", "AuthFailure" },
                  .refuses = 1,
                  .silent = 1 },
                { .name = "two of the key",
                  .outcomes = { AWS_UNSIGNED, AWS_UNSIGNED },
                  .codes = { "InvalidClientTokenId", "AuthFailure" },
                  .silent = 2 },
                { .name = "no answer between",
                  .outcomes = { AWS_ERROR, AWS_UNREACHABLE },
                  .codes = { "UnauthorizedOperation" },
                  .refuses = 1,
                  .silent = 1 },
        };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct world world;

                setup(&world, S("reboot", "settle: 2m"), 1);
                for (size_t j = 0; j < 10; j++)
                        scripted_fault(&world.aws,
                                       (struct scripted_fault){ .action = "DescribeInstanceStatus",
                                                                .outcome = rows[i].outcomes[j % 2],
                                                                .code = rows[i].codes[j % 2] });
                virtual_run_until(world.loop, at("2026-03-02T02:30:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_DONE);
                if (captured_events(&events[EVENT_AWS_REFUSES]) != rows[i].refuses ||
                    captured_events(&events[EVENT_AWS_SILENT]) != rows[i].silent)
                        fail_msg("%s: %zu lines, and %zu", rows[i].name,
                                 captured_events(&events[EVENT_AWS_REFUSES]),
                                 captured_events(&events[EVENT_AWS_SILENT]));
                assert_int_equal(captured_words("AWS answers again"), rows[i].silent > 0);
                world_done(&world);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_task_waits_for_a_slot_while_another_instance_has_it),
                cmocka_unit_test(a_task_names_the_call_that_is_refused_and_the_code),
                cmocka_unit_test(a_call_that_succeeds_after_all_is_not_shown),
                cmocka_unit_test(watchers_hear_of_a_refusal_once_and_only_where_it_is_asked_again),
                cmocka_unit_test(a_freeze_that_cannot_be_looked_at_ends_with_the_refusal),
                cmocka_unit_test(a_call_that_is_ended_is_shown_with_its_last_refusal),
                cmocka_unit_test(codes_that_alternate_have_a_line_each),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
