/* The image itself: recorded, followed to its end; and the steps of an image task. */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/backup/backup.h"
#include "runs/images/image-poll.h"
#include "runs/location/location.h"
#include "runs/outage/rival.h"

/* How long EC2 may refuse, or be unreachable, before amid gives up: the call for an image, the
 * lookup of an image that a call may have made, and the change of a tag. */
#define CREATE_TIMEOUT (6 * SEC_PER_HOUR)
#define LOOK_TIMEOUT   SEC_PER_DAY
#define TAG_TIMEOUT    SEC_PER_DAY

/* ---- record-found ---- */

static struct verdict record_found_ask(struct task *task)
{
        return image_save_pending(task) < 0 ? image_not_recorded(task) : step_goto("await-image");
}

/* ---- record-image ---- */

static struct verdict record_ask(struct task *task)
{
        struct log_about about = task_about(task);

        if (image_save_pending(task) < 0)
                return image_not_recorded(task);
        if (task->method->reboots)
                image_touch(task);
        if (!backup_state(task)->taken_over)
                log_event(&events[EVENT_IMAGE_STARTED], &about,
                          "Image %s of %s is being created%s.", task->row.image, task->row.subject,
                          task->method->reboots ? ", with a reboot" : "");
        backup_state(task)->taken_over = false;
        backup_state(task)->image_watch = image_watch_begin(task);
        return task->row.launched != SEC_NONE ? step_goto("await-snapshots") : step_next();
}

/* ---- await-image ---- */

static struct verdict image_failed(struct task *task, const struct image_watch *watch)
{
        struct verdict recorded =
                image_ended(task, watch->seen == SEEN_GONE ? "gone" : "failed", watch);

        if (recorded.move != MOVE_NEXT)
                return recorded;
        return step_finish(OUTCOME_FAILED,
                           xasprintf("image %s failed: %s", task->row.image,
                                     watch->reason ? watch->reason : "EC2 gave no reason"));
}

/* Notes in the row that EC2 has listed the image: after a restart, its absence proves a removal
 * sooner. */
static struct verdict note_listed(struct task *task)
{
        task->row.listed = loop_wall(task->run->engine->loop);
        return step_goto("await-image");
}

struct verdict image_abandoned(struct task *task)
{
        if (task->row.ending != OUTCOME_OPEN)
                return step_finish(task->row.ending, NULL);
        return step_finish(OUTCOME_CANCELLED,
                           xasprintf("image %s is no longer followed: the run was abandoned",
                                     task->row.image));
}

static struct verdict await_image_ask(struct task *task)
{
        struct backup_state *backup = backup_state(task);

        if (!task->row.image && task->row.ending == OUTCOME_OPEN)
                return image_start_over(task);
        if (!task->row.image)
                return task->row.requested != SEC_NONE && !MUTANT(looks_for_it_no_more)
                               ? step_goto("look-for-image")
                               : step_finish(task->row.ending, NULL);
        if (task->run->row.abandoned)
                return image_abandoned(task);
        if (!backup->image_watch)
                backup->image_watch = image_watch_begin(task);
        task_await(task, image_poll_refusal(task->location));
        switch (backup->image_watch->seen) {
        case SEEN_PENDING:
                if (task->row.listed == SEC_NONE)
                        return note_listed(task);
                return MUTANT(stops_following) ? step_next() : step_wait();
        case SEEN_NOTHING:
                return step_wait();
        case SEEN_FAILED:
        case SEEN_GONE:
                return image_failed(task, backup->image_watch);
        case SEEN_AVAILABLE:
                return backup->recorded ? step_next() : image_available(task);
        }
        abort();
}

/* ---- the end ---- */

static struct verdict image_on_timeout(struct task *task, char *detail)
{
        return task->step->down ? end_without_image(task, OUTCOME_FAILED, detail)
                                : step_finish(OUTCOME_FAILED, detail);
}

/* The line of an instance that got no image. There was a line already where the instance did not
 * come back, and where the image did not achieve the consistency requested. */
static void image_log_end(struct task *task)
{
        struct log_about about = task_about(task);
        bool logged = task->row.image &&
                      (task->row.ending != OUTCOME_OPEN || streq(task->row.step, "judge"));

        if (task->row.outcome != OUTCOME_FAILED || logged || MUTANT(fails_silently))
                return;
        for (int lines = MUTANT(says_it_twice) ? 2 : 1; lines; lines--)
                log_event(&events[EVENT_IMAGE_FAILED], &about, "No image of %s: %s",
                          task->row.subject, task->row.detail);
}

static bool image_leaves(const struct task *task)
{
        return task->row.image;
}

