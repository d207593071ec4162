/*
 * The part of a plan about instances: how each would be imaged, in which order they go down for it,
 * and how long all of that takes, going by what the daemon has measured, if there is one.
 */
#pragma once

#include <cjson/cJSON.h>

#include "ctl/verbs.h"
#include "runs/manager/manager.h"

struct plan_instances;

/* Borrows both. */
struct plan_instances *plan_instances_new(struct ctl *ctl, const struct setting_schedule *schedule);
struct plan_instances *plan_instances_free(struct plan_instances *plan);
DEFINE_CLEANUP(struct plan_instances, plan_instances_free);

/* Takes note of an image task of a dry run. */
void plan_instances_add(struct plan_instances *plan, const struct store_task *task);

/* Prints them as a section, or adds them to a document as "instances" and, where something is known
 * of it, "length" in seconds. */
void plan_instances_print(struct plan_instances *plan);
void plan_instances_describe(struct plan_instances *plan, cJSON *document);
