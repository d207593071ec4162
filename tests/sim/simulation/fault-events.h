/*
 * What befalls a universe in times of trouble: a table of kinds, each with how often it comes.
 */
#pragma once

#include "base/time.h"

struct universe;

void happenings_init(struct universe *universe);
void happenings_done(struct universe *universe);
/* Something is going on, and will be for so long: then more happens. */
void happenings_busy(struct universe *universe, usec_t duration);
/* A run has begun, which may be struck in its middle. */
void happenings_run_begins(struct universe *universe);
/* The daemon has sent a request: a run may be struck there. */
void happenings_request(struct universe *universe);
/* Something hinders the daemon, now. */
void happenings_hinder(struct universe *universe);
/* Since when nothing hinders the daemon, monotonic; USEC_INFINITY: something does. */
usec_t happenings_fair_since(struct universe *universe);
/* The same of what concerns this resource: refusals of other ids count for nothing. */
usec_t happenings_clear_since(struct universe *universe, const char *id);
/* Trouble begins. */
void happenings_begin(struct universe *universe);
/* Trouble ends, and what it has broken is repaired. */
void happenings_end(struct universe *universe);
