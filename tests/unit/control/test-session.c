/* The protocol of a session, without a socket. */
#include "unit/control/side.h"

#include "control/call.h"
#include "control/interface.h"

static void each_method_answers_its_call(void **state)
{
        static const struct {
                int line;
                int refuse;
                const char *call, *answer, *last_call;
        } rows[] = {
                { __LINE__, 0, S "GetInfo\"}", "\"interfaces\":[\"org.varlink.service\"", NULL },
                { __LINE__, 0, S "GetInterfaceDescription" P "{\"interface\":\"io.amid.Manager\"}}",
                  "method Reload() -> (messages: []string)", NULL },
                { __LINE__, 0, S "GetInterfaceDescription" P "{\"interface\":\"x.y\"}}",
                  "{\"error\":\"org.varlink.service.InterfaceNotFound\",\"parameters\":{"
                  "\"interface\":\"x.y\"}}",
                  NULL },
                { __LINE__, 0, M "Nothing\"}",
                  "{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{"
                  "\"method\":\"io.amid.Manager.Nothing\"}}",
                  NULL },
                { __LINE__, 0, M "Run" P "{\"schedule\":\"web\",\"instances\":[\"i-1\",\"i-2\"]}}",
                  "{\"parameters\":{\"run\":\"web.1\"}}", "run web [i-1,i-2]" },
                { __LINE__, 0, M "Run" P "{\"schedule\":\"web\",\"instances\":null}}",
                  "{\"parameters\":{\"run\":\"web.1\"}}", "run web []" },
                { __LINE__, 0, M "Run" P "{\"schedule\":\"wbe\"}}", "did you mean \\\"web\\\"",
                  NULL },
                { __LINE__, -EBUSY, M "Run" P "{\"schedule\":\"web\"}}",
                  "{\"error\":\"io.amid.Manager.Busy\",\"parameters\":{\"message\":\"no\"}}",
                  "run web []" },
                { __LINE__, -EINVAL, M "Run" P "{\"schedule\":\"web\"}}", "io.amid.Manager.Failed",
                  "run web []" },
                { __LINE__, 0, M "Pause" P "{\"schedule\":\"web\"}}", "{\"parameters\":{}}",
                  "pause web" },
                { __LINE__, 0, M "Resume" P "{\"schedule\":\"web\"}}", "{\"parameters\":{}}",
                  "resume web" },
                { __LINE__, 0, M "Cancel" P "{\"run\":\"web.1\"}}", "{\"parameters\":{}}",
                  "cancel web.1" },
                { __LINE__, 0, M "Cancel" P "{\"run\":\"web.1\",\"abandon\":true}}",
                  "{\"parameters\":{}}", "abandon web.1" },
                { __LINE__, -ENOENT, M "Cancel" P "{\"run\":\"web.9\"}}",
                  "io.amid.Manager.NoSuchRun", "cancel web.9" },
                { __LINE__, 0, M "Prune\"}", "\"run\":\"prune.1\"", "prune all" },
                { __LINE__, 0, M "Prune" P "{\"dry_run\":true}}",
                  "org.varlink.service.ExpectedMore", NULL },
                { __LINE__, 0, M "Adopt\"}", "\"run\":\"adopt.1\"", "adopt" },
                { __LINE__, 0, M "Watch\"}", "org.varlink.service.ExpectedMore", NULL },
                { __LINE__, 0, M "Show" P "{\"run\":\"none\"}}", "io.amid.Manager.NoSuchRun",
                  NULL },
                { __LINE__, 0, M "Runs" P "{\"schedule\":\"none\"}}",
                  "io.amid.Manager.NoSuchSchedule", NULL },
                { __LINE__, 0, M "Runs" P "{\"limit\":3}}", "{\"runs\":[]}", NULL },
                /* an invalid parameter is named */
                { __LINE__, 0, M "Runs" P "{\"limit\":-1}}", "\"parameter\":\"limit\"", NULL },
                { __LINE__, 0, M "Runs" P "{\"limit\":1.5}}", "\"parameter\":\"limit\"", NULL },
                { __LINE__, 0, M "Runs" P "{\"limit\":\"1\"}}", "\"parameter\":\"limit\"", NULL },
                { __LINE__, 0, M "Runs" P "{\"limit\":1e99}}", "\"parameter\":\"limit\"", NULL },
                { __LINE__, 0, M "Runs" P "{\"open\":1}}", "\"parameter\":\"open\"", NULL },
                { __LINE__, 0, M "Runs" P "{\"colour\":1}}", "\"parameter\":\"colour\"", NULL },
                { __LINE__, 0, M "Runs" P "[]}", "\"parameter\":\"parameters\"", NULL },
                { __LINE__, 0, M "Run\"}", "\"parameter\":\"schedule\"", NULL },
                { __LINE__, 0, M "Run" P "{\"schedule\":null}}", "\"parameter\":\"schedule\"",
                  NULL },
                { __LINE__, 0, M "Run" P "{\"schedule\":\"a\\nb\"}}", "\"parameter\":\"schedule\"",
                  NULL },
                { __LINE__, 0, M "Run" P "{\"schedule\":\"web\",\"instances\":[1]}}",
                  "\"parameter\":\"instances\"", NULL },
                { __LINE__, 0, M "Reload\"}", "{\"parameters\":{\"messages\":[]}}", NULL },
        };
        struct fixture *fixture = *state;
        struct side side;

        side_open(&side, fixture, true);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                free(steal(fixture->manager.last_call));
                fixture->manager.refuse = rows[i].refuse;
                fixture->manager.message = "no";
                side_send(&side, rows[i].call);
                check_answer(rows[i].line, &side, rows[i].answer);
                if (!streq(fixture->manager.last_call, rows[i].last_call))
                        fail_msg("line %d: asked %s", rows[i].line, fixture->manager.last_call);
                if (session_is_over(side.session) || !session_wants_input(side.session))
                        fail_msg("line %d: the session is not ready for more", rows[i].line);
        }
        session_free(side.session);
}

