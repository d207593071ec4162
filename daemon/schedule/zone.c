/* Conversions between UTC and wall-clock time. */
#include "schedule/zone.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "schedule/zone-private.h"

struct zone *zone_new(const char *name)
{
        struct zone *zone = xnew(struct zone);

        zone->refs = 1;
        zone->name = xstrdup(name);
        zone->cycle_from = SEC_NEVER;
        return zone;
}

struct zone *zone_ref(struct zone *zone)
{
        zone->refs++;
        return zone;
}

struct zone *zone_unref(struct zone *zone)
{
        if (!zone || --zone->refs)
                return NULL;
        free(zone->changes);
        free(zone->name);
        free(zone);
        return NULL;
}

const char *zone_name(const struct zone *zone)
{
        return zone->name;
}

/* The offset between change number i - 1 and number i. */
static int offset_before(const struct zone *zone, size_t i)
{
        return i ? zone->changes[i - 1].offset : zone->first_offset;
}

void zone_add(struct zone *zone, sec_t at, int offset)
{
        /* Daylight time of a whole year ends and begins in the same instant: the later change
         * counts.
         */
        if (zone->n_changes && zone->changes[zone->n_changes - 1].at == at)
                zone->n_changes--;
        if (offset == offset_before(zone, zone->n_changes))
                return;
        *append(zone->changes, zone->n_changes) = (struct zone_change){ at, offset };
        if (offset > zone->most_offset)
                zone->most_offset = offset;
}

/* The number of changes at or before `utc`. */
static size_t changes_until(const struct zone *zone, sec_t utc)
{
        const struct zone_change *base = zone->changes;
        size_t n = zone->n_changes;

        if (!n)
                return 0;
        while (n > 1) {
                size_t half = n / 2;

                base = base[half].at <= utc ? base + half : base;
                n -= half;
        }
        return (size_t)(base - zone->changes) + (base->at <= utc);
}

/* Moves a time into the years with listed changes. Returns the distance. */
static sec_t move_back(const struct zone *zone, sec_t *time)
{
        sec_t shift;

        if (*time < zone->cycle_from)
                return 0;
        shift = ((*time - zone->cycle_from) / ZONE_CYCLE + 1) * ZONE_CYCLE;
        *time -= shift;
        return shift;
}

int zone_offset(const struct zone *zone, sec_t utc)
{
        move_back(zone, &utc);
        return offset_before(zone, changes_until(zone, utc));
}

sec_t zone_next_transition(const struct zone *zone, sec_t utc)
{
        sec_t shift = move_back(zone, &utc);
        size_t i = changes_until(zone, utc);

        return i < zone->n_changes ? zone->changes[i].at + shift : SEC_NEVER;
}

bool zone_from_local(const struct zone *zone, sec_t local, sec_t *ret)
{
        sec_t shift = move_back(zone, &local);
        size_t i = changes_until(zone, local - zone->most_offset);

        /* `local` does not occur before change i. The first interval that ends after it decides. */
        for (;; i++) {
                sec_t utc = local - offset_before(zone, i);

                if (i < zone->n_changes && utc >= zone->changes[i].at)
                        continue;
                if (i && utc < zone->changes[i - 1].at) {
                        *ret = zone->changes[i - 1].at + shift;
                        return false;
                }
                *ret = utc + shift;
                return true;
        }
}

/* A wall-clock time for messages. */
static const char *format_wall(sec_t local, char buffer[static TIME_TEXT_MAX])
{
        format_rfc3339(local, buffer);
        buffer[strcspn(buffer, "Z")] = '\0';
        return buffer;
}

char *zone_skipped(const struct zone *zone, sec_t local)
{
        char asked[TIME_TEXT_MAX], before[TIME_TEXT_MAX], after[TIME_TEXT_MAX];
        sec_t end;

        if (zone_from_local(zone, local, &end))
                return NULL;
        format_wall(local, asked);
        format_wall(end - 1 + zone_offset(zone, end - 1), before);
        format_wall(end + zone_offset(zone, end), after);
        return xasprintf("%s does not exist in %s, whose clocks go on from %s to %s; the nearest "
                         "times are those two",
                         asked, zone_name(zone), before, after);
}
