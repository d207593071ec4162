/* Images of schedules that are no longer in the settings: logged once for each schedule. */
#include "runs/images/left.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/events/events.h"

/* The definition of a schedule that is not in the settings, once the journal has its line. No
 * schedule in the settings has this definition: with the schedule back it is overwritten. */
#define DEFINITION_LOGGED "left, and told so"

void left_each(struct store *store, const struct settings *settings, left_fn *callback,
               void *userdata)
{
        _cleanup_(text_done) struct text names = {};
        struct store_left *left;
        size_t n;

        if (!settings)
                return;
        text_append(&names, " ");
        for (size_t i = 0; i < settings->n_schedules; i++)
                text_printf(&names, "%s ", settings->schedules[i].name);
        if (store_count_left(store, text_get(&names), &left, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                callback(left[i].schedule, left[i].images, userdata);
        store_left_free(left, n);
}

static void log_images(const char *schedule, size_t images, void *userdata)
{
        struct store *store = userdata;
        struct store_schedule row = { .name = xstrdup(schedule),
                                      .anchor = SEC_NONE,
                                      .handled = SEC_NONE };
        struct store_schedule stored;
        int r = store_load_schedule(store, schedule, &stored);

        if (r > 0) {
                store_schedule_done(&row);
                row = stored;
        }
        /* a row that cannot be read is not overwritten: it has the firings handled, and a pause */
        if (r >= 0 && !streq(row.definition, DEFINITION_LOGGED)) {
                log_event(&events[EVENT_SCHEDULE_LEFT], &(struct log_about){ .schedule = schedule },
                          "Schedule %s is not in the settings, and has %zu image%s: none of them "
                          "is removed. Put it back under that name (with `enabled: false` it does "
                          "not fire) and `amictl prune %s` applies its `retain`; or remove them by "
                          "hand, `amictl images %s` lists them.",
                          schedule, images, images == 1 ? "" : "s", schedule, schedule);
                xreplace(&row.definition, DEFINITION_LOGGED);
                store_save_schedule(store, &row);
        }
        store_schedule_done(&row);
}

void left_log(struct store *store, const struct settings *settings)
{
        left_each(store, settings, log_images, store);
}
