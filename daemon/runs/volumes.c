#include "runs/volumes.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/text.h"

/* An instance of which an image was begun less than VOLUME_SNAPSHOT_GAP ago, oldest first. */
struct imaged {
        char *instance, *run;
        usec_t at; /* monotonic */
        UT_hash_handle hh;
};

static void drop(struct engine *engine, struct imaged *imaged)
{
        HASH_DEL(engine->imaged, imaged);
        free(imaged->instance);
        free(imaged->run);
        free(imaged);
}

static usec_t next_at(const struct imaged *imaged)
{
        return imaged->at + VOLUME_SNAPSHOT_GAP * USEC_PER_SEC;
}

static void drop_old(struct engine *engine)
{
        while (engine->imaged && next_at(engine->imaged) <= loop_monotonic(engine->loop))
                drop(engine, engine->imaged);
}

static struct imaged *find(struct engine *engine, const char *instance)
{
        struct imaged *found;

        HASH_FIND_STR(engine->imaged, instance, found);
        return found;
}

void volumes_note(struct task *task)
{
        struct engine *engine = task->run->engine;
        struct imaged *imaged;

        drop_old(engine);
        imaged = find(engine, task->row.subject);
        if (imaged)
                drop(engine, imaged); /* to the end of the list */
        imaged = xnew(struct imaged);
        imaged->instance = xstrdup(task->row.subject);
        imaged->run = xstrdup(task->row.run);
        imaged->at = loop_monotonic(engine->loop);
        HASH_ADD_KEYPTR(hh, engine->imaged, imaged->instance, strlen(imaged->instance), imaged);
}

void volumes_forget(struct engine *engine)
{
        while (engine->imaged)
                drop(engine, engine->imaged);
}

static bool wait(struct task *task, usec_t delay)
{
        task_wake_after(task, delay);
        return false;
}

/* Past the last look at the gate, on its way to an image. */
static bool is_about_to(const struct task *task)
{
        return !task->row.image && task->step && !task->step->waits && !task->step->looks;
}

/* The task of another run about the same instance that is about to make an image; else NULL, and
 * the number of those whose images are under way. */
static const struct task *find_others(const struct task *task, unsigned int *ret_under_way)
{
        *ret_under_way = 0;
        for (const struct run *run = task->run->engine->runs; run; run = run->next) {
                const struct task *other =
                        run == task->run ? NULL : run_find_task(run, task->row.subject);

                if (!other || other->kind != task->kind || other->row.outcome != OUTCOME_OPEN)
                        continue;
                if (is_about_to(other))
                        return other;
                *ret_under_way += other->row.image != NULL;
        }
        return NULL;
}

bool volumes_allow(struct task *task)
{
        struct engine *engine = task->run->engine;
        const struct imaged *imaged;
        const struct task *other;
        unsigned int under_way;

        drop_old(engine);
        imaged = find(engine, task->row.subject);
        if (imaged) {
                task_set_waiting(task,
                                 "%d s between two snapshots of its volumes; run %s has made one",
                                 VOLUME_SNAPSHOT_GAP, imaged->run);
                return wait(task, next_at(imaged) - loop_monotonic(engine->loop));
        }
        other = find_others(task, &under_way);
        if (other) {
                task_set_waiting(task, "run %s makes an image of it", other->row.run);
                return wait(task, VOLUME_SNAPSHOT_LOOK * USEC_PER_SEC);
        }
        if (under_way >= VOLUME_SNAPSHOTS_MAX) {
                task_set_waiting(task,
                                 "%u images of it are under way, which is as many as EC2 lets",
                                 under_way);
                return wait(task, VOLUME_SNAPSHOT_LOOK * USEC_PER_SEC);
        }
        return true;
}
