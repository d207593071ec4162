#include "sim/simulation/machine.h"

#include <assert.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/client/aws.h"
#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/manager.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/coverage.h"
#include "sim/simulation/fault-events.h"
#include "sim/simulation/simulation.h"
#include "store/store.h"

/* systemd's RestartSec= of amid.service. */
#define RESTART (5 * USEC_PER_SEC)

const char *const moment_names[MOMENTS] = {
        [MOMENT_BEFORE_COMMIT] = "before commit",
        [MOMENT_AFTER_COMMIT] = "after commit",
        [MOMENT_SENDING] = "before request",
        [MOMENT_SENT] = "after request",
};

bool machine_is_up(const struct machine *machine)
{
        return machine->manager && !machine->dying;
}

/* ---- death ---- */

void machine_die(struct machine *machine, enum death_kind kind, usec_t downtime)
{
        struct universe *universe = machine->universe;

        if (!machine_is_up(machine))
                return;
        trace_line(universe->trace, "! %s, down for %lld s",
                   kind == DEATH_POWER ? "power failure" : "killed",
                   (long long)(downtime / USEC_PER_SEC));
        universe->deaths++;
        machine->dying = true;
        machine->power = kind == DEATH_POWER;
        machine->downtime = downtime;
        universe->disk.cut = true;
        universe->cloud.cut = true;
        trace_mute(universe->trace, true);
        virtual_stop(machine->loop);
}

static void machine_clear(struct machine *machine)
{
        machine->manager = manager_free(machine->manager);
        machine->aws = aws_free(machine->aws);
        machine->http = http_free(machine->http);
        machine->store = store_close(machine->store);
        machine->loop = loop_free(machine->loop);
        coverage_forget_engine();
}

void machine_bury(struct machine *machine)
{
        struct universe *universe = machine->universe;

        if (!machine->dying)
                return;
        machine_clear(machine);
        machine->dying = false;
        if (machine->power)
                disk_lose_power(&universe->disk);
        universe->disk.cut = false;
        universe->cloud.cut = false;
        trace_mute(universe->trace, false);
        timer_arm(machine->start, machine->downtime);
}

/* A moment has come: it may be the one of the planned death, or of one that is drawn. */
static void on_moment(struct machine *machine, enum moment moment)
{
        struct universe *universe = machine->universe;
        const struct death *death = universe->options->death;

        if (!machine->manager || machine->dying ||
            (universe->options->dies_first && !machine->died_first))
                return;
        machine->moments[moment]++;
        if (!universe->calm)
                machine->moments_before_calm[moment]++;
        if (death) {
                if (death->moment != moment || death->number != machine->moments[moment])
                        return;
                coverage_note(coverage_engine(), moment);
                machine_die(machine, death->kind, death->downtime);
                return;
        }
        if (universe->options->quiet_world || universe->options->only || universe->calm ||
            !dice_chance(&universe->dice, 0.001))
                return;
        coverage_note(coverage_engine(), moment);
        machine_die(machine, dice_chance(&universe->dice, 0.5) ? DEATH_POWER : DEATH_KILLED,
                    dice_chance(&universe->dice, 0.8)
                            ? RESTART
                            : dice_wait(&universe->dice, 3600 * USEC_PER_SEC));
}

static void on_disk(enum disk_moment moment, void *userdata)
{
        on_moment(userdata,
                  moment == DISK_BEFORE_SYNC ? MOMENT_BEFORE_COMMIT : MOMENT_AFTER_COMMIT);
}

static void on_cloud(enum cloud_moment moment, const char *action, const char *region,
                     void *userdata)
{
        struct universe *universe = userdata;

        if (universe->options->dies_first && !universe->machine.died_first &&
            streq(action, "CreateImage")) {
                universe->machine.died_first = true;
                machine_die(&universe->machine, DEATH_KILLED, RESTART);
                return;
        }
        happenings_busy(universe, 30 * SEC_PER_MIN * USEC_PER_SEC);
        if (moment == CLOUD_SENT) {
                witness_sent(universe->witness, action, region);
                happenings_request(universe);
                if (universe->options->unheard && streq(action, "CreateImage"))
                        refuse_lists_of_images(universe);
        }
        on_moment(&universe->machine, moment == CLOUD_SENDING ? MOMENT_SENDING : MOMENT_SENT);
}

