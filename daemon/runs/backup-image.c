#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/backup.h"
#include "runs/follow.h"
#include "runs/health.h"
#include "runs/place.h"

/* A description of an instance this young is still true enough to act on. */
#define DESCRIPTION_FRESH (60 * USEC_PER_SEC)
/* An instance that is starting or stopping is looked at again after this. */
#define STATE_RETRY (15 * USEC_PER_SEC)
/* How long EC2 may refuse or be out of reach before an image is given up. */
#define CREATE_PATIENCE (6 * SEC_PER_HOUR)

/* ---- what a task knows of its instance ---- */

struct image_live *image_live(struct task *task)
{
        if (!task->live)
                task->live = xnew(struct image_live);
        return task->live;
}

void image_forget(struct task *task)
{
        struct image_live *live = task->live;

        if (!live)
                return;
        shape_done(ec2_describe_instances.output, &live->instance);
        follow_end(live->followed);
        health_end(live->patient);
        free(live);
}

void image_describe(struct task *task, struct ec2_instance *instance)
{
        struct image_live *live = image_live(task);
        const struct setting_schedule *schedule = task->run->schedule;
        bool reboots =
                schedule->consistency == CONSISTENCY_REBOOT && instance->state == INSTANCE_RUNNING;

        shape_done(ec2_describe_instances.output, &live->instance);
        *append(live->instance.instances, live->instance.n_instances) = *instance;
        *instance = (struct ec2_instance){};
        live->described = loop_monotonic(task->run->engine->loop);
        instance = live->instance.instances;
        free(task->row.group);
        task->row.group = reboots ? gate_group(schedule, instance) : NULL;
        xreplace(&task->row.consistency,
                 instance->state == INSTANCE_STOPPED ? PROVEN_STOPPED : PROVEN_CRASH);
        task->dirty = true;
}

bool image_is_too_late(const struct task *task)
{
        const struct setting_schedule *schedule = task->run->schedule;
        sec_t late = loop_wall(task->run->engine->loop) - task->run->row.firing;

        return task->row.group && schedule->reboot.window && late > schedule->reboot.window;
}

/* ---- wait-turn ---- */

static struct verdict wait_turn_ask(struct task *task)
{
        if (!task->run->schedule)
                return finish(OUTCOME_CANCELLED,
                              xstrdup("not begun: the schedule is no longer in the settings"));
        if (image_is_too_late(task))
                return finish(OUTCOME_SKIPPED,
                              xstrdup("not begun: the window for reboots is over"));
        return gate_is_open(task) ? next() : stay();
}

/* ---- check-instance ---- */

static struct verdict check_verdict(struct task *task)
{
        const struct ec2_instance *instance = image_live(task)->instance.instances;

        switch ((enum instance_state)instance->state) {
        case INSTANCE_RUNNING:
        case INSTANCE_STOPPED:
                /* What was stopped may run by now, and then has to wait for its turn. */
                return gate_is_open(task) ? next() : go("wait-turn");
        case INSTANCE_PENDING:
        case INSTANCE_STOPPING:
        case INSTANCE_OTHER:
                return again(STATE_RETRY, xasprintf("the instance is %s",
                                                    instance_state_names[instance->state]));
        case INSTANCE_SHUTTING_DOWN:
        case INSTANCE_TERMINATED:
                return finish(OUTCOME_SKIPPED, xstrdup("the instance was terminated"));
        }
        abort();
}

static struct verdict check_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        usec_t age = loop_monotonic(task->run->engine->loop) - live->described;
        struct name_filter filter;

        if (!task->run->schedule)
                return finish(OUTCOME_CANCELLED,
                              xstrdup("not begun: the schedule is no longer in the settings"));
        if (live->instance.n_instances && !live->look_again && age < DESCRIPTION_FRESH &&
            (live->instance.instances->state == INSTANCE_RUNNING ||
             live->instance.instances->state == INSTANCE_STOPPED))
                return check_verdict(task);
        live->look_again = false;
        name_filter_init(&filter, "instance-id", task->row.subject);
        task_call(task, &ec2_describe_instances,
                  &(struct describe_instances){ .filters = &filter.filter, .n_filters = 1 });
        name_filter_done(&filter);
        return stay();
}

static struct verdict check_answer(struct task *task, const struct aws_reply *reply)
{
        struct ec2_instances *found = reply->output;

