/*
 * How long instances are away for their images, measured: what decides whether another one still
 * fits into the window, and how long a plan says that a run takes; and which did not come back the
 * last time, and so get their slot last.
 */
#pragma once

#include "runs/engine/engine.h"

struct measures;
typedef void measure_fn(const char *instance, sec_t away, bool failed, void *userdata);

/* Reads what the last runs of a schedule measured. NULL when nothing is known. */
struct measures *measures_load(struct store *store, const char *schedule);
struct measures *measures_free(struct measures *measures);
/* How long this instance was away the last time; of one that has not been measured yet, the longest
 * of the others. 0: nothing is known. `measures` may be NULL. */
sec_t measures_find(const struct measures *measures, const char *instance);

/* Calls back for each instance that was measured, or did not come back. */
void measures_each(const struct measures *measures, measure_fn *callback, void *userdata);

/* The same for an instance of a run, with what the run itself has measured so far. */
sec_t measure_of(struct run *run, const char *instance);
/* Puts the image tasks of a run whose instances did not come back the last time behind all others:
 * what halts a run is to halt it when the others have their images. */
void measures_order(struct run *run);
/* struct run_kind.forget */
void measures_forget(struct run *run);
/* The instance of the task is back; it was `away` for so many seconds, whatever the wall clock did.
 */
void measure_note(struct task *task, sec_t away);
