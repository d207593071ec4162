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

/* The year 2026: DST changes of both halves of the world lie ahead. */
#define BEGINNING ((sec_t)1767225600)
#define CALM      (3 * SEC_PER_DAY * USEC_PER_SEC)
/* Callbacks in one instant: beyond, the daemon turns without getting anywhere. */
enum { CALLBACKS_AT_ONCE = 200000 };

static void say_how_to_repeat(const struct options *options)
{
        fprintf(stderr, "\nThe same again: sim --seed %" PRIu64, options->seed);
        if (options->walk)
                fputs(" --walk 1", stderr);
        else if (options->duration)
                fprintf(stderr, " --years %.10g", (double)options->duration / (double)SEC_PER_YEAR);
        if (options->quiet_world && !options->walk)
                fputs(" --quiet", stderr);
        fprintf(stderr, "%s\n", options->walk ? "" : " --trace");
}

_Noreturn void universe_fail(struct universe *universe, const char *invariant, const char *format,
                             ...)
{
        va_list arguments;

        fflush(stdout);
        fprintf(stderr, "\n---- the last events of seed %" PRIu64 " ----\n",
                universe->options->seed);
        trace_print_last(universe->trace, stderr, 60);
        fprintf(stderr, "\nseed %" PRIu64 ": VIOLATED: %s: ", universe->options->seed, invariant);
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
        say_how_to_repeat(universe->options);
        machine_lose_state(&universe->machine);
        rmdir(universe->machine.directory);
        exit(1);
}

/* ---- seasons: weeks of trouble, then days of calm at whose end everything has to be right ---- */

static void await_calm(struct universe *universe)
{
        timer_arm(universe->season,
                  fleet_trouble(&universe->fleet, &universe->dice) * USEC_PER_SEC);
}

static void on_season(void *userdata)
{
        struct universe *universe = userdata;

        if (universe->calm) {
                witness_season_ends(universe->witness);
                universe->calm = false;
                happenings_begin(universe);
                await_calm(universe);
        } else {
                happenings_end(universe);
                universe->calm = true;
                universe->calm_since = universe->clock.now;
                timer_arm(universe->season, CALM);
        }
}

struct universe *universe_new(const struct options *options)
{
        struct universe *universe = xnew(struct universe);

        /* One before it may have rotated them. */
        setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);   /* NOLINT(concurrency-mt-unsafe) */
        setenv("AWS_SECRET_ACCESS_KEY", "simulated", 1); /* NOLINT(concurrency-mt-unsafe) */
        universe->options = options;
        universe->clock.epoch = BEGINNING * USEC_PER_SEC;
        universe->dice = dice_new(options->seed, "universe");
        universe->loop = virtual_loop_new(&universe->clock, options->seed);
        universe->trace = trace_new(&universe->clock, options->trace);
        cloud_init(&universe->cloud, &universe->clock, universe->loop, universe->trace,
                   options->seed);
        fleet_init(&universe->fleet, options->seed, options->walk);
        fleet_launch(&universe->fleet, &universe->cloud);
        universe->witness = witness_new(universe);
        machine_init(&universe->machine, universe);
        universe->season = timer_new(universe->loop, on_season, universe);
        happenings_init(universe);
        if (options->weather)
                universe->cloud.weather = *options->weather;
        if (options->lame)
                people_cripple(universe, universe->fleet.regions[0]);
        if (options->unheard)
                refuse_word_of_image(universe);
        if (options->no_room)
                people_fill(universe, universe->fleet.regions[0]);
        return universe;
}

static void go_on(struct universe *universe, usec_t until)
{
        while (virtual_turn(&universe->clock, until)) {
                machine_bury(&universe->machine);
                if (universe->clock.idle_run > CALLBACKS_AT_ONCE)
                        universe_fail(universe, "gets on", "the daemon is busy with nothing");
        }
}

void universe_start(struct universe *universe)
{
        machine_start(&universe->machine);
        happenings_begin(universe);
        if (universe->options->walk)
                walk_begin(universe);
        await_calm(universe);
}

void universe_go_on(struct universe *universe, sec_t until)
{
        go_on(universe, until * USEC_PER_SEC);
}

/* The last season, whatever it was, ends in calm. */
void universe_finish(struct universe *universe)
{
        if (!universe->calm)
                on_season(universe);
        go_on(universe, universe->calm_since + CALM - 1);
        witness_season_ends(universe->witness);
}

void universe_run(struct universe *universe)
{
        sec_t duration = universe->options->duration;

        universe_start(universe);
        universe_go_on(universe, duration ? duration : fleet_lifetime(&universe->fleet));
        universe_finish(universe);
}

struct universe *universe_free(struct universe *universe)
{
        machine_done(&universe->machine);
        walk_end(universe);
        stranger_daemon_ends(universe);
        happenings_done(universe);
        witness_free(universe->witness);
        timer_free(universe->season);
        fleet_done(&universe->fleet);
        cloud_done(&universe->cloud);
        trace_free(universe->trace);
        loop_free(universe->loop);
        free(universe);
        return NULL;
}
