/*
 * The part of a plan about instances: their methods, the order of their outages, and the duration
 * by the outages that a running daemon has measured.
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

/* Adds the instance of an image task of a dry run. */
void plan_instances_add(struct plan_instances *plan, const struct store_task *task);

/* Prints the instances as a section; or adds them to a document as "instances", with the known
 * duration as "length" in seconds. */
void plan_instances_print(struct plan_instances *plan);
void plan_instances_describe(struct plan_instances *plan, cJSON *document);
