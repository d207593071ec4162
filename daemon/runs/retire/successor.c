/* The image that stays in the place of one that is removed. */
#include "runs/retire/successor.h"

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/provenance.h"
#include "runs/location/location.h"
#include "runs/retire/retain.h"

static struct retention_image as_image(const struct setting_schedule *schedule,
                                       const struct store_image *row)
{
        struct retention_image image = retain_image(schedule, row, row->created);

        image.failed = streq(row->state, image_state_names[IMAGE_FAILED]) ||
                       streq(row->state, image_state_names[IMAGE_ERROR]) ||
                       streq(row->state, image_state_names[IMAGE_INVALID]);
        return image;
}

int successor_find(const struct task *task, const struct store_image *row, char **ret_id)
{
        const struct engine *engine = task->run->engine;
        const struct setting_schedule *schedule =
                settings_schedule(engine->settings, row->schedule);
        struct retention_image older;
        struct retention_terms terms;
        struct store_image *rows;
        size_t n;
        int r;

        *ret_id = NULL;
        if (!schedule || retention_policy_is_empty(&schedule->retain))
                return 0;
        r = store_load_newer_images(engine->store, row, &rows, &n);
        if (r < 0)
                return r;
        terms = retain_terms(schedule, loop_wall(engine->loop));
        older = as_image(schedule, row);
        for (size_t i = 0; i < n && !*ret_id; i++) {
                struct retention_image newer = as_image(schedule, &rows[i]);

                if (retention_replaces(&terms, &newer, &older))
                        *ret_id = xstrdup(rows[i].id);
        }
        store_images_free(rows, n);
        return 0;
}

bool successor_is_there(const struct task *task, const struct ec2_images *found, const char *id)
{
        const struct ec2_image *image = id ? ec2_find_image(found, id) : NULL;
        _cleanup_free_ char *difference = NULL;
        struct store_image row;

        if (!image || image->state != IMAGE_AVAILABLE ||
            store_load_image(task->run->engine->store, task->row.account, task->row.region, id,
                             &row) <= 0)
                return false;
        difference = provenance_image(image, &row, task->run->settings->owner);
        store_image_done(&row);
        return !difference;
}
