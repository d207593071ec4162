/*
 * The regions of accounts whose settings do not name them. Without `regions`, an account has its
 * home: the region that the daemon itself is configured for, which IMDS may have to be asked for.
 * With `regions: all`, it has all regions that are enabled for it: AWS lists them, and again every
 * day.
 *
 * The accounts of the settings are referenced here as long as the settings are in force.
 */
#pragma once

#include "runs/location/location.h"

enum {
        REGIONS_TIMEOUT = 20, /* seconds that the start waits for an account that does not answer */
        REGIONS_RETRY = 60,   /* seconds until such an account is asked again */
        REGIONS_RENEW = 24 * 3600, /* seconds until the enabled regions are listed again */
};

/* Makes `settings` (referenced) those of the locations, and searches for the regions of all
 * accounts that name none; then calls `done` once, never from inside this call. A search under way
 * is dropped. */
void regions_search(struct locations *locations, struct settings *settings, timer_fn *done,
                    void *userdata);
/* Drops a search under way; what was found stays. */
void regions_search_end(struct locations *locations);
void regions_forget(struct locations *locations);

/* The regions found for an account. Where none is known, *ret_n is 0, and *ret_error says why
 * (borrowed). */
char *const *regions_of(const struct locations *locations, const char *account, size_t *ret_n,
                        const char **ret_error);
