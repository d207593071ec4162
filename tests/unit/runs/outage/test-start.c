/* An instance that was stopped for its image does not stop, or does not start, as it should, or EC2
 * does not answer: that is told, it is started again, and nobody else is stopped meanwhile. */
#include "unit/runs/levels.h"

/* An instance that does not stop in time is started again all the same; one that is terminated
 * meanwhile ends the task. */
static void an_instance_that_hangs_in_stopping_is_started_after_all(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 5m}\n", 1)
                ->stopping = MINUTES(30);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_FAILED);
        assert_int_equal(world_images(&world, NULL), 0);
        expect_all_up(&world, "hangs");
        world_done(&world);

        world_setup(&world, HEAD "    consistency: stop\n", 1)->stopping = MINUTES(5);
        virtual_run_until(world.loop, at("2026-03-02T01:02:00Z"));
        world.model.instances[0]->state = INSTANCE_TERMINATED;
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_FAILED);
        assert_int_equal(virtual_armed(world.loop), 1);
        world_done(&world);
}

/* A fault of the host keeps it in "stopping" for hours. */
static void an_instance_that_hangs_in_stopping_is_logged_and_halts_the_run(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world,
                    HEAD "    consistency: stop\n"
                         "    reboot: {ready_timeout: 5m, max_parallel: 2}\n",
                    9)
                ->stopping = HOURS(6);
        virtual_run_until(world.loop, at("2026-03-02T01:15:00Z"));
        assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), 1);
        assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
        assert_true(captured_words("stop-instances --force") > 0);
        assert_int_equal(world_task(&world, RUN, "i-9", NULL), OUTCOME_CANCELLED);
        virtual_run_until(world.loop, at("2026-03-02T09:00:00Z"));
        expect_all_up(&world, "stopping");
        assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), 1);
        assert_int_equal(world.model.instances[0]->outages, 1);
        assert_int_equal(world.model.instances[8]->outages, 0);
        world_done(&world);
}

/* amid is restarted twice meanwhile: that it does not run is said anew, the rest is not. */
static void a_restart_notes_no_failure_again(void **state)
{
        static const char *const times[] = { "2026-03-02T01:15:00Z", "2026-03-02T01:30:00Z",
                                             "2026-03-02T01:45:00Z" };
        _cleanup_free_ char *detail = NULL;
        const char *noted;
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 5m}\n", 2)
                ->stopping = HOURS(6);
        for (size_t i = 0; i < ELEMENTS(times); i++) {
                virtual_run_until(world.loop, at(times[i]));
                assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), i + 1);
                assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
                world_end(&world, false);
                world_start(&world);
        }
        virtual_run_until(world.loop, at("2026-03-02T09:00:00Z"));
        expect_all_up(&world, "restarts");
        assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
        noted = strstr(detail, "the instance was away for");
        if (!noted || strstr(noted + 1, "the instance "))
                fail_msg("%s", detail);
        world_done(&world);
}

/* StartInstances is not taken for longer than ready_timeout, before a restart of amid or after it;
 * then it is, and the instance runs. */
static void the_row_of_an_instance_that_came_back_late_says_so(void **state)
{
        (void)state;
        for (int restarted = 0; restarted < 2; restarted++) {
                _cleanup_free_ char *detail = NULL;
                struct world world;

                world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 5m}\n",
                            2);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "StartInstances",
                                                                    .times = SCRIPTED_ALWAYS,
                                                                    .outcome = AWS_UNREACHABLE });
                virtual_run_until(world.loop, at("2026-03-02T01:15:00Z"));
                assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), 1);
                if (restarted) {
                        world_end(&world, false);
                        world_start(&world);
                }
                scripted_no_faults(&world.aws);
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                expect_all_up(&world, "late");
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_READY]), 1);
                assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
                assert_int_equal(world_task(&world, RUN, "i-1", &detail), OUTCOME_FAILED);
                if (strstr(detail, "did not come back") ||
                    !startswith(detail, "the instance was away for ") ||
                    !strstr(detail, ": not running within 5m of its first start ("))
                        fail_msg("%s", detail);
                world_done(&world);
        }
}

/* It does not stop in time, and amid is restarted meanwhile. */
static void no_image_is_looked_up_where_none_was_asked_for(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 5m}\n", 1)
                ->stopping = MINUTES(30);
        virtual_run_until(world.loop, at("2026-03-02T01:02:00Z"));
        world_end(&world, false);
        world_start(&world);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_run(&world, RUN, NULL), OUTCOME_FAILED);
        assert_int_equal(scripted_count(&world.aws, "CreateImage", NULL), 0);
        assert_int_equal(captured_words("it is looked for"), 0);
        assert_int_equal(captured_words("No image of i-1: "), 1);
        expect_all_up(&world, "hangs");
        world_done(&world);
}

/* DescribeInstanceStatus is refused for hours. */
static void an_instance_whose_state_is_unknown_is_started_again(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n    reboot: {ready_timeout: 10m}\n", 1);
        world_hide_status(&world);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        expect_all_up(&world, "state not told");
        assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), 1);
        assert_int_equal(world_images(&world, NULL), 0);
        world_done(&world);
}