        if (reply->outcome != AWS_OK)
                return task_trouble(task, reply, &ec2_describe_instances);
        if (found->n_instances == 0)
                return finish(OUTCOME_SKIPPED, xstrdup("the instance is gone"));
        image_describe(task, &found->instances[0]);
        return check_verdict(task);
}

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

/* ---- await-instance ---- */

/* Ends the instance's turn badly: the rest of the run is halted if the schedule says so. */
static struct verdict instance_failed(struct task *task, char *why)
{
        struct run *run = task->run;
        struct log_about about = task_about(task);
        bool halt = !run->schedule || run->schedule->reboot.on_failure == ON_FAILURE_HALT;

        log_event(&events[EVENT_INSTANCE_NOT_READY], &about, "Instance %s did not come back: %s.",
                  task->row.subject, why);
        if (halt) {
                _cleanup_free_ char *reason =
                        xasprintf("not begun: the run was halted because %s did not come back",
                                  task->row.subject);

                run_cancel(run, reason);
                log_event(&events[EVENT_RUN_HALTED], &about,
                          "Run %s is halted because %s did not come back.", run->row.id,
                          task->row.subject);
        }
        free(task->row.detail);
        task->row.detail = xasprintf("the instance did not come back: %s", why);
        free(why);
        return go("await-image-only");
}

static bool is_back(const struct patient *patient, usec_t entered, sec_t settle)
{
        return patient_is_well(patient) &&
               (patient->was_down || patient->read - entered >= settle * USEC_PER_SEC);
}

static const char *check_name(int status)
{
        return check_status_names[status] ? check_status_names[status] : "unknown";
}

static struct verdict instance_ready(struct task *task, const struct patient *patient, sec_t waited)
{
        struct log_about about = task_about(task);
        char time[TIME_TEXT_MAX];

        if (patient->was_down)
                xreplace(&task->row.consistency, PROVEN_REBOOT);
        log_event(&events[EVENT_INSTANCE_READY], &about, "Instance %s is back after %s%s.",
                  task->row.subject, format_timespan(waited, time),
                  patient->was_down
                          ? ""
                          : " (its checks were never seen down, so the reboot is not proven)");
        return go("await-image");
}

static struct verdict await_instance_ask(struct task *task)
{
        struct image_live *live = image_live(task);
        const struct setting_schedule *schedule = task->run->schedule;
        sec_t settle = schedule ? schedule->reboot.settle : 2 * SEC_PER_MIN;
        sec_t timeout = schedule ? schedule->reboot.ready_timeout : 15 * SEC_PER_MIN;
        sec_t waited = task_spent(task), watched;
        struct patient *patient;
        char time[TIME_TEXT_MAX];

        if (!live->followed)
                live->followed = follow_begin(task);
        if (!live->patient)
                live->patient = health_begin(task);
        patient = live->patient;
        if (patient->gone)
                return instance_failed(task, xstrdup("it was terminated"));
        if (is_back(patient, task->entered, settle))
                return instance_ready(task, patient, waited);
        watched = (loop_monotonic(task->run->engine->loop) - patient->since) / USEC_PER_SEC;
        /* After a restart EC2 is asked before the time that passed meanwhile counts. */
        if (waited >= timeout && (patient->asked || watched >= timeout))
                return instance_failed(
                        task,
                        xasprintf("not ready within %s (%s; system check %s, instance check %s)",
                                  format_timespan(timeout, time),
                                  patient->asked ? instance_state_names[patient->state]
                                                 : "no answer from EC2",
                                  check_name(patient->system), check_name(patient->check)));
        if (patient->asked)
                task_set_waiting(task, "reboot: %s, checks %s/%s",
                                 instance_state_names[patient->state], check_name(patient->system),
                                 check_name(patient->check));
        else
                task_set_waiting(task, "reboot");
        task_wake_after(task,
                        (waited < timeout ? timeout - waited : timeout - watched) * USEC_PER_SEC);
        return stay();
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

        live->patient = health_end(live->patient);
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
                return again(STATE_RETRY,
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
          .looks = true },
        { .name = "create-image",
          .ask = create_ask,
          .answer = create_answer,
          .patience = CREATE_PATIENCE,
          .down = true },
        { .name = "find-image", .ask = find_ask, .answer = find_answer, .down = true },
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
