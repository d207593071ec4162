/* The TZif format, versions 1 to 4: RFC 8536 and RFC 9636, section 3. */
#include "schedule/zone.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "schedule/zone-private.h"
#include "schedule/zone-rule.h"

enum {
        HEADER_SIZE = 44,
        FOOTER_MAX = 256,
        TYPE_SIZE = 6,
        OFFSET_LEAST = -(25 * 3600 - 1), /* RFC 8536 section 3.2: readers must accept it */
        OFFSET_MOST = 26 * 3600 - 1,
        RULE_YEAR_LEAST = 1900, /* the first year of a rule in a file without transitions */
        CYCLE_YEARS = 400,
};

/* RFC 8536 appendix A.2: -2^59, before the Big Bang, is the earliest time a file should hold. */
static const sec_t time_most = (sec_t)1 << 60;

/* The unread rest of a file. */
struct bytes {
        const unsigned char *data;
        size_t size;
};

struct header {
        unsigned char version;
        size_t n_utc, n_standard, n_leaps, n_times, n_types, n_chars;
};

static const unsigned char *take(struct bytes *bytes, size_t n)
{
        const unsigned char *data = bytes->data;

        if (bytes->size < n)
                return NULL;
        bytes->data += n;
        bytes->size -= n;
        return data;
}

static uint64_t big_endian(const unsigned char *data, size_t n)
{
        uint64_t value = 0;

        while (n--)
                value = value << 8 | *data++;
        return value;
}

static int64_t signed_time(const unsigned char *data, size_t size)
{
        uint64_t value = big_endian(data, size);

        return size == 4 ? (int32_t)(uint32_t)value : (int64_t)value;
}

static bool take_header(struct bytes *file, struct header *ret)
{
        const unsigned char *data = take(file, HEADER_SIZE);
        size_t *counts[] = { &ret->n_utc,   &ret->n_standard, &ret->n_leaps,
                             &ret->n_times, &ret->n_types,    &ret->n_chars };

        if (!data || memcmp(data, "TZif", 4) != 0)
                return false;
        ret->version = data[4];
        for (size_t i = 0; i < ELEMENTS(counts); i++) {
                *counts[i] = (size_t)big_endian(data + 20 + 4 * i, 4);
                if (*counts[i] > ZONE_FILE_MAX)
                        return false;
        }
        return ret->n_types > 0;
}

/* The size of the data after a header, with times of 4 or 8 bytes. */
static size_t block_size(const struct header *header, size_t time_size)
{
        return header->n_times * (time_size + 1) + header->n_types * TYPE_SIZE + header->n_chars +
               header->n_leaps * (time_size + 4) + header->n_standard + header->n_utc;
}

static int add_changes(struct zone *zone, const struct header *header, const unsigned char *block,
                       size_t time_size)
{
        const unsigned char *indices = block + header->n_times * time_size;
        const unsigned char *types = indices + header->n_times;
        int64_t before = INT64_MIN;

        for (size_t i = 0; i < header->n_types; i++) {
                int64_t offset = signed_time(types + i * TYPE_SIZE, 4);

                if (offset < OFFSET_LEAST || offset > OFFSET_MOST)
                        return -EBADMSG;
        }
        /* Type 0 is in force before the first transition: RFC 8536 section 3.2. */
        zone->first_offset = zone->most_offset = (int)signed_time(types, 4);
        for (size_t i = 0; i < header->n_times; i++) {
                int64_t at = signed_time(block + i * time_size, time_size);
                size_t type = indices[i];

                if (type >= header->n_types || at <= before || at > time_most || at < -time_most)
                        return -EBADMSG;
                zone_add(zone, at, (int)signed_time(types + type * TYPE_SIZE, 4));
                before = at;
        }
        return 0;
}

/* Adds the changes by the footer's rule for a whole cycle of the calendar after the last
 * transition. */
static void add_rule(struct zone *zone, const struct zone_rule *rule, sec_t last)
{
        int64_t first_year = RULE_YEAR_LEAST;

        if (last > sec_from_civil(&(struct civil){ RULE_YEAR_LEAST, 1, 1, 0, 0, 0 }))
                first_year = civil_from_sec(last).year;
        for (int64_t year = first_year; year <= first_year + CYCLE_YEARS + 3; year++) {
                struct zone_change begin = { zone_rule_begin(rule, year), rule->daylight };
                struct zone_change end = { zone_rule_end(rule, year), rule->standard };
                bool south = end.at < begin.at;
                struct zone_change both[] = { south ? end : begin, south ? begin : end };

                for (size_t i = 0; i < ELEMENTS(both); i++) {
                        /* Changes must stay in order, so overlapping years of an odd rule are cut.
                         */
                        if (both[i].at < last || (both[i].at == last && year == first_year))
                                continue;
                        zone_add(zone, both[i].at, both[i].offset);
                        last = both[i].at;
                }
        }
        zone->cycle_from = days_from_civil(first_year + CYCLE_YEARS + 2, 1, 1) * SEC_PER_DAY;
        /* One year after the cycle stays, for zone_next_transition(); a partial year after it goes.
         */
        while (zone->n_changes &&
               zone->changes[zone->n_changes - 1].at > zone->cycle_from + 368 * SEC_PER_DAY)
                zone->n_changes--;
}

static int add_footer(struct zone *zone, struct bytes *file, sec_t last)
{
        char footer[FOOTER_MAX];
        const unsigned char *newline = take(file, 1), *end;
        struct zone_rule rule;
        size_t n;

        if (!newline || *newline != '\n')
                return -EBADMSG;
        end = memchr(file->data, '\n', file->size);
        n = end ? (size_t)(end - file->data) : 0;
        if (!end || n >= sizeof(footer) || memchr(file->data, '\0', n))
                return -EBADMSG;
        if (n == 0)
                return 0; /* no rule: the last offset is valid for ever */
        memcpy(footer, file->data, n);
        footer[n] = '\0';
        if (!zone_rule_parse(footer, &rule))
                return -EBADMSG;
        if (rule.has_daylight)
                add_rule(zone, &rule, last);
        else if (last == INT64_MIN)
                zone->first_offset = zone->most_offset = rule.standard;
        return 0;
}

int zone_parse(const char *name, const void *data, size_t size, struct zone **ret)
{
        _cleanup_(zone_unrefp) struct zone *zone = zone_new(name);
        struct bytes file = { data, size };
        struct header header;
        const unsigned char *block;
        size_t time_size = 4;
        sec_t last;
        int r;

        if (size > ZONE_FILE_MAX)
                return -EFBIG;
        if (!take_header(&file, &header))
                return -EBADMSG;
        if (header.version >= '2') {
                if (!take(&file, block_size(&header, time_size)) || !take_header(&file, &header))
                        return -EBADMSG;
                time_size = 8;
        }
        if (header.n_leaps)
                return -EOPNOTSUPP;
        block = take(&file, block_size(&header, time_size));
        if (!block)
                return -EBADMSG;
        r = add_changes(zone, &header, block, time_size);
        if (r < 0)
                return r;
        last = header.n_times ? signed_time(block + (header.n_times - 1) * time_size, time_size)
                              : INT64_MIN;
        if (time_size == 8) {
                r = add_footer(zone, &file, last);
                if (r < 0)
                        return r;
        }
        *ret = steal(zone);
        return 0;
}
