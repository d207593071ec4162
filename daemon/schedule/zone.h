/*
 * A time zone read from the system's TZif file (RFC 8536), without setenv() or tzset().
 *
 * Transitions are sorted for a binary search; times after the last transition follow the file's
 * POSIX footer, so far years are right. A zone is immutable and has a reference count, because
 * schedules share zones.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"

struct zone;

enum {
        ZONE_FILE_MAX = 1 << 20, /* bytes of a TZif file */
        ZONE_NAME_MAX = 255,     /* bytes of a zone's name */
};

/*
 * Loads zone `name` ("Asia/Seoul", "UTC") from $TZDIR or /usr/share/zoneinfo. Returns 0, or -EINVAL
 * for an invalid name (empty, absolute, ".."), -ENOENT for a zone that is not installed, -EBADMSG
 * for a damaged file, -EOPNOTSUPP for a file with leap seconds ("right/..."), -EFBIG above
 * ZONE_FILE_MAX, or another negative errno. "UTC" needs no file.
 */
int zone_load(const char *name, struct zone **ret);
/* Makes the zone from the bytes of a TZif file. */
int zone_parse(const char *name, const void *data, size_t size, struct zone **ret);
struct zone *zone_ref(struct zone *zone);
struct zone *zone_unref(struct zone *zone);
DEFINE_CLEANUP(struct zone, zone_unref);

const char *zone_name(const struct zone *zone);
/*
 * The name of the installed zone that is closest to `name`, for a hint ("Asia/Seul", "seoul" give
 * "Asia/Seoul"); NULL: no name is close. Caller frees. Reads the whole database, so only for
 * errors.
 */
char *zone_closest(const char *name);

/* Seconds east of UTC in force at `utc`. */
int zone_offset(const struct zone *zone, sec_t utc);

/*
 * Converts a wall-clock time to UTC. For a wall time that occurs twice *ret is the first instant.
 * For a wall time that a transition skips the result is false, and *ret is the instant of that
 * transition, which is the nearest valid time after the gap.
 */
bool zone_from_local(const struct zone *zone, sec_t local, sec_t *ret);
/* The message that clocks of the zone skip the wall-clock time, with the nearest times that they
 * show. NULL for a time that is not skipped. Caller frees. */
char *zone_skipped(const struct zone *zone, sec_t local);

/* The first instant after `utc` at which the offset changes, or SEC_NEVER. */
sec_t zone_next_transition(const struct zone *zone, sec_t utc);
