/*
 * A time zone read from the system's TZif file (RFC 8536), without setenv() or tzset().
 *
 * Transitions are kept sorted for bsearch; what lies after the last one follows the file's POSIX
 * footer, so that far years are right. A zone is immutable and may be shared; it is reference
 * counted because schedules of one reload share it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"

struct zone;

enum {
        ZONE_FILE_MAX = 1 << 20, /* bytes of a TZif file we accept */
        ZONE_NAME_MAX = 255,     /* bytes of a zone's name */
};

/*
 * Loads zone `name` ("Asia/Seoul", "UTC") from $TZDIR or /usr/share/zoneinfo. Returns 0, or -EINVAL
 * for a name that cannot be one (empty, absolute, ".."), -ENOENT for a zone that is not installed,
 * -EBADMSG for a damaged file, -EOPNOTSUPP for one that counts leap seconds ("right/..."), -EFBIG
 * above ZONE_FILE_MAX, or another negative errno. "UTC" needs no file.
 */
int zone_load(const char *name, struct zone **ret);
/* The same from the bytes of a file. */
int zone_parse(const char *name, const void *data, size_t size, struct zone **ret);
struct zone *zone_ref(struct zone *zone);
struct zone *zone_unref(struct zone *zone);
DEFINE_CLEANUP(struct zone, zone_unref);

const char *zone_name(const struct zone *zone);
/*
 * The name of the installed zone that is closest to `name`, for a hint ("Asia/Seul", "seoul" give
 * "Asia/Seoul"); NULL when none is close. Caller frees. Walks the database, so only for errors.
 */
char *zone_closest(const char *name);

/* Seconds east of UTC in force at `utc`. */
int zone_offset(const struct zone *zone, sec_t utc);

/*
 * Converts a wall-clock time to UTC. A wall time that occurs twice gives the first; one that a
 * transition skips gives false, with *ret the instant of that transition (the nearest valid time
 * after the gap).
 */
bool zone_from_local(const struct zone *zone, sec_t local, sec_t *ret);
/* That clocks of the zone skip the wall-clock time, and the nearest times that they show; NULL for
 * a time that they do not skip. Caller frees. */
char *zone_skipped(const struct zone *zone, sec_t local);

/* The first instant after `utc` at which the offset changes, or SEC_NEVER. */
sec_t zone_next_transition(const struct zone *zone, sec_t utc);
