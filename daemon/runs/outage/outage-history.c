/* The outage history of a schedule, read from the tasks of earlier runs. */
#include "runs/outage/outage-history.h"
#include "runs/images/method.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

struct past_outage {
        char *instance;
        sec_t duration; /* 0: its end is not known */
        bool failed;    /* the instance did not come back */
        size_t order;   /* 0: the latest */
};
struct outage_history {
        struct past_outage *list; /* by instance, one each */
        size_t n;
        sec_t longest;
};

/* By instance, the latest first. */
static int compare_outages(const void *a, const void *b)
{
        const struct past_outage *x = a, *y = b;
        int r = strcmp(x->instance, y->instance);

        return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int compare_instance(const void *key, const void *element)
{
        return strcmp(key, ((const struct past_outage *)element)->instance);
}

/* Leaves the latest of each instance. */
static void keep_latest(struct outage_history *history)
{
        size_t kept = 0;

        qsort(history->list, history->n, sizeof(*history->list), compare_outages);
        for (size_t i = 0; i < history->n; i++) {
                struct past_outage *outage = &history->list[i];

                if (kept && streq(history->list[kept - 1].instance, outage->instance)) {
                        if (!history->list[kept - 1].duration)
                                history->list[kept - 1].duration = outage->duration;
                        free(outage->instance);
                        continue;
                }
                if (outage->duration > history->longest)
                        history->longest = outage->duration;
                history->list[kept++] = *outage;
        }
        history->n = kept;
}

static bool is_down_by(const struct method *method)
{
        return method && method->takes_down;
}

struct outage_history *outage_history_load(struct store *store, const char *schedule)
{
        struct outage_history *history;
        struct store_task *tasks;
        size_t n;

        if (!store || !schedule || store_load_returned(store, schedule, &tasks, &n) < 0)
                return NULL;
        history = xnew(struct outage_history);
        history->list = xcalloc(n + 1, sizeof(*history->list));
        for (size_t i = 0; i < n; i++) {
                bool is_back = tasks[i].returned != SEC_NONE;

                if (tasks[i].downed != SEC_NONE && is_down_by(method_named(tasks[i].method)) &&
                    (!is_back || tasks[i].returned >= tasks[i].downed))
                        history->list[history->n++] = (struct past_outage){
                                .instance = steal(tasks[i].subject),
                                .duration = is_back ? tasks[i].returned - tasks[i].downed : 0,
                                .failed = !is_back,
                                .order = i,
                        };
        }
        store_tasks_free(tasks, n);
        keep_latest(history);
        return history;
}

struct outage_history *outage_history_free(struct outage_history *history)
{
        if (!history)
                return NULL;
        for (size_t i = 0; i < history->n; i++)
                free(history->list[i].instance);
        free(history->list);
        free(history);
        return NULL;
}

static const struct past_outage *find_outage(const struct outage_history *history,
                                             const char *instance)
{
        if (!history || !history->n)
                return NULL;
        return bsearch(instance, history->list, history->n, sizeof(*history->list),
                       compare_instance);
}

sec_t outage_history_find(const struct outage_history *history, const char *instance)
{
        const struct past_outage *found = find_outage(history, instance);

        return found && found->duration ? found->duration : history ? history->longest : 0;
}

void outage_history_each(const struct outage_history *history, outage_history_fn *callback,
                         void *userdata)
{
        for (size_t i = 0; history && i < history->n; i++)
                callback(history->list[i].instance, history->list[i].duration,
                         history->list[i].failed, userdata);
}

/* The outages that a run knows of: struct run.state. */
struct run_outages {
        struct outage_history *before; /* of earlier runs; NULL: none is known */
        sec_t longest;                 /* outage in this run */
};

static struct run_outages *run_outages(struct run *run)
{
        struct run_outages *outages = run->state;

        if (outages)
                return outages;
        run->state = outages = xnew(struct run_outages);
        outages->before = outage_history_load(run->engine->store, run->row.schedule);
        return outages;
}

sec_t outage_history_expect(struct run *run, const char *instance)
{
        const struct run_outages *outages = run_outages(run);
        sec_t duration = outage_history_find(outages->before, instance);

        return duration ? duration : outages->longest;
}

void outage_history_forget(struct run *run)
{
        struct run_outages *outages = run->state;

        if (outages)
                outage_history_free(outages->before);
        free(outages);
}

void outage_history_order(struct run *run)
{
        const struct outage_history *history = run_outages(run)->before;
        struct task *behind = NULL, **end = &behind, **at = &run->tasks, *last = NULL;

        while (*at) {
                struct task *task = *at;
                const struct past_outage *found =
                        task->kind->by_subject ? find_outage(history, task->row.subject) : NULL;

                if (found && found->failed) {
                        *at = task->next;
                        *end = task;
                        end = &task->next;
                        *end = NULL;
                        continue;
                }
                last = task;
                at = &task->next;
        }
        *at = behind;
        for (last = behind ? behind : last; last && last->next; last = last->next)
                ;
        run->last_task = last;
}

void outage_history_note(struct task *task, sec_t duration)
{
        struct run *run = task->run;
        bool was_down = task->row.downed != SEC_NONE;

        task->row.returned = was_down ? task->row.downed + duration : loop_wall(run->engine->loop);
        task_touch(task);
        if (was_down && is_down_by(task->method) && duration > run_outages(run)->longest)
                run_outages(run)->longest = duration;
}
