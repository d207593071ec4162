/*
 * The table of what befalls a simulation. Private to fault-events.c, which lets it happen.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

struct simulation;

/* Where nothing is going on a death or a look at everything finds little, and costs as much. */
enum event_time { AT_ANY_TIME, MOSTLY_IN_RUNS };

/* What hinders the daemon, or one resource only, also happens in the middle of a run that has just
 * begun. */
enum hindrance { HINDERS_NOT, HINDERS_ONE, HINDERS };

struct fault_event_kind {
        const char *name;
        usec_t mean; /* from one to the next */
        void (*apply)(struct simulation *simulation);
        enum event_time when;
        enum hindrance hindrance;
        bool on_request; /* with --only, not by itself */
};
extern const struct fault_event_kind fault_event_kinds[];
extern const size_t n_fault_event_kinds;
