/*
 * Roles of Security Token Service: temporary keys. The id of a key holds its end, so that the model
 * remembers no keys.
 */
#pragma once

#include <stdbool.h>

#include "base/time.h"
#include "sim/sim-call.h"

bool assume_role(struct call *call);
/* Whether the key is of a role. *ret_ends: until when it is accepted, by the model's clock. */
bool role_key(const char *access_key, usec_t *ret_ends);
