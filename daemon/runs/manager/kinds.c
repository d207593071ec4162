/* The kinds of runs: their phases and hooks. */
#include "runs/manager/kinds.h"

#include "runs/adopt/adopt.h"
#include "runs/backup/backup.h"
#include "runs/outage/outage-history.h"
#include "runs/outage/snapshot-limits.h"
#include "runs/retire/retire.h"

static const struct phase backup_phases[] = {
        { .name = "find-targets",
          .kind = &targets_task,
          .touches = true,
          .begin = backup_begin_targets },
        { .name = "create-images",
          .kind = &image_task,
          .touches = true,
          .begin = backup_begin_images },
        { .name = "find-expired", .kind = &retention_task, .begin = prune_begin_find },
        { .name = "remove-expired", .kind = &removal_task, .begin = prune_begin_remove },
        {},
};

static const struct phase prune_phases[] = {
        { .name = "find-expired", .kind = &retention_task, .begin = prune_begin_find },
        { .name = "remove-expired", .kind = &removal_task, .begin = prune_begin_remove },
        {},
};

static const struct phase adopt_phases[] = {
        { .name = "find-images", .kind = &adoption_task, .begin = adopt_begin },
        {},
};

/* Of dry runs: the targets of a backup run, and the decisions of its retention. */
static const struct phase plan_phases[] = {
        { .name = "find-targets", .kind = &targets_task, .begin = backup_begin_targets },
        { .name = "find-expired", .kind = &retention_task, .begin = prune_begin_find },
        {},
};

const struct run_kind run_kinds[] = {
        { .name = "backup",
          .phases = backup_phases,
          .work = &image_task,
          .by_schedule = true,
          .made = backup_made,
          .shortfall = backup_shortfall,
          .resumed = outage_history_order,
          .forget = outage_history_forget },
        { .name = "prune", .phases = prune_phases, .work = &removal_task },
        { .name = "adopt", .phases = adopt_phases, .work = &adoption_task },
        { .name = "plan",
          .phases = plan_phases,
          .work = &retention_task,
          .forget = outage_history_forget },
        {},
};

void kinds_forget(struct engine *engine)
{
        snapshot_limits_forget(engine);
}
