/* Calls with several answers or a late one: streams of runs, and held calls. */
#include "unit/control/side.h"

static void a_run_is_streamed_to_its_end(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("web.1", OUTCOME_OPEN);
        struct store_run other = fixture_run("web.2", OUTCOME_DONE);
        struct store_task task = fixture_task("web.1", "i-1");
        struct task_progress progress = { .percent = 42, .waiting = "the snapshots" };
        struct side side;

        side_open(&side, fixture, true);
        side_send(&side,
                  "{\"method\":\"io.amid.Manager.Run\",\"parameters\":{\"schedule\":\"web\"},"
                  "\"more\":true}" /* and the next call behind it: */);
        side_send(&side, S "GetInfo\"}");
        check_answer(__LINE__, &side, "{\"parameters\":{\"run\":\"web.1\"},\"continues\":true}");
        assert_int_equal(fixture->manager.n_watches, 1);
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &other });
        check_answer(__LINE__, &side, "");
        fake_manager_tell(&fixture->manager,
                          &(struct run_event){ .run = &run, .task = &task, .progress = &progress });
        check_answer(__LINE__, &side,
                     "\"percent\":42,\"waiting\":\"the snapshots\"}}},\"continues\":true");
        /* a task that ends is not the end of the run */
        task.outcome = OUTCOME_DONE;
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run, .task = &task });
        check_answer(__LINE__, &side, "\"continues\":true");
        run.outcome = OUTCOME_PARTIAL;
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run });
        {
                _cleanup_free_ char *last = side_receive(&side);

                assert_non_null(strstr(last, "\"outcome\":\"partial\""));
                assert_null(strstr(last, "continues"));
        }
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run });
        fixture_turn(fixture); /* the watch goes from the loop, never from its own callback */
        assert_int_equal(fixture->manager.n_watches, 0);
        check_answer(__LINE__, &side, "interfaces");
        assert_true(session_wants_input(side.session));
        session_free(side.session);
}

static void a_run_that_has_ended_already_is_reported_at_once(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("web.1", OUTCOME_SKIPPED);
        struct side side;

        assert_int_equal(store_add_run(fixture->store, &run), 0);
        side_open(&side, fixture, true);
        side_send(&side, "{\"method\":\"io.amid.Manager.Watch\",\"parameters\":{\"run\":\"web.1\"},"
                         "\"more\":true}");
        check_answer(__LINE__, &side, "\"outcome\":\"skipped\"");
        assert_int_equal(fixture->manager.n_watches, 0);
        assert_true(session_wants_input(side.session));
        session_free(side.session);
}

static void a_watch_begins_with_the_open_runs(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("web.1", OUTCOME_OPEN);
        struct store_run ended = fixture_run("web.0", OUTCOME_DONE);
        struct store_task task = fixture_task("web.1", "i-1");
        struct side side;

        assert_int_equal(store_add_run(fixture->store, &run), 0);
        assert_int_equal(store_add_run(fixture->store, &ended), 0);
        assert_int_equal(store_save_task(fixture->store, &task), 0);
        side_open(&side, fixture, true);
        side_send(&side, "{\"method\":\"io.amid.Manager.Watch\",\"more\":true}");
        check_answer(__LINE__, &side, "\"subject\":\"i-1\"");
        check_answer(__LINE__, &side, "\"id\":\"web.1\"");
        check_answer(__LINE__, &side, "");
        run.outcome = OUTCOME_DONE;
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run });
        check_answer(__LINE__, &side, "\"continues\":true"); /* of all runs: no end */
        session_free(side.session);
        assert_int_equal(fixture->manager.n_watches, 0);
}

static void each_decision_is_an_event(void **state)
{
        struct fixture *fixture = *state;
        struct store_image image = { .account = W("default"),
                                     .region = W("eu-west-1"),
                                     .id = W("ami-1"),
                                     .schedule = W("web"),
                                     .firing = SEC_NONE,
                                     .created = SEC_NONE,
                                     .removed = SEC_NONE,
                                     .missed = SEC_NONE,
                                     .retry = SEC_NONE };
        struct prune_decision decision = { &image, PRUNE_REMOVE, "daily 7 no longer keeps it" };
        struct store_run run = fixture_run("prune.1", OUTCOME_OPEN);
        struct side side;

        side_open(&side, fixture, true);
        side_send(&side, "{\"method\":\"io.amid.Manager.Prune\",\"parameters\":{\"dry_run\":true},"
                         "\"more\":true}");
        assert_string_equal(fixture->manager.last_call, "prune all dry");
        check_answer(__LINE__, &side, "prune.1");
        fake_manager_tell(&fixture->manager,
                          &(struct run_event){ .run = &run, .decision = &decision });
        check_answer(
                __LINE__, &side,
                "\"decision\":{\"image\":{\"account\":\"default\",\"region\":\"eu-west-1\","
                "\"id\":\"ami-1\",\"schedule\":\"web\",\"timezone\":\"Asia/Seoul\"},"
                "\"action\":\"remove\",\"remove\":true,\"why\":\"daily 7 no longer keeps it\"}");
        session_free(side.session);
}

