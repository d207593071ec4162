/* Why instances that an operator named for a run are not targets of the schedule. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup/backup.h"
#include "runs/location/location.h"

bool targets_exclude(const struct setting_targets *targets, const struct ec2_instance *instance)
{
        for (size_t i = 0; i < targets->n_exclude_tags; i++) {
                const struct setting_tag_match *match = &targets->exclude_tags[i];
                const char *value = ec2_tag_value(instance->tags, instance->n_tags, match->key);

                if (value && strings_contain(match->values, match->n_values, value))
                        return true;
        }
        return false;
}

/* ---- describe-named: DescribeInstances for those that are not targets ---- */

/* The reasons become the detail of the task, so that a restart does not lose them. */
static struct verdict named_end(struct task *task)
{
        struct text *reasons = &targets_state(task)->reasons;

        return text_size(reasons) ? step_finish(OUTCOME_DONE, text_steal(reasons)) : step_next();
}

/* Asks with a filter of ids alone, in as many requests as it takes: an instance that EC2 does not
 * list then does not exist in the region. */
struct verdict named_ask(struct task *task)
{
        struct ec2_filter filter = { .name = "instance-id" };
        struct targets_state *state;
        size_t n = 0, at;
        char **only;

        if (!task->run->row.only)
                return step_next();
        state = targets_state(task);
        only = strings_split(task->run->row.only, " ", &n);
        for (at = state->named; at < n && filter.n_values < EC2_FILTER_VALUES_MAX; at++)
                if (!run_find_task(task->run, only[at]))
                        *append(filter.values, filter.n_values) = only[at];
        state->asking = at;
        state->more = at < n;
        if (filter.n_values)
                task_call(task, &ec2_describe_instances,
                          &(struct describe_instances){ .filters = &filter, .n_filters = 1 });
        free(filter.values);
        strings_free(only, n);
        return filter.n_values ? step_wait() : named_end(task);
}

static bool is_of_states(const struct setting_targets *targets, const struct ec2_instance *instance)
{
        return (instance->state == INSTANCE_RUNNING && (targets->states & TARGET_RUNNING)) ||
               (instance->state == INSTANCE_STOPPED && (targets->states & TARGET_STOPPED));
}

/* Why the schedule does not choose an instance that exists. Caller frees. */
static char *why_no_target(const struct setting_targets *targets,
                           const struct ec2_instance *instance)
{
        for (size_t i = 0; i < targets->n_tags; i++) {
                const struct setting_tag_match *match = &targets->tags[i];
                const char *value = ec2_tag_value(instance->tags, instance->n_tags, match->key);
                _cleanup_free_ char *wanted = strings_join(match->values, match->n_values, " or ");

                if (!value)
                        return xasprintf("it has no tag %s=%s", match->key, wanted);
                if (!strings_contain(match->values, match->n_values, value))
                        return xasprintf("its tag %s is %s, and not %s", match->key, value, wanted);
        }
        if (targets->n_instance_ids &&
            !strings_contain(targets->instance_ids, targets->n_instance_ids, instance->id))
                return xstrdup("it is not in `instance_ids`");
        if (targets_exclude(targets, instance))
                return xstrdup("it has a tag of `exclude_tags`");
        if (!is_of_states(targets, instance))
                return xasprintf("it is %s", ec2_word(instance_state_names, instance->state));
        return xstrdup("EC2 did not list it with the others just now");
}

struct verdict named_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_instances *found = reply->output;
        struct targets_state *state = targets_state(task);
        struct text *reasons = &state->reasons;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances);
        for (size_t i = 0; i < found->n_instances; i++) {
                const struct ec2_instance *instance = &found->instances[i];
                _cleanup_free_ char *why = why_no_target(&task->run->schedule->targets, instance);

                if (!run_find_task(task->run, instance->id))
                        text_printf(reasons, "%s%s is no target of schedule %s: %s",
                                    text_size(reasons) ? "; " : "", instance->id,
                                    task->run->row.schedule, why);
        }
        state->named = state->asking;
        return state->more ? step_goto("describe-named") : named_end(task);
}

/* ---- the run ---- */

/* Whether the detail of a targets task says why the instance is no target. */
static bool is_explained(const struct run *run, const char *id)
{
        for (const struct task *task = run->tasks; task; task = task->next)
                if (task->kind == &targets_task && task->row.outcome == OUTCOME_DONE &&
                    names_id(task->row.detail, id))
                        return true;
        return false;
}

static void append_absent(const struct run *run, const char *id, struct text *text)
{
        const char *separator = "";
        size_t failed = 0;

        text_printf(text, "%sthere is no instance %s in ", text_size(text) ? "; " : "", id);
        for (const struct task *task = run->tasks; task; task = task->next) {
                if (task->kind != &targets_task)
                        continue;
                failed += task->row.outcome != OUTCOME_DONE;
                if (task->row.outcome != OUTCOME_DONE)
                        continue;
                text_printf(text, "%s%s/%s", separator, task->row.account, task->row.region);
                separator = ", ";
        }
        if (failed)
                text_append(text, " (and not every region could be searched)");
}

char *named_not_targets(const struct run *run)
{
        _cleanup_(text_done) struct text text = {};
        size_t n = 0, not_targets = 0;
        char **only;

        if (!run->row.only)
                return NULL;
        for (const struct task *task = run->tasks; task; task = task->next)
                if (task->kind == &targets_task && task->row.outcome == OUTCOME_DONE &&
                    task->row.detail && *task->row.detail)
                        text_printf(&text, "%s%s", text_size(&text) ? "; " : "", task->row.detail);
        only = strings_split(run->row.only, " ", &n);
        for (size_t i = 0; i < n; i++) {
                if (run_find_task(run, only[i]))
                        continue;
                not_targets++;
                if (!is_explained(run, only[i]))
                        append_absent(run, only[i], &text);
        }
        strings_free(only, n);
        return not_targets ? text_steal(&text) : NULL;
}
