/* The kinds of fault events: a function for each, and the table of all. */
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

static const char *some_region(struct simulation *simulation)
{
        return simulation->fleet
                .regions[dice_below(&simulation->dice, simulation->fleet.n_regions)];
}

/* ---- the daemon and its computer ---- */

static usec_t some_downtime(struct simulation *simulation)
{
        return dice_chance(&simulation->dice, 0.6)   ? 5 * USEC_PER_SEC
               : dice_chance(&simulation->dice, 0.7) ? dice_wait(&simulation->dice, 30 * MINUTE)
                                                     : dice_wait(&simulation->dice, 2 * DAY);
}

static void event_kill(struct simulation *simulation)
{
        machine_crash(&simulation->machine, CRASH_KILLED, some_downtime(simulation));
}

static void event_power(struct simulation *simulation)
{
        machine_crash(&simulation->machine, CRASH_POWER, some_downtime(simulation));
}

static void event_restart(struct simulation *simulation)
{
        machine_stop(&simulation->machine, some_downtime(simulation));
}

static void event_clock(struct simulation *simulation)
{
        struct dice *dice = &simulation->dice;
        usec_t most = dice_chance(dice, 0.8)   ? 10 * MINUTE
                      : dice_chance(dice, 0.6) ? 2 * HOUR
                      : dice_chance(dice, 0.6) ? 3 * DAY
                                               : (usec_t)16 * 365 * DAY;
        usec_t skew = dice_chance(dice, 0.4) ? 0 : dice_between(dice, -most, most);

        trace_line(simulation->trace, "! clock is set by %+lld s",
                   (long long)((skew - simulation->clock.skew) / USEC_PER_SEC));
        virtual_set_skew(&simulation->clock, skew);
}

/* An administrator notices a clock that is far off. */
static void event_ntp(struct simulation *simulation)
{
        usec_t skew = simulation->clock.skew;

        if (skew < 5 * MINUTE && -skew < 5 * MINUTE)
                return;
        trace_line(simulation->trace, "! clock is set right");
        virtual_set_skew(&simulation->clock, 0);
}

static void event_disk(struct simulation *simulation)
{
        struct disk *disk = &simulation->disk;

        fault_events_hindered(simulation);
        checker_disk_changes(simulation->checker);
        if (disk->full || disk->broken) {
                disk->full = disk->broken = false;
                trace_line(simulation->trace, "! disk is well again");
                if (machine_is_up(&simulation->machine))
                        fleet_recorded(&simulation->fleet); /* within seconds */
                return;
        }
        if (dice_chance(&simulation->dice, 0.5))
                disk->full = true;
        else
                disk->broken = true;
        trace_line(simulation->trace, "! disk is %s", disk->full ? "full" : "broken");
}

/* A disk fails for a shorter time than it works. */
static void event_disk_heals(struct simulation *simulation)
{
        if (simulation->disk.full || simulation->disk.broken)
                event_disk(simulation);
}

/* ---- operators ---- */

static void event_reload(struct simulation *simulation)
{
        fleet_edit(&simulation->fleet, simulation->clock.now);
        if (!machine_is_up(&simulation->machine))
                return;
        trace_line(simulation->trace, "! reload");
        machine_reload(&simulation->machine);
}

static const char *some_schedule(struct simulation *simulation)
{
        struct fleet *fleet = &simulation->fleet;

        return fleet->schedules[dice_below(&simulation->dice, fleet->n_schedules)].name;
}

static void trace_result(struct simulation *simulation, const char *what, const char *subject,
                         int r, char *error)
{
        trace_line(simulation->trace, "! %s %s: %s", what, subject ? subject : "",
                   r < 0 ? error : "ok");
        free(error);
}

static void event_run(struct simulation *simulation)
{
        const char *schedule = some_schedule(simulation);
        _cleanup_free_ char *run = NULL;
        char *error = NULL;
        int r;

        if (!machine_is_up(&simulation->machine))
                return;
        r = manager_run(simulation->machine.manager, schedule, NULL, 0, &run, &error);
        trace_result(simulation, "run", schedule, r, error);
}

static void event_prune(struct simulation *simulation)
{
        bool dry = dice_chance(&simulation->dice, 0.3);
        _cleanup_free_ char *run = NULL;
        char *error = NULL;
        int r;

        if (!machine_is_up(&simulation->machine))
                return;
        if (dry)
                checker_dry_run(simulation->checker);
        r = manager_prune(simulation->machine.manager, NULL, dry, &run, &error);
        trace_result(simulation, "prune", dry ? "dry" : NULL, r, error);
}

