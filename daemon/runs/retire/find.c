/* The retention task: the images of a schedule in one location, and a decision about each. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/provenance.h"
#include "runs/location/location.h"
#include "runs/retire/retain.h"
#include "runs/retire/retire.h"

/* An image with our tags and a row that fits. */
struct candidate {
        struct store_image row;
        sec_t created; /* by EC2's clock */
        bool available, failed;
        bool asked; /* whether something uses it */
        char *held_by;
};

struct retention_state {
        struct settings *settings; /* in force now; those of the run may be hours old */
        const struct setting_schedule *schedule;
        struct candidate *candidates;
        size_t n;
        char **listed; /* ids of all images that were listed, ours or not */
        size_t n_listed;
        struct missing *missing; /* rows whose image was not */
        struct candidate **by_id;
        struct retention_terms terms;
        struct retention_image *images; /* of candidates, in the same order */
        struct retention_verdict *verdicts;
};

static void retention_forget(struct task *task)
{
        struct retention_state *state = task->state;

        if (!state)
                return;
        for (size_t i = 0; i < state->n; i++) {
                store_image_done(&state->candidates[i].row);
                free(state->candidates[i].held_by);
        }
        free(state->candidates);
        strings_free(state->listed, state->n_listed);
        missing_free(state->missing);
        free(state->by_id);
        free(state->images);
        free(state->verdicts);
        settings_unref(state->settings);
        free(state);
        task->state = NULL;
}

/* ---- describe-images ---- */

static struct verdict describe_ask(struct task *task)
{
        struct name_filter owner, schedule;
        struct ec2_filter filters[2];
        struct describe_images input = ec2_own_images(filters, ELEMENTS(filters));
        struct verdict held;

        if (!task_may_remove(task, &held))
                return held;
        name_filter_init(&owner, "tag:" TAG_OWNER, task->run->settings->owner);
        name_filter_init(&schedule, "tag:" TAG_SCHEDULE, task->row.subject);
        filters[0] = owner.filter;
        filters[1] = schedule.filter;
        task_call(task, &ec2_describe_images, &input);
        name_filter_done(&owner);
        name_filter_done(&schedule);
        return step_wait();
}

static const char *tag_of(const struct ec2_image *image, const char *key)
{
        return ec2_tag_value(image->tags, image->n_tags, key);
}

/* Loads the row of an image. An engine without a store (a plan) makes it from the tags. */
static bool load_row(struct task *task, const struct ec2_image *image, struct store_image *ret)
{
        struct engine *engine = task->run->engine;
        const char *time = tag_of(image, TAG_TIME);
        sec_t firing;

        if (engine->store)
                return store_load_image(engine->store, task->row.account, task->row.region,
                                        image->id, ret) > 0;
        if (!time || !parse_rfc3339(time, &firing))
                return false;
        *ret = (struct store_image){
                .account = xstrdup(task->row.account),
                .region = xstrdup(task->row.region),
                .id = xstrdup(image->id),
                .name = xstrdup(image->name),
                .schedule = xstrdup(task->row.subject),
                .run = xstrdup(tag_of(image, TAG_RUN)),
                .instance = xstrdup(tag_of(image, TAG_INSTANCE)),
                .consistency = xstrdup(tag_of(image, TAG_CONSISTENCY)),
                .outcome = outcome_of_tag(tag_of(image, TAG_OUTCOME)),
                .firing = firing,
                .created = image->created,
                .removed = SEC_NONE,
                .missed = SEC_NONE,
                .retry = SEC_NONE,
        };
        return ret->instance != NULL;
}

/* Updates the row of an image by what EC2 shows now. */
static void refresh_row(struct task *task, struct store_image *row, const struct ec2_image *image)
{
        _cleanup_free_ char *snapshots = image_snapshots(image);
        const char *state = ec2_word(image_state_names, image->state);
        bool same = streq(row->state, state) && row->removed == SEC_NONE &&
                    row->missed == SEC_NONE && row->created == image->created &&
                    (!*snapshots || streq(row->snapshots, snapshots));

        if (same)
                return;
        if (streq(row->state, STATE_RELEASED) || streq(row->state, STATE_DEREGISTERING))
                free(steal(row->detail)); /* the tags are back, or DeregisterImage had no effect */
        xreplace(&row->state, state);
        row->removed = row->missed = row->retry = SEC_NONE; /* it was only missing from a list */
        row->created = image->created; /* by EC2's clock; rows of old have ours */
        if (*snapshots)
                xreplace(&row->snapshots, snapshots);
        if (task->run->engine->store)
                image_save_seen(task, row);
}

/* How the image differs from its row; NULL: it does not. Caller frees. The CreationDate is not
 * compared: rows of earlier versions have the time of our own clock. */
