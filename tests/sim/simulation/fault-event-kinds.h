/* The table of the kinds of fault events. Private to fault-events.c, which lets them happen. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"

struct simulation;

/* A crash or a request for a run finds little while no run is open, and costs as much time. */
enum event_time { AT_ANY_TIME, MOSTLY_IN_RUNS };

/* A kind that hinders the daemon, or one resource only, also happens in the middle of a run that
 * has just begun. */
enum hindrance { HINDERS_NOT, HINDERS_ONE, HINDERS };

struct fault_event_kind {
        const char *name;
        usec_t mean; /* from one event to the next */
        void (*apply)(struct simulation *simulation);
        enum event_time when;
        enum hindrance hindrance;
        bool on_request; /* happens with --only alone */
};
extern const struct fault_event_kind fault_event_kinds[];
extern const size_t n_fault_event_kinds;
