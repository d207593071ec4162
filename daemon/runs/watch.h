/*
 * Watchers of runs: who is told when something moves. Internal to runs/; manager.h has the public
 * side.
 */
#pragma once

#include "runs/engine.h"

/* `task` and `decision` may be NULL. */
void watches_tell(struct engine *engine, const struct run *run, struct task *task,
                  const struct prune_decision *decision);
struct watch *watch_new(struct engine *engine, const char *run, watch_fn *callback, void *userdata);
/* The engine goes away before its watchers: they stay valid and are told nothing more. */
void watches_orphan(struct engine *engine);
