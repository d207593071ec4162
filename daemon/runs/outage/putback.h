/*
 * What an instance is taken out of for its image and is put back into: the text of row.putback,
 * which is committed before anything of it is done. Lines of words; the last may hold spaces:
 *
 *     standby NAME            it is in service in this Auto Scaling group
 *     drain HOW PORT ARN      it is registered in this target group under this port
 *     watch HOW PORT ARN      the same, but it is left there
 *
 * HOW is `healthy` where it was healthy, and then its turn ends when it is healthy there again;
 * else `any`. Stored: never rename, never reuse.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum putback_kind { PUTBACK_STANDBY, PUTBACK_DRAIN, PUTBACK_WATCH };

struct putback_line {
        enum putback_kind kind;
        bool healthy; /* was, and has to be again */
        unsigned int port;
        char *name; /* of the Auto Scaling group, or ARN of the target group */
};
struct putback {
        struct putback_line *lines;
        size_t n;
};

/* NULL: none. A line that is none of these is left out. */
void putback_parse(const char *text, struct putback *ret);
/* NULL: none. Caller frees. */
char *putback_print(const struct putback *putback);
void putback_done(struct putback *putback);

void putback_add(struct putback *putback, enum putback_kind kind, bool healthy, unsigned int port,
                 const char *name);

/* Whether the instance is taken out of something, and not only watched. */
bool putback_takes_out(const char *text);
/* Whether its turn ends only when it is healthy somewhere. */
bool putback_awaits_health(const char *text);
/* Nobody waits any more until it is healthy. */
void putback_forget_health(char **text);
/* Whether it is to be put into standby in the Auto Scaling group `name`. */
bool putback_has_standby(const char *text, const char *name);