static void errors_of_a_reload_are_answered(void **state)
{
        struct fixture *fixture = *state;
        struct side side;

        side_open(&side, fixture, true);
        fixture->reload_answer = -EINVAL;
        side_send(&side, M "Reload\"}");
        check_answer(__LINE__, &side,
                     "{\"error\":\"io.amid.Manager.BadSettings\",\"parameters\":{\"message\":"
                     "\"The settings were refused; the old ones stay in force:\\namid.yaml:3:5: "
                     "bad\"}}");
        fixture->reload_answer = 1;
        side_send(&side, M "Reload\"}");
        check_answer(
                __LINE__, &side,
                "{\"parameters\":{\"messages\":[\"amid.yaml:3:5: odd\",\"amid.yaml:7:1: odd\"]}}");
        fixture->reload_answer = 0;
        session_free(side.session);
}

/* The refusal comes before the check of parameters. */
static void untrusted_peers_may_only_introspect(void **state)
{
        struct fixture *fixture = *state;
        struct side side;

        side_open(&side, fixture, false);
        for (const struct method *method = methods; method->name; method++) {
                _cleanup_free_ char *call =
                        xasprintf("{\"method\":\"%s\",\"more\":true}", method->name);

                side_send(&side, call);
                check_answer(__LINE__, &side,
                             !strncmp(method->name, "org.varlink.", 12)
                                     ? "parameter"
                                     : "io.amid.Manager.PermissionDenied");
                assert_null(fixture->manager.last_call);
        }
        session_free(side.session);
}

