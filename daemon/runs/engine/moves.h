/*
 * What task.c, run.c, engine.c and resume.c share: the moves themselves. Steps and phases do not
 * include this; they return verdicts. Internal to the engine.
 *
 *     task.c    moves tasks: a verdict becomes the next step, a wait or an end
 *     task-call.c   the one call of a task, and what ends it
 *     run.c     moves runs: from phase to phase, commits, the conclusion
 *     stragglers.c  ends tasks that hold up the others
 *     turn.c    asks for the next turn
 *     held.c    what is held, and a state that cannot be written
 *     engine.c  the turn, in which what moved is committed and acted on; beginning and ending
 *     resume.c  rebuilds runs and tasks from the store
 */
#pragma once

#include "runs/engine/engine.h"

/* ---- task.c ---- */
struct task *task_hold(struct run *run, const struct task_kind *kind, struct location *location);
struct task *task_free(struct task *task);
/* Makes a task found by its subject; once, when its row is filled. */
void task_index(struct task *task);
const struct step *task_kind_step(const struct task_kind *kind, const char *name);
/* To be committed, then asked, in the next turn. */
void task_moved(struct task *task);
void task_enter(struct task *task, const struct step *step);
/* To be called after each change of step, outcome or group: keeps engine->down. */
void task_note_down(struct task *task);
/* To be called after each change of step, outcome or waits_behind: keeps run->n_aside. */
void task_note_aside(struct task *task);
/* Takes `detail`. */
void task_end(struct task *task, enum outcome outcome, char *detail);
void task_apply(struct task *task, struct verdict verdict);
/* Tells watchers of the tasks that wait for what is refused: for struct locations. */
void task_report_refusal(const struct refusal *refusal, void *userdata);

/* ---- held.c ---- */
/* Logs once that AWS refuses a call that an instance is held for, and how the instance is
 * meanwhile. `why`: what the task waits for, for people. */
void task_log_held(struct task *task, const char *why);
/* Whether what the task waits for is refused, by its own call or one it shares; and which. */
bool task_is_refused(const struct task *task);
const struct refusal *task_refusal(const struct task *task);

/* ---- task-call.c ---- */
/* Nothing more is heard of the call, if there is one; what was sent stays sent. */
void task_end_call(struct task *task);

/* ---- run.c ---- */
struct run *run_free(struct run *run);
/* Commits what changed in a run, in one transaction. */
bool run_commit(struct run *run);
/* Lets the tasks act whose rows are committed. */
void run_act(struct run *run);
bool run_may_begin(const struct run *run);
/* Whether the next run of its schedule has to wait: engine_schedule_is_busy(). */
bool run_is_busy(const struct run *run);
void run_begin(struct run *run);
void run_enter(struct run *run, const struct phase *phase);
/* Logs the end of a run, and reports it to its watchers. */
void run_report_end(struct run *run);

/* ---- stragglers.c ---- */
/* To be called when tasks of the phase have ended, or are there again. */
void stragglers_look(struct run *run);

/* ---- turn.c ---- */
void engine_turn_soon(struct engine *engine);

/* ---- engine.c ---- */
/* A run that is not yet on its way; its row is the caller's to fill. */
struct run *engine_hold(struct engine *engine, const struct run_kind *kind);
void run_find_schedule(struct run *run);
