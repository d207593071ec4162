/*
 * Calls that stream the events of runs, at the speed of their readers.
 *
 * With less than CONTROL_STREAM_MAX bytes of queued output a stream sends each event at once. With
 * more it only records what it owes to the reader: for a run in the store the ids of the tasks that
 * moved; for a dry run, which is not in the store, a short form of each decision. When the reader
 * has read all output, the stream reads the newest states of the owed tasks from the store and
 * sends them, again up to that size. So a slow reader misses states in between, but never the last
 * state, and needs bounded memory.
 */
#include "control/follow.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "control/describe.h"
#include "control/interface.h"

enum { OWED_MAX = 65536 }; /* ids of tasks; beyond it all tasks of the run are owed */
#define NONE INT64_MAX

/* The owed events of a run in the store: all tasks with an id above `after`, the tasks in the list,
 * and after them the run itself. */
struct owed {
        char *run;
        int64_t after;  /* NONE: only the tasks in the list */
        int64_t *tasks; /* ids in ascending order */
        size_t n_tasks;
        struct owed *next;
};

enum item_type { ITEM_EVENT, ITEM_HEAD, ITEM_DECISION };

/* An owed item of a dry run, in a list in the order of the run. */
struct item {
        struct item *next;
        enum item_type type;
        int value;    /* decision: enum prune_action; event: whether it is the last event */
        char words[]; /* event: JSON; head: JSON of the event of the following decisions; decision:
                       * account, region, image, why and instance, each with a NUL */
};

struct stream {
        struct call *call;
        struct watch *watch;
        char *run;   /* id of the watched run; NULL: all runs */
        bool stored; /* the run is in the store; false for a dry run */
        struct owed *owed;
        struct item *first, **end; /* end: NULL for an empty list */
        int64_t head_task;         /* task id of the last head in the list */
        char *head;                /* the head of the next decision that is sent */
};

static void owed_free(struct owed *owed)
{
        free(owed->run);
        free(owed->tasks);
        free(owed);
}

struct stream *stream_free(struct stream *stream)
{
        if (!stream)
                return NULL;
        watch_free(stream->watch);
        for (struct owed *owed = stream->owed, *next; owed; owed = next) {
                next = owed->next;
                owed_free(owed);
        }
        for (struct item *item = stream->first, *next; item; item = next) {
                next = item->next;
                free(item);
        }
        free(stream->head);
        free(stream->run);
        free(stream);
        return NULL;
}

/* ---- sending ---- */

static bool is_end(const struct stream *stream, const struct run_event *event)
{
        return stream->run && !event->task && !event->decision &&
               event->run->outcome != OUTCOME_OPEN && streq(stream->run, event->run->id);
}

/* Sends an event; takes over `event`. */
static void send_event(struct stream *stream, const char *run, cJSON *event, bool more)
{
        cJSON *parameters = cJSON_CreateObject();

        cJSON_AddStringToObject(parameters, "run", run);
        cJSON_AddItemToObject(parameters, "event", event);
        call_reply(stream->call, parameters, more);
}

static void send_now(struct stream *stream, const struct run_event *event)
{
        const struct settings *settings = manager_settings(stream->call->options->manager);

        send_event(stream, event->run->id, describe_event(settings, event), !is_end(stream, event));
}

/* ---- a run in the store ---- */

static struct owed *owed_of(struct stream *stream, const char *run)
{
        struct owed **link = &stream->owed;

        while (*link && !streq((*link)->run, run))
                link = &(*link)->next;
        if (!*link) {
                *link = xnew(struct owed);
                **link = (struct owed){ .run = xstrdup(run), .after = NONE };
        }
        return *link;
}

static void owe_task(struct owed *owed, int64_t task)
{
        size_t low = 0, high = owed->n_tasks;

        if (task > owed->after)
                return;
        while (low < high) {
                size_t middle = (low + high) / 2;

                if (owed->tasks[middle] < task)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low < owed->n_tasks && owed->tasks[low] == task)
                return;
        if (owed->n_tasks == OWED_MAX) {
                owed->after = 0;
                owed->n_tasks = 0;
                return;
        }
        (void)append(owed->tasks, owed->n_tasks);
        memmove(owed->tasks + low + 1, owed->tasks + low,
                (owed->n_tasks - 1 - low) * sizeof(*owed->tasks));
        owed->tasks[low] = task;
}

