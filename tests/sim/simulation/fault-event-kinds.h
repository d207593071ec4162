/*
 * The table of what befalls a universe. Private to fault-events.c, which lets it happen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

struct universe;

/* Where nothing is going on a death or a look at everything finds little, and costs as much. */
enum where { ANYWHERE, RUNS_MOSTLY };

/* What hinders the daemon, or one resource only, also happens in the middle of a run that has just
 * begun. */
enum hindrance { HINDERS_NOT, HINDERS_ONE, HINDERS };

struct happening_kind {
        const char *name;
        usec_t mean; /* from one to the next */
        void (*happen)(struct universe *universe);
        enum where where;
        enum hindrance hindrance;
        bool on_request; /* with --only, not by itself */
};
extern const struct happening_kind happening_kinds[];
extern const size_t n_happening_kinds;