/* The steps of backup.h. Rows with `ways` are for tasks of these methods only. */
static const struct step image_steps[] = {
        { .name = "wait-turn", .ask = wait_turn_ask, .queued = true },
        { .name = "check-instance",
          .ask = check_ask,
          .answer = check_answer,
          .timeout = SEC_PER_HOUR,
          .read_only = true,
          .down = true },
        { .name = "check-status",
          .ask = check_status_ask,
          .ways = BY_FREEZE | BY_REBOOT | BY_STOP,
          .read_only = true,
          .down = true },
        { .name = "check-daemon",
          .ask = rival_ask,
          .timeout = SEC_PER_HOUR,
          .ways = BY_FREEZE | BY_REBOOT | BY_STOP,
          .read_only = true,
          .down = true },
        { .name = "check-stop",
          .ask = check_stop_ask,
          .answer = check_stop_answer,
          .timeout = SEC_PER_HOUR,
          .ways = BY_STOP,
          .read_only = true,
          .down = true },
        { .name = "check-rotation",
          .ask = check_rotation_ask,
          .answer = check_rotation_answer,
          .timeout = SEC_PER_HOUR,
          .ways = BY_REBOOT | BY_STOP,
          .read_only = true,
          .down = true },
        { .name = "take-out",
          .ask = take_out_ask,
          .answer = take_out_answer,
          .timeout = SEC_PER_HOUR,
          .on_timeout = take_out_on_timeout,
          .ways = BY_REBOOT | BY_STOP,
          .down = true },
        { .name = "await-taken-out",
          .ask = await_taken_out_ask,
          .answer = await_taken_out_answer,
          .ways = BY_REBOOT | BY_STOP,
          .down = true },
        { .name = "read-boot",
          .ask = read_boot_ask,
          .answer = read_boot_answer,
          .ways = BY_REBOOT,
          .down = true },
        { .name = "await-boot",
          .ask = await_boot_ask,
          .answer = await_boot_answer,
          .ways = BY_REBOOT,
          .down = true },
        { .name = "freeze-instance",
          .ask = freeze_ask,
          .answer = freeze_answer,
          .ways = BY_FREEZE,
          .down = true },
        { .name = "await-frozen",
          .ask = await_frozen_ask,
          .answer = await_frozen_answer,
          .ways = BY_FREEZE,
          .down = true },
        { .name = "stop-instance",
          .ask = stop_ask,
          .answer = stop_answer,
          .ways = BY_STOP,
          .down = true },
        { .name = "await-stopped", .ask = await_stopped_ask, .ways = BY_STOP, .down = true },
        { .name = "create-image",
          .ask = create_ask,
          .answer = create_answer,
          .timeout = CREATE_TIMEOUT,
          .down = true },
        { .name = "record-image", .ask = record_ask, .down = true },
        { .name = "await-snapshots",
          .ask = await_snapshots_ask,
          .answer = await_snapshots_answer,
          .ways = BY_FREEZE | BY_STOP,
          .down = true },
        /* entered from await-snapshots, when the instance was stopped, by anybody */
        { .name = "prove-stopped",
          .ask = prove_stopped_ask,
          .answer = prove_stopped_answer,
          .ways = BY_STOP,
          .down = true },
        { .name = "thaw-instance",
          .ask = thaw_ask,
          .answer = thaw_answer,
          .ways = BY_FREEZE,
          .down = true },
        { .name = "await-thawed",
          .ask = await_thawed_ask,
          .answer = await_thawed_answer,
          .ways = BY_FREEZE,
          .down = true },
        { .name = "start-instance",
          .ask = start_ask,
          .answer = start_answer,
          .ways = BY_STOP,
          .down = true },
        { .name = "await-instance",
          .ask = await_instance_ask,
          .ways = BY_REBOOT | BY_STOP,
          .down = true },
        { .name = "read-boot-again",
          .ask = read_boot_again_ask,
          .answer = read_boot_again_answer,
          .ways = BY_REBOOT,
          .down = true },
        { .name = "await-boot-again",
          .ask = await_boot_ask,
          .answer = await_boot_again_answer,
          .ways = BY_REBOOT,
          .down = true },
        { .name = "put-back",
          .ask = put_back_ask,
          .answer = put_back_answer,
          .ways = BY_REBOOT | BY_STOP,
          .down = true },
        { .name = "await-put-back",
          .ask = await_put_back_ask,
          .answer = await_put_back_answer,
          .ways = BY_REBOOT | BY_STOP,
          .down = true },
        { .name = "await-image", .ask = await_image_ask, .follows = true },
        { .name = "tag-consistency",
          .ask = tag_consistency_ask,
          .answer = tag_consistency_answer,
          .timeout = TAG_TIMEOUT,
          .on_timeout = tag_consistency_refused,
          .follows = true },
        { .name = "judge", .ask = check_consistency_ask, .last = true, .follows = true },
        /* entered from await-image, and from find-image where nothing has to be restored */
        { .name = "look-for-image",
          .ask = look_ask,
          .answer = look_answer,
          .timeout = LOOK_TIMEOUT,
          .on_timeout = look_on_timeout,
          .follows = true },
        { .name = "record-found", .ask = record_found_ask, .follows = true },
        /* entered from create-image when its outcome is not known, and going back there */
        { .name = "find-image", .ask = find_ask, .answer = find_answer, .down = true },
        { .name = "check-again",
          .ask = check_again_ask,
          .answer = check_again_answer,
          .timeout = SEC_PER_HOUR,
          .down = true },
        { .name = "check-status-again", .ask = check_status_again_ask, .down = true },
        {},
};

const struct task_kind image_task = {
        .name = "image",
        .steps = image_steps,
        .by_subject = true,
        .forget = image_forget,
        .ended = image_log_end,
        .on_timeout = image_on_timeout,
        .call_limit = image_call_limit,
        .touching = BY_FREEZE | BY_REBOOT | BY_STOP,
        .holds = image_holds,
        .held_until = image_held_until,
        .leaves = image_leaves,
        .loaded = image_loaded,
        .lost = image_lost,
};
