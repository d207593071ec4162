/* What EC2 shows of an image, written into the row of the image. */
#include "runs/images/seen.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/provenance.h"

void image_save_seen(struct task *task, struct store_image *row)
{
        struct engine *engine = task->run->engine;

        if (!task->run->dry || (engine->clock && clock_guard_peek(engine->clock) == CLOCK_AGREES))
                store_save_image(engine->store, row);
}

void image_release(struct task *task, struct store_image *row, const char *why)
{
        struct log_about about = task_about(task);
        _cleanup_free_ char *where = task_where(task);
        bool before = streq(row->state, STATE_RELEASED) && streq(row->detail, why);

        row->missed = row->removed = SEC_NONE;
        xreplace(&row->state, STATE_RELEASED);
        xreplace(&row->detail, why);
        if (task->run->dry)
                return;
        store_save_image(task->run->engine->store, row);
        if (before)
                return;
        about.instance = row->instance;
        about.image = row->id;
        log_event(&events[EVENT_IMAGE_RELEASED], &about,
                  "Image %s of %s%s is no longer amid's, and stays: %s.", row->id, row->instance,
                  where, why);
}

void image_note_gone(struct task *task, struct store_image *row, const char *why)
{
        xreplace(&row->state, STATE_GONE);
        xreplace(&row->detail, why);
        row->removed = loop_wall(task->run->engine->loop);
        image_save_seen(task, row);
}

bool image_note_deregistered(struct task *task, const struct ec2_image *image)
{
        static const char *const ours[] = { STATE_DEREGISTERING, STATE_DEREGISTERED, STATE_RELEASED,
                                            STATE_GONE };
        _cleanup_(store_image_done) struct store_image row = {};
        _cleanup_free_ char *difference = NULL;
        struct engine *engine = task->run->engine;

        if (image->state != IMAGE_DEREGISTERED || !engine->store ||
            store_load_image(engine->store, task->row.account, task->row.region, image->id, &row) <=
                    0)
                return false;
        difference = provenance_image(image, &row, task->run->settings->owner);
        for (size_t i = 0; i < ELEMENTS(ours); i++)
                if (streq(row.state, ours[i]))
                        return false;
        if (!difference)
                image_note_gone(task, &row, "somebody deregistered it");
        return !difference;
}
