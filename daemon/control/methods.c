#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "control/call.h"
#include "control/describe.h"
#include "control/follow.h"
#include "control/interface.h"
#include "control/usage.h"

/* ---- org.varlink.service ---- */

static void get_info(struct call *call)
{
        cJSON *parameters = cJSON_CreateObject();
        cJSON *names;

        cJSON_AddStringToObject(parameters, "vendor", "amid");
        cJSON_AddStringToObject(parameters, "product", "amid");
        cJSON_AddStringToObject(parameters, "version", AMID_VERSION);
        cJSON_AddStringToObject(parameters, "url", "man:amid(8)");
        names = cJSON_AddArrayToObject(parameters, "interfaces");
        for (size_t i = 0; i < n_interfaces; i++)
                cJSON_AddItemToArray(names, cJSON_CreateString(interfaces[i].name));
        call_reply(call, parameters, false);
}

static void get_interface_description(struct call *call)
{
        cJSON *parameters = cJSON_CreateObject();

        for (size_t i = 0; i < n_interfaces; i++)
                if (streq(interfaces[i].name, call->arguments.interface)) {
                        cJSON_AddStringToObject(parameters, "description",
                                                interfaces[i].description);
                        call_reply(call, parameters, false);
                        return;
                }
        cJSON_AddStringToObject(parameters, "interface", call->arguments.interface);
        call_error(call, SERVICE_INTERFACE ".InterfaceNotFound", parameters);
}

/* ---- errors ---- */

static void fail_store(struct call *call)
{
        _cleanup_free_ char *message =
                xasprintf("The state cannot be read: %s", store_error(call->options->store));

        call_fail(call, MANAGER_INTERFACE ".Failed", message);
}

/* What the manager refused, by the errno it gives. `missing` is the error for -ENOENT. */
static void fail_manager(struct call *call, int r, const char *missing, const char *message)
{
        const char *error = r == -ENOENT  ? missing
                            : r == -EBUSY ? MANAGER_INTERFACE ".Busy"
                                          : MANAGER_INTERFACE ".Failed";

        call_fail(call, error, message ? message : strerror(-r));
}

/* Whether the schedule of the call is absent or known; answers if not. */
static bool check_schedule(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
        const char *name = call->arguments.schedule;
        _cleanup_free_ char *message = NULL;
        const char **names = NULL, *near;

        if (!name || (settings && settings_schedule(settings, name)))
                return true;
        for (size_t i = 0; settings && i < settings->n_schedules; i++) {
                size_t n = i;

                *append(names, n) = settings->schedules[i].name;
        }
        near = settings ? closest(name, names, settings->n_schedules) : NULL;
        message = xasprintf("There is no schedule \"%s\" in the settings%s%s%s", name,
                            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : ".");
        free(names);
        call_fail(call, MANAGER_INTERFACE ".NoSuchSchedule", message);
        return false;
}

/* ---- io.amid.Manager: asking ---- */

enum { LAST_RUNS = 20 }; /* how far back the last backup of a schedule is looked for */

