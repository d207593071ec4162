/* `amictl calendar`: the next firings of an expression, and the batch mode. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "base/time.h"
#include "schedule/schedule.h"

enum {
        CALENDAR_LINE_MAX = 4096, /* bytes of a line of a batch */
        CALENDAR_COUNT = 5,       /* firings without -n */
};

/* An expression in a zone, and the time of the last firing. */
struct calendar {
        struct schedule schedule; /* `zone` is owned */
        sec_t from;
};
void calendar_done(struct calendar *calendar);

/*
 * Parses an expression, a zone (NULL or "": UTC) and a time for the firings to follow (NULL or "":
 * `now`), which is also the anchor of a rate. False with a message of one line (caller frees).
 */
bool calendar_read(const char *expression, const char *timezone, const char *from, sec_t now,
                   struct calendar *ret, char **ret_error);
/* The next firing, or SEC_NEVER. Each call returns a later firing. */
sec_t calendar_next(struct calendar *calendar);

/* Parses a time: RFC 3339 with an offset, or a wall-clock time of `zone`. */
bool calendar_read_time(const char *text, const struct zone *zone, sec_t *ret);

/* {"expression", "timezone", "firings"} with the next `count` firings. Caller deletes. */
cJSON *calendar_describe(struct calendar *calendar, const char *expression, unsigned int count);

/* A batch: lines EXPRESSION<TAB>TIMEZONE<TAB>FROM of `input`, with a line of output for each. */
struct calendar_batch {
        FILE *input, *output;
        const char *timezone, *from; /* defaults for lines without them; or NULL */
        sec_t now;
        unsigned int count; /* firings per line */
        bool json;          /* a document per line; for an invalid line {"expression", "error"} */
};
/* False when reading or writing failed. */
bool calendar_batch(const struct calendar_batch *batch);
