/*
 * Rows whose image is not in the list of images with our tags.
 *
 * That list is filtered by tags, which people edit, and it lags behind. So absence from it proves
 * nothing: these images are described by id, and the rows are updated by that answer only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/provenance.h"
#include "runs/location/location.h"
#include "runs/retire/retire.h"

/* The absence of an image that is younger than this proves nothing: lists lag behind CreateImage.
 */
#define LISTED_AFTER SEC_PER_HOUR
/* An image counts as gone when two lists by id, so far apart at least, did not contain it. */
#define ABSENT_FOR_GOOD (10 * SEC_PER_MIN)

enum fate {
        FATE_OPEN,   /* not described yet, or nothing to do */
        FATE_RESUME, /* its removal goes on */
        FATE_WAITS,  /* its snapshots are described again later */
        FATE_RELEASED,
};

struct missing {
        struct store_image *rows;
        enum fate *fates; /* in the same order */
        size_t n, asked;
        size_t from; /* the first row of the question that is under way */
};

struct missing *missing_free(struct missing *missing)
{
        if (!missing)
                return NULL;
        store_images_free(missing->rows, missing->n);
        free(missing->fates);
        free(missing);
        return NULL;
}

static int compare_ids(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_listed(const struct store_image *row, char *const *listed, size_t n)
{
        return n && bsearch(&row->id, listed, n, sizeof(*listed), compare_ids);
}

/* An operator who prunes by hand does not wait for the next time. */
static bool is_due(const struct task *task, const struct store_image *row)
{
        return row->retry == SEC_NONE || streq(task->run->row.trigger, "operator") ||
               row->retry <= loop_wall(task->run->engine->loop);
}

struct missing *missing_find(struct task *task, char **listed, size_t n)
{
        struct engine *engine = task->run->engine;
        struct missing *missing;
        struct store_image *rows;
        size_t n_rows;

        if (!engine->store || store_load_images(engine->store, task->row.subject, task->row.account,
                                                task->row.region, false, &rows, &n_rows) < 0)
                return NULL;
        if (n)
                qsort(listed, n, sizeof(*listed), compare_ids);
        missing = xnew(struct missing);
        missing->rows = rows;
        for (size_t i = 0; i < n_rows; i++) {
                if (!is_listed(&rows[i], listed, n)) {
                        struct store_image row = rows[i];

                        rows[i] = rows[missing->n];
                        rows[missing->n++] = row;
                }
        }
        missing->fates = xcalloc(missing->n, sizeof(*missing->fates));
        for (size_t i = 0; i < missing->n; i++)
                if (streq(rows[i].state, STATE_DEREGISTERED))
                        missing->fates[i] = is_due(task, &rows[i]) ? FATE_RESUME : FATE_WAITS;
        for (size_t i = missing->n; i < n_rows; i++)
                store_image_done(&rows[i]);
        return missing;
}

/* Whether the row has to be looked up by its id. */
static bool is_open(const struct missing *missing, size_t i)
{
        return !streq(missing->rows[i].state, STATE_DEREGISTERED);
}

struct verdict missing_ask(struct task *task, struct missing *missing)
{
        struct ec2_filter filter = { .name = "image-id" };
        struct describe_images input = ec2_own_images(&filter, 1);

        if (!missing)
                return step_next();
        missing->from = missing->asked;
        for (; missing->asked < missing->n && filter.n_values < EC2_FILTER_VALUES_MAX;
             missing->asked++)
                if (is_open(missing, missing->asked))
                        *append(filter.values, filter.n_values) = missing->rows[missing->asked].id;
        if (filter.n_values)
                task_call(task, &ec2_describe_images, &input);
        free(filter.values);
        return filter.n_values ? step_wait() : step_next();
}

/* EC2 does not list the id. */
static enum fate note_absent(struct task *task, struct store_image *row)
{
        sec_t now = loop_wall(task->run->engine->loop);

        if (streq(row->state, STATE_DEREGISTERING))
                return FATE_RESUME;
        /* An absence while lists may have lagged is noted for people, and proves nothing. */
        if (row->missed == SEC_NONE || now < row->missed ||
            row->missed - row->created < LISTED_AFTER) {
                row->missed = now;
                image_save_seen(task, row);
        } else if (now - row->missed >= ABSENT_FOR_GOOD) {
                image_note_gone(task, row, "EC2 no longer has it: somebody deregistered it");
        }
        return FATE_OPEN;
}

static enum fate note_found(struct task *task, struct store_image *row,
                            const struct ec2_image *image)
{
        _cleanup_free_ char *difference = NULL;

        if (image->state == IMAGE_DEREGISTERED) {
                if (streq(row->state, STATE_DEREGISTERING))
                        return FATE_RESUME;
                image_note_gone(task, row, "somebody deregistered it");
                return FATE_OPEN;
        }
        row->created = image->created; /* rows of old have the time by our own clock */
        difference = provenance_image(image, row, task->run->settings->owner);
        if (difference) {
                image_release(task, row, difference);
                return FATE_RELEASED;
        }
        row->missed = SEC_NONE; /* the list by tags lags: the next one contains it */
        image_save_seen(task, row);
        return FATE_OPEN;
}

struct verdict missing_answer(struct task *task, struct missing *missing,
                              const struct aws_reply *reply)
{
        if (reply->outcome != AWS_OK) {
                missing->asked = missing->from;
                return task_trouble(task, reply, &ec2_describe_images);
        }
        for (size_t i = missing->from; i < missing->asked; i++) {
                struct store_image *row = &missing->rows[i];
                const struct ec2_image *image;

                if (!is_open(missing, i))
                        continue;
                image = ec2_find_image(reply->output, row->id);
                missing->fates[i] = image ? note_found(task, row, image) : note_absent(task, row);
        }
        return step_goto("look-at-missing");
}

static void report(struct task *task, const struct store_image *row, enum prune_action action,
                   const char *why)
{
        task_report(task, &(struct prune_decision){ .image = row, .action = action, .why = why });
}

static void plan_row(struct task *task, const struct store_image *row, enum fate fate)
{
        _cleanup_free_ char *why = NULL;
        bool deregistered = streq(row->state, STATE_DEREGISTERED);
        const char *detail = row->detail ? row->detail : "no reason is known";
        char time[TIME_TEXT_MAX];

        switch (fate) {
        case FATE_OPEN:
                return;
        case FATE_RESUME:
                why = xasprintf("%s: %s",
                                deregistered ? "deregistered by an earlier run; its snapshots are "
                                               "left"
                                             : "an earlier run sent DeregisterImage; its outcome "
                                               "is not known, and EC2 does not list the image",
                                detail);
                if (task->run->dry)
                        report(task, row, PRUNE_REMOVE, why);
                else
                        removal_add(task, row,
                                    deregistered ? "removed by an earlier run, and now what was "
                                                   "left of it"
                                                 : detail,
                                    why);
                return;
        case FATE_WAITS:
                why = xasprintf("deregistered; its snapshots are looked at again from %s: %s",
                                format_rfc3339(row->retry, time), detail);
                if (task->run->dry)
                        report(task, row, PRUNE_WAIT, why);
                return;
        case FATE_RELEASED:
                why = xasprintf("kept: no longer amid's: %s", row->detail);
                if (task->run->dry)
                        report(task, row, PRUNE_KEEP, why);
                return;
        }
        abort();
}

void missing_plan(struct task *task, const struct missing *missing)
{
        for (size_t i = 0; missing && i < missing->n; i++)
                plan_row(task, &missing->rows[i], missing->fates[i]);
}
