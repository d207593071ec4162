/*
 * What befalls a simulation in times of trouble: a table of kinds, each with how often it comes.
 */
#pragma once

#include "base/time.h"

struct simulation;

void fault_events_init(struct simulation *simulation);
void fault_events_done(struct simulation *simulation);
/* Something is going on, and will be for so long: then more happens. */
void fault_events_busy(struct simulation *simulation, usec_t duration);
/* A run has begun, which may be struck in its middle. */
void fault_events_run_begins(struct simulation *simulation);
/* The daemon has sent a request: a run may be struck there. */
void fault_events_request(struct simulation *simulation);
/* Something hinders the daemon, now. */
void fault_events_hindered(struct simulation *simulation);
/* Since when nothing hinders the daemon, monotonic; USEC_INFINITY: something does. */
usec_t fault_events_clear_since(struct simulation *simulation);
/* The same of what concerns this resource: refusals of other ids count for nothing. */
usec_t fault_events_clear_since_for(struct simulation *simulation, const char *id);
/* Trouble begins. */
void fault_events_begin(struct simulation *simulation);
/* Trouble ends, and what it has broken is repaired. */
void fault_events_end(struct simulation *simulation);
