/* `amictl calendar`: the next firings of one expression, and the batch mode. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "base/time.h"
#include "schedule/schedule.h"

enum {
        CALENDAR_LINE_MAX = 4096, /* bytes of a line of a batch */
        CALENDAR_COUNT = 5,       /* firings, where -n is not given */
};

/* What firings are asked of. */
struct calendar {
        struct schedule schedule; /* `zone` is owned */
        sec_t from;
};
void calendar_done(struct calendar *calendar);

/*
 * Reads an expression, a zone (NULL or "": UTC) and a time to begin after (NULL or "": `now`).
 * False with a message of one line (caller frees). The anchor of a rate is the time to begin after.
 */
bool calendar_read(const char *expression, const char *timezone, const char *from, sec_t now,
                   struct calendar *ret, char **ret_error);
/* The next one, and moves on behind it; SEC_NEVER when there is none left. */
sec_t calendar_next(struct calendar *calendar);

/* Reads a time: RFC 3339 with an offset, or wall-clock time of `zone`. */
bool calendar_read_time(const char *text, const struct zone *zone, sec_t *ret);

/* {"expression", "timezone", "firings"} of the next `count` firings. Caller deletes. */
cJSON *calendar_describe(struct calendar *calendar, const char *expression, unsigned int count);

/* Lines of EXPRESSION<TAB>TIMEZONE<TAB>FROM from `input`, a line of answer for each. */
struct calendar_batch {
        FILE *input, *output;
        const char *timezone, *from; /* stand in where a line has none; or NULL */
        sec_t now;
        unsigned int count; /* firings of each line */
        bool json;          /* a document a line; of a bad line {"expression", "error"} */
};
/* False when reading or writing failed. */
bool calendar_batch(const struct calendar_batch *batch);
