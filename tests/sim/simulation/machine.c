/* Starts, stops and crashes the daemon. */
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
        return machine->manager && !machine->crashing;
}

/* ---- death ---- */

void machine_crash(struct machine *machine, enum crash_kind kind, usec_t downtime)
{
        struct simulation *simulation = machine->simulation;

        if (!machine_is_up(machine))
                return;
        trace_line(simulation->trace, "! %s, down for %lld s",
                   kind == CRASH_POWER ? "power failure" : "killed",
                   (long long)(downtime / USEC_PER_SEC));
        simulation->crashes++;
        machine->crashing = true;
        machine->power = kind == CRASH_POWER;
        machine->downtime = downtime;
        simulation->disk.cut = true;
        simulation->cloud.cut = true;
        trace_mute(simulation->trace, true);
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

void machine_finish_crash(struct machine *machine)
{
        struct simulation *simulation = machine->simulation;

        if (!machine->crashing)
                return;
        machine_clear(machine);
        machine->crashing = false;
        if (machine->power)
                disk_lose_power(&simulation->disk);
        simulation->disk.cut = false;
        simulation->cloud.cut = false;
        trace_mute(simulation->trace, false);
        timer_arm(machine->start, machine->downtime);
}

/* A moment of a commit or request: the planned crash may be due, or a random one. */
static void on_moment(struct machine *machine, enum moment moment)
{
        struct simulation *simulation = machine->simulation;
        const struct crash *crash = simulation->options->crash;

        if (!machine->manager || machine->crashing ||
            (simulation->options->crash_before_create && !machine->crashed_first))
                return;
        machine->moments[moment]++;
        if (!simulation->calm)
                machine->moments_before_calm[moment]++;
        if (crash) {
                if (crash->moment != moment || crash->number != machine->moments[moment])
                        return;
                coverage_note(coverage_engine(), moment);
                machine_crash(machine, crash->kind, crash->downtime);
                return;
        }
        if (simulation->options->no_faults || simulation->options->only || simulation->calm ||
            !dice_chance(&simulation->dice, 0.001))
                return;
        coverage_note(coverage_engine(), moment);
        machine_crash(machine, dice_chance(&simulation->dice, 0.5) ? CRASH_POWER : CRASH_KILLED,
                      dice_chance(&simulation->dice, 0.8)
                              ? RESTART
                              : dice_wait(&simulation->dice, 3600 * USEC_PER_SEC));
}

static void on_disk(enum disk_moment moment, void *userdata)
{
        on_moment(userdata,
                  moment == DISK_BEFORE_SYNC ? MOMENT_BEFORE_COMMIT : MOMENT_AFTER_COMMIT);
}

static void on_cloud(enum cloud_moment moment, const char *action, const char *region,
                     void *userdata)
{
        struct simulation *simulation = userdata;

        if (simulation->options->crash_before_create && !simulation->machine.crashed_first &&
            streq(action, "CreateImage")) {
                simulation->machine.crashed_first = true;
                machine_crash(&simulation->machine, CRASH_KILLED, RESTART);
                return;
        }
        fault_events_busy(simulation, 30 * SEC_PER_MIN * USEC_PER_SEC);
        if (moment == CLOUD_SENT) {
                checker_sent(simulation->checker, action, region);
                fault_events_request(simulation);
                if (simulation->options->create_unreported && streq(action, "CreateImage"))
                        answer_fault_of_image_lists(simulation);
        }
        on_moment(&simulation->machine, moment == CLOUD_SENDING ? MOMENT_SENDING : MOMENT_SENT);
}

/* ---- life ---- */

static void on_start(void *userdata)
{
        machine_start(userdata);
}

void machine_init(struct machine *machine, struct simulation *simulation)
{
        char shm[] = "/dev/shm/amid-sim-XXXXXX", tmp[] = "/tmp/amid-sim-XXXXXX";
        const char *directory = mkdtemp(shm);

        if (!directory)
                directory = mkdtemp(tmp);
        assert(directory);
        *machine = (struct machine){ .simulation = simulation, .directory = xstrdup(directory) };
        machine->start = timer_new(simulation->loop, on_start, machine);
        disk_init(&simulation->disk, simulation->options->seed, machine->directory);
        simulation->disk.moment = on_disk;
        simulation->disk.userdata = machine;
        simulation->cloud.hooks.moment = on_cloud;
}

void machine_lose_state(struct machine *machine)
{
        disk_erase(&machine->simulation->disk);
}

void machine_done(struct machine *machine)
{
        if (machine->manager)
                machine_stop(machine, USEC_INFINITY);
        timer_free(machine->start);
        disk_done(&machine->simulation->disk);
        rmdir(machine->directory);
        free(machine->directory);
}

void machine_reload(struct machine *machine)
{
        struct simulation *simulation = machine->simulation;

        fleet_read(&simulation->fleet, simulation->clock.now, simulation->clock.skew,
                   !simulation->disk.full && !simulation->disk.broken);
        manager_apply(machine->manager, fleet_settings(&simulation->fleet));
}

/* The power fails while the state is made or opened. */
static void crash_at_start(struct machine *machine)
{
        struct simulation *simulation = machine->simulation;

        trace_line(simulation->trace, "! power failure at the start");
        simulation->crashes++;
        machine->store = store_close(machine->store);
        disk_lose_power(&simulation->disk);
        simulation->disk.cut = false;
        timer_arm(machine->start, RESTART);
}

void machine_start(struct machine *machine)
{
        struct simulation *simulation = machine->simulation;
        _cleanup_free_ char *error = NULL;
        int r;

        if (machine->manager)
                return;
        if (!simulation->calm && !simulation->options->no_faults &&
            dice_chance(&simulation->dice, machine->starts ? 0.03 : 0.3))
                simulation->disk.cut_after = (unsigned int)dice_between(&simulation->dice, 1, 12);
        r = store_open(machine->directory, &machine->store, &error);
        simulation->disk.cut_after = 0;
        if (simulation->disk.cut) {
                crash_at_start(machine);
                return;
        }
        if (r < 0) {
                trace_line(simulation->trace, "! does not start: %s", error);
                if (!simulation->disk.full && !simulation->disk.broken)
                        simulation_fail(simulation, "starts again", "the store does not open: %s",
                                        error);
                timer_arm(machine->start, RESTART);
                return;
        }
        machine->starts++;
        fault_events_hindered(simulation);
        checker_started(simulation->checker);
        trace_line(simulation->trace, "! start %llu", (unsigned long long)machine->starts);
        machine->loop = virtual_loop_new(&simulation->clock, dice_next(&simulation->dice));
        machine->http = cloud_http_new(&simulation->cloud, machine->loop);
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
                trace_line(machine->simulation->trace, "! stopped in order");
        else
                trace_line(machine->simulation->trace, "! stopped in order for %lld s",
                           (long long)(downtime / USEC_PER_SEC));
        manager_stop(machine->manager);
        if (machine->crashing) /* a crash while it was stopping */
                return;
        machine_clear(machine);
        timer_arm(machine->start, downtime);
}