static bool takes_task(struct owed *owed, size_t *taken, int64_t task)
{
        if (*taken < owed->n_tasks && owed->tasks[*taken] == task) {
                ++*taken;
                return true;
        }
        if (task <= owed->after)
                return false;
        owed->after = task;
        return true;
}

static void send_task(struct stream *stream, const struct store_run *run,
                      const struct store_task *task)
{
        struct task_progress progress;
        bool live = task->outcome == OUTCOME_OPEN &&
                    manager_task_progress(stream->call->options->manager, task->id, &progress);

        send_now(stream, &(struct run_event){
                                 .run = run, .task = task, .progress = live ? &progress : NULL });
}

/* Sends the owed events of a run while there is room; false: some are still owed. */
static bool send_owed(struct stream *stream, struct owed *owed, const struct store_run *run)
{
        struct store_task *tasks = NULL;
        size_t n = 0, i = 0, taken = 0;

        if (store_load_tasks(stream->call->options->store, owed->run, &tasks, &n) < 0)
                n = 0;
        for (; i < n && call_has_room(stream->call); i++) {
                while (taken < owed->n_tasks && owed->tasks[taken] < tasks[i].id)
                        taken++; /* the task was deleted */
                if (takes_task(owed, &taken, tasks[i].id))
                        send_task(stream, run, &tasks[i]);
        }
        store_tasks_free(tasks, n);
        owed->n_tasks -= taken;
        if (taken && owed->n_tasks)
                memmove(owed->tasks, owed->tasks + taken, owed->n_tasks * sizeof(*owed->tasks));
        if (i < n || !call_has_room(stream->call))
                return false;
        send_now(stream, &(struct run_event){ .run = run });
        return true;
}

static void send_first_owed(struct stream *stream)
{
        _cleanup_(store_run_done) struct store_run run = {};
        struct owed *owed = stream->owed;
        int r = store_load_run(stream->call->options->store, owed->run, &run);

        if (r < 0 && stream->run) {
                call_fail(stream->call, MANAGER_INTERFACE ".Failed", "The state cannot be read.");
                return;
        }
        if (r == 1 && !send_owed(stream, owed, &run))
                return;
        stream->owed = owed->next;
        owed_free(owed);
}

/* ---- a dry run, and decisions ---- */

static void add_item(struct stream *stream, enum item_type type, int value, const char *words,
                     size_t size)
{
        struct item *item = xcalloc(1, sizeof(*item) + size);

        item->type = type;
        item->value = value;
        memcpy(item->words, words, size);
        *(stream->end ? stream->end : &stream->first) = item;
        stream->end = &item->next;
}

static void owe_event(struct stream *stream, enum item_type type, const struct run_event *event)
{
        const struct settings *settings = manager_settings(stream->call->options->manager);
        struct run_event bare = *event;
        cJSON *object;
        char *text;

        bare.decision = NULL;
        object = describe_event(settings, &bare);
        text = cJSON_PrintUnformatted(object);
        if (!text)
                out_of_memory();
        add_item(stream, type, is_end(stream, event), text, strlen(text) + 1);
        cJSON_Delete(object);
        cJSON_free(text);
}

static void owe_decision(struct stream *stream, const struct run_event *event)
{
        const struct prune_decision *decision = event->decision;
        int64_t task = event->task ? event->task->id : 0;
        _cleanup_(text_done) struct text words = {};

        if (!stream->end || stream->head_task != task)
                owe_event(stream, ITEM_HEAD, event);
        stream->head_task = task;
        text_printf(&words, "%s%c%s%c%s%c%s%c%s", decision->image->account, 0,
                    decision->image->region, 0, decision->image->id, 0, decision->why, 0,
                    decision->image->instance ? decision->image->instance : "");
        add_item(stream, ITEM_DECISION, (int)decision->action, text_get(&words),
                 text_size(&words) + 1);
}

