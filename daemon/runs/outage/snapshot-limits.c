/* The images that were begun lately or are under way, against the limits of EC2 for snapshots. */
#include "runs/outage/snapshot-limits.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/text.h"

/* An image that was begun less than VOLUME_SNAPSHOT_GAP ago; the list is short, oldest first. */
struct recent_image {
        char *instance, *run;
        usec_t at; /* monotonic */
        struct recent_image *prev, *next;
};

static usec_t next_at(const struct recent_image *recent)
{
        return recent->at + VOLUME_SNAPSHOT_GAP * USEC_PER_SEC;
}

/* Drops the images whose instances may have another one by then. */
static void drop_until(struct engine *engine, usec_t until)
{
        struct recent_image *recent, *following;

        DL_FOREACH_SAFE (engine->recent_images, recent, following) {
                if (next_at(recent) > until)
                        break;
                DL_DELETE(engine->recent_images, recent);
                free(recent->instance);
                free(recent->run);
                free(recent);
        }
}

static void drop_old(struct engine *engine)
{
        drop_until(engine, loop_monotonic(engine->loop));
}

/* The last image of this instance. */
static const struct recent_image *find(const struct engine *engine, const char *instance)
{
        const struct recent_image *recent, *found = NULL;

        DL_FOREACH (engine->recent_images, recent) {
                if (streq(recent->instance, instance))
                        found = recent;
        }
        return found;
}

void snapshot_limits_note(struct task *task)
{
        struct engine *engine = task->run->engine;
        struct recent_image *recent = xnew(struct recent_image);

        drop_old(engine);
        recent->instance = xstrdup(task->row.subject);
        recent->run = xstrdup(task->row.run);
        recent->at = loop_monotonic(engine->loop);
        DL_APPEND(engine->recent_images, recent);
}

void snapshot_limits_forget(struct engine *engine)
{
        drop_until(engine, USEC_INFINITY);
}

static bool wait(struct task *task, usec_t delay)
{
        task_wake_after(task, delay);
        return false;
}

/* Whether the task has its slot and no image yet. A task of a run that is cut short may look for an
 * image for a long time, but calls CreateImage no more. */
static bool is_about_to(const struct task *task)
{
        return !task->row.image && task->step && !task->step->queued && !task->step->read_only &&
               !run_is_cut_short(task->run);
}

/* The task of another run that is about to make an image of the same instance; else NULL, and the
 * number of images of the instance that are under way. */
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

bool snapshot_limits_allow(struct task *task)
{
        struct engine *engine = task->run->engine;
        const struct recent_image *recent;
        const struct task *other;
        unsigned int under_way;

        drop_old(engine);
        recent = find(engine, task->row.subject);
        if (recent) {
                task_set_waiting(task,
                                 "%d s between two snapshots of its volumes; run %s has made one",
                                 VOLUME_SNAPSHOT_GAP, recent->run);
                return wait(task, next_at(recent) - loop_monotonic(engine->loop));
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
