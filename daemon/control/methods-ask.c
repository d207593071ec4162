/* Methods that only read: status, runs, images, usage. */
#include "control/methods.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "control/describe.h"
#include "control/follow.h"
#include "control/interface.h"
#include "runs/images/left.h"

/* ---- refusals ---- */

static void fail_store(struct call *call)
{
        _cleanup_free_ char *message =
                xasprintf("The state cannot be read: %s", store_error(call->options->store));

        call_fail(call, MANAGER_INTERFACE ".Failed", message);
}

bool method_check_schedule(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
        const char *name = call->arguments.schedule;
        _cleanup_free_ char *message = NULL;

        if (!name || settings_schedule(settings, name))
                return true;
        message = settings_no_schedule(settings, name);
        call_fail(call, MANAGER_INTERFACE ".NoSuchSchedule", message);
        return false;
}

void method_fail_no_run(struct call *call)
{
        _cleanup_free_ char *message =
                xasprintf("There is no run \"%s\"; `amictl runs` lists them.", call->arguments.run);

        call_fail(call, MANAGER_INTERFACE ".NoSuchRun", message);
}

/* ---- status ---- */

enum { LAST_RUNS = 20 }; /* runs that are searched for the last backup of a schedule */

/* Whether a run for named instances has touched an instance, or requested an image. */
static bool touched_anything(struct call *call, const struct store_run *run)
{
        struct store_task *tasks = NULL;
        size_t n = 0;
        bool touched = false;

        if (store_load_tasks(call->options->store, run->id, &tasks, &n) < 0)
                return true;
        for (size_t i = 0; i < n && !touched; i++)
                touched = streq(tasks[i].kind, "image") &&
                          (tasks[i].image || tasks[i].downed != SEC_NONE ||
                           tasks[i].requested != SEC_NONE);
        store_tasks_free(tasks, n);
        return touched;
}

/* Whether the run counts as the last run of its schedule: a finished backup, but not an operator's
 * run for named instances without effect, such as one with a mistyped id. */
static bool is_last_backup(struct call *call, const struct store_run *run)
{
        return streq(run->kind, "backup") && run->outcome != OUTCOME_OPEN &&
               (!run->only || touched_anything(call, run));
}

static void describe_last(struct call *call, const char *schedule, cJSON *object)
{
        struct store_run *runs = NULL;
        size_t n = 0;

        if (store_load_runs(call->options->store, schedule, false, LAST_RUNS, &runs, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                if (is_last_backup(call, &runs[i])) {
                        cJSON_AddItemToObject(object, "last", describe_run(NULL, &runs[i]));
                        break;
                }
        store_runs_free(runs, n);
}

static cJSON *describe_schedule(struct call *call, const struct setting_schedule *schedule)
{
        struct manager *manager = call->options->manager;
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "name", schedule->name);
        cJSON_AddStringToObject(object, "expression", schedule->expression_text);
        cJSON_AddStringToObject(object, "timezone", schedule->timezone);
        cJSON_AddBoolToObject(object, "enabled", schedule->enabled);
        cJSON_AddBoolToObject(object, "paused", manager_is_paused(manager, schedule->name));
        describe_time(object, "next", manager_next(manager, schedule->name));
        if (schedule->schedule.expression.kind == EXPRESSION_RATE)
                describe_time(object, "anchor", manager_anchor(manager, schedule->name));
        describe_last(call, schedule->name, object);
        return object;
}

static cJSON *describe_tasks(struct call *call, const char *run)
{
        cJSON *array = cJSON_CreateArray();
        struct store_task *tasks = NULL;
        size_t n = 0;

        if (store_load_tasks(call->options->store, run, &tasks, &n) < 0)
                return array;
        for (size_t i = 0; i < n; i++) {
                struct task_progress progress;
                bool live = tasks[i].outcome == OUTCOME_OPEN &&
                            manager_task_progress(call->options->manager, tasks[i].id, &progress);

                cJSON_AddItemToArray(array, describe_task(&tasks[i], live ? &progress : NULL));
        }
        store_tasks_free(tasks, n);
        return array;
}

static void describe_left(const char *schedule, size_t images, void *userdata)
{
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "schedule", schedule);
        cJSON_AddNumberToObject(item, "images", (double)images);
        cJSON_AddItemToArray(userdata, item);
}

void method_status(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
        _cleanup_free_ char *wrong = manager_clock_wrong(call->options->manager);
        cJSON *parameters, *schedules, *open;
        struct store_run *runs = NULL;
        size_t n = 0;

        if (store_load_runs(call->options->store, NULL, true, 0, &runs, &n) < 0) {
                fail_store(call);
                return;
        }
        parameters = cJSON_CreateObject();
        cJSON_AddStringToObject(parameters, "version", AMID_VERSION);
        describe_time(parameters, "now", loop_wall(call->options->loop));
        if (manager_alert(call->options->manager))
                cJSON_AddStringToObject(parameters, "alert", manager_alert(call->options->manager));
        cJSON_AddStringToObject(parameters, "settings", settings ? settings->file : "");
        if (wrong)
                cJSON_AddStringToObject(parameters, "clock", wrong);
        if (manager_store_failure(call->options->manager))
                cJSON_AddStringToObject(parameters, "state",
                                        manager_store_failure(call->options->manager));
        schedules = cJSON_AddArrayToObject(parameters, "schedules");
        for (size_t i = 0; settings && i < settings->n_schedules; i++)
                cJSON_AddItemToArray(schedules, describe_schedule(call, &settings->schedules[i]));
        left_each(call->options->store, settings, describe_left,
                  cJSON_AddArrayToObject(parameters, "left"));
        open = cJSON_AddArrayToObject(parameters, "open");
        for (size_t i = 0; i < n; i++) {
                cJSON *item = cJSON_CreateObject();

                cJSON_AddItemToObject(item, "run", describe_run(settings, &runs[i]));
                cJSON_AddItemToObject(item, "tasks", describe_tasks(call, runs[i].id));
                cJSON_AddItemToArray(open, item);
        }
        store_runs_free(runs, n);
        call_reply(call, parameters, false);
}

