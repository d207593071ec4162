/*
 * Fault events: all that happens to the daemon in a fault period. The table of their kinds
 * (fault-event-kinds.h) says how often each comes.
 */
#pragma once

#include "base/time.h"

struct simulation;

void fault_events_init(struct simulation *simulation);
void fault_events_done(struct simulation *simulation);
/* A run is open, and will be for so long: more fault events happen. */
void fault_events_busy(struct simulation *simulation, usec_t duration);
/* A run has begun, and may meet a fault event in its middle. */
void fault_events_run_begins(struct simulation *simulation);
/* The daemon has sent a request: a fault event may happen there. */
void fault_events_request(struct simulation *simulation);
/* A fault hinders the daemon, now. */
void fault_events_hindered(struct simulation *simulation);
/* Since when no fault hinders the daemon, monotonic; USEC_INFINITY: one does. */
usec_t fault_events_clear_since(struct simulation *simulation);
/* The same for one resource: answer faults of other ids do not count. */
usec_t fault_events_clear_since_for(struct simulation *simulation, const char *id);
/* A fault period begins. */
void fault_events_begin(struct simulation *simulation);
/* A calm period begins: all that is broken is repaired. */
void fault_events_end(struct simulation *simulation);
