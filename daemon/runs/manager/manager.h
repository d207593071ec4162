/*
 * The manager: settings, planner and engine of a running daemon, as the programs and the control
 * socket use them. All answers come from the store and from memory, at once; what takes time is a
 * run that can be watched.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "aws/client/aws.h"
#include "base/cleanup.h"
#include "loop/loop.h"
#include "runs/events/watch.h"
#include "settings/settings.h"
#include "store/store.h"

struct manager;

/* Borrows loop, store and aws, which must outlive it. Does nothing until manager_apply(). */
struct manager *manager_new(struct loop *loop, struct store *store, struct aws *aws);
struct manager *manager_free(struct manager *manager);
DEFINE_CLEANUP(struct manager, manager_free);

/* Makes `settings` (referenced) the current ones: plans the next firings and, the first time,
 * handles missed firings and goes on with unfinished runs. Runs that are going keep their settings.
 */
int manager_apply(struct manager *manager, struct settings *settings);
const struct settings *manager_settings(const struct manager *manager);

/*
 * The end is asked for: nothing new begins, and what is stopped, frozen or taken out of service for
 * an image is brought back first. Calls `closed` when nothing is left of that, or it took
 * MANAGER_CLOSE_AT_MOST; then each instance that is left has a line, and the next start goes on
 * with it. True when there is nothing to wait for: then it does not call.
 */
enum { MANAGER_CLOSE_AT_MOST = 240 }; /* seconds; the unit's TimeoutStopSec= is longer */
typedef void manager_closed_fn(void *userdata);
bool manager_close(struct manager *manager, manager_closed_fn *closed, void *userdata);

/* Whether the settings are in force: the regions are known as far as they can be, which takes AWS's
 * answer where an account has none of its own, and unfinished runs go on. Takes 20 s at most. */
bool manager_is_ready(const struct manager *manager);
/* Why what an operator asks for is held for now, for people; NULL: it is not. Until the settings
 * are in force, and with `clock` also until the clock has been compared with AWS's, of which the
 * answer is asked by this when none is fresh. Takes 20 s and 30 s at most. */
const char *manager_holds(struct manager *manager, bool clock);
/* Calls back once as soon as what manager_holds() said is over, never from inside this. Never NULL;
 * the caller frees it, also inside the callback. */
struct manager_wait;
typedef void manager_ready_fn(void *userdata);
struct manager_wait *manager_wait(struct manager *manager, manager_ready_fn *ready, void *userdata);
struct manager_wait *manager_wait_free(struct manager_wait *wait);
DEFINE_CLEANUP(struct manager_wait, manager_wait_free);

/* Stops without cutting anything off: no new step begins; every outcome is in the store, so that
 * the next start goes on. Afterwards nothing calls back. */
void manager_stop(struct manager *manager);

/* ---- what an operator may ask for; 0, or negative errno with a message (caller frees) ---- */

/* What of manager_run() and manager_prune() can be refused whatever manager_holds() says: so that
 * nobody waits for that. Both ask it again. */
int manager_check_run(struct manager *manager, const char *schedule, char *const *instances,
                      size_t n, char **ret_error);
int manager_check_prune(struct manager *manager, const char *schedule, char **ret_error);
/* Fires now. `instances` limits it to these of the targets. *ret_run is the id (caller frees).
 * -ENOENT no such schedule, -EINVAL what is no instance id, -EBUSY one is going and overlap is
 * skip, -EAGAIN amid is still finding out where it runs. */
int manager_run(struct manager *manager, const char *schedule, char *const *instances, size_t n,
                char **ret_run, char **ret_error);
/* Applies retention of one schedule (or all: NULL) now. `dry_run` decides and explains only. */
int manager_prune(struct manager *manager, const char *schedule, bool dry_run, char **ret_run,
                  char **ret_error);
/* Takes images that carry our tags but have no row back into the store, when everything else fits
 * too. `dry_run` decides and explains only. */
int manager_adopt(struct manager *manager, bool dry_run, char **ret_run, char **ret_error);
/* Begins nothing new for the run; images under way are followed to their end. `abandon`: they are
 * no longer followed, nor changed on AWS; an instance that is held for one is put right before
 * that. -ENOENT, with an error when it has ended already, and none when there is no such run. */
int manager_cancel(struct manager *manager, const char *run_id, bool abandon, char **ret_error);
int manager_pause(struct manager *manager, const char *schedule, bool pause, char **ret_error);

/* ---- what is going on ---- */

/* The next firing that will be acted on (flexible offset included), SEC_NEVER when none. */
sec_t manager_next(struct manager *manager, const char *schedule);
/* Since when a rate() without `start` counts; SEC_NONE: it does not. */
sec_t manager_anchor(struct manager *manager, const char *schedule);
bool manager_is_paused(struct manager *manager, const char *schedule);

/* "the clock of this machine is ahead by 5844d" (caller frees), or NULL: by what is known it is
 * not.
 */
char *manager_clock_wrong(const struct manager *manager);

/* Why no instance is rebooted, stopped or frozen until the next start: another daemon with our
 * owner was seen. NULL: they are. */
const char *manager_alert(const struct manager *manager);

/* Why nothing is begun or brought back: the state cannot be written. NULL: it can. */
const char *manager_store_failure(const struct manager *manager);

/* Every token bucket of AWS that was drawn from. */
void manager_usage(struct manager *manager, aws_usage_fn *callback, void *userdata);

/* How long each instance of a schedule was away for its last image (0: that was not measured), and
 * whether it did not come back the last time. */
typedef void manager_measure_fn(const char *instance, sec_t away, bool failed, void *userdata);
void manager_measures(struct manager *manager, const char *schedule, manager_measure_fn *callback,
                      void *userdata);

/* Of an open task, by the id of its row; false: there is none. */
bool manager_task_progress(struct manager *manager, int64_t task, struct task_progress *ret);

/* `run` NULL: all runs. */
struct watch *manager_watch(struct manager *manager, const char *run, watch_fn *callback,
                            void *userdata);
