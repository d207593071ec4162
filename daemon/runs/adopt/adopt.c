/* Adoption: which images with our tags are ours, and their rows. */
#include "runs/adopt/adopt.h"
#include "runs/images/method.h"

#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/images/naming.h"
#include "runs/images/provenance.h"
#include "runs/images/seen.h"
#include "runs/location/location.h"

/* How far the nominal time of a firing may be ahead of EC2's clock, and how long a run may take
 * from its firing to CreateImage: it waits for a slot, and for what AWS refuses. */
#define AHEAD_AT_MOST (5 * SEC_PER_MIN)
#define RUN_AT_MOST   SEC_PER_DAY

/* A firing and an instance of which an image is known. */
struct known {
        char *key;
        UT_hash_handle hh;
};

struct adoption {
        struct known *known;
        size_t adopted, left;
};

static char *key_of(const struct store_image *row)
{
        return xasprintf("%s %s %lld", row->schedule, row->instance, (long long)row->firing);
}

static void learn(struct adoption *adoption, const struct store_image *row)
{
        struct known *known;
        _cleanup_free_ char *key = key_of(row);

        HASH_FIND_STR(adoption->known, key, known);
        if (known)
                return;
        known = xnew(struct known);
        known->key = steal(key);
        HASH_ADD_KEYPTR(hh, adoption->known, known->key, strlen(known->key), known);
}

static bool is_known(const struct adoption *adoption, const struct store_image *row)
{
        const struct known *known;
        _cleanup_free_ char *key = key_of(row);

        HASH_FIND_STR(adoption->known, key, known);
        return known != NULL;
}

static void adoption_done(struct adoption *adoption)
{
        struct known *known, *following;

        HASH_ITER (hh, adoption->known, known, following) {
                HASH_DEL(adoption->known, known); /* NOLINT(clang-analyzer-unix.Malloc) */
                free(known->key);
                free(known);
        }
}

