#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/clock-guard.h"
#include "runs/place.h"
#include "runs/prune.h"
#include "runs/retain.h"

/* Values EC2 takes in one filter; what is beyond waits for the next run. */
enum { REMOVALS_PER_RUN = 200 };
/* A row whose image EC2 does not list is believed to be gone only when it is older than this. */
#define LISTED_AFTER SEC_PER_HOUR

/* An image that is ours by tag and by row. */
struct candidate {
        struct store_image row;
        sec_t created; /* by EC2's clock */
        bool available, failed;
        bool asked; /* whether something uses it */
        char *held_by;
};

struct retention_live {
        const struct setting_schedule *schedule;
        struct candidate *candidates;
        size_t n;
        char **others; /* listed images that are not ours to judge */
        size_t n_others;
        struct retention_terms terms;
        struct retention_image *images; /* of candidates, in the same order */
        struct retention_verdict *verdicts;
};

static void retention_forget(struct task *task)
{
        struct retention_live *live = task->live;

        if (!live)
                return;
        for (size_t i = 0; i < live->n; i++) {
                store_image_done(&live->candidates[i].row);
                free(live->candidates[i].held_by);
        }
        free(live->candidates);
        strings_free(live->others, live->n_others);
        free(live->images);
        free(live->verdicts);
        free(live);
        task->live = NULL;
}

/* ---- describe-images ---- */

static struct verdict describe_ask(struct task *task)
{
        const char *self = "self";
        struct name_filter owner, schedule;
        struct ec2_filter filters[2];
        struct verdict held;

        if (!clock_guard_lets_remove(task, &held))
                return held;
        name_filter_init(&owner, "tag:" TAG_OWNER, task->run->settings->owner);
        name_filter_init(&schedule, "tag:" TAG_SCHEDULE, task->row.subject);
        filters[0] = owner.filter;
        filters[1] = schedule.filter;
        task_call(task, &ec2_describe_images,
                  &(struct describe_images){
                          .owners = &self,
                          .n_owners = 1,
                          .filters = filters,
                          .n_filters = ELEMENTS(filters),
                          .include_disabled = true,
                  });
        name_filter_done(&owner);
        name_filter_done(&schedule);
        return stay();
}

static const char *tag_of(const struct ec2_image *image, const char *key)
{
        return ec2_tag_value(image->tags, image->n_tags, key);
}

/* Our row of an image. An engine without a store (a plan) takes the tags for the row. */
static bool load_row(struct task *task, const struct ec2_image *image, struct store_image *ret)
{
        struct engine *engine = task->run->engine;
        const char *time = tag_of(image, TAG_TIME);
        sec_t firing;

        if (engine->store && !MUTANT(asks_for_tags_only))
                return store_load_image(engine->store, task->row.account, task->row.region,
                                        image->id, ret) > 0;
        if (MUTANT(asks_for_tags_only))
                firing = 0;
        if (!time ? !MUTANT(asks_for_tags_only) : !parse_rfc3339(time, &firing))
                return false;
        *ret = (struct store_image){
                .account = xstrdup(task->row.account),
                .region = xstrdup(task->row.region),
                .id = xstrdup(image->id),
                .name = xstrdup(image->name),
                .schedule = xstrdup(task->row.subject),
                .instance = xstrdup(tag_of(image, TAG_INSTANCE)),
                .consistency = xstrdup(tag_of(image, TAG_CONSISTENCY)),
                .outcome = outcome_of_tag(tag_of(image, TAG_OUTCOME)),
                .firing = firing,
                .created = image->created,
                .removed = SEC_NONE,
        };
        return ret->instance != NULL;
}

