/* The slots of a run: how many instances of a group may be down at once, and which task has one. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/outage/outage.h"
#include "runs/outage/rotation.h"
#include "runs/outage/snapshot-limits.h"

static const char *tag_of(const struct ec2_instance *instance, const char *key)
{
        const char *value = ec2_tag_value(instance->tags, instance->n_tags, key);

        return value ? value : "";
}

char *slots_groups(const struct task *task, const struct ec2_instance *instance)
{
        const struct setting_schedule *schedule = task->run->schedule;

        switch (schedule->reboot.group_by) {
        case GROUP_ALL:
                return xasprintf("all of %s", schedule->name);
        case GROUP_ZONE:
                return xstrdup(instance->zone ? instance->zone : "");
        case GROUP_AUTO_SCALING:
                return xasprintf("auto-scaling-group=%s", tag_of(instance, TAG_AUTO_SCALING));
        case GROUP_TARGET_GROUP:
                return rotation_groups(task->location, instance->id);
        case GROUP_TAG:
                return xasprintf("%s=%s", schedule->reboot.group_tag,
                                 tag_of(instance, schedule->reboot.group_tag));
        }
        abort();
}

/* Whether `other`, whose instance is down, takes a slot of this group of the task. A task of
 * another run does when it works in the same location, or on an instance that the task's own run
 * has in that group. */
static bool is_in_group(const struct task *task, const struct task *other, const char *group,
                        size_t n)
{
        const struct task *same;

        if (other->run == task->run)
                return lines_contain(other->row.group, group, n);
        if (other->location == task->location && lines_contain(other->row.group, group, n))
                return true;
        same = run_find_task(task->run, other->row.subject);
        return same && lines_contain(same->row.group, group, n);
}

/* A task that has a slot of this group, where all are taken; NULL: a slot is free. */
static const struct task *group_is_full(const struct task *task, const char *group, size_t n,
                                        unsigned int at_most)
{
        unsigned int down = 0;

        for (const struct task *other = task->run->engine->down; other; other = other->next_down)
                if (other != task && other->method->takes_down &&
                    is_in_group(task, other, group, n) && ++down >= at_most)
                        return other;
        return NULL;
}

static const struct task *find_holder(const struct task *task)
{
        for (const struct task *other = task->run->engine->down; other; other = other->next_down)
                if (other != task && streq(other->row.subject, task->row.subject))
                        return other;
        return NULL;
}

/* Whether a task has ended, or has failed and only looks up an image that a call may have made:
 * that takes a day, in which other tasks may make images of the instance. */
static bool is_over(const struct task *task)
{
        return task->row.outcome != OUTCOME_OPEN ||
               (task->row.ending != OUTCOME_OPEN && !task->row.image && task->step &&
                task->step->follows);
}

const struct task *slots_find_earlier(const struct task *task)
{
        const struct run *run = task->run;
        const struct task *earlier = NULL;

        for (const struct run *other = run->engine->runs; other && other != run;
             other = other->next) {
                const struct task *same;

                if (other->dry || other->kind != run->kind ||
                    !streq(other->row.schedule, run->row.schedule))
                        continue;
                same = run_find_task(other, task->row.subject);
                if (same && streq(same->row.account, task->row.account) &&
                    streq(same->row.region, task->row.region) && !is_over(same))
                        earlier = same;
        }
        return earlier;
}

bool slots_allow(struct task *task)
{
        const struct task *blocker = find_holder(task);
        const struct setting_schedule *schedule = task->run->schedule;

        if (blocker && !MUTANT(ignores_the_slots)) {
                task_set_waiting(task, "run %s is working on it", blocker->row.run);
                return false;
        }
        if (!schedule)
                return snapshot_limits_allow(task);
        for (const char *group = task->row.group; group; group = lines_next(group)) {
                size_t n = strcspn(group, "\n");

                blocker = group_is_full(task, group, n, schedule->reboot.max_parallel);
                if (blocker && !MUTANT(ignores_the_slots)) {
                        task_set_waiting(task, "waits for its turn: %s is being worked on",
                                         blocker->row.subject);
                        return false;
                }
        }
        return snapshot_limits_allow(task);
}
