/* The scenarios of the crash sweep, and the crash at each of their moments. */
#include "sim/simulation/crash-sweep.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "runs/manager/manager.h"
#include "sim/simulation/coverage.h"
#include "sim/simulation/other-users.h"
#include "sim/simulation/simulation.h"

#define MINUTE (60 * USEC_PER_SEC)

/* ---- requests of operators ---- */

static void ask_backup(struct simulation *simulation)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        manager_run(simulation->machine.manager, simulation->fleet.schedules[0].name, NULL, 0, &run,
                    &error);
}

static void ask_prune(struct simulation *simulation)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        manager_prune(simulation->machine.manager, NULL, false, &run, &error);
}

static void ask_adopt(struct simulation *simulation)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        manager_adopt(simulation->machine.manager, false, &run, &error);
}

/* Retention then has to notice that the image is gone. */
static void ask_deregistration(struct simulation *simulation)
{
        if (simulation->options->image_taken)
                other_users_deregister(simulation, simulation->fleet.regions[0]);
}

static const struct {
        usec_t at;
        void (*ask)(struct simulation *simulation);
} requests[] = {
        { 1 * MINUTE, ask_backup },
        { 61 * MINUTE, ask_backup }, /* its retention removes the first image */
        { 121 * MINUTE, ask_adopt },
        { 130 * MINUTE, ask_deregistration },
        { 131 * MINUTE, ask_prune },
};

static void on_time(void *userdata)
{
        struct simulation *simulation = userdata;
        size_t at = simulation->operations++;

        if (machine_is_up(&simulation->machine))
                requests[at].ask(simulation);
        if (at + 1 < ELEMENTS(requests))
                timer_arm(simulation->operators, requests[at + 1].at - requests[at].at);
}

void crash_sweep_begin(struct simulation *simulation)
{
        simulation->operators = timer_new(simulation->loop, on_time, simulation);
        timer_arm(simulation->operators, requests[0].at);
}

void crash_sweep_end(struct simulation *simulation)
{
        timer_free(simulation->operators);
}

/* ---- the simulations ---- */

static const struct network_faults lossy = {
        .chance = { [NETWORK_LOST_BEFORE] = 0.1, [NETWORK_LOST_AFTER] = 0.3 }
};

static const struct scenario {
        const char *name;
        struct fleet_plan plan;
        bool unready, crash_before_create, no_room, image_taken, create_unreported;
        const struct network_faults *network;
} scenarios[] = {
        { .name = "no fault", .plan.level = CONSISTENCY_REBOOT },
        { .name = "answers are lost", .plan.level = CONSISTENCY_REBOOT, .network = &lossy },
        { .name = "an instance does not come back",
          .plan.level = CONSISTENCY_REBOOT,
          .unready = true },
        { .name = "a crash before the call was sent",
          .plan.level = CONSISTENCY_REBOOT,
          .crash_before_create = true },
        { .name = "reboots are proven", .plan.level = CONSISTENCY_AUTO, .plan.proof = true },
        { .name = "instances are taken out of service",
          .plan.level = CONSISTENCY_REBOOT,
          .plan.rotation = true },
        { .name = "instances are taken out of service, answers are lost",
          .plan.level = CONSISTENCY_STOP,
          .plan.rotation = true,
          .network = &lossy },
        { .name = "instances are stopped", .plan.level = CONSISTENCY_STOP },
        { .name = "instances are frozen", .plan.level = CONSISTENCY_FREEZE },
        { .name = "instances are frozen, answers are lost",
          .plan.level = CONSISTENCY_FREEZE,
          .network = &lossy },
        { .name = "instances are stopped, answers are lost",
          .plan.level = CONSISTENCY_STOP,
          .network = &lossy },
        { .name = "instances are stopped, images exceed the quota",
          .plan.level = CONSISTENCY_STOP,
          .no_room = true },
        { .name = "instances are stopped, the image is not listed",
          .plan.level = CONSISTENCY_STOP,
          .create_unreported = true },
        { .name = "another user deregisters an image",
          .plan.level = CONSISTENCY_CRASH,
          .image_taken = true },
};

/* Runs one simulation; gives how many moments of each kind it had. */
static void run_one(const struct options *options, uint64_t moments[static MOMENTS])
{
        struct simulation *simulation = simulation_new(options);

        simulation_run(simulation);
        for (int i = 0; i < MOMENTS; i++)
                moments[i] = simulation->machine.moments_before_calm[i];
        simulation_free(simulation);
}

static uint64_t sweep_scenario(const struct scenario *scenario, uint64_t seed, uint64_t every)
{
        struct options options = {
                .seed = seed,
                .duration = 4 * SEC_PER_HOUR,
                .no_faults = true,
                .plan = &scenario->plan,
                .unready = scenario->unready,
                .no_room = scenario->no_room,
                .image_taken = scenario->image_taken,
                .create_unreported = scenario->create_unreported,
                .crash_before_create = scenario->crash_before_create,
                .network = scenario->network,
        };
        uint64_t moments[MOMENTS], ignored[MOMENTS], n = 0;

        run_one(&options, moments);
        for (enum moment moment = 0; moment < MOMENTS; moment++) {
                for (uint64_t number = 1; number <= moments[moment]; number += every, n++) {
                        struct crash crash = {
                                .moment = moment,
                                .number = number,
                                .kind = number % 2 ? CRASH_KILLED : CRASH_POWER,
                                .downtime = 5 * USEC_PER_SEC,
                        };

                        options.crash = &crash;
                        run_one(&options, ignored);
                }
        }
        return n;
}

bool crash_sweep(uint64_t seed, uint64_t every)
{
        for (size_t i = 0; i < ELEMENTS(scenarios); i++)
                printf("%s: %" PRIu64 " crashes\n", scenarios[i].name,
                       sweep_scenario(&scenarios[i], seed, every));
        return coverage_print(stdout);
}