void method_runs(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
        const struct arguments *arguments = &call->arguments;
        struct store_run *runs = NULL;
        cJSON *parameters, *array;
        size_t n = 0;

        if (store_load_runs(call->options->store, arguments->schedule, arguments->open,
                            arguments->limit, &runs, &n) < 0) {
                fail_store(call);
                return;
        }
        if (n == 0 && !method_check_schedule(call)) /* runs of a removed schedule are still shown */
                return;
        parameters = cJSON_CreateObject();
        array = cJSON_AddArrayToObject(parameters, "runs");
        for (size_t i = 0; i < n; i++)
                cJSON_AddItemToArray(array, describe_run(settings, &runs[i]));
        store_runs_free(runs, n);
        call_reply(call, parameters, false);
}

void method_show(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
        _cleanup_(store_run_done) struct store_run run = {};
        int r = store_load_run(call->options->store, call->arguments.run, &run);
        cJSON *parameters;

        if (r < 0) {
                fail_store(call);
        } else if (r == 0) {
                method_fail_no_run(call);
        } else {
                parameters = cJSON_CreateObject();
                cJSON_AddItemToObject(parameters, "run", describe_run(settings, &run));
                cJSON_AddItemToObject(parameters, "tasks", describe_tasks(call, run.id));
                call_reply(call, parameters, false);
        }
}

/* When EC2 last listed the images of a schedule, by account and region. */
struct lists {
        char *schedule;
        struct store_task *tasks; /* newest first */
        size_t n;
};

static void lists_of(struct lists *lists, struct call *call, const char *schedule)
{
        if (streq(lists->schedule, schedule))
                return;
        store_tasks_free(lists->tasks, lists->n);
        xreplace(&lists->schedule, schedule);
        lists->tasks = NULL;
        lists->n = 0;
        if (schedule &&
            store_load_listed(call->options->store, schedule, &lists->tasks, &lists->n) < 0)
                lists->n = 0;
}

static void lists_done(struct lists *lists)
{
        store_tasks_free(lists->tasks, lists->n);
        free(lists->schedule);
}

/* When EC2 last listed the image; SEC_NONE: not since it was made. */
static sec_t seen_at(const struct lists *lists, const struct store_image *image)
{
        for (size_t i = 0; i < lists->n; i++)
                if (streq(lists->tasks[i].account, image->account) &&
                    streq(lists->tasks[i].region, image->region))
                        return lists->tasks[i].finished >= image->created ? lists->tasks[i].finished
                                                                          : SEC_NONE;
        return SEC_NONE;
}

void method_images(struct call *call)
{
        _cleanup_(lists_done) struct lists lists = {};
        const struct settings *settings = manager_settings(call->options->manager);
        struct store_image *images = NULL;
        cJSON *parameters, *array;
        size_t n = 0;

        if (store_load_images(call->options->store, call->arguments.schedule, NULL, NULL,
                              call->arguments.removed, &images, &n) < 0) {
                fail_store(call);
                return;
        }
        if (n == 0 && !method_check_schedule(call))
                return;
        parameters = cJSON_CreateObject();
        array = cJSON_AddArrayToObject(parameters, "images");
        for (size_t i = 0; i < n; i++) {
                cJSON *image = describe_image(settings, &images[i]);

                lists_of(&lists, call, images[i].schedule);
                describe_time(image, "seen", seen_at(&lists, &images[i]));
                cJSON_AddItemToArray(array, image);
        }
        store_images_free(images, n);
        call_reply(call, parameters, false);
}

static void add_measure(const char *instance, sec_t away, bool failed, void *userdata)
{
        cJSON *item = cJSON_CreateObject();

        cJSON_AddStringToObject(item, "instance", instance);
        cJSON_AddNumberToObject(item, "away", (double)away);
        cJSON_AddBoolToObject(item, "failed", failed);
        cJSON_AddItemToArray(userdata, item);
}

void method_measures(struct call *call)
{
        cJSON *parameters;

        if (!method_check_schedule(call))
                return;
        parameters = cJSON_CreateObject();
        manager_outages(call->options->manager, call->arguments.schedule, add_measure,
                        cJSON_AddArrayToObject(parameters, "measures"));
        call_reply(call, parameters, false);
}

void method_watch(struct call *call)
{
        _cleanup_(store_run_done) struct store_run run = {};

        if (call->arguments.run &&
            store_load_run(call->options->store, call->arguments.run, &run) != 1)
                method_fail_no_run(call);
        else
                follow_events(call, call->arguments.run);
}
