/*
 * Which steps of which tasks a death has struck, at which of the moments: read from the engine's
 * own tables, so that a new step is here before anybody thinks of it.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/simulation/machine.h"

struct engine;

/* The daemon dies now, at this moment: notes the steps that were about to be committed, or were
 * just, or have a request on its way. */
void coverage_note(const struct engine *engine, enum moment moment);
/* The engine of the daemon that runs; made by manager_new(). */
struct engine *coverage_engine(void);
/* Whether this backup run has just been claimed, by the process that runs. */
bool coverage_claims_now(const char *id);
void coverage_forget_engine(void);
/* The task whose request is on its way though its row is not written, or NULL: reserve, act,
 * record. A description, valid until the next call. */
const char *coverage_unwritten(void);
/* Prints the table; false when a step was never struck at a moment it has. */
bool coverage_print(FILE *file);
