/* The targets task: the instances of a schedule in one location, and an image task for each. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup/backup.h"
#include "runs/images/seen.h"
#include "runs/location/location.h"
#include "runs/outage/outage-history.h"
#include "runs/outage/rotation.h"

/* ---- find-reboots: which instances had a reboot for an image lately; for `auto` ---- */

struct targets_state *targets_state(struct task *task)
{
        if (!task->state)
                task->state = xnew(struct targets_state);
        return task->state;
}

static void targets_forget(struct task *task)
{
        struct targets_state *state = task->state;

        rotation_leave(task);
        if (!state)
                return;
        strings_free(state->rebooted, state->n_rebooted);
        text_done(&state->reasons);
        free(state);
        task->state = NULL;
}

static bool was_rebooted(const struct task *task, const char *instance)
{
        const struct targets_state *state = task->state;

        return state && strings_contain(state->rebooted, state->n_rebooted, instance);
}

/* Asks AWS rather than the store: the answer is right without the state as well, and for a plan. */
static struct verdict reboots_ask(struct task *task)
{
        const char *self = "self",
                   *methods[] = { method_reboot.name, method_stop.name, method_stopped.name };
        struct ec2_filter filters[2] = {
                [1] = { "tag:" TAG_METHOD, methods, ELEMENTS(methods) },
        };
        struct name_filter owner;

        if (!task->run->schedule)
                return step_finish(OUTCOME_FAILED,
                                   xstrdup("the schedule is no longer in the settings"));
        if (task->run->schedule->consistency != CONSISTENCY_AUTO)
                return step_next();
        name_filter_init(&owner, "tag:" TAG_OWNER, task->run->settings->owner);
        filters[0] = owner.filter;
        task_call(task, &ec2_describe_images,
                  &(struct describe_images){ .owners = &self,
                                             .n_owners = 1,
                                             .filters = filters,
                                             .n_filters = ELEMENTS(filters) });
        name_filter_done(&owner);
        return step_wait();
}

/* The time for which the instance of an image was rebooted: the nominal firing, by the tag, if the
 * CreationDate fits that. Anybody can edit a tag. */
static sec_t reboot_time(const struct setting_schedule *schedule, const struct ec2_image *image)
{
        const char *time = ec2_tag_value(image->tags, image->n_tags, TAG_TIME);
        sec_t late = schedule->missed_within + schedule->flexible_window + SEC_PER_DAY, firing;

        if (time && parse_rfc3339(time, &firing) && firing <= image->created + 5 * SEC_PER_MIN &&
            firing >= image->created - late)
                return firing;
        return image->created;
}

/* Whether CreateImage made the image of the instance that its tag names: CopyImage reboots nothing.
 */
static bool is_of_instance(const struct ec2_image *image)
{
        const char *instance = ec2_tag_value(image->tags, image->n_tags, TAG_INSTANCE);

        return instance && streq(image->source_instance, instance) &&
               (image->state == IMAGE_AVAILABLE || image->state == IMAGE_PENDING);
}

static struct verdict reboots_answer(struct task *task, const struct aws_reply *reply)
{
        const struct setting_schedule *schedule = task->run->schedule;
        const struct ec2_images *found = reply->output;
        struct targets_state *state;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_images);
        targets_forget(task);
        state = targets_state(task);
        for (size_t i = 0; i < found->n_images; i++) {
                const struct ec2_image *image = &found->images[i];

                image_note_deregistered(task, image);
                if (is_of_instance(image) &&
                    task->run->row.firing - reboot_time(schedule, image) < schedule->reboot_max_age)
                        *append(state->rebooted, state->n_rebooted) =
                                xstrdup(image->source_instance);
        }
        return step_next();
}

/* ---- asking for the instances of a schedule ---- */

struct target_filters {
        struct ec2_filter *filters;
        size_t n;
        char **owned; /* names and escaped values */
        size_t n_owned;
};

static const char *keep(struct target_filters *filters, char *string)
{
        *append(filters->owned, filters->n_owned) = string;
        return string;
}

