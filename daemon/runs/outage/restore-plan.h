/*
 * The restore plan of an instance: the Auto Scaling group and target groups it is taken out of for
 * its image, and put back into. It is the text of row.putback, and committed before the first
 * request that carries it out. Lines of words; the last may hold spaces:
 *
 *     standby NAME            it is in service in this Auto Scaling group
 *     drain HOW PORT ARN      it is registered in this target group under this port
 *     watch HOW PORT ARN      the same, but it is left there
 *
 * HOW is `healthy` where it was healthy: its slot is free again once it is healthy there; else
 * `any`. Stored: never rename, never reuse.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum restore_kind { RESTORE_STANDBY, RESTORE_DRAIN, RESTORE_WATCH };

struct restore_line {
        enum restore_kind kind;
        bool healthy; /* before the outage, and has to be again */
        unsigned int port;
        char *name; /* of the Auto Scaling group, or ARN of the target group */
};
struct restore_plan {
        struct restore_line *lines;
        size_t n;
};

/* NULL: none. A line that is none of these is left out. */
void restore_plan_parse(const char *text, struct restore_plan *ret);
/* NULL: none. Caller frees. */
char *restore_plan_print(const struct restore_plan *plan);
void restore_plan_done(struct restore_plan *plan);

void restore_plan_add(struct restore_plan *plan, enum restore_kind kind, bool healthy,
                      unsigned int port, const char *name);

/* Whether the plan takes the instance out of a group, and does not only watch it. */
bool restore_plan_takes_out(const char *text);
/* Whether the slot of the instance is free only once it is healthy in a group. */
bool restore_plan_awaits_health(const char *text);
/* The task no longer waits until the instance is healthy. */
void restore_plan_forget_health(char **text);
/* Whether it is to be put into standby in the Auto Scaling group `name`. */
bool restore_plan_has_standby(const char *text, const char *name);