static void event_adopt(struct simulation *simulation)
{
        _cleanup_free_ char *run = NULL;
        char *error = NULL;
        int r;

        /* An operator adopts nothing while another daemon's images are there. */
        if (!machine_is_up(&simulation->machine) || simulation->second.image)
                return;
        r = manager_adopt(simulation->machine.manager, false, &run, &error);
        trace_result(simulation, "adopt", NULL, r, error);
}

static void event_cancel(struct simulation *simulation)
{
        struct store_run *runs;
        size_t n;

        if (!machine_is_up(&simulation->machine) ||
            store_load_runs(simulation->machine.store, NULL, true, 0, &runs, &n) < 0)
                return;
        if (n) {
                const char *id = runs[dice_below(&simulation->dice, n)].id;
                bool abandon = dice_chance(&simulation->dice, 0.3);
                char *error = NULL;
                int r = manager_cancel(simulation->machine.manager, id, abandon, &error);

                if (abandon && r == 0)
                        checker_abandoned(simulation->checker, id);
                trace_result(simulation, abandon ? "abandon" : "cancel", id, r, error);
        }
        store_runs_free(runs, n);
}

static void event_pause(struct simulation *simulation)
{
        const char *schedule = some_schedule(simulation);
        char *error = NULL;
        bool pause;
        int r;

        if (!machine_is_up(&simulation->machine))
                return;
        pause = !manager_is_paused(simulation->machine.manager, schedule);
        r = manager_pause(simulation->machine.manager, schedule, pause, &error);
        checker_schedule_changed(simulation->checker, schedule);
        trace_result(simulation, pause ? "pause" : "resume", schedule, r, error);
}

/* ---- the network and the cloud ---- */

static void event_network_faults(struct simulation *simulation)
{
        struct dice *dice = &simulation->dice;
        double much = dice_chance(dice, 0.5) ? 0.02 : dice_chance(dice, 0.7) ? 0.2 : 0.6;

        simulation->cloud.network = network_faults_draw(dice, much);
        trace_line(simulation->trace, "! weather: %.0f %%", much * 100);
}

static void event_network_faults_end(struct simulation *simulation)
{
        if (!network_is_fault_free(&simulation->cloud.network))
                fault_events_hindered(simulation);
        simulation->cloud.network = (struct network_faults){};
}

static void event_lag(struct simulation *simulation)
{
        struct timeline *timeline = &simulation->cloud.sim->timeline;
        usec_t most = dice_chance(&simulation->dice, 0.5)
                              ? USEC_PER_SEC
                              : dice_wait(&simulation->dice, 2 * MINUTE);

        timeline->waits[WAIT_VISIBLE] = (struct range){ 0, most };
        timeline->waits[WAIT_IMAGE_GONE] = (struct range){ 0, 3 * most };
        timeline->waits[WAIT_NAME_FREE] = (struct range){ 0, most };
        timeline->waits[WAIT_SNAPSHOT_FREE] = (struct range){ 0, most };
        trace_line(simulation->trace, "! lists lag by up to %lld s",
                   (long long)(most / USEC_PER_SEC));
}

static void event_pages(struct simulation *simulation)
{
        simulation->cloud.short_pages = !simulation->cloud.short_pages;
        trace_line(simulation->trace, "! lists come %s",
                   simulation->cloud.short_pages ? "in pages" : "whole");
}

static void event_pace(struct simulation *simulation)
{
        struct timeline *timeline = &simulation->cloud.sim->timeline;
        usec_t most = dice_chance(&simulation->dice, 0.5) ? 60 * USEC_PER_SEC
                                                          : dice_wait(&simulation->dice, 3 * HOUR);

        timeline->waits[WAIT_SNAPSHOT] =
                (struct range){ 20 * USEC_PER_SEC, 20 * USEC_PER_SEC + most };
        timeline->waits[WAIT_BOOT] =
                (struct range){ 15 * USEC_PER_SEC,
                                dice_between(&simulation->dice, 16, 300) * USEC_PER_SEC };
        trace_line(simulation->trace, "! snapshots take up to %lld s",
                   (long long)(most / USEC_PER_SEC));
}