static struct ec2_filter *add_filter(struct target_filters *filters, const char *name)
{
        struct ec2_filter *filter = append(filters->filters, filters->n);

        filter->name = name;
        return filter;
}

static void add_value(struct target_filters *filters, struct ec2_filter *filter, const char *value)
{
        *append(filter->values, filter->n_values) = keep(filters, ec2_filter_literal(value));
}

static void target_filters_done(struct target_filters *filters)
{
        for (size_t i = 0; i < filters->n; i++)
                free(filters->filters[i].values);
        free(filters->filters);
        strings_free(filters->owned, filters->n_owned);
}

static void target_filters_fill(struct target_filters *filters,
                                const struct setting_targets *targets)
{
        struct ec2_filter *states = add_filter(filters, "instance-state-name");

        if (targets->states & TARGET_RUNNING)
                add_value(filters, states, instance_state_names[INSTANCE_RUNNING]);
        if (targets->states & TARGET_STOPPED)
                add_value(filters, states, instance_state_names[INSTANCE_STOPPED]);
        for (size_t i = 0; i < targets->n_tags; i++) {
                struct ec2_filter *filter = add_filter(
                        filters, keep(filters, xasprintf("tag:%s", targets->tags[i].key)));

                for (size_t j = 0; j < targets->tags[i].n_values; j++)
                        add_value(filters, filter, targets->tags[i].values[j]);
        }
        if (targets->n_instance_ids) {
                /* A filter, since one unknown id in a parameter would fail the whole request. */
                struct ec2_filter *filter = add_filter(filters, "instance-id");

                for (size_t i = 0; i < targets->n_instance_ids; i++)
                        add_value(filters, filter, targets->instance_ids[i]);
        }
}

/* Whether target groups have to be read first, since the slots of instances depend on them. */
static bool needs_target_groups(const struct task *task)
{
        return task->run->schedule->reboot.group_by == GROUP_TARGET_GROUP &&
               !rotation_is_known(task->location);
}

static struct verdict targets_ask(struct task *task)
{
        _cleanup_(target_filters_done) struct target_filters filters = {};

        if (!task->run->schedule)
                return step_finish(OUTCOME_FAILED,
                                   xstrdup("the schedule is no longer in the settings"));
        if (task->run->schedule->consistency == CONSISTENCY_AUTO && !task->state)
                return step_goto("find-reboots"); /* after a restart */
        if (needs_target_groups(task))
                return step_goto("find-target-groups");
        target_filters_fill(&filters, &task->run->schedule->targets);
        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = filters.filters,
                                                .n_filters = filters.n });
        return step_wait();
}

/* ---- taking the answer ---- */

static bool is_asked_for(const struct run *run, const struct ec2_instance *instance)
{
        char **only;
        size_t n;
        bool found;

        if (!run->row.only)
                return true;
        only = strings_split(run->row.only, " ", &n);
        found = strings_contain(only, n, instance->id);
        strings_free(only, n);
        return found;
}

static struct verdict targets_answer(struct task *task, const struct aws_reply *reply)
{
        struct run *run = task->run;
        struct ec2_instances *found = reply->output;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances);
        for (size_t i = 0; i < found->n_instances; i++) {
                struct ec2_instance *instance = &found->instances[i];
                struct task *image;

                if (targets_exclude(&run->schedule->targets, instance) ||
                    !is_asked_for(run, instance) ||
                    run_find_task(
                            run,
                            instance->id)) /* listed on two pages, as the list changed in between */
                        continue;
                image = run_add_task(run, &image_task, task->location, instance->id);
                image->row.name = setting_expand(run->schedule->image.name, run->row.schedule,
                                                 instance->id, run->row.firing);
                image->row.asked = xstrdup(consistency_name(
                        level_of(run->schedule, was_rebooted(task, instance->id))));
                image_describe(image, instance, reply->date);
        }
        return step_next();
}

static const struct step targets_steps[] = {
        { .name = "find-reboots",
          .ask = reboots_ask,
          .answer = reboots_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "find-target-groups",
          .ask = find_target_groups_ask,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "describe-instances",
          .ask = targets_ask,
          .answer = targets_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "describe-named",
          .ask = named_ask,
          .answer = named_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "describe-status",
          .ask = planned_ask,
          .answer = planned_answer,
          .read_only = true },
        {},
};