/* ---- life ---- */

static void on_start(void *userdata)
{
        machine_start(userdata);
}

void machine_init(struct machine *machine, struct universe *universe)
{
        char shm[] = "/dev/shm/amid-sim-XXXXXX", tmp[] = "/tmp/amid-sim-XXXXXX";
        const char *directory = mkdtemp(shm);

        if (!directory)
                directory = mkdtemp(tmp);
        assert(directory);
        *machine = (struct machine){ .universe = universe, .directory = xstrdup(directory) };
        machine->start = timer_new(universe->loop, on_start, machine);
        disk_init(&universe->disk, universe->options->seed, machine->directory);
        universe->disk.moment = on_disk;
        universe->disk.userdata = machine;
        universe->cloud.hooks.moment = on_cloud;
}

void machine_lose_state(struct machine *machine)
{
        disk_erase(&machine->universe->disk);
}

void machine_done(struct machine *machine)
{
        if (machine->manager)
                machine_stop(machine, USEC_INFINITY);
        timer_free(machine->start);
        disk_done(&machine->universe->disk);
        rmdir(machine->directory);
        free(machine->directory);
}

void machine_reload(struct machine *machine)
{
        struct universe *universe = machine->universe;

        fleet_read(&universe->fleet, universe->clock.now, universe->clock.skew,
                   !universe->disk.full && !universe->disk.broken);
        manager_apply(machine->manager, fleet_settings(&universe->fleet));
}

/* The power fails while the state is made or opened. */
static void die_at_start(struct machine *machine)
{
        struct universe *universe = machine->universe;

        trace_line(universe->trace, "! power failure at the start");
        universe->deaths++;
        machine->store = store_close(machine->store);
        disk_lose_power(&universe->disk);
        universe->disk.cut = false;
        timer_arm(machine->start, RESTART);
}

void machine_start(struct machine *machine)
{
        struct universe *universe = machine->universe;
        _cleanup_free_ char *error = NULL;
        int r;

        if (machine->manager)
                return;
        if (!universe->calm && !universe->options->quiet_world &&
            dice_chance(&universe->dice, machine->starts ? 0.03 : 0.3))
                universe->disk.cut_after = (unsigned int)dice_between(&universe->dice, 1, 12);
        r = store_open(machine->directory, &machine->store, &error);
        universe->disk.cut_after = 0;
        if (universe->disk.cut) {
                die_at_start(machine);
                return;
        }
        if (r < 0) {
                trace_line(universe->trace, "! does not start: %s", error);
                if (!universe->disk.full && !universe->disk.broken)
                        universe_fail(universe, "starts again", "the store does not open: %s",
                                      error);
                timer_arm(machine->start, RESTART);
                return;
        }
        machine->starts++;
        happenings_hinder(universe);
        witness_started(universe->witness);
        trace_line(universe->trace, "! start %llu", (unsigned long long)machine->starts);
        machine->loop = virtual_loop_new(&universe->clock, dice_next(&universe->dice));
        machine->http = cloud_http_new(&universe->cloud, machine->loop);
        r = aws_new(machine->loop, machine->http, &machine->aws);
        assert(r == 0);
        machine->manager = manager_new(machine->loop, machine->store, machine->aws);
        machine_reload(machine);
}

void machine_stop(struct machine *machine, usec_t downtime)
{
        if (!machine_is_up(machine))
                return;
        if (downtime == USEC_INFINITY)
                trace_line(machine->universe->trace, "! stopped in order");
        else
                trace_line(machine->universe->trace, "! stopped in order for %lld s",
                           (long long)(downtime / USEC_PER_SEC));
        manager_stop(machine->manager);
        if (machine->dying) /* while it was stopping */
                return;
        machine_clear(machine);
        timer_arm(machine->start, downtime);
}
