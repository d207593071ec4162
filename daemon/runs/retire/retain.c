/* The terms of retention, and its images, from settings and rows. */
#include "runs/retire/retain.h"
#include "runs/images/method.h"

#include "base/mutant.h"
#include "base/text.h"

/* From a firing that is not missed to the CreationDate of its last image. */
#define FIRING_LAG SEC_PER_DAY

static const char *const level_names[] = {
        [CONSISTENCY_CRASH] = "crash",
        [CONSISTENCY_FREEZE] = "freeze",
        [CONSISTENCY_REBOOT] = "reboot",
        [CONSISTENCY_STOP] = "stop",
};

struct retention_terms retain_terms(const struct setting_schedule *schedule, sec_t now)
{
        enum setting_consistency asked = level_of(schedule, false);
        bool required = schedule->retain_require != REQUIRE_NONE;

        return (struct retention_terms){
                .policy = schedule->retain,
                .requested = asked,
                .full = required ? schedule->retain_require - REQUIRE_CRASH : asked,
                .required = required,
                .levels = level_names,
                .firing_lag = schedule->missed_within + schedule->flexible_window + FIRING_LAG,
                .now = now,
        };
}

struct retention_image retain_image(const struct setting_schedule *schedule,
                                    const struct store_image *row, sec_t created)
{
        bool known = created != 0, local = known && !MUTANT(takes_days_of_utc);

        if (MUTANT(orders_by_firing))
                created = row->firing;
        return (struct retention_image){
                .series = row->instance,
                .id = row->id,
                .created = known ? created : SEC_NONE,
                .created_offset = local ? zone_offset(schedule->zone, created) : 0,
                .firing = row->firing,
                .firing_offset = local ? zone_offset(schedule->zone, row->firing) : 0,
                .level = MUTANT(counts_lower_consistency) ? CONSISTENCY_STOP
                                                          : consistency_level(row->consistency),
                .succeeded = row->outcome == OUTCOME_DONE || MUTANT(counts_failed_tasks),
        };
}