/* `straggle`: a region that does not answer must not hold up the run for an hour. `expect` is then
 * compared with what the other regions have. */
const struct task_kind targets_task = { .name = "targets",
                                        .steps = targets_steps,
                                        .forget = targets_forget,
                                        .straggle = 2 * SEC_PER_MIN };

/* ---- phases ---- */

static void add_targets_task(struct location *location, void *userdata)
{
        run_add_task(userdata, &targets_task, location, "");
}

struct verdict backup_begin_targets(struct run *run)
{
        char *error;

        if (!run->schedule)
                return step_finish(OUTCOME_FAILED, xasprintf("schedule %s is not in the settings",
                                                             run->row.schedule));
        error = locations_of(&run->engine->locations, run->settings, run->schedule,
                             add_targets_task, run);
        return error ? step_finish(OUTCOME_FAILED, error) : step_next();
}

/* Compares the number of instances with that of the last run, and stores it. */
static void note_matched(struct run *run, unsigned int found)
{
        struct store_schedule row;

        if (run->dry || run->row.only ||
            store_load_schedule(run->engine->store, run->row.schedule, &row) <= 0)
                return;
        if (found < row.matched)
                log_event(&events[EVENT_TARGETS_SHRUNK],
                          &(struct log_about){ .schedule = run->row.schedule, .run = run->row.id },
                          "Schedule %s matches %u instance%s, %u at its last run.",
                          run->row.schedule, found, found == 1 ? "" : "s", row.matched);
        if (found != row.matched) {
                row.matched = found;
                store_save_schedule(run->engine->store, &row);
        }
        store_schedule_done(&row);
}

static char *expectation_text(const struct setting_targets *targets)
{
        return targets->expect_max == 0
                       ? xasprintf("at least %u", targets->expect_min)
                       : xasprintf("%u to %u", targets->expect_min, targets->expect_max);
}

static bool is_expected(const struct setting_targets *targets, unsigned int found)
{
        return found >= targets->expect_min &&
               (!targets->expect_max || found <= targets->expect_max);
}

static struct verdict expectation_failed(struct run *run, unsigned int found, size_t failed)
{
        _cleanup_free_ char *expected = expectation_text(&run->schedule->targets);
        char *detail;

        run_cancel(run, "not begun: the number of instances is not the expected one");
        detail = xasprintf("%u instance%s found, %s expected%s; nothing was touched", found,
                           found == 1 ? "" : "s", expected,
                           failed ? " (and not every region could be searched)" : "");
        log_event(&events[EVENT_TARGETS_UNEXPECTED],
                  &(struct log_about){ .schedule = run->row.schedule, .run = run->row.id },
                  "Schedule %s: %s.", run->row.schedule, detail);
        return step_finish(OUTCOME_FAILED, detail);
}

struct verdict backup_begin_images(struct run *run)
{
        _cleanup_free_ char *not_targets = NULL;
        unsigned int found = 0;
        size_t searched = 0, failed = 0;
        const struct task *failure = NULL;

        for (const struct task *task = run->tasks; task; task = task->next) {
                found += task->kind == &image_task;
                searched += task->kind == &targets_task;
                if (task->kind == &targets_task && task->row.outcome == OUTCOME_FAILED) {
                        failed++;
                        failure = task;
                }
        }
        if (run_is_cut_short(run))
                return step_next();
        if (searched && failed == searched)
                return step_finish(OUTCOME_FAILED, xstrdup(failure->row.detail));
        if (!run->schedule)
                return step_next();
        not_targets = named_not_targets(run);
        if (not_targets)
                return step_finish(OUTCOME_FAILED,
                                   xasprintf("%s; nothing was touched", not_targets));
        if (!run->row.only && !is_expected(&run->schedule->targets, found))
                return expectation_failed(run, found, failed);
        if (!failed) /* a number without all regions is not comparable */
                note_matched(run, found);
        outage_history_order(run);
        return step_next();
}
