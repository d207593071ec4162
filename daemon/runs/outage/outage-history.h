/*
 * The outage history of a schedule: how long its instances were down for their images in earlier
 * runs, and which did not come back. By it a run decides whether another outage fits into the
 * window, and which instances get their slot last; a plan says by it how long a run takes.
 */
#pragma once

#include "runs/engine/engine.h"

struct outage_history;
typedef void outage_history_fn(const char *instance, sec_t duration, bool failed, void *userdata);

/* Reads the last outages of a schedule. NULL: none is known. */
struct outage_history *outage_history_load(struct store *store, const char *schedule);
struct outage_history *outage_history_free(struct outage_history *history);
/* The duration of the last outage of this instance; where none is known, the longest of the others;
 * where none of these is, 0. `history` may be NULL. */
sec_t outage_history_find(const struct outage_history *history, const char *instance);

/* Calls back for each instance that came back, or did not (`failed`). */
void outage_history_each(const struct outage_history *history, outage_history_fn *callback,
                         void *userdata);

/* The same for an instance of a run, with the outages of the run itself. */
sec_t outage_history_expect(struct run *run, const char *instance);
/* Puts the image tasks of a run whose instances did not come back the last time behind all others:
 * what halts a run is to halt it when the others have their images. */
void outage_history_order(struct run *run);
/* struct run_kind.forget */
void outage_history_forget(struct run *run);
/* The outage of the task's instance has ended after so many seconds, whatever the wall clock did.
 */
void outage_history_note(struct task *task, sec_t duration);
