/* The kinds of runs there are, and what they keep in an engine. */
#pragma once

#include "runs/engine/engine.h"

extern const struct run_kind run_kinds[]; /* ends with an empty row */

/* For struct engine_options. */
void kinds_forget(struct engine *engine);
