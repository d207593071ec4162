/*
 * Images of schedules that are no longer in the settings, because these were renamed or removed:
 * no run makes images for them any more, and no retention decides about them.
 */
#pragma once

#include <stddef.h>

#include "settings/settings.h"
#include "store/store.h"

/* Each such schedule that has images, with their number. `settings` may be NULL: nothing is known
 * to be left then. */
typedef void left_fn(const char *schedule, size_t images, void *userdata);
void left_each(struct store *store, const struct settings *settings, left_fn *callback,
               void *userdata);
/* Logs each such schedule once: its row notes that. */
void left_log(struct store *store, const struct settings *settings);