/* EC2 takes a start, and the instance stops again, for a key that may not be used. */
static void a_start_that_does_not_last_is_logged_and_repeated(void **state)
{
        struct model_instance *first;
        struct world world;

        (void)state;
        first = world_setup(&world,
                            HEAD "    consistency: stop\n    reboot: {ready_timeout: 10m}\n", 3);
        first->falls = 8;
        first->reason_code = "Client.InternalError";
        first->reason = "Client.InternalError: Client error on launch";
        virtual_run_until(world.loop, at("2026-03-02T01:20:00Z"));
        assert_true(captured_words("Client error on launch (most often the KMS key") > 0);
        assert_int_equal(captured_words("arrived late"), 0);
        assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), 1);
        assert_int_equal(captured_events(&events[EVENT_RUN_HALTED]), 1);
        assert_true(scripted_count(&world.aws, "StartInstances", NULL) < 10);
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        expect_all_up(&world, "falls back");
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_READY]), 1);
        assert_int_equal(captured_events(&events[EVENT_NOT_STARTED]), 1);
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_int_equal(world_task(&world, RUN, "i-2", NULL), OUTCOME_CANCELLED);
        assert_int_equal(world.model.instances[1]->outages, 0);
        assert_int_equal(world_images(&world, NULL), 1);
        world_done(&world);
}

/* StateReason is read when the instance is seen to be down after a start, not with each reading of
 * its status while it waits for the next one. */
static void a_state_reason_is_read_once_for_each_start(void **state)
{
        struct model_instance *first;
        struct world world;
        size_t starts, listed;

        (void)state;
        first = world_setup(&world,
                            HEAD "    consistency: stop\n    reboot: {ready_timeout: 10m}\n", 1);
        first->falls = SCRIPTED_ALWAYS;
        first->reason_code = "Client.InternalError";
        first->reason = "Client.InternalError: Client error on launch";
        virtual_run_until(world.loop, at("2026-03-02T01:30:00Z"));
        scripted_forget_calls(&world.aws);
        captured_clear();
        virtual_run_until(world.loop, at("2026-03-02T06:00:00Z"));
        starts = scripted_count(&world.aws, "StartInstances", NULL);
        listed = scripted_count(&world.aws, "DescribeInstances", NULL);
        assert_true(starts > 10);
        assert_in_range(listed, starts - 1, starts + 1);
        assert_in_range(captured_words("Client error on launch"), starts - 1, starts + 1);
        world_done(&world);
}

/* An instance is stopped for its image, and EC2 cannot be asked for that, or not be asked what
 * became of it, for hours: it is started after ready_timeout. */
static void no_instance_is_kept_stopped_while_ec2_does_not_answer(void **state)
{
        static const struct {
                const char *name;
                struct scripted_fault create, look;
                size_t lines; /* which say that it is stopped meanwhile, and until when */
        } rows[] = {
                { .name = "unreachable", .create = { .outcome = AWS_UNREACHABLE } },
                { .name = "no credentials", .create = { .outcome = AWS_UNSIGNED } },
                { .name = "never an answer", .create = { .outcome = AWS_UNKNOWN } },
                { .name = "the look is refused",
                  .create = { .outcome = AWS_UNKNOWN },
                  .look = { .outcome = AWS_ERROR, .code = "UnauthorizedOperation" },
                  .lines = 1 },
                { .name = "the look is not answered",
                  .create = { .outcome = AWS_UNKNOWN, .effect = true },
                  .look = { .outcome = AWS_UNREACHABLE } },
        };

        char longer[2000]; /* than a line of the journal: what the operator needs comes first */

        (void)state;
        memset(longer, 'x', sizeof(longer) - 1);
        longer[sizeof(longer) - 1] = '\0';
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct scripted_fault create = rows[i].create, look = rows[i].look;
                struct world world;

                world_setup(&world,
                            HEAD "    consistency: stop\n    reboot: {ready_timeout: 10m}\n", 1);
                create.action = "CreateImage";
                look.action = "DescribeImages";
                look.about = "=name";
                look.message = longer;
                create.times = look.times = SCRIPTED_ALWAYS;
                scripted_fault(&world.aws, create);
                if (rows[i].look.outcome != AWS_OK)
                        scripted_fault(&world.aws, look);
                virtual_run_until(world.loop, at("2026-03-02T01:18:00Z"));
                expect_all_up(&world, rows[i].name);
                assert_int_equal(captured_events(&events[EVENT_AWS_REFUSES]), rows[i].lines);
                assert_int_equal(captured_words("Instance i-1 stays stopped, at the latest until "
                                                "2026-03-02T01:1"),
                                 rows[i].lines);
                /* An image that may be there is looked for on, which holds up nothing. */
                virtual_run_for(world.loop,
                                rows[i].look.outcome == AWS_OK ? MINUTES(12) : HOURS(25));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                assert_int_equal(captured_events(&events[EVENT_IMAGE_FAILED]), 1);
                assert_int_equal(world.model.instances[0]->outages,
                                 2 - (rows[i].look.outcome == AWS_OK));
                world_done(&world);
        }
}

