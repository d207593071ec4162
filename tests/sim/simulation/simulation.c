/* The life of a simulation: construction, fault periods and calm periods, its end. */
#include "sim/simulation/simulation.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/crash-sweep.h"
#include "sim/simulation/fault-events.h"
#include "sim/simulation/other-users-images.h"
#include "sim/simulation/other-users.h"

/* The year 2026: DST changes of both hemispheres lie ahead. */
#define BEGINNING ((sec_t)1767225600)
#define CALM      (3 * SEC_PER_DAY * USEC_PER_SEC)
/* Callbacks in one instant, beyond which the daemon is taken to loop for ever. */
enum { CALLBACKS_AT_ONCE = 200000 };

static void print_how_to_repeat(const struct options *options)
{
        fprintf(stderr, "\nThe same again: sim --seed %" PRIu64, options->seed);
        if (options->plan)
                fputs(" --crash-sweep 1", stderr);
        else if (options->duration)
                fprintf(stderr, " --years %.10g", (double)options->duration / (double)SEC_PER_YEAR);
        if (options->no_faults && !options->plan)
                fputs(" --quiet", stderr);
        fprintf(stderr, "%s\n", options->plan ? "" : " --trace");
}

_Noreturn void simulation_fail(struct simulation *simulation, const char *invariant,
                               const char *format, ...)
{
        va_list arguments;

        fflush(stdout);
        fprintf(stderr, "\n---- the last events of seed %" PRIu64 " ----\n",
                simulation->options->seed);
        trace_print_last(simulation->trace, stderr, 60);
        fprintf(stderr, "\nseed %" PRIu64 ": VIOLATED: %s: ", simulation->options->seed, invariant);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        print_how_to_repeat(simulation->options);
        machine_lose_state(&simulation->machine);
        rmdir(simulation->machine.directory);
        exit(1);
}

/* ---- fault periods of weeks, each followed by a calm period of three days ---- */

static void begin_fault_period(struct simulation *simulation)
{
        timer_arm(simulation->period,
                  fleet_fault_period(&simulation->fleet, &simulation->dice) * USEC_PER_SEC);
}

static void on_period_end(void *userdata)
{
        struct simulation *simulation = userdata;

        if (simulation->calm) {
                checker_calm_ends(simulation->checker);
                simulation->calm = false;
                fault_events_begin(simulation);
                begin_fault_period(simulation);
        } else {
                fault_events_end(simulation);
                simulation->calm = true;
                simulation->calm_since = simulation->clock.now;
                timer_arm(simulation->period, CALM);
        }
}

struct simulation *simulation_new(const struct options *options)
{
        struct simulation *simulation = xnew(struct simulation);

        /* An earlier simulation may have rotated them. */
        setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);   /* NOLINT(concurrency-mt-unsafe) */
        setenv("AWS_SECRET_ACCESS_KEY", "simulated", 1); /* NOLINT(concurrency-mt-unsafe) */
        simulation->options = options;
        simulation->clock.epoch = BEGINNING * USEC_PER_SEC;
        /* The subject keeps its first name, which all histories depend on. */
        simulation->dice = dice_new(options->seed, "universe");
        simulation->loop = virtual_loop_new(&simulation->clock, options->seed);
        simulation->trace = trace_new(&simulation->clock, options->trace);
        cloud_init(&simulation->cloud, &simulation->clock, simulation->loop, simulation->trace,
                   options->seed);
        fleet_init(&simulation->fleet, options->seed, options->plan);
        fleet_launch(&simulation->fleet, &simulation->cloud);
        simulation->checker = checker_new(simulation);
        machine_init(&simulation->machine, simulation);
        simulation->period = timer_new(simulation->loop, on_period_end, simulation);
        fault_events_init(simulation);
        if (options->network)
                simulation->cloud.network = *options->network;
        if (options->unready)
                other_users_break_first(simulation, simulation->fleet.regions[0]);
        if (options->create_unreported)
                answer_fault_after_create(simulation);
        if (options->no_room)
                other_users_exhaust_images(simulation, simulation->fleet.regions[0]);
        return simulation;
}

static void advance(struct simulation *simulation, usec_t until)
{
        while (virtual_turn(&simulation->clock, until)) {
                machine_finish_crash(&simulation->machine);
                if (simulation->clock.idle_run > CALLBACKS_AT_ONCE)
                        simulation_fail(simulation, "makes progress",
                                        "the daemon runs callbacks without end");
        }
}

void simulation_start(struct simulation *simulation)
{
        machine_start(&simulation->machine);
        fault_events_begin(simulation);
        if (simulation->options->plan)
                crash_sweep_begin(simulation);
        begin_fault_period(simulation);
}

void simulation_advance(struct simulation *simulation, sec_t until)
{
        advance(simulation, until * USEC_PER_SEC);
}

/* The last fault period ends, and a calm period follows. */
void simulation_finish(struct simulation *simulation)
{
        if (!simulation->calm)
                on_period_end(simulation);
        advance(simulation, simulation->calm_since + CALM - 1);
        checker_calm_ends(simulation->checker);
}

void simulation_run(struct simulation *simulation)
{
        sec_t duration = simulation->options->duration;

        simulation_start(simulation);
        simulation_advance(simulation, duration ? duration : fleet_lifetime(&simulation->fleet));
        simulation_finish(simulation);
}

struct simulation *simulation_free(struct simulation *simulation)
{
        machine_done(&simulation->machine);
        crash_sweep_end(simulation);
        other_users_end_daemon(simulation);
        fault_events_done(simulation);
        checker_free(simulation->checker);
        timer_free(simulation->period);
        fleet_done(&simulation->fleet);
        cloud_done(&simulation->cloud);
        trace_free(simulation->trace);
        loop_free(simulation->loop);
        free(simulation);
        return NULL;
}