/* Negative errno when the store cannot be read. */
static int adoption_init(struct adoption *adoption, struct task *task)
{
        struct store_image *rows;
        size_t n;
        int r;

        *adoption = (struct adoption){};
        r = store_load_images(task->run->engine->store, NULL, task->row.account, task->row.region,
                              false, &rows, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                learn(adoption, &rows[i]);
        store_images_free(rows, n);
        return 0;
}

/* ---- images that amid has not made ---- */

static const char *tag_of(const struct ec2_image *image, const char *key)
{
        return ec2_tag_value(image->tags, image->n_tags, key);
}

/* The row of an image by its tags; a missing tag leaves its column NULL. */
static struct store_image row_of(const struct task *task, const struct ec2_image *image)
{
        const char *time = tag_of(image, TAG_TIME);
        const char *consistency = tag_of(image, TAG_CONSISTENCY);
        const char *state = ec2_word(image_state_names, image->state);
        struct store_image row = {
                .account = xstrdup(task->row.account),
                .region = xstrdup(task->row.region),
                .id = xstrdup(image->id),
                .name = xstrdup(image->name),
                .schedule = xstrdup(tag_of(image, TAG_SCHEDULE)),
                .run = xstrdup(tag_of(image, TAG_RUN)),
                .instance = xstrdup(tag_of(image, TAG_INSTANCE)),
                .firing = SEC_NONE,
                .consistency = xstrdup(consistency ? consistency : ACHIEVED_CRASH),
                .outcome = outcome_of_tag(tag_of(image, TAG_OUTCOME)),
                .state = xstrdup(state),
                .snapshots = image_snapshots(image),
                .created = image->created,
                .removed = SEC_NONE,
                .missed = SEC_NONE,
                .retry = SEC_NONE,
        };

        if (!time || !parse_rfc3339(time, &row.firing))
                row.firing = SEC_NONE;
        return row;
}

static char *missing_tag(const struct store_image *row)
{
        if (!row->schedule)
                return xstrdup("it has no tag " TAG_SCHEDULE);
        if (!row->run)
                return xstrdup("it has no tag " TAG_RUN);
        if (!row->instance)
                return xstrdup("it has no tag " TAG_INSTANCE);
        if (row->firing == SEC_NONE)
                return xstrdup("its tag " TAG_TIME " is missing, or not a time");
        return NULL;
}

static char *wrong_time(const struct setting_schedule *schedule, const struct store_image *row)
{
        sec_t latest =
                row->firing + schedule->missed_within + schedule->flexible_window + RUN_AT_MOST;
        char created[TIME_TEXT_MAX], firing[TIME_TEXT_MAX];

        format_rfc3339(row->created, created);
        format_rfc3339(row->firing, firing);
        if (row->created < row->firing - AHEAD_AT_MOST)
                return xasprintf("its CreationDate %s is before its tag " TAG_TIME " %s", created,
                                 firing);
        if (row->created > latest)
                return xasprintf("its CreationDate %s is too long after its tag " TAG_TIME " %s",
                                 created, firing);
        return NULL;
}

/* Why the image is not one that amid has made; NULL when all fits. Caller frees. */
static char *adoption_misfit(const struct task *task, const struct adoption *adoption,
                             const struct ec2_image *image, const struct store_image *row)
{
        const struct setting_schedule *schedule;
        _cleanup_free_ char *name = NULL;
        char *missing = missing_tag(row);

        if (missing)
                return missing;
        schedule = settings_schedule(task->run->settings, row->schedule);
        if (!schedule)
                return xasprintf("schedule %s is not in the settings", row->schedule);
        if (MUTANT(adopts_by_tags))
                return NULL;
        name = setting_expand(schedule->image.name, row->schedule, row->instance, row->firing);
        if (!streq(image->name, name))
                return xasprintf("its name is %s, and schedule %s would have named it %s",
                                 image->name ? image->name : "missing", row->schedule, name);
        if (!streq(image->source_instance, row->instance))
                return xasprintf("its SourceInstanceId is %s, and its tag " TAG_INSTANCE " is %s",
                                 image->source_instance ? image->source_instance : "missing",
                                 row->instance);
        if (is_known(adoption, row))
                return xstrdup("another image of this schedule, instance and time is known");
        return wrong_time(schedule, row);
}

/* ---- find-images ---- */

static struct verdict adoption_ask(struct task *task)
{
        struct name_filter owner;
        struct describe_images input;

        name_filter_init(&owner, "tag:" TAG_OWNER, task->run->settings->owner);
        input = ec2_own_images(&owner.filter, 1);
        task_call(task, &ec2_describe_images, &input);
        name_filter_done(&owner);
        return step_wait();
}

/* Updates the state of a row by EC2. Retention does that for schedules with 'retain'; the images of
 * other schedules are listed here only. Rows of removed or released images are left to retention.
 */
static void refresh_state(struct task *task, struct store_image *row, const struct ec2_image *image)
{
        static const char *const of_retention[] = { STATE_DEREGISTERING, STATE_DEREGISTERED,
                                                    STATE_RELEASED, STATE_GONE };
        _cleanup_free_ char *difference = provenance_image(image, row, task->run->settings->owner);
        const char *state = ec2_word(image_state_names, image->state);

        for (size_t i = 0; i < ELEMENTS(of_retention); i++)
                if (streq(row->state, of_retention[i]))
                        return;
        if (difference || task->run->dry || streq(row->state, state))
                return;
        xreplace(&row->state, state);
        store_save_image(task->run->engine->store, row);
}

static bool has_row(struct task *task, const struct ec2_image *image)
{
        _cleanup_(store_image_done) struct store_image row = {};

        if (store_load_image(task->run->engine->store, task->row.account, task->row.region,
                             image->id, &row) <= 0)
                return false;
        refresh_state(task, &row, image);
        return true;
}

static void log_left(const struct task *task, const struct store_image *row, const char *why)
{
        struct log_about about = task_about(task);
        _cleanup_free_ char *where = task_where(task);

        about.image = row->id;
        about.instance = row->instance;
        log_event(&events[EVENT_IMAGE_NOT_ADOPTED], &about, "Image %s%s is not adopted: %s.",
                  row->id, where, why);
}

/* Adds a row for an image without one, or logs why not. */
static void consider(struct task *task, struct adoption *adoption, const struct ec2_image *image)
{
        _cleanup_(store_image_done) struct store_image row = row_of(task, image);
        _cleanup_free_ char *why = adoption_misfit(task, adoption, image, &row);

        adoption->adopted += !why;
        adoption->left += why != NULL;
        if (!why)
                learn(adoption, &row);
        if (!why && !task->run->dry)
                store_save_image(task->run->engine->store, &row);
        if (why && !task->run->dry)
                log_left(task, &row, why);
        task_report(task, &(struct prune_decision){ .image = &row,
                                                    .action = why ? PRUNE_LEAVE : PRUNE_ADOPT,
                                                    .why = why ? why : "everything fits" });
}

static void consider_all(struct task *task, struct adoption *adoption,
                         const struct ec2_images *found)
{
        for (size_t i = 0; i < found->n_images; i++)
                if (found->images[i].state == IMAGE_DEREGISTERED)
                        image_note_deregistered(task, &found->images[i]);
                else if (!has_row(task, &found->images[i]))
                        consider(task, adoption, &found->images[i]);
}

static struct verdict adoption_answer(struct task *task, const struct aws_reply *reply)
{
        const struct ec2_images *found = reply->output;
        struct engine *engine = task->run->engine;
        struct log_about about = task_about(task);
        _cleanup_(adoption_done) struct adoption adoption = {};

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_images);
        if (adoption_init(&adoption, task) < 0)
                return step_retry(10 * USEC_PER_SEC, xasprintf("the state cannot be read: %s",
                                                               store_error(engine->store)));
        if (task->run->dry) {
                consider_all(task, &adoption, found);
                return step_next();
        }
        store_begin(engine->store);
        consider_all(task, &adoption, found);
        if (store_commit(engine->store) < 0)
                return step_retry(10 * USEC_PER_SEC, xasprintf("the images cannot be recorded: %s",
                                                               store_error(engine->store)));
        log_event(&events[EVENT_IMAGES_ADOPTED], &about,
                  "%zu image%s adopted in %s/%s, %zu left (%zu carry our tags).", adoption.adopted,
                  adoption.adopted == 1 ? "" : "s", task->row.account, task->row.region,
                  adoption.left, found->n_images);
        return step_next();
}

static const struct step adoption_steps[] = {
        { .name = "find-images",
          .ask = adoption_ask,
          .answer = adoption_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true },
        {},
};

const struct task_kind adoption_task = { .name = "adoption", .steps = adoption_steps };

static void add_adoption_task(struct location *location, void *userdata)
{
        run_add_task(userdata, &adoption_task, location, "");
}

struct verdict adopt_begin(struct run *run)
{
        char *error =
                locations_of(&run->engine->locations, run->settings, NULL, add_adoption_task, run);

        return error ? step_finish(OUTCOME_FAILED, error) : step_next();
}