/* Before the regions are known, calls that change something are held, and others are answered. */
static void a_call_is_held_until_the_manager_is_ready(void **state)
{
        struct fixture *fixture = *state;
        struct side side, other;

        fixture->manager.starting = true;
        side_open(&side, fixture, true);
        side_open(&other, fixture, true);
        side_send(&side, M "Run" P "{\"schedule\":\"web\",\"instances\":[\"i-1\"]}}");
        side_send(&side, M "Status\"}");
        check_answer(__LINE__, &side, "");
        assert_null(fixture->manager.last_call);
        side_send(&other, M "Status\"}");
        check_answer(__LINE__, &other, "\"schedules\"");
        side_send(&other, M "Reload\"}");
        check_answer(__LINE__, &other, "\"messages\"");
        assert_non_null(fixture->manager.wait);
        fixture->manager.starting = false;
        side.wakes = 0;
        fixture->manager.wait->ready(fixture->manager.wait->userdata);
        assert_string_equal(fixture->manager.last_call, "run web [i-1]");
        assert_true(side.wakes > 0);
        check_answer(__LINE__, &side, "{\"parameters\":{\"run\":\"web.1\"}}");
        fixture_turn(fixture);
        check_answer(__LINE__, &side, "\"schedules\""); /* the answer to the next call */
        session_free(side.session);

        /* who hangs up meanwhile is forgotten */
        fixture->manager.starting = true;
        side_send(&other, M "Prune\",\"more\":true}");
        assert_non_null(fixture->manager.wait);
        session_free(other.session);
        assert_null(fixture->manager.wait);
        assert_string_equal(fixture->manager.last_call, "run web [i-1]");
}

/* A call that needs the clock is held until it has been compared. With `more` it gets the reason.
 */
static void a_call_is_held_until_the_clock_is_compared(void **state)
{
        struct fixture *fixture = *state;
        struct side side, other;

        fixture->manager.starting = fixture->manager.comparing = true;
        side_open(&side, fixture, true);
        side_open(&other, fixture, true);
        side_send(&side, M "Run" P "{\"schedule\":\"web\",\"instances\":[\"i-1\"]},\"more\":true}");
        fixture->manager.starting = false;
        fixture->manager.wait->ready(fixture->manager.wait->userdata);
        assert_null(fixture->manager.last_call);
        check_answer(__LINE__, &side, "");
        fixture_wait(fixture, 1500 * USEC_PER_MSEC);
        check_answer(__LINE__, &side,
                     "{\"parameters\":{\"waiting\":\"the clock is being compared with AWS's\"},"
                     "\"continues\":true}");
        side_send(&other, M "Prune" P "{\"dry_run\":true},\"more\":true}");
        assert_true(fixture->manager.last_call &&
                    strstr(fixture->manager.last_call, "prune")); /* changes nothing */
        fixture->manager.comparing = false;
        fixture->manager.wait->ready(fixture->manager.wait->userdata);
        assert_string_equal(fixture->manager.last_call, "run web [i-1]");
        check_answer(__LINE__, &side, "{\"parameters\":{\"run\":\"web.1\"}");
        session_free(side.session);
        session_free(other.session);
}

/* A refusal needs neither the regions nor the clock. */
static void a_call_that_is_refused_anyway_is_not_held(void **state)
{
        static const char *const calls[] = {
                M "Run" P "{\"schedule\":\"web\"},\"more\":true}",
                M "Prune" P "{\"schedule\":\"web\"}}",
        };
        struct fixture *fixture = *state;
        struct side side;

        fixture->manager.comparing = true;
        fixture->manager.busy = "still going";
        side_open(&side, fixture, true);
        for (size_t i = 0; i < ELEMENTS(calls); i++) {
                side_send(&side, calls[i]);
                check_answer(__LINE__, &side,
                             "{\"error\":\"io.amid.Manager.Busy\",\"parameters\":{\"message\":"
                             "\"still going\"}}");
                assert_null(fixture->manager.wait);
        }
        assert_null(fixture->manager.last_call);
        session_free(side.session);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_run_is_streamed_to_its_end),
                TEST(a_run_that_has_ended_already_is_reported_at_once),
                TEST(a_watch_begins_with_the_open_runs),
                TEST(each_decision_is_an_event),
                TEST(a_call_is_held_until_the_manager_is_ready),
                TEST(a_call_is_held_until_the_clock_is_compared),
                TEST(a_call_that_is_refused_anyway_is_not_held),
        };

        return cmocka_run_group_tests_name("session-stream", tests, NULL, NULL);
}
