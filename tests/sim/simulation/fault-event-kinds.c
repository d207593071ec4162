#include "sim/simulation/fault-event-kinds.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/manager.h"
#include "sim/sim-world.h"
#include "sim/simulation/answer-faults.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/fault-events.h"
#include "sim/simulation/odd-states.h"
#include "sim/simulation/other-users-images.h"
#include "sim/simulation/other-users.h"
#include "sim/simulation/simulation.h"
#include "store/store.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const char *some_region(struct universe *universe)
{
        return universe->fleet.regions[dice_below(&universe->dice, universe->fleet.n_regions)];
}

/* ---- the daemon and its computer ---- */

static usec_t some_downtime(struct universe *universe)
{
        return dice_chance(&universe->dice, 0.6)   ? 5 * USEC_PER_SEC
               : dice_chance(&universe->dice, 0.7) ? dice_wait(&universe->dice, 30 * MINUTE)
                                                   : dice_wait(&universe->dice, 2 * DAY);
}

static void happen_kill(struct universe *universe)
{
        machine_die(&universe->machine, DEATH_KILLED, some_downtime(universe));
}

static void happen_power(struct universe *universe)
{
        machine_die(&universe->machine, DEATH_POWER, some_downtime(universe));
}

static void happen_restart(struct universe *universe)
{
        machine_stop(&universe->machine, some_downtime(universe));
}

static void happen_clock(struct universe *universe)
{
        struct dice *dice = &universe->dice;
        usec_t most = dice_chance(dice, 0.8)   ? 10 * MINUTE
                      : dice_chance(dice, 0.6) ? 2 * HOUR
                      : dice_chance(dice, 0.6) ? 3 * DAY
                                               : (usec_t)16 * 365 * DAY;
        usec_t skew = dice_chance(dice, 0.4) ? 0 : dice_between(dice, -most, most);

        trace_line(universe->trace, "! clock is set by %+lld s",
                   (long long)((skew - universe->clock.skew) / USEC_PER_SEC));
        virtual_set_skew(&universe->clock, skew);
}

/* Somebody notices a clock that is far off. */
static void happen_ntp(struct universe *universe)
{
        usec_t skew = universe->clock.skew;

        if (skew < 5 * MINUTE && -skew < 5 * MINUTE)
                return;
        trace_line(universe->trace, "! clock is set right");
        virtual_set_skew(&universe->clock, 0);
}

static void happen_disk(struct universe *universe)
{
        struct disk *disk = &universe->disk;

        happenings_hinder(universe);
        witness_disk_changes(universe->witness);
        if (disk->full || disk->broken) {
                disk->full = disk->broken = false;
                trace_line(universe->trace, "! disk is well again");
                if (machine_is_up(&universe->machine))
                        fleet_recorded(&universe->fleet); /* within seconds */
                return;
        }
        if (dice_chance(&universe->dice, 0.5))
                disk->full = true;
        else
                disk->broken = true;
        trace_line(universe->trace, "! disk is %s", disk->full ? "full" : "broken");
}

/* A disk does not stay ill as long as it is well. */
static void happen_disk_heals(struct universe *universe)
{
        if (universe->disk.full || universe->disk.broken)
                happen_disk(universe);
}

/* ---- operators ---- */

static void happen_reload(struct universe *universe)
{
        fleet_edit(&universe->fleet, universe->clock.now);
        if (!machine_is_up(&universe->machine))
                return;
        trace_line(universe->trace, "! reload");
        machine_reload(&universe->machine);
}

static const char *some_schedule(struct universe *universe)
{
        struct fleet *fleet = &universe->fleet;

        return fleet->schedules[dice_below(&universe->dice, fleet->n_schedules)].name;
}

static void told(struct universe *universe, const char *what, const char *subject, int r,
                 char *error)
{
        trace_line(universe->trace, "! %s %s: %s", what, subject ? subject : "",
                   r < 0 ? error : "ok");
        free(error);
}

static void happen_run(struct universe *universe)
{
        const char *schedule = some_schedule(universe);
        _cleanup_free_ char *run = NULL;
        char *error = NULL;
        int r;

        if (!machine_is_up(&universe->machine))
                return;
        r = manager_run(universe->machine.manager, schedule, NULL, 0, &run, &error);
        told(universe, "run", schedule, r, error);
}