/* Brings a row up to what EC2 says of the image now. */
static void refresh_row(struct task *task, struct store_image *row, const struct ec2_image *image)
{
        _cleanup_free_ char *snapshots = image_snapshots(image);
        const char *state = image->state == IMAGE_AVAILABLE ? "available"
                            : image->state == IMAGE_PENDING ? "pending"
                                                            : image_state_names[image->state];
        bool same = streq(row->state, state) && row->removed == SEC_NONE &&
                    (!*snapshots || streq(row->snapshots, snapshots));

        if (same)
                return;
        xreplace(&row->state, state ? state : "other");
        row->removed = SEC_NONE; /* it was only missing from a list */
        if (*snapshots)
                xreplace(&row->snapshots, snapshots);
        if (!task->run->dry)
                store_save_image(task->run->engine->store, row);
}

static void take_image(struct task *task, struct retention_live *live,
                       const struct ec2_image *image, size_t *unknown)
{
        struct store_image row;
        struct candidate *candidate;

        if (!load_row(task, image, &row)) {
                (*unknown)++;
                return;
        }
        if (!streq(row.schedule, task->row.subject) ||
            !streq(row.instance, tag_of(image, TAG_INSTANCE))) {
                store_image_done(&row); /* the tags were edited: not ours to judge */
                *append(live->others, live->n_others) = xstrdup(image->id);
                (*unknown)++;
                return;
        }
        candidate = append(live->candidates, live->n);
        candidate->row = row;
        candidate->created = image->created;
        candidate->available = image->state == IMAGE_AVAILABLE;
        candidate->failed = image->state == IMAGE_FAILED || image->state == IMAGE_ERROR ||
                            image->state == IMAGE_INVALID;
        refresh_row(task, &candidate->row, image);
}

static bool is_listed(const struct retention_live *live, const char *id)
{
        for (size_t i = 0; i < live->n; i++)
                if (streq(live->candidates[i].row.id, id))
                        return true;
        return strings_contain(live->others, live->n_others, id);
}

/* Rows whose image somebody else deregistered. */
static void note_gone(struct task *task, const struct retention_live *live)
{
        struct engine *engine = task->run->engine;
        sec_t now = loop_wall(engine->loop);
        struct store_image *rows;
        size_t n;

        if (task->run->dry || store_load_images(engine->store, task->row.subject, task->row.account,
                                                task->row.region, false, &rows, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                if (is_listed(live, rows[i].id))
                        continue;
                if (streq(rows[i].state, STATE_DEREGISTERED)) {
                        removal_add(task, &rows[i], rows[i].detail); /* its snapshots are left */
                        continue;
                }
                if (now - rows[i].created < LISTED_AFTER)
                        continue;
                xreplace(&rows[i].state, "gone");
                xreplace(&rows[i].detail, "EC2 no longer lists it with our tags");
                rows[i].removed = now;
                store_save_image(engine->store, &rows[i]);
        }
        store_images_free(rows, n);
}

static void decide(struct task *task, struct retention_live *live)
{
        const struct setting_schedule *schedule = live->schedule;

        free(live->images);
        free(live->verdicts);
        live->images = xcalloc(live->n, sizeof(*live->images));
        live->verdicts = xcalloc(live->n, sizeof(*live->verdicts));
        live->terms = retain_terms(schedule, loop_wall(task->run->engine->loop));
        for (size_t i = 0; i < live->n; i++) {
                const struct candidate *candidate = &live->candidates[i];

                live->images[i] = retain_image(schedule, &candidate->row, candidate->created);
                live->images[i].available = candidate->available;
                live->images[i].failed = candidate->failed;
                live->images[i].held_by = candidate->held_by;
        }
        retention_decide(&live->terms, live->images, live->n, live->verdicts);
}

static struct verdict describe_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_images *found = reply->output;
        struct log_about about = task_about(task);
        struct retention_live *live;
        size_t unknown = 0;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_images);
        retention_forget(task);
        task->live = live = xnew(struct retention_live);
        live->schedule = settings_schedule(task->run->settings, task->row.subject);
        if (!live->schedule || !live->schedule->has_retain)
                return finish(OUTCOME_DONE, NULL);
        for (size_t i = 0; i < found->n_images; i++)
                take_image(task, live, &found->images[i], &unknown);
        if (unknown)
                log_line(LOG_NOTICE, &about,
                         "%zu image%s of schedule %s carr%s our tags but %s not in the state: "
                         "kept. `amictl adopt` takes them in.",
                         unknown, unknown == 1 ? "" : "s", task->row.subject,
                         unknown == 1 ? "ies" : "y", unknown == 1 ? "is" : "are");
        note_gone(task, live);
        decide(task, live);
        return next();
}

