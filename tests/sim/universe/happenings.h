/*
 * What befalls a universe in times of trouble: a table of kinds, each with how often it comes.
 */
#pragma once

struct universe;

void happenings_init(struct universe *universe);
void happenings_done(struct universe *universe);
/* Trouble begins. */
void happenings_begin(struct universe *universe);
/* Trouble ends, and what it has broken is repaired. */
void happenings_end(struct universe *universe);