static char *misfit(struct task *task, const struct ec2_image *image, const struct store_image *row)
{
        struct store_image of_now = *row;

        of_now.created = image->created;
        return provenance_image(image, &of_now, task->run->settings->owner);
}

static void take_image(struct task *task, struct retention_state *state,
                       const struct ec2_image *image, size_t *unknown)
{
        _cleanup_free_ char *difference = NULL;
        struct store_image row;
        struct candidate *candidate;

        if (image->state == IMAGE_DEREGISTERED)
                return; /* EC2 lists it for a while; its row counts as missing */
        *append(state->listed, state->n_listed) = xstrdup(image->id);
        if (!load_row(task, image, &row)) {
                (*unknown)++;
                return;
        }
        difference = misfit(task, image, &row);
        if (!difference && !streq(row.schedule, task->row.subject))
                difference = xasprintf("its row is one of schedule %s", row.schedule);
        if (difference) {
                if (task->run->engine->store)
                        image_release(task, &row, difference);
                store_image_done(&row);
                return;
        }
        candidate = append(state->candidates, state->n);
        candidate->row = row;
        candidate->created = image->created;
        candidate->held_by = image_protection(image);
        candidate->available = image->state == IMAGE_AVAILABLE;
        candidate->failed = image->state == IMAGE_FAILED || image->state == IMAGE_ERROR ||
                            image->state == IMAGE_INVALID;
        refresh_row(task, &candidate->row, image);
}

static void decide(struct task *task, struct retention_state *state)
{
        const struct setting_schedule *schedule = state->schedule;

        free(state->images);
        free(state->verdicts);
        state->images = xcalloc(state->n, sizeof(*state->images));
        state->verdicts = xcalloc(state->n, sizeof(*state->verdicts));
        state->terms = retain_terms(schedule, loop_wall(task->run->engine->loop));
        for (size_t i = 0; i < state->n; i++) {
                const struct candidate *candidate = &state->candidates[i];

                state->images[i] = retain_image(schedule, &candidate->row, candidate->created);
                state->images[i].available = candidate->available;
                state->images[i].failed = candidate->failed;
                state->images[i].in_use = candidate->held_by;
        }
        retention_decide(&state->terms, state->images, state->n, state->verdicts);
}

static int compare_candidates(const void *a, const void *b)
{
        return strcmp((*(struct candidate *const *)a)->row.id,
                      (*(struct candidate *const *)b)->row.id);
}

static void index_candidates(struct retention_state *state)
{
        state->by_id = xcalloc(state->n, sizeof(struct candidate *));
        for (size_t i = 0; i < state->n; i++)
                state->by_id[i] = &state->candidates[i];
        if (state->n)
                qsort(state->by_id, state->n, sizeof(struct candidate *), compare_candidates);
}

static int compare_id(const void *key, const void *element)
{
        return strcmp(key, (*(struct candidate *const *)element)->row.id);
}

static struct candidate *find_candidate(const struct retention_state *state, const char *id)
{
        struct candidate **found = id && state->n ? bsearch(id, state->by_id, state->n,
                                                            sizeof(struct candidate *), compare_id)
                                                  : NULL;

        return found ? *found : NULL;
}

static void log_unknown(const struct task *task, size_t n)
{
        struct log_about about = task_about(task);
        _cleanup_free_ char *where = task_where(task);
        bool one = n == 1;

        log_line(LOG_NOTICE, &about,
                 "%zu image%s of schedule %s%s carr%s our tags but %s not in the state: kept. "
                 "`amictl adopt --dry-run` tells what would be adopted, and why not.",
                 n, one ? "" : "s", task->row.subject, where, one ? "ies" : "y",
                 one ? "is" : "are");
}

static struct verdict describe_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_images *found = reply->output;
        struct retention_state *state;
        size_t unknown = 0;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_images);
        retention_forget(task);
        task->state = state = xnew(struct retention_state);
        state->settings = settings_ref(task->run->engine->settings);
        state->schedule = settings_schedule(state->settings, task->row.subject);
        if (!state->schedule || !state->schedule->has_retain)
                return step_finish(OUTCOME_DONE, NULL);
        for (size_t i = 0; i < found->n_images; i++)
                take_image(task, state, &found->images[i], &unknown);
        if (unknown)
                log_unknown(task, unknown);
        state->missing = missing_find(task, state->listed, state->n_listed);
        index_candidates(state);
        decide(task, state);
        return step_next();
}

/* ---- look-at-missing ---- */

static struct verdict look_missing_ask(struct task *task)
{
        struct retention_state *state = task->state;

        return state ? missing_ask(task, state->missing) : step_goto("describe-images");
}

