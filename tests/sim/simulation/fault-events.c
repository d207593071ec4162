/* When fault events happen: each kind at its own rate, and some in the middle of a run. */
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

/* A run meets a fault event with this probability, so soon after its beginning and after the
 * last event. */
#define RUN_FAULT_CHANCE 0.5
#define RUN_FAULT_WAIT   (10 * MINUTE)
/* Or the event comes when so many further requests, at most, have left: then a step that takes a
 * second of an hour's run meets one as often as a step that takes minutes. */
enum { RUN_FAULT_REQUESTS = 120 };
/* So soon after that request, before or after it arrives, or its answer does. */
#define RUN_FAULT_JITTER (USEC_PER_SEC / 2)
/* The probability that an event happens while no run is open, for a kind that is mostly for
 * runs. */
#define ELSEWHERE 0.1

struct fault_event {
        struct simulation *simulation;
        const struct fault_event_kind *kind;
        struct timer *timer;
};

/* Whether that kind is among those asked for. */
static bool is_enabled(const struct simulation *simulation, const struct fault_event_kind *kind)
{
        const char *only = simulation->options->only,
                   *found = only ? strstr(only, kind->name) : NULL;
        size_t length = strlen(kind->name);

        if (simulation->options->no_faults)
                return false;
        return only ? found && (found == only || found[-1] == ',') &&
                               (found[length] == ',' || !found[length])
                    : !kind->on_request;
}

/* Whether that kind also happens in the middle of a run. */
static bool may_hit_a_run(const struct simulation *simulation, const struct fault_event_kind *kind)
{
        return kind->hindrance != HINDERS_NOT && is_enabled(simulation, kind);
}

static void apply_event(struct simulation *simulation, const struct fault_event_kind *kind)
{
        if (kind->hindrance == HINDERS)
                fault_events_hindered(simulation);
        kind->apply(simulation);
}

static void on_event(void *userdata)
{
        struct fault_event *event = userdata;
        struct simulation *simulation = event->simulation;

        if (simulation->calm)
                return;
        if (event->kind->when == AT_ANY_TIME || simulation->clock.now < simulation->busy_until ||
            dice_chance(&simulation->dice, ELSEWHERE))
                apply_event(simulation, event->kind);
        timer_arm(event->timer, dice_wait(&simulation->dice, event->kind->mean));
}

static void await_run_fault(struct simulation *simulation)
{
        if (simulation->calm || simulation->options->no_faults ||
            !dice_chance(&simulation->dice, RUN_FAULT_CHANCE))
                return;
        if (dice_chance(&simulation->dice, 0.5))
                timer_arm(simulation->run_fault, dice_wait(&simulation->dice, RUN_FAULT_WAIT));
        else
                simulation->run_fault_requests =
                        (unsigned int)dice_between(&simulation->dice, 1, RUN_FAULT_REQUESTS);
}

void fault_events_request(struct simulation *simulation)
{
        if (simulation->run_fault_requests && --simulation->run_fault_requests == 0 &&
            !simulation->calm)
                timer_arm(simulation->run_fault,
                          dice_between(&simulation->dice, 0, RUN_FAULT_JITTER));
}

static void on_run_fault(void *userdata)
{
        struct simulation *simulation = userdata;
        const struct fault_event_kind *kind;

        if (simulation->calm)
                return;
        kind = &fault_event_kinds[dice_below(&simulation->dice, n_fault_event_kinds)];
        for (int tries = 0; tries < 200 && !may_hit_a_run(simulation, kind); tries++)
                kind = &fault_event_kinds[dice_below(&simulation->dice, n_fault_event_kinds)];
        if (may_hit_a_run(simulation, kind))
                apply_event(simulation, kind);
        await_run_fault(simulation);
}

void fault_events_hindered(struct simulation *simulation)
{
        simulation->hindered = simulation->clock.now;
}

/* Lists that lag by more than this keep the daemon waiting. */
#define LAG MINUTE

usec_t fault_events_clear_since_for(struct simulation *simulation, const char *id)
{
        const struct sim *sim = simulation->cloud.sim;
        usec_t clear = answer_faults_clear_since(&simulation->cloud.answer_faults,
                                                 simulation->clock.now, id);

        if (!network_is_fault_free(&simulation->cloud.network) || simulation->cloud.expired ||
            simulation->cloud.distrusted || simulation->disk.full || simulation->disk.broken ||
            sim->timeline.waits[WAIT_VISIBLE].max > LAG || !machine_is_up(&simulation->machine))
                return USEC_INFINITY;
        return clear > simulation->hindered ? clear : simulation->hindered;
}

usec_t fault_events_clear_since(struct simulation *simulation)
{
        return fault_events_clear_since_for(simulation, NULL);
}

void fault_events_busy(struct simulation *simulation, usec_t duration)
{
        usec_t until = simulation->clock.now + duration;

        if (until > simulation->busy_until)
                simulation->busy_until = until;
}

void fault_events_run_begins(struct simulation *simulation)
{
        fault_events_busy(simulation, HOUR);
        await_run_fault(simulation);
}

void fault_events_init(struct simulation *simulation)
{
        simulation->run_fault = timer_new(simulation->loop, on_run_fault, simulation);
        simulation->fault_events = xcalloc(n_fault_event_kinds, sizeof(*simulation->fault_events));
        simulation->n_fault_events = n_fault_event_kinds;
        for (size_t i = 0; i < simulation->n_fault_events; i++) {
                struct fault_event *event = &simulation->fault_events[i];

                event->simulation = simulation;
                event->kind = &fault_event_kinds[i];
                event->timer = timer_new(simulation->loop, on_event, event);
        }
}

void fault_events_done(struct simulation *simulation)
{
        for (size_t i = 0; i < simulation->n_fault_events; i++)
                timer_free(simulation->fault_events[i].timer);
        timer_free(simulation->run_fault);
        free(simulation->fault_events);
}

void fault_events_begin(struct simulation *simulation)
{
        trace_line(simulation->trace, "! trouble begins");
        for (size_t i = 0; i < simulation->n_fault_events; i++)
                if (is_enabled(simulation, simulation->fault_events[i].kind))
                        timer_arm(simulation->fault_events[i].timer,
                                  dice_wait(&simulation->dice,
                                            simulation->fault_events[i].kind->mean));
}

void fault_events_end(struct simulation *simulation)
{
        trace_line(simulation->trace, "! calm begins");
        fault_events_hindered(simulation);
        for (size_t i = 0; i < simulation->n_fault_events; i++)
                timer_disarm(simulation->fault_events[i].timer);
        timer_disarm(simulation->run_fault);
        simulation->run_fault_requests = 0;
        simulation->cloud.network = (struct network_faults){};
        simulation->cloud.expired = simulation->cloud.distrusted = false;
        answer_faults_clear(&simulation->cloud.answer_faults);
        simulation->disk.full = simulation->disk.broken = false;
        timeline_init(&simulation->cloud.sim->timeline, 1);
        simulation->cloud.short_pages = false;
        if (simulation->clock.skew) {
                virtual_set_skew(&simulation->clock, 0);
        }
        odd_states_end(simulation);
        other_users_repair(simulation);
        other_users_end_daemon(simulation);
        checker_calm_begins(simulation->checker);
        if (!machine_is_up(&simulation->machine) && !simulation->machine.crashing)
                timer_arm(simulation->machine.start, USEC_PER_SEC);
}
