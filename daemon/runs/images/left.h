/*
 * Images of schedules that are no longer in the settings, because these were renamed or removed:
 * nothing images for them any more, and no retention decides about them.
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
/* Says so in the journal, once of each: that it was said is remembered in the row of the schedule.
 */
void left_log(struct store *store, const struct settings *settings);