static void happen_prune(struct universe *universe)
{
        bool dry = dice_chance(&universe->dice, 0.3);
        _cleanup_free_ char *run = NULL;
        char *error = NULL;
        int r;

        if (!machine_is_up(&universe->machine))
                return;
        if (dry)
                witness_dry_run(universe->witness);
        r = manager_prune(universe->machine.manager, NULL, dry, &run, &error);
        told(universe, "prune", dry ? "dry" : NULL, r, error);
}

static void happen_adopt(struct universe *universe)
{
        _cleanup_free_ char *run = NULL;
        char *error = NULL;
        int r;

        /* Not before they know whose images these are. */
        if (!machine_is_up(&universe->machine) || universe->second.image)
                return;
        r = manager_adopt(universe->machine.manager, false, &run, &error);
        told(universe, "adopt", NULL, r, error);
}

static void happen_cancel(struct universe *universe)
{
        struct store_run *runs;
        size_t n;

        if (!machine_is_up(&universe->machine) ||
            store_load_runs(universe->machine.store, NULL, true, 0, &runs, &n) < 0)
                return;
        if (n) {
                const char *id = runs[dice_below(&universe->dice, n)].id;
                bool abandon = dice_chance(&universe->dice, 0.3);
                char *error = NULL;
                int r = manager_cancel(universe->machine.manager, id, abandon, &error);

                if (abandon && r == 0)
                        witness_abandoned(universe->witness, id);
                told(universe, abandon ? "abandon" : "cancel", id, r, error);
        }
        store_runs_free(runs, n);
}

static void happen_pause(struct universe *universe)
{
        const char *schedule = some_schedule(universe);
        char *error = NULL;
        bool pause;
        int r;

        if (!machine_is_up(&universe->machine))
                return;
        pause = !manager_is_paused(universe->machine.manager, schedule);
        r = manager_pause(universe->machine.manager, schedule, pause, &error);
        witness_disturbed(universe->witness, schedule);
        told(universe, pause ? "pause" : "resume", schedule, r, error);
}

/* ---- the network and the cloud ---- */

static void happen_weather(struct universe *universe)
{
        struct dice *dice = &universe->dice;
        double much = dice_chance(dice, 0.5) ? 0.02 : dice_chance(dice, 0.7) ? 0.2 : 0.6;

        universe->cloud.weather = weather_draw(dice, much);
        trace_line(universe->trace, "! weather: %.0f %%", much * 100);
}

static void happen_fair(struct universe *universe)
{
        if (!weather_is_fair(&universe->cloud.weather))
                happenings_hinder(universe);
        universe->cloud.weather = (struct weather){};
}

static void happen_lag(struct universe *universe)
{
        struct timeline *timeline = &universe->cloud.sim->timeline;
        usec_t most = dice_chance(&universe->dice, 0.5) ? USEC_PER_SEC
                                                        : dice_wait(&universe->dice, 2 * MINUTE);

        timeline->waits[WAIT_VISIBLE] = (struct range){ 0, most };
        timeline->waits[WAIT_IMAGE_GONE] = (struct range){ 0, 3 * most };
        timeline->waits[WAIT_NAME_FREE] = (struct range){ 0, most };
        timeline->waits[WAIT_SNAPSHOT_FREE] = (struct range){ 0, most };
        trace_line(universe->trace, "! lists lag by up to %lld s",
                   (long long)(most / USEC_PER_SEC));
}

static void happen_pages(struct universe *universe)
{
        universe->cloud.short_pages = !universe->cloud.short_pages;
        trace_line(universe->trace, "! lists come %s",
                   universe->cloud.short_pages ? "in pages" : "whole");
}

static void happen_pace(struct universe *universe)
{
        struct timeline *timeline = &universe->cloud.sim->timeline;
        usec_t most = dice_chance(&universe->dice, 0.5) ? 60 * USEC_PER_SEC
                                                        : dice_wait(&universe->dice, 3 * HOUR);

        timeline->waits[WAIT_SNAPSHOT] =
                (struct range){ 20 * USEC_PER_SEC, 20 * USEC_PER_SEC + most };
        timeline->waits[WAIT_BOOT] =
                (struct range){ 15 * USEC_PER_SEC,
                                dice_between(&universe->dice, 16, 300) * USEC_PER_SEC };
        trace_line(universe->trace, "! snapshots take up to %lld s",
                   (long long)(most / USEC_PER_SEC));
}