/* ---- find-uses ---- */

static struct verdict uses_ask(struct task *task)
{
        struct retention_live *live = task->live;
        struct ec2_filter filter = { .name = "image-id" };

        if (!live)
                return go("describe-images");
        for (size_t i = 0; i < live->n && filter.n_values < REMOVALS_PER_RUN; i++)
                if (!retention_stays(&live->verdicts[i])) {
                        *append(filter.values, filter.n_values) = live->candidates[i].row.id;
                        live->candidates[i].asked = true;
                }
        if (filter.n_values)
                task_call(task, &ec2_describe_instances,
                          &(struct describe_instances){ .filters = &filter, .n_filters = 1 });
        free(filter.values);
        return filter.n_values ? stay() : next();
}

static void note_uses(struct retention_live *live, const struct ec2_instances *users)
{
        for (size_t i = 0; i < users->n_instances; i++) {
                const struct ec2_instance *user = &users->instances[i];

                if (user->state == INSTANCE_TERMINATED || MUTANT(ignores_uses))
                        continue;
                for (size_t j = 0; j < live->n; j++)
                        if (streq(live->candidates[j].row.id, user->image_id) &&
                            !live->candidates[j].held_by)
                                live->candidates[j].held_by = xasprintf("instance %s", user->id);
        }
}

static struct verdict uses_answer(struct task *task, const struct aws_reply *reply)
{
        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances); /* unknown means keep */
        note_uses(task->live, reply->output);
        decide(task, task->live);
        return next();
}

/* ---- plan-removals ---- */

static struct verdict plan_ask(struct task *task)
{
        struct retention_live *live = task->live;
        struct verdict held;

        /* What was decided by a clock that was set since is decided anew. */
        if (!live || !clock_guard_lets_remove(task, &held))
                return go("describe-images");
        for (size_t i = 0; i < live->n; i++) {
                const struct candidate *candidate = &live->candidates[i];
                bool remove = !retention_stays(&live->verdicts[i]) && candidate->asked;
                _cleanup_free_ char *why =
                        retention_explain(&live->terms, &live->verdicts[i], &live->images[i]);

                if (task->run->dry)
                        task_report(task, &(struct prune_decision){ .image = &candidate->row,
                                                                    .remove = remove,
                                                                    .why = why });
                else if (remove)
                        removal_add(task, &candidate->row, why);
        }
        return next();
}

static const struct step retention_steps[] = {
        { .name = "describe-images",
          .ask = describe_ask,
          .answer = describe_answer,
          .patience = SEC_PER_HOUR,
          .looks = true },
        { .name = "find-uses",
          .ask = uses_ask,
          .answer = uses_answer,
          .patience = SEC_PER_HOUR,
          .looks = true },
        { .name = "plan-removals", .ask = plan_ask, .looks = true },
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

static void add_retention_task(struct place *place, void *userdata)
{
        struct placing *placing = userdata;

        run_add_task(placing->run, &retention_task, place, placing->schedule->name);
}

struct verdict prune_begin_find(struct run *run)
{
        const struct settings *settings = run->settings;

        if (run_is_cut_short(run))
                return next();
        for (size_t i = 0; i < settings->n_schedules; i++) {
                struct placing placing = { .run = run, .schedule = &settings->schedules[i] };
                char *error;

                if (!placing.schedule->has_retain ||
                    (run->row.schedule && !streq(run->row.schedule, placing.schedule->name)))
                        continue;
                error = places_of(run->engine, settings, placing.schedule, add_retention_task,
                                  &placing);
                if (error)
                        return finish(OUTCOME_FAILED, error);
        }
        return next();
}
