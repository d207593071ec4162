/*
 * The manager: settings, planner and engine of a running daemon, as the programs and the control
 * socket use them. All answers come at once, from the store and from memory; what takes longer
 * is a run, which can be watched.
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
 * Closes the manager: nothing new begins, and instances that are stopped, frozen or out of service
 * are restored first. Calls `closed` when all are, or after MANAGER_CLOSE_AT_MOST; then a line is
 * logged for each instance that is left, and the next start restores it. True when no instance is
 * held: then `closed` is not called.
 */
enum { MANAGER_CLOSE_AT_MOST = 240 }; /* seconds; the unit's TimeoutStopSec= is longer */
typedef void manager_closed_fn(void *userdata);
bool manager_close(struct manager *manager, manager_closed_fn *closed, void *userdata);

/* Whether the settings are in force: the search for the regions of accounts has ended, and
 * unfinished runs go on. That takes 20 s at most. */
bool manager_is_ready(const struct manager *manager);
/* Why a request of an operator has to wait, for people; NULL: it has not. It waits until the
 * settings are in force, 20 s at most; with `clock` also until the clock has been compared with
 * AWS's, 30 s at most: this call begins a comparison when none is fresh. */
const char *manager_holds(struct manager *manager, bool clock);
/* Calls back once, when manager_holds() no longer gives a reason; never from inside this call.
 * Never NULL; the caller frees it, also inside the callback. */
struct manager_wait;
typedef void manager_ready_fn(void *userdata);
struct manager_wait *manager_wait(struct manager *manager, manager_ready_fn *ready, void *userdata);
struct manager_wait *manager_wait_free(struct manager_wait *wait);
DEFINE_CLEANUP(struct manager_wait, manager_wait_free);

/* Stops at once: no new step begins. Every row is in the store, so that the next start goes on.
 * Nothing calls back afterwards. */
void manager_stop(struct manager *manager);

/* ---- what an operator may ask for; 0, or negative errno with a message (caller frees) ---- */

/* The checks of manager_run() and manager_prune() that do not depend on manager_holds(), so that
 * nobody waits for a request that is refused anyway. Both repeat them. */
int manager_check_run(struct manager *manager, const char *schedule, char *const *instances,
                      size_t n, char **ret_error);
int manager_check_prune(struct manager *manager, const char *schedule, char **ret_error);
/* Begins a run now. `instances` limits it to these of the targets. *ret_run is the id (caller
 * frees). -ENOENT: no such schedule; -EINVAL: not an instance id; -EBUSY: a run of it is going, and
 * overlap is skip; -EAGAIN: the settings are not in force yet. */
int manager_run(struct manager *manager, const char *schedule, char *const *instances, size_t n,
                char **ret_run, char **ret_error);
/* Begins retention of a schedule (NULL: of all). `dry_run`: decides and explains only. */
int manager_prune(struct manager *manager, const char *schedule, bool dry_run, char **ret_run,
                  char **ret_error);
/* Begins an adoption (adopt.h). `dry_run`: decides and explains only. */
int manager_adopt(struct manager *manager, bool dry_run, char **ret_run, char **ret_error);
/* Cancels a run: its open tasks that have not begun end, images under way are followed to their
 * end. `abandon`: these are no longer followed, nor changed on AWS, once their instances are
 * restored. -ENOENT, with an error when the run has ended already, and without one when there is no
 * such run. */
int manager_cancel(struct manager *manager, const char *run_id, bool abandon, char **ret_error);
int manager_pause(struct manager *manager, const char *schedule, bool pause, char **ret_error);

/* ---- status ---- */

/* The next firing that will be acted on (flexible offset included), SEC_NEVER when none. */
sec_t manager_next(struct manager *manager, const char *schedule);
/* The anchor of a rate() without `start`; SEC_NONE: none. */
sec_t manager_anchor(struct manager *manager, const char *schedule);
bool manager_is_paused(struct manager *manager, const char *schedule);

/* "the clock of this machine is ahead by 5844d" (caller frees), or NULL: it is not known to be
 * wrong. */
char *manager_clock_wrong(const struct manager *manager);

/* Why no instance is rebooted, stopped or frozen until the next start: another daemon with our
 * owner. NULL: none was seen. */
const char *manager_alert(const struct manager *manager);

/* Why the state cannot be written, so that nothing begins or ends; NULL: it can. */
const char *manager_store_failure(const struct manager *manager);

/* Calls back for each token bucket of AWS that was used. */
void manager_usage(struct manager *manager, aws_usage_fn *callback, void *userdata);

/* Calls back with the last outage of each instance of a schedule: its duration (0: not known), and
 * whether the instance did not come back. */
typedef void manager_outage_fn(const char *instance, sec_t duration, bool failed, void *userdata);
void manager_outages(struct manager *manager, const char *schedule, manager_outage_fn *callback,
                     void *userdata);

/* Of an open task, by the id of its row; false: there is none. */
bool manager_task_progress(struct manager *manager, int64_t task, struct task_progress *ret);

/* `run` NULL: all runs. */
struct watch *manager_watch(struct manager *manager, const char *run, watch_fn *callback,
                            void *userdata);
