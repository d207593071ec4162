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

/* ---- what operators ask for ---- */

static void ask_backup(struct universe *universe)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        manager_run(universe->machine.manager, universe->fleet.schedules[0].name, NULL, 0, &run,
                    &error);
}

static void ask_prune(struct universe *universe)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        manager_prune(universe->machine.manager, NULL, false, &run, &error);
}

static void ask_adopt(struct universe *universe)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        manager_adopt(universe->machine.manager, false, &run, &error);
}

/* Retention looks for the image that it misses. */
static void take_image(struct universe *universe)
{
        if (universe->options->taken)
                people_deregister(universe, universe->fleet.regions[0]);
}

static const struct {
        usec_t at;
        void (*ask)(struct universe *universe);
} requests[] = {
        { 1 * MINUTE, ask_backup },  { 61 * MINUTE, ask_backup }, /* its retention removes what the
                                                                     first one has made */
        { 121 * MINUTE, ask_adopt }, { 130 * MINUTE, take_image }, { 131 * MINUTE, ask_prune },
};

static void on_time(void *userdata)
{
        struct universe *universe = userdata;
        size_t at = universe->asked++;

        if (machine_is_up(&universe->machine))
                requests[at].ask(universe);
        if (at + 1 < ELEMENTS(requests))
                timer_arm(universe->asks, requests[at + 1].at - requests[at].at);
}

void walk_begin(struct universe *universe)
{
        universe->asks = timer_new(universe->loop, on_time, universe);
        timer_arm(universe->asks, requests[0].at);
}

void walk_end(struct universe *universe)
{
        timer_free(universe->asks);
}

/* ---- the histories ---- */

static const struct weather lossy = { .mishap = {
                                              [FATE_LOST_BEFORE] = 0.1, [FATE_LOST_AFTER] = 0.3 } };

static const struct scenario {
        const char *name;
        struct fleet_plan plan;
        bool lame, dies_first, no_room, taken, unheard;
        const struct weather *weather;
} scenarios[] = {
        { .name = "all goes well", .plan.level = CONSISTENCY_REBOOT },
        { .name = "answers are lost", .plan.level = CONSISTENCY_REBOOT, .weather = &lossy },
        { .name = "an instance does not come back",
          .plan.level = CONSISTENCY_REBOOT,
          .lame = true },
        { .name = "it has died before, and the call was never sent",
          .plan.level = CONSISTENCY_REBOOT,
          .dies_first = true },
        { .name = "reboots prove themselves", .plan.level = CONSISTENCY_AUTO, .plan.proof = true },
        { .name = "they are taken out of service",
          .plan.level = CONSISTENCY_REBOOT,
          .plan.rotation = true },
        { .name = "they are taken out, and answers are lost",
          .plan.level = CONSISTENCY_STOP,
          .plan.rotation = true,
          .weather = &lossy },
        { .name = "instances are stopped", .plan.level = CONSISTENCY_STOP },
        { .name = "instances are frozen", .plan.level = CONSISTENCY_FREEZE },
        { .name = "they are frozen, and answers are lost",
          .plan.level = CONSISTENCY_FREEZE,
          .weather = &lossy },
        { .name = "they are stopped, and answers are lost",
          .plan.level = CONSISTENCY_STOP,
          .weather = &lossy },
        { .name = "they are stopped, and there is no room",
          .plan.level = CONSISTENCY_STOP,
          .no_room = true },
        { .name = "they are stopped, and no image is heard of",
          .plan.level = CONSISTENCY_STOP,
          .unheard = true },
        { .name = "people deregister an image", .plan.level = CONSISTENCY_CRASH, .taken = true },
};

/* Runs one history; tells how many moments of each sort it had. */
static void run_one(const struct options *options, uint64_t moments[static MOMENTS])
{
        struct universe *universe = universe_new(options);

        universe_run(universe);
        for (int i = 0; i < MOMENTS; i++)
                moments[i] = universe->machine.moments_before_calm[i];
        universe_free(universe);
}

static uint64_t walk_scenario(const struct scenario *scenario, uint64_t seed, uint64_t every)
{
        struct options options = {
                .seed = seed,
                .duration = 4 * SEC_PER_HOUR,
                .quiet_world = true,
                .walk = &scenario->plan,
                .lame = scenario->lame,
                .no_room = scenario->no_room,
                .taken = scenario->taken,
                .unheard = scenario->unheard,
                .dies_first = scenario->dies_first,
                .weather = scenario->weather,
        };
        uint64_t moments[MOMENTS], ignored[MOMENTS], n = 0;

        run_one(&options, moments);
        for (enum moment moment = 0; moment < MOMENTS; moment++) {
                for (uint64_t number = 1; number <= moments[moment]; number += every, n++) {
                        struct death death = {
                                .moment = moment,
                                .number = number,
                                .kind = number % 2 ? DEATH_KILLED : DEATH_POWER,
                                .downtime = 5 * USEC_PER_SEC,
                        };

                        options.death = &death;
                        run_one(&options, ignored);
                }
        }
        return n;
}

bool walk(uint64_t seed, uint64_t every)
{
        for (size_t i = 0; i < ELEMENTS(scenarios); i++)
                printf("%s: %" PRIu64 " deaths\n", scenarios[i].name,
                       walk_scenario(&scenarios[i], seed, every));
        return coverage_print(stdout);
}
