/*
 * Which steps of which tasks a crash has hit, and at which moment. The steps come from the engine's
 * own tables, so a new step is included from its first day.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "sim/simulation/machine.h"

struct engine;

/* The daemon crashes at this moment: counts the steps that were about to be committed, or have
 * just been, or whose request is on its way. */
void coverage_note(const struct engine *engine, enum moment moment);
/* The engine of the daemon that runs, made by engine_new(). */
struct engine *coverage_engine(void);
/* Whether the running process has claimed this backup run within the last second. */
bool coverage_claims_now(const char *id);
void coverage_forget_engine(void);
/* A task whose request leaves though its row is not committed, against the rule to reserve, act
 * and record; NULL: there is none. A description, valid until the next call. */
const char *coverage_unwritten(void);
/* Prints the table; false when no crash has hit a step at a moment that it has. */
bool coverage_print(FILE *file);
