/* What a backup run has made, for people. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup/backup.h"

/* The images of tasks that are done; of these, those below the consistency requested. */
struct tally {
        size_t images, below;
};

static struct tally count(const struct run *run)
{
        struct tally tally = {};

        for (const struct task *task = run->tasks; task; task = task->next) {
                if (task->kind != &image_task || task->row.outcome != OUTCOME_DONE ||
                    !task->row.image || !task->row.asked)
                        continue;
                tally.images++;
                tally.below += consistency_falls_short(task->row.consistency, task->row.asked);
        }
        return tally;
}

char *backup_shortfall(const struct run *run)
{
        struct tally tally = count(run);

        if (!tally.below)
                return NULL;
        return xasprintf("%zu of %zu image%s %s below the consistency asked for", tally.below,
                         tally.images, tally.images == 1 ? "" : "s",
                         tally.below == 1 ? "is" : "are");
}

char *backup_made(const struct run *run)
{
        struct tally tally = count(run);
        _cleanup_free_ char *below = backup_shortfall(run);

        return xasprintf(", with %zu image%s%s%s%s", tally.images, tally.images == 1 ? "" : "s",
                         below ? " (" : "", below ? below : "", below ? ")" : "");
}
