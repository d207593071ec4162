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
 *         check-status                         freeze, reboot, stop: whether its checks pass
 *         check-daemon                         freeze, reboot, stop: no other one of our owner
 *         check-stop                           stop: what the instance would lose
 *         check-rotation                       reboot, stop: which groups send it work
 *         take-out, await-taken-out            reboot, stop, when it is to leave these
 *         read-boot, await-boot                reboot, with proof: ssm
 *         freeze-instance, await-frozen        freeze
 *         stop-instance, await-stopped         stop
 *         create-image                         or find-image, when the outcome of the call is not
 *                                              known; check-again before the next call, and
 *                                              check-status-again when the last reading of the
 *                                              checks is too old for a reboot
 *         record-image
 *         await-snapshots                      freeze, stop, stopped: all snapshots have begun
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

/* Phases: the first adds a targets task per location; the second compares the number of instances
 * with `expect`. */
struct verdict backup_begin_targets(struct run *run);
struct verdict backup_begin_images(struct run *run);

/* The state of a targets task beyond its row. */
struct targets_state {
        char **rebooted; /* ids of instances that had a reboot for an image lately */
        size_t n_rebooted;
        size_t named, asking; /* of the instances that an operator named: so many were asked about,
                               * and so many are with the question that is under way */
        bool more;            /* others of them are left after that */
        struct text reasons;  /* why each of those is no target */
};
struct targets_state *targets_state(struct task *task); /* makes it the first time */

/* named.c: the step that asks EC2 about instances that an operator named and that are not targets.
 * The reasons become the detail of the targets task. */
struct verdict named_ask(struct task *task);
struct verdict named_answer(struct task *task, const struct aws_reply *reply);
/* The instances that an operator named and that are not a target in any region, each with the
 * reason; NULL: there are none. Caller frees. */
char *named_not_targets(const struct run *run);
/* Whether an instance has a tag of `exclude_tags`. */
bool targets_exclude(const struct setting_targets *targets, const struct ec2_instance *instance);
/* planned.c: the step of a plan that reads the status checks of the instances that a run would
 * touch, and then reports all instances. An impaired instance has row.detail, and row.ending
 * SKIPPED where no image would be made; where the checks are not known, row.evidence says why. */
struct verdict planned_ask(struct task *targets);
struct verdict planned_answer(struct task *targets, const struct aws_reply *reply);

/* struct run_kind.made, .shortfall. */
char *backup_made(const struct run *run);
char *backup_shortfall(const struct run *run);

/* The end of a task whose run was abandoned, once its instance is restored. */
struct verdict image_abandoned(struct task *task);

/* create.c: the step that calls CreateImage. */
struct verdict create_ask(struct task *task);
struct verdict create_answer(struct task *task, const struct aws_reply *reply);
/* MOVE_NEXT: CreateImage may be called; else the verdict that ends the task. */
struct verdict create_may(struct task *task);
/* Has a stopped instance described again before the next call: somebody may start it meanwhile, and
 * the tags of the image depend on its state. */
void image_look_again_if_stopped(struct task *task);

/* found.c: find-image, the lookup of an image that a call may have made, by its name. */
struct verdict find_ask(struct task *task);
struct verdict find_answer(struct task *task, const struct aws_reply *reply);
/* struct task_kind.held_until */
sec_t image_held_until(struct task *task);
/* look-for-image: the same lookup once the instance is as it was, for a day at most. The task ends
 * as row.ending says; an image that is found is recorded and followed first. */
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

/* snapshots.c: until EC2 shows a snapshot of every volume; and whether the instance was stopped
 * until then. */
struct verdict await_snapshots_ask(struct task *task);
struct verdict await_snapshots_answer(struct task *task, const struct aws_reply *reply);
struct verdict prove_stopped_ask(struct task *task);
struct verdict prove_stopped_answer(struct task *task, const struct aws_reply *reply);
