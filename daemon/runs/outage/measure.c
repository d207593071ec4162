#include "runs/outage/measure.h"
#include "runs/images/method.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

struct measure {
        char *instance;
        sec_t away;   /* 0: not measured */
        bool failed;  /* it did not come back */
        size_t order; /* 0: the latest */
};
struct measures {
        struct measure *list; /* by instance, one each */
        size_t n;
        sec_t longest;
};

/* By instance, the latest first. */
static int compare_measures(const void *a, const void *b)
{
        const struct measure *x = a, *y = b;
        int r = strcmp(x->instance, y->instance);

        return r ? r : (x->order > y->order) - (x->order < y->order);
}

static int compare_instance(const void *key, const void *element)
{
        return strcmp(key, ((const struct measure *)element)->instance);
}

/* Leaves the latest of each instance. */
static void keep_latest(struct measures *measures)
{
        size_t kept = 0;

        qsort(measures->list, measures->n, sizeof(*measures->list), compare_measures);
        for (size_t i = 0; i < measures->n; i++) {
                struct measure *measure = &measures->list[i];

                if (kept && streq(measures->list[kept - 1].instance, measure->instance)) {
                        if (!measures->list[kept - 1].away)
                                measures->list[kept - 1].away = measure->away;
                        free(measure->instance);
                        continue;
                }
                if (measure->away > measures->longest)
                        measures->longest = measure->away;
                measures->list[kept++] = *measure;
        }
        measures->n = kept;
}

static bool is_down_by(const struct method *method)
{
        return method && method->takes_down;
}

struct measures *measures_load(struct store *store, const char *schedule)
{
        struct measures *measures;
        struct store_task *tasks;
        size_t n;

        if (!store || !schedule || store_load_returned(store, schedule, &tasks, &n) < 0)
                return NULL;
        measures = xnew(struct measures);
        measures->list = xcalloc(n + 1, sizeof(*measures->list));
        for (size_t i = 0; i < n; i++) {
                bool is_back = tasks[i].returned != SEC_NONE;

                if (tasks[i].downed != SEC_NONE && is_down_by(method_named(tasks[i].method)) &&
                    (!is_back || tasks[i].returned >= tasks[i].downed))
                        measures->list[measures->n++] = (struct measure){
                                .instance = steal(tasks[i].subject),
                                .away = is_back ? tasks[i].returned - tasks[i].downed : 0,
                                .failed = !is_back,
                                .order = i,
                        };
        }
        store_tasks_free(tasks, n);
        keep_latest(measures);
        return measures;
}

struct measures *measures_free(struct measures *measures)
{
        if (!measures)
                return NULL;
        for (size_t i = 0; i < measures->n; i++)
                free(measures->list[i].instance);
        free(measures->list);
        free(measures);
        return NULL;
}

static const struct measure *find_measure(const struct measures *measures, const char *instance)
{
        if (!measures || !measures->n)
                return NULL;
        return bsearch(instance, measures->list, measures->n, sizeof(*measures->list),
                       compare_instance);
}

sec_t measures_find(const struct measures *measures, const char *instance)
{
        const struct measure *found = find_measure(measures, instance);

        return found && found->away ? found->away : measures ? measures->longest : 0;
}

void measures_each(const struct measures *measures, measure_fn *callback, void *userdata)
{
        for (size_t i = 0; measures && i < measures->n; i++)
                callback(measures->list[i].instance, measures->list[i].away,
                         measures->list[i].failed, userdata);
}

/* What a run keeps of it: struct run.live. */
struct measured {
        struct measures *before; /* by earlier runs; NULL: nothing is known */
        sec_t longest;           /* an instance was away in this run */
};

static struct measured *measured_of(struct run *run)
{
        struct measured *measured = run->live;

        if (measured)
                return measured;
        run->live = measured = xnew(struct measured);
        measured->before = measures_load(run->engine->store, run->row.schedule);
        return measured;
}

sec_t measure_of(struct run *run, const char *instance)
{
        const struct measured *measured = measured_of(run);
        sec_t away = measures_find(measured->before, instance);

        return away ? away : measured->longest;
}

void measures_forget(struct run *run)
{
        struct measured *measured = run->live;

        if (measured)
                measures_free(measured->before);
        free(measured);
}

void measures_order(struct run *run)
{
        const struct measures *measures = measured_of(run)->before;
        struct task *behind = NULL, **end = &behind, **at = &run->tasks, *last = NULL;

        while (*at) {
                struct task *task = *at;
                const struct measure *found =
                        task->kind->by_subject ? find_measure(measures, task->row.subject) : NULL;

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

void measure_note(struct task *task, sec_t away)
{
        struct run *run = task->run;
        bool was_away = task->row.downed != SEC_NONE;

        task->row.returned = was_away ? task->row.downed + away : loop_wall(run->engine->loop);
        task_touch(task);
        if (was_away && is_down_by(task->method) && away > measured_of(run)->longest)
                measured_of(run)->longest = away;
}
