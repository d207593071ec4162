/*
 * The home region of an account that the settings give no region: the one the daemon itself is set
 * up for, which may have to be asked of IMDS. Internal to runs/.
 */
#pragma once

#include "runs/engine.h"

/* Looks for the homes of all accounts of the engine's settings that have no regions, then calls
 * `done` once, never from inside this call. A search under way is dropped. A home that was not
 * found is looked for again every minute. */
void homes_search(struct engine *engine, timer_fn *done, void *userdata);
/* Drops a search under way; what was found stays. */
void homes_search_end(struct engine *engine);
void homes_free(struct engine *engine);

/* NULL when nobody knows; *ret_error then says why, borrowed. */
const char *home_region(const struct engine *engine, const char *account, const char **ret_error);
