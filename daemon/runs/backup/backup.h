/*
 * The backup run: find the instances of a schedule, make an image of each, follow it to its end.
 *
 *     targets task, one per location:  describe-instances, for `auto` after describe-images;
 *                                      before it find-target-groups, where they matter; after
 *                                      it describe-named, where an operator named instances, and
 *                                      for a plan describe-status
 *     image task, one per instance:    its method (method.h) decides which of these it goes through
 *
 *         wait-turn, check-instance
 *         check-status                         freeze, reboot, stop: whether it is well
 *         check-daemon                         freeze, reboot, stop: no other one of our owner
 *         check-stop                           stop: what it would cost
 *         check-rotation                       reboot, stop: what sends it work
 *         take-out, await-taken-out            reboot, stop, when it is to be out of that
 *         read-boot, await-boot                reboot, with proof: ssm
 *         freeze-instance, await-frozen        freeze
 *         stop-instance, await-stopped         stop
 *         create-image                         or find-image, when the outcome of the call is not
 *                                              known; check-again before it is made once more, and
 *                                              check-status-again when the look at the status
 *                                              checks is too old for a reboot
 *         record-image
 *         await-snapshots                      freeze, stop, stopped: the moment is fixed
 *         prove-stopped                        stop, stopped: it was stopped until then
 *         thaw-instance, await-thawed          freeze
 *         start-instance                       stop
 *         await-instance                       reboot, stop
 *         read-boot-again, await-boot-again    reboot, with proof: ssm
 *         put-back, await-put-back             reboot, stop: until it is healthy as before
 *         await-image, tag-consistency, judge
 *         look-for-image, record-found         after a failure, where a call may have made an image
 *
 * The steps from wait-turn to put-back are those of outage.h.
 */
#pragma once

#include "runs/outage/outage.h"

extern const struct task_kind targets_task, image_task;

/* Phases: adds a targets task per location; holds what was found to `expect`. */
struct verdict backup_begin_targets(struct run *run);
struct verdict backup_begin_images(struct run *run);

/* What a targets task knows, and no row of the store. */
struct targets_state {
        char **rebooted; /* instance ids: these had a reboot for an image lately */
        size_t n_rebooted;
        size_t named, asking; /* of the instances that an operator named: so many were asked about,
                               * and so many are with the question that is under way */
        bool more;            /* others of them are left after that */
        struct text reasons;  /* why each of those is no target */
};
struct targets_state *targets_state(struct task *task); /* makes it the first time */

/* named.c: the step that asks EC2 for the instances an operator named and that are no
 * targets. What it says of them is the detail of the targets task. */
struct verdict named_ask(struct task *task);
struct verdict named_answer(struct task *task, const struct aws_reply *reply);
/* The instances an operator named that are a target in no region, each with the reason; NULL: there
 * are none. Caller frees. */
char *named_not_targets(const struct run *run);
/* Whether an instance has a tag of `exclude_tags`. */
bool targets_exclude(const struct setting_targets *targets, const struct ec2_instance *instance);
/* planned.c: the step of a plan that reads the status checks of the instances it would
 * touch, and then tells of all instances. What is impaired has row.detail, and row.ending SKIPPED
 * where no image would be made; where the checks are not known row.evidence says why. */
struct verdict planned_ask(struct task *targets);
struct verdict planned_answer(struct task *targets, const struct aws_reply *reply);

/* struct run_kind.made, .shortfall. */
char *backup_made(const struct run *run);
char *backup_shortfall(const struct run *run);

/* Its run was abandoned: how a task ends that has let go of its instance. */
struct verdict image_abandoned(struct task *task);

/* create.c: the step that calls CreateImage. */
struct verdict create_ask(struct task *task);
struct verdict create_answer(struct task *task, const struct aws_reply *reply);
/* Why no call may be made (any more), or MOVE_NEXT. */
struct verdict create_may(struct task *task);
/* What was stopped may have been started by the next call, and the image says which. */
void image_look_again_if_stopped(struct task *task);

/* found.c: the image under the wanted name, which a call may have made. */
struct verdict find_ask(struct task *task);
struct verdict find_answer(struct task *task, const struct aws_reply *reply);
/* struct task_kind.held_until */
sec_t image_held_until(struct task *task);
/* look-for-image: the same once the instance is as it was, for a day at most. The task ends as its
 * row says (`ending`), also when the image is found: then it is recorded and followed first. */
struct verdict look_ask(struct task *task);
struct verdict look_answer(struct task *task, const struct aws_reply *reply);
struct verdict look_on_timeout(struct task *task, char *detail);

/* consistency.c: the tag amid:consistency. Until tag_consistency_ask() has changed it, it is
 * ACHIEVED_CRASH, in the state as well. */
struct verdict tag_consistency_ask(struct task *task);
struct verdict tag_consistency_answer(struct task *task, const struct aws_reply *reply);
/* EC2 does not change the tag: the image counts as what the tag says. Takes `detail`. */
struct verdict tag_consistency_refused(struct task *task, char *detail);
struct verdict check_consistency_ask(struct task *task);

/* snapshots.c: until EC2 shows a snapshot of every volume; and whether the instance was
 * stopped until then. */
struct verdict await_snapshots_ask(struct task *task);
struct verdict await_snapshots_answer(struct task *task, const struct aws_reply *reply);
struct verdict prove_stopped_ask(struct task *task);
struct verdict prove_stopped_answer(struct task *task, const struct aws_reply *reply);
