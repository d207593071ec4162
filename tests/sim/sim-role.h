/*
 * Roles of Security Token Service: temporary keys, each of which says in its id when it ends, so
 * that nothing is remembered of it.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "sim/sim-call.h"

bool assume_role(struct call *call);
/* Whether the key is of a role. *ret_ends: until when it is accepted, by the model's clock. */
bool role_key(const char *access_key, usec_t *ret_ends);
