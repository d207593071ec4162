#include "control/follow.h"

#include "base/alloc.h"
#include "base/text.h"
#include "control/describe.h"

static bool is_end(const struct call *call, const struct run_event *event)
{
        return call->run && !event->task && !event->decision &&
               event->run->outcome != OUTCOME_OPEN && streq(call->run, event->run->id);
}

static void on_event(const struct run_event *event, void *userdata)
{
        struct call *call = userdata;
        const struct settings *settings = manager_settings(call->options->manager);
        cJSON *parameters;

        if (call->finished)
                return;
        parameters = cJSON_CreateObject();
        cJSON_AddStringToObject(parameters, "run", event->run->id);
        cJSON_AddItemToObject(parameters, "event", describe_event(settings, event));
        call_reply(call, parameters, !is_end(call, event));
}

/* The state of a run as events: its tasks, then the run itself, which may be the end. */
static void replay(struct call *call, const struct store_run *run)
{
        struct store_task *tasks = NULL;
        size_t n = 0;

        if (store_load_tasks(call->options->store, run->id, &tasks, &n) < 0)
                n = 0;
        for (size_t i = 0; i < n; i++) {
                struct task_progress progress;
                bool live = tasks[i].outcome == OUTCOME_OPEN &&
                            manager_task_progress(call->options->manager, tasks[i].id, &progress);

                on_event(&(struct run_event){ .run = run,
                                              .task = &tasks[i],
                                              .progress = live ? &progress : NULL },
                         call);
        }
        store_tasks_free(tasks, n);
        on_event(&(struct run_event){ .run = run }, call);
}

static void begin(struct call *call, const char *run)
{
        call->run = xstrdup(run);
        call->watch = manager_watch(call->options->manager, run, on_event, call);
}

void follow_run(struct call *call, const char *run)
{
        _cleanup_(store_run_done) struct store_run now = {};
        cJSON *parameters = cJSON_CreateObject();

        cJSON_AddStringToObject(parameters, "run", run);
        call_reply(call, parameters, call->more);
        if (!call->more)
                return;
        begin(call, run);
        /* It may have begun, or ended, before we looked; a dry run is not in the store. */
        if (store_load_run(call->options->store, run, &now) == 1)
                replay(call, &now);
}

void follow_events(struct call *call, const char *run)
{
        struct store_run *runs = NULL;
        size_t n = 0;

        begin(call, run);
        if (run) {
                _cleanup_(store_run_done) struct store_run now = {};

                if (store_load_run(call->options->store, run, &now) == 1)
                        replay(call, &now);
                return;
        }
        if (store_load_runs(call->options->store, NULL, true, 0, &runs, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                replay(call, &runs[i]);
        store_runs_free(runs, n);
}
