#include "runs/watch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"

struct watch {
        struct engine *engine; /* NULL: orphaned */
        char *run;             /* NULL: all */
        watch_fn *callback;
        void *userdata;
        bool ended; /* freed while all were being told: goes when they have been */
        struct watch *next;
};

struct watch *watch_new(struct engine *engine, const char *run, watch_fn *callback, void *userdata)
{
        struct watch *watch = xnew(struct watch);

        *watch = (struct watch){
                .engine = engine,
                .run = xstrdup(run),
                .callback = callback,
                .userdata = userdata,
                .next = engine->watches,
        };
        engine->watches = watch;
        return watch;
}

static void watch_destroy(struct watch *watch)
{
        free(watch->run);
        free(watch);
}

/* Drops what was freed while all were being told. */
static void watches_sweep(struct engine *engine)
{
        for (struct watch **at = &engine->watches; *at;) {
                struct watch *watch = *at;

                if (!watch->ended) {
                        at = &watch->next;
                        continue;
                }
                *at = watch->next;
                watch_destroy(watch);
        }
}

struct watch *watch_free(struct watch *watch)
{
        if (!watch)
                return NULL;
        watch->ended = true;
        if (!watch->engine)
                watch_destroy(watch);
        else if (!watch->engine->telling)
                watches_sweep(watch->engine);
        return NULL;
}

void watches_orphan(struct engine *engine)
{
        while (engine->watches) {
                struct watch *watch = engine->watches;

                engine->watches = watch->next;
                watch->engine = NULL;
                watch->next = NULL;
        }
}

void watches_tell(struct engine *engine, const struct run *run, struct task *task,
                  const struct prune_decision *decision)
{
        struct task_progress progress;
        struct run_event event = {
                .run = &run->row,
                .task = task ? &task->row : NULL,
                .progress = task ? &progress : NULL,
                .decision = decision,
        };

        if (task)
                progress = (struct task_progress){ .percent = task->percent,
                                                   .snapshot = task->snapshot,
                                                   .snapshot_percent = task->snapshot_percent,
                                                   .waiting = task_waiting(task, false) };
        engine->telling++;
        for (struct watch *watch = engine->watches; watch; watch = watch->next)
                if (!watch->ended && (!watch->run || streq(watch->run, run->row.id)))
                        watch->callback(&event, watch->userdata);
        if (--engine->telling == 0)
                watches_sweep(engine);
}
