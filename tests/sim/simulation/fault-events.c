#include "sim/simulation/fault-events.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/sim-world.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/fault-event-kinds.h"
#include "sim/simulation/odd-states.h"
#include "sim/simulation/other-users-images.h"
#include "sim/simulation/other-users.h"
#include "sim/simulation/simulation.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)

/* A run is struck as often, so soon after its begin, and after the last time. */
#define STRIKE_CHANCE 0.5
#define STRIKE_WAIT   (10 * MINUTE)
/* Or just when so many more requests, at most, have left: what takes a second in a run of an hour
 * is as likely to be struck as what takes minutes. */
enum { STRIKE_REQUESTS = 120 };
#define STRIKE_AT_REQUEST (USEC_PER_SEC / 2) /* before or after it arrives, and its answer does */
/* How often what happens to runs mostly does so elsewhere. */
#define ELSEWHERE 0.1

struct happening {
        struct universe *universe;
        const struct happening_kind *kind;
        struct timer *timer;
};

/* Whether that kind is among those wanted. */
static bool may_happen(const struct universe *universe, const struct happening_kind *kind)
{
        const char *only = universe->options->only, *found = only ? strstr(only, kind->name) : NULL;
        size_t length = strlen(kind->name);

        if (universe->options->quiet_world)
                return false;
        return only ? found && (found == only || found[-1] == ',') &&
                               (found[length] == ',' || !found[length])
                    : !kind->on_request;
}

/* Whether it also happens in the middle of a run. */
static bool may_strike(const struct universe *universe, const struct happening_kind *kind)
{
        return kind->hindrance != HINDERS_NOT && may_happen(universe, kind);
}

static void befall(struct universe *universe, const struct happening_kind *kind)
{
        if (kind->hindrance == HINDERS)
                happenings_hinder(universe);
        kind->happen(universe);
}

static void on_happening(void *userdata)
{
        struct happening *happening = userdata;
        struct universe *universe = happening->universe;

        if (universe->calm)
                return;
        if (happening->kind->where == ANYWHERE || universe->clock.now < universe->busy_until ||
            dice_chance(&universe->dice, ELSEWHERE))
                befall(universe, happening->kind);
        timer_arm(happening->timer, dice_wait(&universe->dice, happening->kind->mean));
}

static void await_strike(struct universe *universe)
{
        if (universe->calm || universe->options->quiet_world ||
            !dice_chance(&universe->dice, STRIKE_CHANCE))
                return;
        if (dice_chance(&universe->dice, 0.5))
                timer_arm(universe->strike, dice_wait(&universe->dice, STRIKE_WAIT));
        else
                universe->strike_requests =
                        (unsigned int)dice_between(&universe->dice, 1, STRIKE_REQUESTS);
}

void happenings_request(struct universe *universe)
{
        if (universe->strike_requests && --universe->strike_requests == 0 && !universe->calm)
                timer_arm(universe->strike, dice_between(&universe->dice, 0, STRIKE_AT_REQUEST));
}

static void on_strike(void *userdata)
{
        struct universe *universe = userdata;
        const struct happening_kind *kind;

        if (universe->calm)
                return;
        kind = &happening_kinds[dice_below(&universe->dice, n_happening_kinds)];
        for (int tries = 0; tries < 200 && !may_strike(universe, kind); tries++)
                kind = &happening_kinds[dice_below(&universe->dice, n_happening_kinds)];
        if (may_strike(universe, kind))
                befall(universe, kind);
        await_strike(universe);
}

void happenings_hinder(struct universe *universe)
{
        universe->struck = universe->clock.now;
}

/* Lists that lag by more than this keep the daemon waiting. */
#define LAG MINUTE

usec_t happenings_clear_since(struct universe *universe, const char *id)
{
        const struct sim *sim = universe->cloud.sim;
        usec_t clear = refusals_clear_since(&universe->cloud.refusals, universe->clock.now, id);

        if (!weather_is_fair(&universe->cloud.weather) || universe->cloud.expired ||
            universe->cloud.distrusted || universe->disk.full || universe->disk.broken ||
            sim->timeline.waits[WAIT_VISIBLE].max > LAG || !machine_is_up(&universe->machine))
                return USEC_INFINITY;
        return clear > universe->struck ? clear : universe->struck;
}

usec_t happenings_fair_since(struct universe *universe)
{
        return happenings_clear_since(universe, NULL);
}

void happenings_busy(struct universe *universe, usec_t duration)
{
        usec_t until = universe->clock.now + duration;

        if (until > universe->busy_until)
                universe->busy_until = until;
}

void happenings_run_begins(struct universe *universe)
{
        happenings_busy(universe, HOUR);
        await_strike(universe);
}

void happenings_init(struct universe *universe)
{
        universe->strike = timer_new(universe->loop, on_strike, universe);
        universe->happenings = xcalloc(n_happening_kinds, sizeof(*universe->happenings));
        universe->n_happenings = n_happening_kinds;
        for (size_t i = 0; i < universe->n_happenings; i++) {
                struct happening *happening = &universe->happenings[i];

                happening->universe = universe;
                happening->kind = &happening_kinds[i];
                happening->timer = timer_new(universe->loop, on_happening, happening);
        }
}

void happenings_done(struct universe *universe)
{
        for (size_t i = 0; i < universe->n_happenings; i++)
                timer_free(universe->happenings[i].timer);
        timer_free(universe->strike);
        free(universe->happenings);
}

void happenings_begin(struct universe *universe)
{
        trace_line(universe->trace, "! trouble begins");
        for (size_t i = 0; i < universe->n_happenings; i++)
                if (may_happen(universe, universe->happenings[i].kind))
                        timer_arm(universe->happenings[i].timer,
                                  dice_wait(&universe->dice, universe->happenings[i].kind->mean));
}

void happenings_end(struct universe *universe)
{
        trace_line(universe->trace, "! calm begins");
        happenings_hinder(universe);
        for (size_t i = 0; i < universe->n_happenings; i++)
                timer_disarm(universe->happenings[i].timer);
        timer_disarm(universe->strike);
        universe->strike_requests = 0;
        universe->cloud.weather = (struct weather){};
        universe->cloud.expired = universe->cloud.distrusted = false;
        refusals_clear(&universe->cloud.refusals);
        universe->disk.full = universe->disk.broken = false;
        timeline_init(&universe->cloud.sim->timeline, 1);
        universe->cloud.short_pages = false;
        if (universe->clock.skew) {
                virtual_set_skew(&universe->clock, 0);
        }
        odd_states_end(universe);
        people_repair(universe);
        stranger_daemon_ends(universe);
        witness_calm_begins(universe->witness);
        if (!machine_is_up(&universe->machine) && !universe->machine.dying)
                timer_arm(universe->machine.start, USEC_PER_SEC);
}
