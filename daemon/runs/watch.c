#include "runs/watch.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"

struct watch {
        struct engine *engine; /* NULL: orphaned */
        char *run;             /* NULL: all */
        watch_fn *callback;
        void *userdata;
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

struct watch *watch_free(struct watch *watch)
{
        if (!watch)
                return NULL;
        if (watch->engine) {
                struct watch **at = &watch->engine->watches;

                while (*at != watch)
                        at = &(*at)->next;
                *at = watch->next;
        }
        free(watch->run);
        free(watch);
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

void watches_tell(struct engine *engine, const struct run *run, const struct task *task,
                  const struct prune_decision *decision)
{
        struct task_progress progress;
        struct run_event event = {
                .run = &run->row,
                .task = task ? &task->row : NULL,
                .progress = task ? &progress : NULL,
                .decision = decision,
        };
        struct watch *following;

        if (task)
                progress = (struct task_progress){ .percent = task->percent,
                                                   .waiting = task->waiting };
        for (struct watch *watch = engine->watches; watch; watch = following) {
                following = watch->next;
                if (!watch->run || streq(watch->run, run->row.id))
                        watch->callback(&event, watch->userdata);
        }
}
