/* Streams at the speed of their readers: any size, bounded memory, and the last state at the end.
 */
#include "unit/control/fixture.h"

#include "control/call.h"
#include "control/methods.h"
#include "control/session.h"

enum { TASKS = 2000, DECISIONS = 5000 };

static void on_wake(void *userdata)
{
        (void)userdata;
}

static struct session *ask(struct fixture *fixture, const char *call)
{
        const struct peer peer = { .uid = 1000, .pid = 7, .trusted = true };
        struct session *session = session_new(&fixture->options, methods, &peer, on_wake, NULL);

        session_input(session, call, strlen(call) + 1);
        return session;
}

static size_t waiting(const struct session *session)
{
        const char *output;

        return session_output(session, &output);
}

struct reading {
        char *frame;
        size_t size;
        size_t n;           /* answers */
        size_t n_decisions; /* of these */
        bool tasks[TASKS + 1];
        char *newest; /* the last answer about task 1 */
        char *last;
        bool in_order;
};

static void reading_done(struct reading *reading)
{
        free(reading->frame);
        free(reading->newest);
        free(reading->last);
}

static void read_answer(struct reading *reading)
{
        cJSON *answer = cJSON_Parse(reading->frame);
        const cJSON *parameters = cJSON_GetObjectItem(answer, "parameters");
        const cJSON *event = cJSON_GetObjectItem(parameters, "event");
        const cJSON *decision = cJSON_GetObjectItem(event, "decision");
        const cJSON *task = cJSON_GetObjectItem(event, "task");

        assert_non_null(answer);
        reading->n++;
        if (decision) {
                const cJSON *image = cJSON_GetObjectItem(decision, "image");
                _cleanup_free_ char *id = xasprintf("ami-%zu", reading->n_decisions++);

                reading->in_order =
                        reading->in_order &&
                        streq(cJSON_GetStringValue(cJSON_GetObjectItem(image, "id")), id);
        } else if (task) {
                size_t id = (size_t)cJSON_GetNumberValue(cJSON_GetObjectItem(task, "id"));

                assert_in_range(id, 1, TASKS);
                reading->tasks[id] = true;
                if (id == 1)
                        xreplace(&reading->newest, reading->frame);
        }
        xreplace(&reading->last, reading->frame);
        cJSON_Delete(answer);
}

/* Reads all output, `at_once` bytes at a time. */
static void read_all(struct session *session, size_t at_once, struct reading *reading)
{
        const char *output;

        reading->in_order = true;
        for (size_t size; (size = session_output(session, &output)) > 0;) {
                size = size > at_once ? at_once : size;
                for (size_t i = 0; i < size; i++) {
                        reading->frame = xrealloc(reading->frame, reading->size + 1, 1);
                        reading->frame[reading->size++] = output[i];
                        if (!output[i]) {
                                read_answer(reading);
                                reading->size = 0;
                        }
                }
                session_sent(session, size);
                assert_true(waiting(session) < CONTROL_STREAM_MAX + 4096);
        }
}

static struct store_task add_tasks(struct fixture *fixture, const char *run)
{
        struct store_task first = {};

        store_begin(fixture->store);
        for (size_t i = 1; i <= TASKS; i++) {
                _cleanup_free_ char *instance = xasprintf("i-%017zx", i);
                struct store_task task = fixture_task(run, instance);

                assert_int_equal(store_save_task(fixture->store, &task), 0);
                assert_int_equal(task.id, i);
                if (i == 1)
                        first = task;
        }
        assert_int_equal(store_commit(fixture->store), 0);
        first.subject = W("i-00000000000000001");
        return first;
}

#define WATCH                                                                                      \
        "{\"method\":\"io.amid.Manager.Watch\",\"parameters\":{\"run\":\"web.1\"},\"more\":true}"

static void a_run_of_any_size_is_streamed(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("web.1", OUTCOME_OPEN);
        _cleanup_(reading_done) struct reading reading = {};
        struct session *session;

        assert_int_equal(store_add_run(fixture->store, &run), 0);
        add_tasks(fixture, "web.1");
        session = ask(fixture, WATCH);
        assert_in_range(waiting(session), CONTROL_STREAM_MAX, CONTROL_STREAM_MAX + 4096);
        read_all(session, 10000, &reading);
        assert_int_equal(reading.n, TASKS + 1);
        assert_null(strstr(reading.last, "\"task\""));
        assert_false(session_is_over(session));
        session_free(session);
}

static void a_reader_that_lags_gets_the_newest_state(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("web.1", OUTCOME_OPEN);
        _cleanup_(reading_done) struct reading reading = {};
        struct session *session;
        struct store_task first;
        size_t before;

        assert_int_equal(store_add_run(fixture->store, &run), 0);
        first = add_tasks(fixture, "web.1");
        session = ask(fixture, WATCH);
        before = waiting(session);
        for (size_t i = 0; i < 20000; i++) { /* nobody reads */
                first.step = W(i % 2 ? "await-image" : "create-image");
                fake_manager_tell(&fixture->manager,
                                  &(struct run_event){ .run = &run, .task = &first });
        }
        first.step = W("judge");
        assert_int_equal(store_save_task(fixture->store, &first), 0);
        run.outcome = OUTCOME_DONE;
        assert_int_equal(store_save_run(fixture->store, &run), 0);
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run });
        assert_int_equal(waiting(session), before);
        read_all(session, SIZE_MAX, &reading);
        for (size_t i = 1; i <= TASKS; i++)
                assert_true(reading.tasks[i]);
        assert_int_equal(reading.n, TASKS + 2);
        assert_non_null(strstr(reading.newest, "\"judge\""));
        assert_non_null(strstr(reading.last, "\"outcome\":\"done\""));
        assert_null(strstr(reading.last, "continues"));
        fixture_turn(fixture);
        assert_int_equal(fixture->manager.n_watches, 0);
        session_free(session);
}