static void send_decision(struct stream *stream, const struct item *item)
{
        const struct settings *settings = manager_settings(stream->call->options->manager);
        const char *account = item->words, *region = account + strlen(account) + 1;
        const char *id = region + strlen(region) + 1, *why = id + strlen(id) + 1;
        const char *instance = why + strlen(why) + 1;
        _cleanup_(store_image_done) struct store_image image = {};
        cJSON *event = cJSON_Parse(stream->head);

        if (store_load_image(stream->call->options->store, account, region, id, &image) != 1)
                image = (struct store_image){ .account = xstrdup(account),
                                              .region = xstrdup(region),
                                              .id = xstrdup(id),
                                              .instance = *instance ? xstrdup(instance) : NULL,
                                              .firing = SEC_NONE,
                                              .created = SEC_NONE,
                                              .removed = SEC_NONE,
                                              .missed = SEC_NONE,
                                              .retry = SEC_NONE };
        describe_decision(event, settings,
                          &(struct prune_decision){ .image = &image,
                                                    .action = (enum prune_action)item->value,
                                                    .why = why });
        send_event(stream, stream->run, event, true);
}

static void send_first_item(struct stream *stream)
{
        struct item *item = stream->first;

        stream->first = item->next;
        if (!stream->first)
                stream->end = NULL;
        switch (item->type) {
        case ITEM_EVENT:
                send_event(stream, stream->run, cJSON_Parse(item->words), !item->value);
                break;
        case ITEM_HEAD:
                xreplace(&stream->head, item->words);
                break;
        case ITEM_DECISION:
                send_decision(stream, item);
                break;
        }
        free(item);
}

/* ---- events of both kinds of runs ---- */

static void on_event(const struct run_event *event, void *userdata)
{
        struct stream *stream = userdata;
        bool late = stream->owed || stream->first || !call_has_room(stream->call);

        if (stream->call->finished)
                return;
        if (!late)
                send_now(stream, event);
        else if (event->decision)
                owe_decision(stream, event); /* the store has no decisions */
        else if (!stream->stored)
                owe_event(stream, ITEM_EVENT, event);
        else if (event->task)
                owe_task(owed_of(stream, event->run->id), event->task->id);
        else
                (void)owed_of(stream, event->run->id);
}

void stream_send(struct stream *stream)
{
        const struct call *call = stream->call;

        while (stream->first && !call->finished && call_has_room(call))
                send_first_item(stream);
        while (stream->owed && !call->finished && call_has_room(call))
                send_first_owed(stream);
}

static struct stream *begin(struct call *call, const char *run)
{
        struct stream *stream = call->stream = xnew(struct stream);

        *stream = (struct stream){ .call = call, .run = xstrdup(run), .stored = true };
        stream->watch = manager_watch(call->options->manager, run, on_event, stream);
        return stream;
}

/* Owes all tasks of a run and the run itself, which may be the last event. */
static void owe_all(struct stream *stream, const char *run)
{
        owed_of(stream, run)->after = 0;
}

void follow_run(struct call *call, const char *run)
{
        _cleanup_(store_run_done) struct store_run now = {};
        cJSON *parameters = cJSON_CreateObject();
        struct stream *stream;

        cJSON_AddStringToObject(parameters, "run", run);
        call_reply(call, parameters, call->more);
        if (!call->more)
                return;
        stream = begin(call, run);
        /* The run may have begun, or ended, already. A dry run is not in the store. */
        stream->stored = store_load_run(call->options->store, run, &now) == 1;
        if (stream->stored)
                owe_all(stream, run);
        stream_send(stream);
}

void follow_events(struct call *call, const char *run)
{
        struct stream *stream = begin(call, run);
        struct store_run *runs = NULL;
        size_t n = 0;

        if (run)
                owe_all(stream, run);
        else if (store_load_runs(call->options->store, NULL, true, 0, &runs, &n) < 0)
                n = 0;
        for (size_t i = 0; i < n; i++)
                owe_all(stream, runs[i].id);
        store_runs_free(runs, n);
        stream_send(stream);
}