static struct verdict look_missing_answer(struct task *task, const struct aws_reply *reply)
{
        struct retention_state *state = task->state;

        return missing_answer(task, state->missing, reply);
}

/* ---- find-uses ---- */

/* Asks in as many requests as it takes: an image whose uses are not known is not removed. */
static struct verdict uses_ask(struct task *task)
{
        struct retention_state *state = task->state;
        struct ec2_filter filter = { .name = "image-id" };

        if (!state)
                return step_goto("describe-images");
        for (size_t i = 0; i < state->n && filter.n_values < EC2_FILTER_VALUES_MAX; i++)
                if (!retention_stays(&state->verdicts[i]) && !state->candidates[i].asked)
                        *append(filter.values, filter.n_values) = state->candidates[i].row.id;
        if (filter.n_values)
                task_call(task, &ec2_describe_instances,
                          &(struct describe_instances){ .filters = &filter, .n_filters = 1 });
        free(filter.values);
        return filter.n_values ? step_wait() : step_next();
}

/* The request was about the first images that had not been asked about. */
static void note_asked(struct retention_state *state)
{
        for (size_t i = 0, n = 0; i < state->n && n < EC2_FILTER_VALUES_MAX; i++)
                if (!retention_stays(&state->verdicts[i]) && !state->candidates[i].asked) {
                        state->candidates[i].asked = true;
                        n++;
                }
}

static void note_uses(struct retention_state *state, const struct ec2_instances *users)
{
        for (size_t i = 0; i < users->n_instances; i++) {
                const struct ec2_instance *user = &users->instances[i];
                struct candidate *used = find_candidate(state, user->image_id);

                if (user->state != INSTANCE_TERMINATED && used && !used->held_by &&
                    !MUTANT(ignores_uses))
                        used->held_by = xasprintf("in use (instance %s)", user->id);
        }
}

static struct verdict uses_answer(struct task *task, const struct aws_reply *reply)
{
        struct retention_state *state = task->state;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances); /* unknown means keep */
        note_asked(state);
        note_uses(state, reply->output);
        decide(task, state);
        return step_goto("find-uses");
}

/* ---- plan-removals ---- */

static struct verdict plan_ask(struct task *task)
{
        struct retention_state *state = task->state;
        struct verdict held;

        /* A decision by another clock or other settings is made anew. */
        if (!state || state->settings != task->run->engine->settings ||
            !task_may_remove(task, &held))
                return step_goto("describe-images");
        for (size_t i = 0; i < state->n; i++) {
                const struct candidate *candidate = &state->candidates[i];
                bool remove = !retention_stays(&state->verdicts[i]);
                _cleanup_free_ char *why =
                        retention_explain(&state->terms, &state->verdicts[i], &state->images[i]);

                if (MUTANT(stops_at_what_is_held) && candidate->held_by)
                        break;
                if (task->run->dry)
                        task_report(task, &(struct prune_decision){ .image = &candidate->row,
                                                                    .action = remove ? PRUNE_REMOVE
                                                                                     : PRUNE_KEEP,
                                                                    .why = why });
                else if (remove)
                        removal_add(task, &candidate->row, why, NULL);
        }
        missing_plan(task, state->missing);
        return step_next();
}

static const struct step retention_steps[] = {
        { .name = "describe-images",
          .ask = describe_ask,
          .answer = describe_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "look-at-missing",
          .ask = look_missing_ask,
          .answer = look_missing_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "find-uses",
          .ask = uses_ask,
          .answer = uses_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        { .name = "plan-removals", .ask = plan_ask, .read_only = true },
        {},
};

const struct task_kind retention_task = { .name = "retention",
                                          .steps = retention_steps,
                                          .forget = retention_forget,
                                          .straggle = 10 * SEC_PER_MIN };

/* ---- the phase ---- */

struct placing {
        struct run *run;
        const struct setting_schedule *schedule;
};

static void add_retention_task(struct location *location, void *userdata)
{
        struct placing *placing = userdata;

        run_add_task(placing->run, &retention_task, location, placing->schedule->name);
}

struct verdict prune_begin_find(struct run *run)
{
        const struct settings *settings = run->settings;

        if (run_is_cut_short(run))
                return step_next();
        for (size_t i = 0; i < settings->n_schedules; i++) {
                struct placing placing = { .run = run, .schedule = &settings->schedules[i] };
                char *error;

                if (!placing.schedule->has_retain ||
                    (run->row.schedule && !streq(run->row.schedule, placing.schedule->name)))
                        continue;
                error = locations_of(&run->engine->locations, settings, placing.schedule,
                                     add_retention_task, &placing);
                if (error)
                        return step_finish(OUTCOME_FAILED, error);
        }
        return step_next();
}
