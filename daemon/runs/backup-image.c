#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup.h"
#include "runs/follow.h"
#include "runs/place.h"

/* What EC2 does not list yet is asked for again after this. */
#define TAG_RETRY (15 * USEC_PER_SEC)
/* How long EC2 may refuse or be out of reach before an image is given up. */
#define CREATE_PATIENCE (6 * SEC_PER_HOUR)

/* ---- record-image ---- */

static struct store_image image_row(const struct task *task, const char *state)
{
        return (struct store_image){
                .account = task->row.account,
                .region = task->row.region,
                .id = task->row.image,
                .name = task->row.name,
                .schedule = task->run->row.schedule,
                .run = task->row.run,
                .instance = task->row.subject,
                .firing = task->run->row.firing,
                .consistency = task->row.consistency,
                .state = (char *)(uintptr_t)state, /* borrowed by store_save_image() */
                .created = loop_wall(task->run->engine->loop),
                .removed = SEC_NONE,
        };
}

static struct verdict record_ask(struct task *task)
{
        struct store_image row = image_row(task, "pending");
        struct log_about about = task_about(task);
        int r;

        r = store_save_image(task->run->engine->store, &row);
        if (r < 0)
                return again(10 * USEC_PER_SEC, xasprintf("the image cannot be recorded: %s",
                                                          store_error(task->run->engine->store)));
        log_event(&events[EVENT_IMAGE_STARTED], &about, "Image %s of %s is being created%s.",
                  task->row.image, task->row.subject, task->row.group ? ", with a reboot" : "");
        image_live(task)->followed = follow_begin(task);
        return task->row.group ? next() : go("await-image");
}

/* ---- await-image ---- */

static char *join_snapshots(const struct followed *followed)
{
        return strings_join(followed->snapshots, followed->n_snapshots, " ");
}

static struct verdict image_ended(struct task *task, const char *state,
                                  const struct followed *followed)
{
        _cleanup_free_ char *snapshots = join_snapshots(followed);
        struct store_image row = image_row(task, state), before;
        int r;

        row.snapshots = snapshots;
        row.detail = followed->reason;
        if (store_load_image(task->run->engine->store, row.account, row.region, row.id, &before) >
            0) {
                row.created = before.created;
                store_image_done(&before);
        }
        r = store_save_image(task->run->engine->store, &row);
        if (r < 0)
                return again(10 * USEC_PER_SEC, xasprintf("the image cannot be recorded: %s",
                                                          store_error(task->run->engine->store)));
        return next();
}

static struct verdict image_failed(struct task *task, const struct followed *followed)
{
        struct verdict recorded =
                image_ended(task, followed->sight == SIGHT_GONE ? "gone" : "failed", followed);

        if (recorded.move != MOVE_NEXT)
                return recorded;
        return finish(OUTCOME_FAILED,
                      xasprintf("image %s failed: %s", task->row.image,
                                followed->reason ? followed->reason : "EC2 gave no reason"));
}

static struct verdict await_image_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        struct log_about about = task_about(task);
        struct verdict verdict;

        if (!live->followed)
                live->followed = follow_begin(task);
        switch (live->followed->sight) {
        case SIGHT_NONE:
        case SIGHT_PENDING:
                return stay();
        case SIGHT_FAILED:
        case SIGHT_GONE:
                return image_failed(task, live->followed);
        case SIGHT_AVAILABLE:
                verdict = image_ended(task, "available", live->followed);
                if (verdict.move == MOVE_NEXT)
                        log_event(&events[EVENT_IMAGE_AVAILABLE], &about,
                                  "Image %s of %s is available (%zu snapshot%s).", task->row.image,
                                  task->row.subject, live->followed->n_snapshots,
                                  live->followed->n_snapshots == 1 ? "" : "s");
                return verdict;
        }
        abort();
}

/* The image of an instance that did not come back: good or not, the task has failed. */
static struct verdict await_image_only_ask(struct task *task)
{
        struct verdict verdict = await_image_ask(task);

        return verdict.move == MOVE_NEXT ? finish(OUTCOME_FAILED, NULL) : verdict;
}

/* ---- tag-consistency ---- */

static struct verdict tag_ask(struct task *task)
{
        struct ec2_tag tag = { .key = (char *)(uintptr_t)TAG_CONSISTENCY,
                               .value = task->row.consistency };
        struct followed *followed = image_live(task)->followed;
        const char **ids = NULL;
        size_t n = 0;

        /* Other values were right in the create call already. */
        if (!streq(task->row.consistency, PROVEN_REBOOT))
                return next();
        *append(ids, n) = task->row.image;
        for (size_t i = 0; followed && i < followed->n_snapshots; i++)
                *append(ids, n) = followed->snapshots[i];
        task_call(task, &ec2_create_tags,
                  &(struct create_tags){ .ids = ids, .n_ids = n, .tags = &tag, .n_tags = 1 });
        free(ids);
        return stay();
}

static struct verdict tag_answer(struct task *task, const struct aws_reply *reply)
{
        struct log_about about = task_about(task);
        _cleanup_free_ char *why = NULL;

        if (reply->outcome == AWS_OK)
                return next();
        if (reply->outcome != AWS_ERROR || streq(reply->code, "InvalidAMIID.NotFound") ||
            streq(reply->code, "InvalidSnapshot.NotFound"))
                return again(TAG_RETRY,
                             aws_describe_failure(reply, &ec2_create_tags, task->row.region));
        /* The image is good; only its label stays at what the create call could promise. */
        why = aws_describe_failure(reply, &ec2_create_tags, task->row.region);
        about.error = reply->code;
        log_line(LOG_WARNING, &about, "Image %s keeps the label %s=%s: %s", task->row.image,
                 TAG_CONSISTENCY, PROVEN_CRASH, why);
        return next();
}

/* One line for each instance that got no image. That it did not come back was said already. */
static void image_say_end(struct task *task)
{
        struct log_about about = task_about(task);

        if (task->row.outcome == OUTCOME_FAILED && !streq(task->row.step, "await-image-only"))
                log_event(&events[EVENT_IMAGE_FAILED], &about, "No image of %s: %s",
                          task->row.subject, task->row.detail);
}

static const struct step image_steps[] = {
        { .name = "wait-turn", .ask = wait_turn_ask, .waits = true },
        { .name = "check-instance",
          .ask = check_ask,
          .answer = check_answer,
          .patience = SEC_PER_HOUR,
          .looks = true,
          .down = true },
        { .name = "create-image",
          .ask = create_ask,
          .answer = create_answer,
          .patience = CREATE_PATIENCE,
          .down = true },
        { .name = "find-image", .ask = find_ask, .answer = find_answer, .down = true },
        { .name = "check-again",
          .ask = check_again_ask,
          .answer = check_again_answer,
          .down = true },
        { .name = "record-image", .ask = record_ask, .down = true },
        { .name = "await-instance", .ask = await_instance_ask, .down = true },
        { .name = "await-image", .ask = await_image_ask },
        { .name = "tag-consistency",
          .ask = tag_ask,
          .answer = tag_answer,
          .patience = SEC_PER_HOUR,
          .last = true },
        { .name = "await-image-only", .ask = await_image_only_ask },
        {},
};

const struct task_kind image_task = {
        .name = "image", .steps = image_steps, .forget = image_forget, .ended = image_say_end
};
