/*
 * Following runs: on a terminal a block with a bar for each image that is redrawn, elsewhere a line
 * for each thing that happened.
 */
#pragma once

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "ctl/verbs.h"

struct progress;

struct progress *progress_new(struct ctl *ctl);
struct progress *progress_free(struct progress *progress);
DEFINE_CLEANUP(struct progress, progress_free);

/* An event of the interface; `silent` only remembers it. */
void progress_event(struct progress *progress, const cJSON *event, bool silent);
/* The last word: leaves the block as it is and sums up. */
void progress_finish(struct progress *progress);
/* Whether nothing that was followed has ended other than done. */
bool progress_succeeded(const struct progress *progress);

/* A task: `  i-... ami-... ######....  42%`, and what it waits for below where that does not fit
 * beside it: in full. */
void progress_print_task(const struct terminal *terminal, const cJSON *task);
/* What goes on in a run, in words; `dry`: it changes nothing. */
const char *progress_phase(const cJSON *run, bool dry);
/* Where a task is, in words; a name where a newer daemon has steps that are not known here. */
const char *progress_step(const cJSON *task);
