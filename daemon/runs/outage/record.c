/* The row of the image of a task, from pending to its end. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/image-poll.h"
#include "runs/outage/outage.h"

/* Between attempts to write the row: the disk may be full. */
#define RECORD_RETRY (10 * USEC_PER_SEC)

struct verdict image_not_recorded(struct task *task)
{
        return step_retry(RECORD_RETRY, xasprintf("the image cannot be recorded: %s",
                                                  store_error(task->run->engine->store)));
}

static struct store_image image_row(const struct task *task, const char *state)
{
        return (struct store_image){
                .account = task->row.account,
                .region = task->row.region,
                .id = task->row.image,
                .name = task->row.name,
                .schedule = task->run->row.schedule,
                .run = task->row.run,
                .instance = task->row.subject,
                .firing = task->run->row.firing,
                .consistency = (char *)(uintptr_t)ACHIEVED_CRASH, /* as its tag says so far */
                .evidence = task->row.evidence,
                .state = (char *)(uintptr_t)state,
                .created = loop_wall(task->run->engine->loop),
                .removed = SEC_NONE,
                .missed = SEC_NONE,
                .retry = SEC_NONE,
        };
}

int image_save_pending(struct task *task)
{
        struct store_image row = image_row(task, "pending");

        return store_save_image(task->run->engine->store, &row);
}

static char *join_snapshots(const struct image_watch *watch)
{
        return strings_join(watch->snapshots, watch->n_snapshots, " ");
}

static bool image_is_recorded(const struct task *task, const char *state)
{
        struct store_image row;
        bool is_so;

        if (store_load_image(task->run->engine->store, task->row.account, task->row.region,
                             task->row.image, &row) <= 0)
                return false;
        is_so = streq(row.state, state);
        store_image_done(&row);
        return is_so;
}

struct verdict image_ended(struct task *task, const char *state, const struct image_watch *watch)
{
        _cleanup_free_ char *snapshots = join_snapshots(watch);
        struct store_image row = image_row(task, state), before;
        int r;

        row.snapshots = snapshots;
        row.detail = watch->reason;
        row.outcome = streq(state, "available") ? OUTCOME_OPEN : OUTCOME_FAILED;
        if (store_load_image(task->run->engine->store, row.account, row.region, row.id, &before) >
            0) {
                row.created = before.created;
                store_image_done(&before);
        }
        if (watch->created)
                row.created = watch->created; /* by EC2's own clock */
        r = store_save_image(task->run->engine->store, &row);
        if (r < 0)
                return image_not_recorded(task);
        return step_next();
}

/* Logs one line, also over a restart: an image that is available in the store has had it. */
struct verdict image_available(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        struct log_about about = task_about(task);
        bool was_known = image_is_recorded(task, "available");
        struct verdict verdict = image_ended(task, "available", backup->image_watch);

        if (verdict.move == MOVE_NEXT && !was_known)
                log_event(&events[EVENT_IMAGE_AVAILABLE], &about,
                          "Image %s of %s is available (%zu snapshot%s).", task->row.image,
                          task->row.subject, backup->image_watch->n_snapshots,
                          backup->image_watch->n_snapshots == 1 ? "" : "s");
        return verdict;
}

void image_watch_early(struct task *task)
{
        struct backup_state *backup = backup_state(task);
        struct verdict verdict;

        if (!task->row.image || MUTANT(stops_following))
                return;
        if (!backup->image_watch)
                backup->image_watch = image_watch_begin(task);
        if (backup->image_watch->seen != SEEN_AVAILABLE || backup->recorded)
                return;
        verdict = image_available(task);
        free(verdict.detail); /* a row that could not be written is written when the step is asked
                                 again */
        backup->recorded = verdict.move == MOVE_NEXT;
}
