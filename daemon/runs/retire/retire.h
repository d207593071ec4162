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
 * A removal needs evidence: an image is deregistered only when it has a row and EC2, asked by id
 * right before the call, describes the image of that row (provenance.h). A difference, or an answer
 * that is missing, keeps the image.
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/images/naming.h"
#include "runs/images/seen.h"

extern const struct task_kind retention_task, removal_task;

struct verdict prune_begin_find(struct run *run);
struct verdict prune_begin_remove(struct run *run);

/* missing.c: rows of a schedule and location whose image is not in the list of images with our
 * tags. The images are described by id before the rows change. */
struct missing;
/* `listed`: ids of all images of that list, in any order; sorted by this. NULL when nothing is
 * missing, or without a store. */
struct missing *missing_find(struct task *task, char **listed, size_t n);
struct missing *missing_free(struct missing *missing);
/* Describes the images of the next rows; step_next() after the last. */
struct verdict missing_ask(struct task *task, struct missing *missing);
struct verdict missing_answer(struct task *task, struct missing *missing,
                              const struct aws_reply *reply);
/* Adds removal tasks for removals to be resumed, or, in a dry run, reports them. */
void missing_plan(struct task *task, const struct missing *missing);

/* remove.c: adds the removal of an image that the retention task decided on. `resumed`: why a
 * removal of an earlier run goes on, or NULL. */
void removal_add(struct task *retention, const struct store_image *image, const char *why,
                 const char *resumed);
