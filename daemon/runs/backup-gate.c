#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup.h"

char *gate_group(const struct setting_schedule *schedule, const struct ec2_instance *instance)
{
        const char *value;

        switch (schedule->reboot.group_by) {
        case GROUP_ALL:
                return xasprintf("%s", schedule->name);
        case GROUP_ZONE:
                return xasprintf("%s/%s", schedule->name, instance->zone ? instance->zone : "");
        case GROUP_TAG:
                value = ec2_tag_value(instance->tags, instance->n_tags, schedule->reboot.group_tag);
                return xasprintf("%s/%s=%s", schedule->name, schedule->reboot.group_tag,
                                 value ? value : "");
        }
        abort();
}

bool gate_is_open(struct task *task)
{
        const struct task *blocker = NULL;
        unsigned int down = 0;

        if (!task->row.group)
                return true;
        for (const struct task *other = task->run->engine->down; other; other = other->next_down) {
                if (other == task)
                        continue; /* it has its turn already */
                if (streq(other->row.group, task->row.group)) {
                        down++;
                        blocker = other;
                }
                if (streq(other->row.subject, task->row.subject)) {
                        task_set_waiting(task, "run %s has it down", other->row.run);
                        return false;
                }
        }
        if (blocker && task->run->schedule && down >= task->run->schedule->reboot.max_parallel) {
                task_set_waiting(task, "its turn; %s is down", blocker->row.subject);
                return false;
        }
        return true;
}
