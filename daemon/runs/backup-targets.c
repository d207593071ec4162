#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup.h"
#include "runs/place.h"

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
                /* As a filter: one unknown id would fail the whole request as a parameter. */
                struct ec2_filter *filter = add_filter(filters, "instance-id");

                for (size_t i = 0; i < targets->n_instance_ids; i++)
                        add_value(filters, filter, targets->instance_ids[i]);
        }
}

static struct verdict targets_ask(struct task *task)
{
        _cleanup_(target_filters_done) struct target_filters filters = {};

        if (!task->run->schedule)
                return finish(OUTCOME_FAILED, xstrdup("the schedule is no longer in the settings"));
        target_filters_fill(&filters, &task->run->schedule->targets);
        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = filters.filters,
                                                .n_filters = filters.n });
        return stay();
}

/* ---- taking the answer ---- */

static bool is_excluded(const struct setting_targets *targets, const struct ec2_instance *instance)
{
        for (size_t i = 0; i < targets->n_exclude_tags; i++) {
                const struct setting_tag_match *match = &targets->exclude_tags[i];
                const char *value = ec2_tag_value(instance->tags, instance->n_tags, match->key);

                if (value && strings_contain(match->values, match->n_values, value))
                        return true;
        }
        return false;
}

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

/* The instances that have a task, by id. */
struct known {
        UT_hash_handle hh;
};

static void known_add(struct known **known, const struct task *task)
{
        struct known *entry = xnew(struct known);

        HASH_ADD_KEYPTR(hh, *known, task->row.subject, strlen(task->row.subject), entry);
}

static bool known_has(struct known *known, const char *instance)
{
        struct known *found;

        HASH_FIND_STR(known, instance, found);
        return found;
}

static void known_done(struct known **known)
{
        struct known *first = *known;

        HASH_CLEAR(hh, *known);
        for (struct known *entry = first, *following; entry; entry = following) {
                following = entry->hh.next;
                free(entry);
        }
}

static struct known *known_of(const struct run *run)
{
        struct known *known = NULL;

        for (const struct task *task = run->tasks; task; task = task->next)
                if (task->kind == &image_task)
                        known_add(&known, task);
        return known;
}

static struct verdict targets_answer(struct task *task, const struct aws_reply *reply)
{
        struct run *run = task->run;
        struct ec2_instances *found = reply->output;
        _cleanup_(known_done) struct known *known = NULL;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances);
        known = known_of(run);
        for (size_t i = 0; i < found->n_instances; i++) {
                struct ec2_instance *instance = &found->instances[i];
                struct task *image;

                if (is_excluded(&run->schedule->targets, instance) ||
                    !is_asked_for(run, instance) ||
                    known_has(known,
                              instance->id)) /* a page that changed under us lists it twice */
                        continue;
                image = run_add_task(run, &image_task, task->place, instance->id);
                image->row.name = setting_expand(run->schedule->image.name, run->row.schedule,
                                                 instance->id, run->row.firing);
                known_add(&known, image);
                image_describe(image, instance);
                if (run->dry)
                        task_report(image, NULL);
        }
        return next();
}

static const struct step targets_steps[] = {
        { .name = "describe-instances",
          .ask = targets_ask,
          .answer = targets_answer,
          .patience = SEC_PER_HOUR,
          .looks = true },
        {},
};

const struct task_kind targets_task = { .name = "targets", .steps = targets_steps };

/* ---- phases ---- */

static void add_targets_task(struct place *place, void *userdata)
{
        run_add_task(userdata, &targets_task, place, "");
}

struct verdict backup_begin_targets(struct run *run)
{
        char *error;

        if (!run->schedule)
                return finish(OUTCOME_FAILED,
                              xasprintf("schedule %s is not in the settings", run->row.schedule));
        error = places_of(run->engine, run->settings, run->schedule, add_targets_task, run);
        return error ? finish(OUTCOME_FAILED, error) : next();
}

/* The first instance an operator named that is none of the schedule's targets, or NULL. */
static char *find_stranger(const struct run *run)
{
        _cleanup_(known_done) struct known *known = NULL;
        char **only, *stranger = NULL;
        size_t n;

        if (!run->row.only)
                return NULL;
        known = known_of(run);
        only = strings_split(run->row.only, " ", &n);
        for (size_t i = 0; i < n && !stranger; i++)
                if (!known_has(known, only[i]))
                        stranger = xstrdup(only[i]);
        strings_free(only, n);
        return stranger;
}

/* Compares what was found with what the last run found, and remembers it. */
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
        return finish(OUTCOME_FAILED, detail);
}

struct verdict backup_begin_images(struct run *run)
{
        _cleanup_free_ char *stranger = NULL;
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
                return next();
        if (searched && failed == searched)
                return finish(OUTCOME_FAILED, xstrdup(failure->row.detail));
        if (!run->schedule)
                return next();
        stranger = find_stranger(run);
        if (stranger)
                return finish(OUTCOME_FAILED,
                              xasprintf("%s is no target of the schedule now; nothing was touched",
                                        stranger));
        if (!run->row.only && !is_expected(&run->schedule->targets, found))
                return expectation_failed(run, found, failed);
        if (!failed) /* of a region that could not be searched nothing is known */
                note_matched(run, found);
        return next();
}
