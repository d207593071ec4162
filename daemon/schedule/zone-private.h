/* What a zone is made of; for the files zone*.c only. */
#pragma once

#include <stddef.h>

#include "schedule/zone.h"

struct zone_change {
        sec_t at;
        int offset; /* seconds east of UTC from `at` on */
};

/*
 * Changes are in ascending order and each changes the offset. Those that the footer's rule makes
 * are written out for more than 400 years, after which the Gregorian calendar, weekdays included,
 * repeats itself: later times are moved back by whole cycles.
 */
struct zone {
        unsigned refs;
        char *name;
        int first_offset; /* before the first change */
        int most_offset;  /* the easternmost offset of all */
        struct zone_change *changes;
        size_t n_changes;
        sec_t cycle_from; /* times from here on are moved back; SEC_NEVER without a rule */
};

#define ZONE_CYCLE (146097 * SEC_PER_DAY)

/* An empty zone: UTC until something is added. */
struct zone *zone_new(const char *name);
/* Adds a change later than or at the last one; a change to the offset in force is left out. */
void zone_add(struct zone *zone, sec_t at, int offset);
