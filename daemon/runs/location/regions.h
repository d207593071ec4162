/*
 * The accounts of the settings, kept as long as these are in force, and what the settings leave to
 * be found out about the regions of an account. Without any: its home, the region the daemon itself
 * is set up for, which may have to be asked of IMDS. With `all`: those that are open to the
 * account, which AWS is asked for, and again every day.
 */
#pragma once

#include "runs/location/location.h"

enum {
        REGIONS_TIMEOUT = 20, /* seconds that all is held up for an account that does not answer */
        REGIONS_RETRY = 60,   /* seconds until it is asked again */
        REGIONS_RENEW = 24 * 3600, /* seconds until the open regions are asked for again */
};

/* Makes `settings` (referenced) those of the locations, and looks for the regions of all accounts
 * that have none in them; then calls `done` once, never from inside this call. A search under way
 * is dropped. */
void regions_search(struct locations *locations, struct settings *settings, timer_fn *done,
                    void *userdata);
/* Drops a search under way; what was found stays. */
void regions_search_end(struct locations *locations);
void regions_forget(struct locations *locations);

/* The regions of an account without settings for them; none when nobody knows: *ret_error then says
 * why, borrowed. */
char *const *regions_of(const struct locations *locations, const char *account, size_t *ret_n,
                        const char **ret_error);