static void happen_keys(struct universe *universe)
{
        people_rotate_keys(universe);
}

static void happen_expiry(struct universe *universe)
{
        happenings_hinder(universe);
        universe->cloud.expired = !universe->cloud.expired;
        trace_line(universe->trace, "! keys are %s",
                   universe->cloud.expired ? "refused" : "accepted");
}

static void happen_acceptance(struct universe *universe)
{
        if (universe->cloud.expired)
                happen_expiry(universe);
}

static void happen_distrust(struct universe *universe)
{
        if (!universe->fleet.role)
                return;
        happenings_hinder(universe);
        universe->cloud.distrusted = !universe->cloud.distrusted;
        trace_line(universe->trace, "! the role is %s",
                   universe->cloud.distrusted ? "given to nobody" : "given again");
}

static void happen_trust(struct universe *universe)
{
        if (universe->cloud.distrusted)
                happen_distrust(universe);
}

/* ---- what people do ---- */

static void happen_stop(struct universe *universe)
{
        people_stop_or_start(universe, some_region(universe));
}

static void happen_terminate(struct universe *universe)
{
        people_replace(universe, some_region(universe));
}

static void happen_retag(struct universe *universe)
{
        people_retag(universe, some_region(universe));
}

static void happen_never_ready(struct universe *universe)
{
        people_break(universe, some_region(universe));
}

static void happen_order(struct universe *universe)
{
        people_order_failure(universe, some_region(universe));
}

static void happen_agent(struct universe *universe)
{
        people_disturb_agent(universe, some_region(universe));
}

static void happen_service(struct universe *universe)
{
        people_break_service(universe, some_region(universe));
}

static void happen_want(struct universe *universe)
{
        people_exhaust(universe, some_region(universe));
}

static void happen_unstick(struct universe *universe)
{
        people_unstick(universe);
}

static void happen_deregister(struct universe *universe)
{
        people_deregister(universe, some_region(universe));
}

static void happen_discard(struct universe *universe)
{
        people_discard(universe, some_region(universe));
}

static void happen_use(struct universe *universe)
{
        people_launch_from_image(universe, some_region(universe));
}

static void happen_foreign(struct universe *universe)
{
        people_make_image(universe, some_region(universe));
}

/* A kind whose findings are not all mended: it happens with `--only` alone. */
#define NOT_YET true

