/*
 * The progress of runs: on a terminal a block with a bar for each image, which is redrawn;
 * elsewhere a line for each event.
 */
#pragma once

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "ctl/verbs.h"

struct progress;

struct progress *progress_new(struct ctl *ctl);
struct progress *progress_free(struct progress *progress);
DEFINE_CLEANUP(struct progress, progress_free);

/* Takes an event of the interface. `silent`: nothing is printed. */
void progress_event(struct progress *progress, const cJSON *event, bool silent);
/* Leaves the block on the terminal and prints the sums. */
void progress_finish(struct progress *progress);
/* Whether all runs and tasks have ended with the outcome "done". */
bool progress_succeeded(const struct progress *progress);

/* Prints a task: `  i-... ami-... ######....  42%`, with its whole text, on further lines if
 * needed. */
void progress_print_task(const struct terminal *terminal, const cJSON *task);
/* The words for the phase of a run; `dry`: of a dry run. */
const char *progress_phase(const cJSON *run, bool dry);
/* The words for the step of a task; for an unknown step of a newer daemon its name. */
const char *progress_step(const cJSON *task);