static void a_watch_of_all_runs_goes_on_after_a_pause(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("web.1", OUTCOME_OPEN);
        struct store_run other = fixture_run("web.2", OUTCOME_OPEN);
        _cleanup_(reading_done) struct reading reading = {};
        struct session *session;

        assert_int_equal(store_add_run(fixture->store, &run), 0);
        add_tasks(fixture, "web.1");
        session = ask(fixture, "{\"method\":\"io.amid.Manager.Watch\",\"more\":true}");
        assert_int_equal(store_add_run(fixture->store, &other), 0);
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &other });
        read_all(session, SIZE_MAX, &reading);
        assert_int_equal(reading.n, TASKS + 2);
        assert_true(reading.last && strstr(reading.last, "\"id\":\"web.2\""));
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run });
        assert_true(waiting(session) > 0); /* at once, since it keeps up now */
        session_free(session);
}

static void a_dry_run_of_any_size_is_streamed(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("prune.1", OUTCOME_OPEN);
        struct store_task task = fixture_task("prune.1", "eu-west-1");
        _cleanup_(reading_done) struct reading reading = {};
        struct session *session;

        session = ask(fixture, "{\"method\":\"io.amid.Manager.Prune\",\"parameters\":{"
                               "\"dry_run\":true},\"more\":true}");
        for (size_t i = 0; i < DECISIONS; i++) {
                _cleanup_free_ char *id = xasprintf("ami-%zu", i);
                struct store_image image = { .account = W("default"),
                                             .region = W("eu-west-1"),
                                             .id = id,
                                             .schedule = W("web"),
                                             .firing = 1700000000,
                                             .created = SEC_NONE,
                                             .removed = SEC_NONE };
                struct prune_decision decision = { &image, PRUNE_REMOVE,
                                                   "daily 7 no longer keeps it" };

                if (i > DECISIONS - 10)
                        assert_int_equal(store_save_image(fixture->store, &image), 0);
                fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run,
                                                                          .task = &task,
                                                                          .decision = &decision });
        }
        run.outcome = OUTCOME_DONE;
        fake_manager_tell(&fixture->manager, &(struct run_event){ .run = &run });
        assert_in_range(waiting(session), CONTROL_STREAM_MAX, CONTROL_STREAM_MAX + 4096);
        read_all(session, 100000, &reading);
        assert_int_equal(reading.n_decisions, DECISIONS);
        assert_true(reading.in_order);
        assert_int_equal(reading.n, DECISIONS + 2);
        assert_non_null(strstr(reading.last, "\"outcome\":\"done\""));
        assert_null(strstr(reading.last, "continues"));
        fixture_turn(fixture);
        assert_int_equal(fixture->manager.n_watches, 0);
        session_free(session);
}

static void a_reader_that_leaves_leaves_nothing_behind(void **state)
{
        struct fixture *fixture = *state;
        struct store_run run = fixture_run("prune.1", OUTCOME_OPEN);
        struct store_image image = { .account = W("a"), .region = W("r"), .id = W("ami-0") };
        struct prune_decision decision = { &image, PRUNE_KEEP, "last 1" };
        struct session *session;

        session = ask(fixture, "{\"method\":\"io.amid.Manager.Prune\",\"parameters\":{"
                               "\"dry_run\":true},\"more\":true}");
        for (size_t i = 0; i < DECISIONS; i++)
                fake_manager_tell(&fixture->manager,
                                  &(struct run_event){ .run = &run, .decision = &decision });
        session_free(session);
        assert_int_equal(fixture->manager.n_watches, 0);
}

static void a_call_that_is_too_large_is_refused(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_free_ char *blanks = xcalloc(1, CONTROL_FRAME_MAX + 2);
        struct session *session;
        const char *output;

        memset(blanks, ' ', CONTROL_FRAME_MAX + 1);
        session = ask(fixture, blanks);
        assert_true(session_output(session, &output) > 0);
        assert_string_equal(output, "{\"error\":\"io.amid.Manager.TooLarge\",\"parameters\":{"
                                    "\"message\":\"A call has at most 1048576 bytes here. Ask for "
                                    "less at once.\"}}");
        assert_false(session_is_over(session)); /* before that is sent */
        assert_false(session_wants_input(session));
        session_sent(session, waiting(session));
        assert_true(session_is_over(session));
        session_free(session);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_make, fixture_remove)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(a_run_of_any_size_is_streamed),
                TEST(a_reader_that_lags_gets_the_newest_state),
                TEST(a_watch_of_all_runs_goes_on_after_a_pause),
                TEST(a_dry_run_of_any_size_is_streamed),
                TEST(a_reader_that_leaves_leaves_nothing_behind),
                TEST(a_call_that_is_too_large_is_refused),
        };

        return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
