/*
 * The backup run: find the instances of a schedule, make an image of each, follow it to its end.
 * Internal to runs/.
 *
 *     targets task, one per place:     describe-instances
 *     image task, one per instance:    wait-turn, check-instance, create-image (or find-image, when
 *                                      the outcome of the call is not known; check-again before
 *                                      it is made once more), record-image, await-instance,
 *                                      await-image, tag-consistency
 */
#pragma once

#include "runs/engine.h"

extern const struct task_kind targets_task, image_task;

/* Phases: adds a targets task per place; holds what was found to `expect`. */
struct verdict backup_begin_targets(struct run *run);
struct verdict backup_begin_images(struct run *run);

struct followed;
struct patient;

/* What an image task knows beyond its row; made anew after a restart. */
struct image_live {
        struct ec2_instances instance; /* one, or none: not described yet */
        usec_t described;
        struct followed *followed;
        struct patient *patient;
        bool look_again; /* EC2 says the instance is in no state for an image: describe it anew */
        unsigned int looks;        /* for the image by its name */
        unsigned int wrong_states; /* how often EC2 refused it for its state */
};
struct image_live *image_live(struct task *task);
void image_forget(struct task *task);

/* Whether it is too late to reboot the instance of the task, or any of its run. */
bool image_is_too_late(const struct task *task);

/* Takes over a described instance (which is zeroed) and derives from it what the row needs. */
void image_describe(struct task *task, struct ec2_instance *instance);

/* backup-instance.c: the steps about the instance: its turn, its state, its return. */
struct verdict wait_turn_ask(struct task *task);
struct verdict check_ask(struct task *task);
struct verdict check_answer(struct task *task, const struct aws_reply *reply);
struct verdict check_again_ask(struct task *task);
struct verdict check_again_answer(struct task *task, const struct aws_reply *reply);
struct verdict await_instance_ask(struct task *task);

/* backup-gate.c: whether the task may begin now; otherwise says what it waits for. */
bool gate_is_open(struct task *task);
/* The group within which at most max_parallel instances are down at once. Caller frees. */
char *gate_group(const struct setting_schedule *schedule, const struct ec2_instance *instance);

/* backup-create.c: the steps around CreateImage. */
struct verdict create_ask(struct task *task);
struct verdict create_answer(struct task *task, const struct aws_reply *reply);
struct verdict find_ask(struct task *task);
struct verdict find_answer(struct task *task, const struct aws_reply *reply);
/* Ends it without an image, unless an earlier call may have made one after all. (EC2 looks at keys
 * and instance before it looks at the name: a refusal does not tell that there is none.) */
struct verdict end_without_image(struct task *task, enum outcome outcome, char *detail);