/* StopInstances is refused: no start, no outage, and no line about either. */
static void a_refused_stop_is_no_outage(void **state)
{
        static const char *const codes[] = { "OperationNotPermitted", "UnauthorizedOperation",
                                             "UnsupportedOperation" };

        (void)state;
        for (size_t i = 0; i < ELEMENTS(codes); i++) {
                struct store_task *tasks;
                struct world world;
                size_t n;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "StopInstances",
                                                                    .outcome = AWS_ERROR,
                                                                    .code = codes[i] });
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                assert_int_equal(scripted_count(&world.aws, "StartInstances", NULL), 0);
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_STOPPING]), 0);
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_STARTED]), 0);
                assert_int_equal(captured_events(&events[EVENT_INSTANCE_READY]), 0);
                assert_int_equal(store_load_returned(world.store, "s", &tasks, &n), 0);
                assert_int_equal(n, 0);
                store_tasks_free(tasks, n);
                world_done(&world);
        }
}

/* The first answer is lost, and the second is a refusal: the instance may be stopped, and is
 * started. */
static void a_stop_that_may_have_been_taken_is_undone(void **state)
{
        struct world world;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 1);
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "StopInstances",
                                                            .outcome = AWS_UNREACHABLE,
                                                            .effect = true });
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "StopInstances",
                                                            .outcome = AWS_ERROR,
                                                            .code = "OperationNotPermitted" });
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
        assert_int_equal(world.model.instances[0]->outages, 1);
        expect_all_up(&world, "may have been taken");
        world_done(&world);
}

/* The answer to StopInstances is lost, or the process ends before it comes; then EC2 does not know
 * the instance for minutes, longer than a signature lives. It is stopped, and is started. */
static void a_stop_without_an_answer_is_undone_however_late_it_is_refused(void **state)
{
        (void)state;
        for (int restart = 0; restart < 2; restart++) {
                struct world world;

                world_setup(&world, HEAD "    consistency: stop\n", 1);
                scripted_fault(&world.aws, (struct scripted_fault){ .action = "StopInstances",
                                                                    .outcome = AWS_UNREACHABLE,
                                                                    .effect = true });
                scripted_fault(&world.aws,
                               (struct scripted_fault){ .action = "StopInstances",
                                                        .times = SCRIPTED_ALWAYS,
                                                        .outcome = AWS_ERROR,
                                                        .code = "InvalidInstanceID.NotFound" });
                world_run_until_sent(&world, "StopInstances", NULL);
                if (restart) {
                        world_end(&world, false);
                        world_start(&world);
                }
                virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
                expect_all_up(&world, restart ? "restart" : "lost answer");
                assert_int_equal(world_task(&world, RUN, "i-1", NULL), OUTCOME_FAILED);
                assert_int_equal(world.model.instances[0]->outages, 1);
                world_done(&world);
        }
}

/* Its image is refused, and the answer to the first start is lost: the second one finds the
 * instance running. It was down all the same, and that is told and measured. */
static void an_outage_that_a_lost_start_ended_is_one(void **state)
{
        struct store_task *tasks;
        struct world world;
        size_t n;

        (void)state;
        world_setup(&world, HEAD "    consistency: stop\n", 1)->back = USEC_PER_SEC;
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "CreateImage",
                                                            .outcome = AWS_ERROR,
                                                            .code = "UnauthorizedOperation" });
        scripted_fault(&world.aws, (struct scripted_fault){ .action = "StartInstances",
                                                            .times = 3,
                                                            .outcome = AWS_UNREACHABLE,
                                                            .effect = true });
        virtual_run_until(world.loop, at("2026-03-02T03:00:00Z"));
        expect_all_up(&world, "lost start");
        assert_int_equal(captured_events(&events[EVENT_INSTANCE_READY]), 1);
        assert_int_equal(store_load_returned(world.store, "s", &tasks, &n), 0);
        assert_int_equal(n, 1);
        store_tasks_free(tasks, n);
        world_done(&world);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_instance_that_hangs_in_stopping_is_started_after_all),
                cmocka_unit_test(an_instance_that_hangs_in_stopping_is_logged_and_halts_the_run),
                cmocka_unit_test(a_restart_notes_no_failure_again),
                cmocka_unit_test(the_row_of_an_instance_that_came_back_late_says_so),
                cmocka_unit_test(no_image_is_looked_up_where_none_was_asked_for),
                cmocka_unit_test(an_instance_whose_state_is_unknown_is_started_again),
                cmocka_unit_test(a_start_that_does_not_last_is_logged_and_repeated),
                cmocka_unit_test(a_state_reason_is_read_once_for_each_start),
                cmocka_unit_test(no_instance_is_kept_stopped_while_ec2_does_not_answer),
                cmocka_unit_test(a_refused_stop_is_no_outage),
                cmocka_unit_test(a_stop_that_may_have_been_taken_is_undone),
                cmocka_unit_test(a_stop_without_an_answer_is_undone_however_late_it_is_refused),
                cmocka_unit_test(an_outage_that_a_lost_start_ended_is_one),
        };

        return cmocka_run_group_tests_name("start", tests, NULL, NULL);
}
