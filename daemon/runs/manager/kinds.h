/* The kinds of runs, and the end of what they keep in an engine. */
#pragma once

#include "runs/engine/engine.h"

extern const struct run_kind run_kinds[]; /* ends with an empty row */

/* For struct engine_options. */
void kinds_forget(struct engine *engine);