static void event_keys(struct simulation *simulation)
{
        other_users_rotate_keys(simulation);
}

static void event_expiry(struct simulation *simulation)
{
        fault_events_hindered(simulation);
        simulation->cloud.expired = !simulation->cloud.expired;
        trace_line(simulation->trace, "! keys are %s",
                   simulation->cloud.expired ? "refused" : "accepted");
}

static void event_acceptance(struct simulation *simulation)
{
        if (simulation->cloud.expired)
                event_expiry(simulation);
}

static void event_distrust(struct simulation *simulation)
{
        if (!simulation->fleet.role)
                return;
        fault_events_hindered(simulation);
        simulation->cloud.distrusted = !simulation->cloud.distrusted;
        trace_line(simulation->trace, "! the role is %s",
                   simulation->cloud.distrusted ? "given to nobody" : "given again");
}

static void event_trust(struct simulation *simulation)
{
        if (simulation->cloud.distrusted)
                event_distrust(simulation);
}

/* ---- other users ---- */

static void event_stop(struct simulation *simulation)
{
        other_users_stop_or_start(simulation, some_region(simulation));
}

static void event_terminate(struct simulation *simulation)
{
        other_users_replace(simulation, some_region(simulation));
}

static void event_retag(struct simulation *simulation)
{
        other_users_retag(simulation, some_region(simulation));
}

static void event_never_ready(struct simulation *simulation)
{
        other_users_break(simulation, some_region(simulation));
}

static void event_order(struct simulation *simulation)
{
        other_users_order_failure(simulation, some_region(simulation));
}

static void event_agent(struct simulation *simulation)
{
        other_users_disturb_agent(simulation, some_region(simulation));
}

static void event_service(struct simulation *simulation)
{
        other_users_break_service(simulation, some_region(simulation));
}

static void event_want(struct simulation *simulation)
{
        other_users_exhaust(simulation, some_region(simulation));
}

static void event_unstick(struct simulation *simulation)
{
        other_users_unstick(simulation);
}

static void event_deregister(struct simulation *simulation)
{
        other_users_deregister(simulation, some_region(simulation));
}

static void event_discard(struct simulation *simulation)
{
        other_users_discard(simulation, some_region(simulation));
}

static void event_use(struct simulation *simulation)
{
        other_users_launch_from_image(simulation, some_region(simulation));
}

static void event_foreign(struct simulation *simulation)
{
        other_users_make_image(simulation, some_region(simulation));
}

/* For a kind whose findings are not all fixed: it happens with `--only` alone. */
#define NOT_YET true

