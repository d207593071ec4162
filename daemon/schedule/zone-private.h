/* The struct of a zone, only for the files zone*.c. */
#pragma once

#include <stddef.h>

#include "schedule/zone.h"

struct zone_change {
        sec_t at;
        int offset; /* seconds east of UTC from `at` on */
};

/*
 * Changes are in ascending order, and each changes the offset. The changes by the footer's rule are
 * listed for more than 400 years, after which dates and weekdays of the Gregorian calendar repeat:
 * later times are moved back by whole cycles.
 */
struct zone {
        unsigned refs;
        char *name;
        int first_offset; /* before the first change */
        int most_offset;  /* the largest offset */
        struct zone_change *changes;
        size_t n_changes;
        sec_t cycle_from; /* times from here on are moved back; SEC_NEVER without a rule */
};

#define ZONE_CYCLE (146097 * SEC_PER_DAY)

/* An empty zone: UTC without changes. */
struct zone *zone_new(const char *name);
/* Adds a change at or after the last change, unless the offset is already in force. */
void zone_add(struct zone *zone, sec_t at, int offset);