static void frames_are_separated_by_nul(void **state)
{
        static const char calls[] =
                S "GetInfo\"}\0" M "Adopt\"}\0" M "Pause" P "{\"schedule\":\"web\"}}";
        struct fixture *fixture = *state;
        struct side side;

        /* byte by byte, and answered in order, one after the other */
        side_open(&side, fixture, true);
        for (size_t i = 0; i < sizeof(calls); i++)
                session_input(side.session, calls + i, 1);
        assert_false(session_wants_input(side.session));
        assert_null(fixture->manager.last_call); /* the first answer has not been taken yet */
        check_answer(__LINE__, &side, "interfaces");
        assert_string_equal(fixture->manager.last_call, "adopt");
        check_answer(__LINE__, &side, "adopt.1");
        check_answer(__LINE__, &side, "{\"parameters\":{}}");
        assert_true(session_wants_input(side.session));
        assert_true(side.wakes > 0);
        session_end_input(side.session);
        assert_true(session_is_over(side.session));
        assert_null(session_broke(side.session));
        session_free(side.session);
}

static void a_oneway_call_has_no_answer(void **state)
{
        struct fixture *fixture = *state;
        struct side side;
        const char *output;

        side_open(&side, fixture, true);
        side_send(&side, "{\"method\":\"io.amid.Manager.Adopt\",\"oneway\":true,\"more\":true}");
        assert_string_equal(fixture->manager.last_call, "adopt");
        assert_int_equal(session_output(side.session, &output), 0);
        assert_true(session_wants_input(side.session));
        assert_int_equal(fixture->manager.n_watches, 0);
        session_free(side.session);
}

static char *nested(size_t depth)
{
        _cleanup_(text_done) struct text text = {};

        text_append(&text, "{\"method\":\"x\",\"parameters\":");
        for (size_t i = 0; i < depth; i++)
                text_append(&text, "[");
        for (size_t i = 0; i < depth; i++)
                text_append(&text, "]");
        text_append(&text, "}");
        return text_steal(&text);
}

static void a_broken_frame_ends_the_session(void **state)
{
        _cleanup_free_ char *deep = nested(CONTROL_DEPTH_MAX), *flat = nested(3);
        const struct {
                int line;
                bool good;
                const char *frame;
        } rows[] = {
                { __LINE__, false, "" },
                { __LINE__, false, "{" },
                { __LINE__, false, "[]" },
                { __LINE__, false, "{}" },
                { __LINE__, false, "{\"method\":1}" },
                { __LINE__, false, "{\"method\":\"x\"} y" },
                { __LINE__, false, "\xff\xfe" },
                { __LINE__, false, deep },
                { __LINE__, true, flat },
                { __LINE__, true, "{\"method\":\"[[[[[[[[[[[[[[[[[[\\\"[[[[[[[[[[[[[\"}" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct side side;

                side_open(&side, *state, true);
                side_send(&side, rows[i].frame);
                if (session_is_over(side.session) == rows[i].good ||
                    (session_broke(side.session) != NULL) == rows[i].good)
                        fail_msg("line %d", rows[i].line);
                session_free(side.session);
        }
}

static void a_call_that_is_too_long_ends_the_session(void **state)
{
        static const struct {
                size_t size;
                bool trusted, good;
        } rows[] = {
                { CONTROL_FRAME_MAX, true, true },
                { CONTROL_FRAME_MAX + 1, true, false },
                { CONTROL_FRAME_STRANGER_MAX, false, true },
                { CONTROL_FRAME_STRANGER_MAX + 1, false, false },
        };
        _cleanup_free_ char *blanks = xcalloc(1, CONTROL_FRAME_MAX + 1);

        memset(blanks, ' ', CONTROL_FRAME_MAX + 1);
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct side side;

                side_open(&side, *state, rows[i].trusted);
                session_input(side.session, blanks, rows[i].size);
                assert_int_equal(session_broke(side.session) != NULL, !rows[i].good);
                if (!rows[i].good)
                        check_answer(__LINE__, &side, "io.amid.Manager.TooLarge");
                assert_int_equal(session_is_over(side.session), !rows[i].good);
                session_free(side.session);
        }
}

static void a_frame_without_an_end_is_dropped(void **state)
{
        struct side side;

        side_open(&side, *state, true);
        session_input(side.session, "{\"meth", 6);
        session_end_input(side.session);
        assert_true(session_is_over(side.session));
        assert_non_null(session_broke(side.session));
        session_free(side.session);
}