const struct fault_event_kind fault_event_kinds[] = {
        { "error-once", 3 * DAY, answer_fault_once, MOSTLY_IN_RUNS, HINDERS, false },
        { "error-for-long", 8 * DAY, answer_fault_for_long, MOSTLY_IN_RUNS, HINDERS, false },
        { "unknown-id", 2 * DAY, answer_fault_of_one_id, MOSTLY_IN_RUNS, HINDERS_NOT, false },
        { "refused-id", 4 * DAY, answer_fault_of_one_change, MOSTLY_IN_RUNS, HINDERS_ONE, false },
        { "foreign-answer", 8 * DAY, answer_fault_foreign, MOSTLY_IN_RUNS, HINDERS, false },
        { "odd-image", 10 * DAY, odd_image_state, MOSTLY_IN_RUNS, HINDERS, false },
        { "start-fails", 20 * DAY, odd_start_fails, MOSTLY_IN_RUNS, HINDERS, false },
        { "unknown-for-minutes", 10 * DAY, odd_unknown_for_minutes, MOSTLY_IN_RUNS, HINDERS,
          false },
        { "disabled", 30 * DAY, odd_image_disabled, AT_ANY_TIME, HINDERS, false },
        { "copy", 30 * DAY, other_users_copy_image, AT_ANY_TIME, HINDERS_NOT, false },
        { "name-taken", 30 * DAY, other_users_take_name, AT_ANY_TIME, HINDERS_NOT, false },
        { "tags-edited", 20 * DAY, other_users_edit_tags, AT_ANY_TIME, HINDERS, false },
        { "protected", 20 * DAY, other_users_protect_image, AT_ANY_TIME, HINDERS, false },
        { "second-daemon", 60 * DAY, other_users_start_daemon, AT_ANY_TIME, HINDERS_NOT, false },
        { "second-daemon-ends", 2 * DAY, other_users_end_daemon, AT_ANY_TIME, HINDERS_NOT, false },
        { "clone", 60 * DAY, other_users_clone, AT_ANY_TIME, HINDERS_NOT, false },
        { "clone-ends", 3 * DAY, other_users_end_clone, AT_ANY_TIME, HINDERS_NOT, false },
        { "kill", 5 * DAY, event_kill, MOSTLY_IN_RUNS, HINDERS, false },
        { "power", 15 * DAY, event_power, MOSTLY_IN_RUNS, HINDERS, false },
        { "restart", 15 * DAY, event_restart, MOSTLY_IN_RUNS, HINDERS, false },
        { "clock", 20 * DAY, event_clock, AT_ANY_TIME, HINDERS, false },
        { "ntp", DAY, event_ntp, AT_ANY_TIME, HINDERS_NOT, false },
        { "disk", 15 * DAY, event_disk, AT_ANY_TIME, HINDERS, false },
        { "disk-heals", 4 * HOUR, event_disk_heals, AT_ANY_TIME, HINDERS_NOT, false },
        { "reload", 8 * DAY, event_reload, MOSTLY_IN_RUNS, HINDERS, false },
        { "run", 8 * DAY, event_run, MOSTLY_IN_RUNS, HINDERS_NOT, false },
        { "prune", 15 * DAY, event_prune, MOSTLY_IN_RUNS, HINDERS_NOT, false },
        { "adopt", 40 * DAY, event_adopt, MOSTLY_IN_RUNS, HINDERS_NOT, false },
        { "cancel", 6 * DAY, event_cancel, AT_ANY_TIME, HINDERS, false },
        { "pause", 30 * DAY, event_pause, AT_ANY_TIME, HINDERS_NOT, false },
        { "weather", 2 * DAY, event_network_faults, AT_ANY_TIME, HINDERS, false },
        { "fair", 3 * HOUR, event_network_faults_end, AT_ANY_TIME, HINDERS_NOT, false },
        { "lag", 8 * DAY, event_lag, AT_ANY_TIME, HINDERS, false },
        { "pages", 8 * DAY, event_pages, AT_ANY_TIME, HINDERS_NOT, false },
        { "pace", 8 * DAY, event_pace, AT_ANY_TIME, HINDERS_NOT, false },
        { "keys", 30 * DAY, event_keys, AT_ANY_TIME, HINDERS, false },
        { "expiry", 30 * DAY, event_expiry, AT_ANY_TIME, HINDERS_NOT, false },
        { "acceptance", 6 * HOUR, event_acceptance, AT_ANY_TIME, HINDERS_NOT, false },
        { "distrust", 15 * DAY, event_distrust, MOSTLY_IN_RUNS, HINDERS, false },
        { "trust", 6 * HOUR, event_trust, AT_ANY_TIME, HINDERS_NOT, false },
        { "no-keys", 15 * DAY, answer_fault_without_keys, MOSTLY_IN_RUNS, HINDERS, false },
        { "stop", 10 * DAY, event_stop, AT_ANY_TIME, HINDERS, false },
        { "terminate", 40 * DAY, event_terminate, AT_ANY_TIME, HINDERS, false },
        { "retag", 20 * DAY, event_retag, AT_ANY_TIME, HINDERS, false },
        { "never-ready", 20 * DAY, event_never_ready, AT_ANY_TIME, HINDERS, false },
        { "order", 6 * DAY, event_order, AT_ANY_TIME, HINDERS, false },
        { "agent", 10 * DAY, event_agent, AT_ANY_TIME, HINDERS, false },
        { "service", 20 * DAY, event_service, AT_ANY_TIME, HINDERS, false },
        { "want", 6 * DAY, event_want, AT_ANY_TIME, HINDERS, false },
        { "unstick", 4 * HOUR, event_unstick, AT_ANY_TIME, HINDERS_NOT, false },
        { "deregister", 30 * DAY, event_deregister, AT_ANY_TIME, HINDERS, false },
        { "discard", 60 * DAY, event_discard, AT_ANY_TIME, HINDERS, false },
        { "use", 30 * DAY, event_use, AT_ANY_TIME, HINDERS_NOT, false },
        { "foreign", 30 * DAY, event_foreign, AT_ANY_TIME, HINDERS_NOT, false },
};
const size_t n_fault_event_kinds = ELEMENTS(fault_event_kinds);