/* The newest finished backup; others (prune) are not what a schedule is judged by. */
static void describe_last(struct call *call, const char *schedule, cJSON *object)
{
        struct store_run *runs = NULL;
        size_t n = 0;

        if (store_load_runs(call->options->store, schedule, false, LAST_RUNS, &runs, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                if (streq(runs[i].kind, "backup") && runs[i].outcome != OUTCOME_OPEN) {
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

static void status(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
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
        cJSON_AddStringToObject(parameters, "settings", settings ? settings->file : "");
        schedules = cJSON_AddArrayToObject(parameters, "schedules");
        for (size_t i = 0; settings && i < settings->n_schedules; i++)
                cJSON_AddItemToArray(schedules, describe_schedule(call, &settings->schedules[i]));
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

static void list_runs(struct call *call)
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
        if (n == 0 && !check_schedule(call)) /* a schedule of the past has runs still */
                return;
        parameters = cJSON_CreateObject();
        array = cJSON_AddArrayToObject(parameters, "runs");
        for (size_t i = 0; i < n; i++)
                cJSON_AddItemToArray(array, describe_run(settings, &runs[i]));
        store_runs_free(runs, n);
        call_reply(call, parameters, false);
}

static void fail_no_run(struct call *call)
{
        _cleanup_free_ char *message =
                xasprintf("There is no run \"%s\"; `amictl runs` lists them.", call->arguments.run);

        call_fail(call, MANAGER_INTERFACE ".NoSuchRun", message);
}

static void show(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
        _cleanup_(store_run_done) struct store_run run = {};
        int r = store_load_run(call->options->store, call->arguments.run, &run);
        cJSON *parameters;

        if (r < 0) {
                fail_store(call);
        } else if (r == 0) {
                fail_no_run(call);
        } else {
                parameters = cJSON_CreateObject();
                cJSON_AddItemToObject(parameters, "run", describe_run(settings, &run));
                cJSON_AddItemToObject(parameters, "tasks", describe_tasks(call, run.id));
                call_reply(call, parameters, false);
        }
}

static void list_images(struct call *call)
{
        const struct settings *settings = manager_settings(call->options->manager);
        struct store_image *images = NULL;
        cJSON *parameters, *array;
        size_t n = 0;

        if (store_load_images(call->options->store, call->arguments.schedule, NULL, NULL,
                              call->arguments.removed, &images, &n) < 0) {
                fail_store(call);
                return;
        }
        if (n == 0 && !check_schedule(call))
                return;
        parameters = cJSON_CreateObject();
        array = cJSON_AddArrayToObject(parameters, "images");
        for (size_t i = 0; i < n; i++)
                cJSON_AddItemToArray(array, describe_image(settings, &images[i]));
        store_images_free(images, n);
        call_reply(call, parameters, false);
}

/* ---- io.amid.Manager: doing ---- */

static void run_now(struct call *call)
{
        const struct arguments *arguments = &call->arguments;
        _cleanup_free_ char *run = NULL, *message = NULL;
        int r;

        if (!check_schedule(call))
                return;
        r = manager_run(call->options->manager, arguments->schedule, arguments->instances,
                        arguments->n_instances, &run, &message);
        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        else
                follow_run(call, run);
}

static void prune(struct call *call)
{
        const struct arguments *arguments = &call->arguments;
        _cleanup_free_ char *run = NULL, *message = NULL;
        int r;

        if (arguments->dry_run && !call->more) {
                call_error(call, SERVICE_INTERFACE ".ExpectedMore", NULL);
                return;
        }
        if (!check_schedule(call))
                return;
        r = manager_prune(call->options->manager, arguments->schedule, arguments->dry_run, &run,
                          &message);
        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        else
                follow_run(call, run);
}

static void adopt(struct call *call)
{
        _cleanup_free_ char *run = NULL, *message = NULL;
        int r = manager_adopt(call->options->manager, &run, &message);

        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".Failed", message);
        else
                follow_run(call, run);
}

static void pause_or_resume(struct call *call, bool pause)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (!check_schedule(call))
                return;
        r = manager_pause(call->options->manager, call->arguments.schedule, pause, &message);
        if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchSchedule", message);
        else
                call_reply(call, NULL, false);
}

static void pause_schedule(struct call *call)
{
        pause_or_resume(call, true);
}

static void resume_schedule(struct call *call)
{
        pause_or_resume(call, false);
}

static void cancel(struct call *call)
{
        _cleanup_free_ char *message = NULL;
        int r = manager_cancel(call->options->manager, call->arguments.run, &message);

        if (r == -ENOENT && !message)
                fail_no_run(call);
        else if (r < 0)
                fail_manager(call, r, MANAGER_INTERFACE ".NoSuchRun", message);
        else
                call_reply(call, NULL, false);
}

static void reload(struct call *call)
{
        _cleanup_(text_done) struct text messages = {};
        int r = call->options->reload(&messages, call->options->userdata);
        cJSON *parameters;

        if (r < 0) {
                call_fail(call, MANAGER_INTERFACE ".BadSettings",
                          text_size(&messages) ? text_get(&messages) : strerror(-r));
                return;
        }
        parameters = cJSON_CreateObject();
        cJSON_AddStringToObject(parameters, "messages", text_get(&messages));
        call_reply(call, parameters, false);
}

static void watch(struct call *call)
{
        _cleanup_(store_run_done) struct store_run run = {};

        if (call->arguments.run &&
            store_load_run(call->options->store, call->arguments.run, &run) != 1)
                fail_no_run(call);
        else
                follow_events(call, call->arguments.run);
}

#define ARGUMENT(member, kind, ...)                                                                \
        {                                                                                          \
                .name = #member, .offset = offsetof(struct arguments, member), .type = (kind),     \
                __VA_ARGS__                                                                        \
        }
#define SCHEDULE      ARGUMENT(schedule, ARGUMENT_TEXT)
#define THE_SCHEDULE  ARGUMENT(schedule, ARGUMENT_TEXT, .required = true)
#define RUN           ARGUMENT(run, ARGUMENT_TEXT)
#define THE_RUN       ARGUMENT(run, ARGUMENT_TEXT, .required = true)
#define THE_INTERFACE ARGUMENT(interface, ARGUMENT_TEXT, .required = true)
#define INSTANCES     ARGUMENT(instances, ARGUMENT_TEXTS)
#define OPEN          ARGUMENT(open, ARGUMENT_FLAG)
#define REMOVED       ARGUMENT(removed, ARGUMENT_FLAG)
#define DRY_RUN       ARGUMENT(dry_run, ARGUMENT_FLAG)
#define LIMIT         ARGUMENT(limit, ARGUMENT_COUNT)

#define SERVICE(method, what, ...)                                                                 \
        {                                                                                          \
                .name = SERVICE_INTERFACE "." method, .function = (what), .open_to_all = true,     \
                .arguments = {                                                                     \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define ASKS(method, what, ...)                                                                    \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .arguments = {           \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define STREAMS(method, what, ...)                                                                 \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .needs_more = true,      \
                .arguments = {                                                                     \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }
#define CHANGES(method, what, ...)                                                                 \
        {                                                                                          \
                .name = MANAGER_INTERFACE "." method, .function = (what), .changes = true,         \
                .arguments = {                                                                     \
                        __VA_ARGS__                                                                \
                }                                                                                  \
        }

const struct method methods[] = { SERVICE("GetInfo", get_info),
                                  SERVICE("GetInterfaceDescription", get_interface_description,
                                          THE_INTERFACE),
                                  ASKS("Status", status),
                                  ASKS("Usage", usage_reply),
                                  ASKS("Runs", list_runs, SCHEDULE, OPEN, LIMIT),
                                  ASKS("Show", show, THE_RUN),
                                  ASKS("Images", list_images, SCHEDULE, REMOVED),
                                  STREAMS("Watch", watch, RUN),
                                  CHANGES("Run", run_now, THE_SCHEDULE, INSTANCES),
                                  CHANGES("Prune", prune, SCHEDULE, DRY_RUN),
                                  CHANGES("Adopt", adopt),
                                  CHANGES("Pause", pause_schedule, THE_SCHEDULE),
                                  CHANGES("Resume", resume_schedule, THE_SCHEDULE),
                                  CHANGES("Cancel", cancel, THE_RUN),
                                  CHANGES("Reload", reload),
                                  {} };

const struct method *method_find(const char *name)
{
        for (const struct method *method = methods; method->name; method++)
                if (streq(method->name, name))
                        return method;
        return NULL;
}