/* ---- answers from the store ---- */

static void the_status_has_schedules_and_runs(void **state)
{
        struct fixture *fixture = *state;
        struct store_run open = fixture_run("web.2", OUTCOME_OPEN);
        struct store_run ended = fixture_run("web.1", OUTCOME_FAILED);
        struct store_task task = fixture_task("web.2", "i-1");
        struct side side;
        char *answer;

        ended.only = NULL;

        assert_int_equal(store_add_run(fixture->store, &ended), 0);
        assert_int_equal(store_add_run(fixture->store, &open), 0);
        assert_int_equal(store_save_task(fixture->store, &task), 0);
        fixture->manager.progress = (struct task_progress){ .percent = 7 };
        side_open(&side, fixture, true);
        side_send(&side, M "Status\"}");
        answer = side_receive(&side);
        assert_non_null(strstr(answer, "\"name\":\"paused\",\"expression\":\"rate(1 day)\""));
        assert_non_null(strstr(answer, "\"paused\":true"));
        assert_non_null(strstr(answer, "\"next\":\"2027-01-15T08:00:00Z\",\"last\":{\"id\":"
                                       "\"web.1\""));
        assert_non_null(strstr(answer, "\"open\":[{\"run\":{\"id\":\"web.2\""));
        assert_non_null(strstr(answer, "\"only\":[\"i-1\",\"i-2\"]"));
        assert_non_null(strstr(answer, "\"percent\":7"));
        free(answer);
        side_send(&side, M "Show" P "{\"run\":\"web.1\"}}");
        check_answer(__LINE__, &side, "\"finished\":\"2023-11-14T22:15:00Z\"");
        session_free(side.session);
}

/* A mistyped id, an instance that is fit for no image, one whose turn never came. */
static void a_limited_run_that_touched_nothing_is_not_the_last(void **state)
{
        static const struct {
                const char *name;
                bool task, requested, downed;
                const char *last;
        } rows[] = {
                { "no target", .last = "web.1" },
                { "never begun", .task = true, .last = "web.1" },
                { "CreateImage called", .task = true, .requested = true, .last = "web.2" },
                { "rebooted", .task = true, .downed = true, .last = "web.2" },
        };

        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                struct store_run whole = fixture_run("web.1", OUTCOME_PARTIAL);
                struct store_run limited = fixture_run("web.2", OUTCOME_FAILED);
                struct store_task task = fixture_task("web.2", "i-1");
                _cleanup_free_ char *wanted = xasprintf("\"last\":{\"id\":\"%s\"", rows[i].last);
                struct fixture *fixture;
                struct side side;

                if (i > 0) {
                        fixture_remove(state);
                        assert_int_equal(fixture_make(state), 0);
                }
                fixture = *state;
                whole.only = NULL;
                task.image = NULL;
                task.outcome = OUTCOME_FAILED;
                task.requested = rows[i].requested ? 1700000002 : SEC_NONE;
                task.downed = rows[i].downed ? 1700000002 : SEC_NONE;
                assert_int_equal(store_add_run(fixture->store, &whole), 0);
                assert_int_equal(store_add_run(fixture->store, &limited), 0);
                if (rows[i].task)
                        assert_int_equal(store_save_task(fixture->store, &task), 0);
                side_open(&side, fixture, true);
                side_send(&side, M "Status\"}");
                check_answer((int)i, &side, wanted);
                session_free(side.session);
        }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(each_method_answers_its_call),
                TEST(errors_of_a_reload_are_answered),
                TEST(untrusted_peers_may_only_introspect),
                TEST(frames_are_separated_by_nul),
                TEST(a_oneway_call_has_no_answer),
                TEST(a_broken_frame_ends_the_session),
                TEST(a_call_that_is_too_long_ends_the_session),
                TEST(a_frame_without_an_end_is_dropped),
                TEST(the_status_has_schedules_and_runs),
                TEST(a_limited_run_that_touched_nothing_is_not_the_last),
        };

        return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
