/*
 * The accounts of the settings, kept as long as these are in force, and what the settings leave to
 * be found out about the regions of an account. Without any: its home, the region the daemon itself
 * is set up for, which may have to be asked of IMDS. With `all`: those that are open to the
 * account, which AWS is asked for, and again every day. Internal to runs/.
 */
#pragma once

#include "runs/engine.h"

enum {
        HOMES_PATIENCE = 20, /* seconds that all is held up for an account that does not answer */
        HOME_RETRY = 60,     /* seconds until it is asked again */
        HOME_RENEW = 24 * 3600, /* seconds until the open regions are asked for again */
};

/* Looks for the regions of all accounts of the engine's settings that have none, then calls `done`
 * once, never from inside this call. A search under way is dropped. */
void homes_search(struct engine *engine, timer_fn *done, void *userdata);
/* Drops a search under way; what was found stays. */
void homes_search_end(struct engine *engine);
void homes_free(struct engine *engine);

/* The regions of an account without settings for them; none when nobody knows: *ret_error then says
 * why, borrowed. */
char *const *home_regions(const struct engine *engine, const char *account, size_t *ret_n,
                          const char **ret_error);
