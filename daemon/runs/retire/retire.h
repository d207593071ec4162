/*
 * Retention: find the images of a schedule in a location, decide which go and why, remove those.
 * Part of every backup run and a run of its own.
 *
 *     retention task, one per schedule and location:
 *             describe-images, look-at-missing, find-uses, plan-removals
 *     removal task, one per image:
 *             look-at-image, look-at-uses, deregister-image,
 *             look-at-snapshots, delete-snapshots, record-removal
 *
 * A removal is a decision with witnesses: an image is deregistered only when its row exists and EC2
 * itself, asked for the id right before, describes what the row tells of (provenance.h). Whatever
 * does not fit, and whatever is not known, keeps the image.
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/images/naming.h"
#include "runs/images/seen.h"

extern const struct task_kind retention_task, removal_task;

struct verdict prune_begin_find(struct run *run);
struct verdict prune_begin_remove(struct run *run);

/* missing.c: rows of a schedule and location whose image is not in the list of images with
 * our tags. They are looked at by id before the rows say anything about it. */
struct missing;
/* `listed`: ids of all images of that list, in any order; sorted by this. NULL when nothing is
 * missing, or without a store. */
struct missing *missing_find(struct task *task, char **listed, size_t n);
struct missing *missing_free(struct missing *missing);
/* Asks about the next rows; step_next() when all were asked about. */
struct verdict missing_ask(struct task *task, struct missing *missing);
struct verdict missing_answer(struct task *task, struct missing *missing,
                              const struct aws_reply *reply);
/* Adds the removals that are to be resumed, or, in a dry run, reports them; the rest waits. */
void missing_plan(struct task *task, const struct missing *missing);

/* remove.c: the removal of an image the retention task decided on. `resumed` is NULL, or why
 * the removal goes on with what an earlier run has begun. */
void removal_add(struct task *retention, const struct store_image *image, const char *why,
                 const char *resumed);