const struct happening_kind happening_kinds[] = {
        { "error-once", 3 * DAY, refuse_once, RUNS_MOSTLY, HINDERS, false },
        { "error-for-long", 8 * DAY, refuse_for_long, RUNS_MOSTLY, HINDERS, false },
        { "unknown-id", 2 * DAY, refuse_one_id, RUNS_MOSTLY, HINDERS_NOT, false },
        { "refused-id", 4 * DAY, refuse_one_change, RUNS_MOSTLY, HINDERS_ONE, false },
        { "foreign-answer", 8 * DAY, answer_foreign, RUNS_MOSTLY, HINDERS, false },
        { "odd-image", 10 * DAY, odd_image_state, RUNS_MOSTLY, HINDERS, false },
        { "start-fails", 20 * DAY, odd_start_fails, RUNS_MOSTLY, HINDERS, false },
        { "unknown-for-minutes", 10 * DAY, odd_unknown_for_minutes, RUNS_MOSTLY, HINDERS, false },
        { "disabled", 30 * DAY, odd_image_disabled, ANYWHERE, HINDERS, false },
        { "copy", 30 * DAY, stranger_copies, ANYWHERE, HINDERS_NOT, false },
        { "name-taken", 30 * DAY, stranger_takes_the_name, ANYWHERE, HINDERS_NOT, false },
        { "tags-edited", 20 * DAY, stranger_edits_tags, ANYWHERE, HINDERS, false },
        { "protected", 20 * DAY, stranger_protects, ANYWHERE, HINDERS, false },
        { "second-daemon", 60 * DAY, stranger_daemon, ANYWHERE, HINDERS_NOT, false },
        { "second-daemon-ends", 2 * DAY, stranger_daemon_ends, ANYWHERE, HINDERS_NOT, false },
        { "clone", 60 * DAY, stranger_clones, ANYWHERE, HINDERS_NOT, false },
        { "clone-ends", 3 * DAY, stranger_ends_clone, ANYWHERE, HINDERS_NOT, false },
        { "kill", 5 * DAY, happen_kill, RUNS_MOSTLY, HINDERS, false },
        { "power", 15 * DAY, happen_power, RUNS_MOSTLY, HINDERS, false },
        { "restart", 15 * DAY, happen_restart, RUNS_MOSTLY, HINDERS, false },
        { "clock", 20 * DAY, happen_clock, ANYWHERE, HINDERS, false },
        { "ntp", DAY, happen_ntp, ANYWHERE, HINDERS_NOT, false },
        { "disk", 15 * DAY, happen_disk, ANYWHERE, HINDERS, false },
        { "disk-heals", 4 * HOUR, happen_disk_heals, ANYWHERE, HINDERS_NOT, false },
        { "reload", 8 * DAY, happen_reload, RUNS_MOSTLY, HINDERS, false },
        { "run", 8 * DAY, happen_run, RUNS_MOSTLY, HINDERS_NOT, false },
        { "prune", 15 * DAY, happen_prune, RUNS_MOSTLY, HINDERS_NOT, false },
        { "adopt", 40 * DAY, happen_adopt, RUNS_MOSTLY, HINDERS_NOT, false },
        { "cancel", 6 * DAY, happen_cancel, ANYWHERE, HINDERS, false },
        { "pause", 30 * DAY, happen_pause, ANYWHERE, HINDERS_NOT, false },
        { "weather", 2 * DAY, happen_weather, ANYWHERE, HINDERS, false },
        { "fair", 3 * HOUR, happen_fair, ANYWHERE, HINDERS_NOT, false },
        { "lag", 8 * DAY, happen_lag, ANYWHERE, HINDERS, false },
        { "pages", 8 * DAY, happen_pages, ANYWHERE, HINDERS_NOT, false },
        { "pace", 8 * DAY, happen_pace, ANYWHERE, HINDERS_NOT, false },
        { "keys", 30 * DAY, happen_keys, ANYWHERE, HINDERS, false },
        { "expiry", 30 * DAY, happen_expiry, ANYWHERE, HINDERS_NOT, false },
        { "acceptance", 6 * HOUR, happen_acceptance, ANYWHERE, HINDERS_NOT, false },
        { "distrust", 15 * DAY, happen_distrust, RUNS_MOSTLY, HINDERS, false },
        { "trust", 6 * HOUR, happen_trust, ANYWHERE, HINDERS_NOT, false },
        { "no-keys", 15 * DAY, answer_without_keys, RUNS_MOSTLY, HINDERS, false },
        { "stop", 10 * DAY, happen_stop, ANYWHERE, HINDERS, false },
        { "terminate", 40 * DAY, happen_terminate, ANYWHERE, HINDERS, false },
        { "retag", 20 * DAY, happen_retag, ANYWHERE, HINDERS, false },
        { "never-ready", 20 * DAY, happen_never_ready, ANYWHERE, HINDERS, false },
        { "order", 6 * DAY, happen_order, ANYWHERE, HINDERS, false },
        { "agent", 10 * DAY, happen_agent, ANYWHERE, HINDERS, false },
        { "service", 20 * DAY, happen_service, ANYWHERE, HINDERS, false },
        { "want", 6 * DAY, happen_want, ANYWHERE, HINDERS, false },
        { "unstick", 4 * HOUR, happen_unstick, ANYWHERE, HINDERS_NOT, false },
        { "deregister", 30 * DAY, happen_deregister, ANYWHERE, HINDERS, false },
        { "discard", 60 * DAY, happen_discard, ANYWHERE, HINDERS, false },
        { "use", 30 * DAY, happen_use, ANYWHERE, HINDERS_NOT, false },
        { "foreign", 30 * DAY, happen_foreign, ANYWHERE, HINDERS_NOT, false },
};
const size_t n_happening_kinds = ELEMENTS(happening_kinds);
