/*
 * The agenda of a calm: for three days nothing goes wrong. Operators prune, restart the daemon, at
 * times take its state away and let it adopt; what retention decides is the same before and after.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/manager.h"
#include "sim/simulation/checker-private.h"
#include "store/store.h"

#define HOUR (3600 * USEC_PER_SEC)

/* ---- what an adoption leaves ---- */

/* The rule of runs/adopt/adopt.h, by what happened and not by tags. */
static bool has_to_be_left(struct witness *witness, const struct creation *creation)
{
        const struct fleet_schedule *drawn =
                fleet_find(&witness->universe->fleet, creation->schedule);
        const struct setting_schedule *setting;
        sec_t made = creation->asked / USEC_PER_SEC, latest;

        if (!drawn || !drawn->there || drawn->edited || drawn->changed > witness->lost_at)
                return true; /* or it may have been like that when operators adopted */
        setting = settings_schedule(fleet_settings(&witness->universe->fleet), drawn->name);
        latest = creation->firing + setting->missed_within + setting->flexible_window + SEC_PER_DAY;
        return made < creation->firing - 5 * SEC_PER_MIN || made > latest;
}

bool creation_is_left(struct witness *witness, const struct creation *creation)
{
        struct store_image row;

        if (!witness->lost_at || creation->made > witness->lost_at ||
            !has_to_be_left(witness, creation))
                return false;
        if (store_load_image(witness->universe->machine.store, "default", creation->region,
                             creation->id, &row) <= 0)
                return true;
        store_image_done(&row); /* it was adopted some other time */
        return false;
}

/* ---- what retention decides ---- */

static void decisions_done(struct decisions *decisions)
{
        strings_free(decisions->lines, decisions->n);
        *decisions = (struct decisions){};
}

static void on_decision(const struct run_event *event, struct decisions *decisions)
{
        if (event->decision)
                *append(decisions->lines, decisions->n) =
                        xasprintf("%s %s: %s", event->decision->image->id,
                                  event->decision->action == PRUNE_KEEP ? "stays" : "goes",
                                  event->decision->why);
        else if (!event->task && event->run->outcome == OUTCOME_DONE)
                decisions->complete = true;
}

static void on_before(const struct run_event *event, void *userdata)
{
        on_decision(event, &((struct witness *)userdata)->before);
}

static void on_after(const struct run_event *event, void *userdata)
{
        on_decision(event, &((struct witness *)userdata)->after);
}

static void ask_decisions(struct witness *witness, struct decisions *decisions, watch_fn *callback)
{
        struct manager *manager = witness->universe->machine.manager;
        _cleanup_free_ char *run = NULL, *error = NULL;

        decisions_done(decisions);
        decisions->runs = witness->runs_ended;
        decisions->images = witness->numbers.images;
        witness->watch = watch_free(witness->watch);
        witness_dry_run(witness);
        if (manager_prune(manager, NULL, true, &run, &error) >= 0)
                witness->watch = manager_watch(manager, run, callback, witness);
}

static int compare_lines(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void compare_decisions(struct witness *witness, const char *why)
{
        struct decisions *before = &witness->before, *after = &witness->after;

        if (!before->complete || !after->complete || before->runs != witness->runs_ended ||
            before->images != after->images)
                return;
        if (!before->n || !after->n)
                return;
        qsort(before->lines, before->n, sizeof(*before->lines), compare_lines);
        qsort(after->lines, after->n, sizeof(*after->lines), compare_lines);
        for (size_t i = 0; i < before->n || i < after->n; i++) {
                const char *a = i < before->n ? before->lines[i] : "nothing";
                const char *b = i < after->n ? after->lines[i] : "nothing";

                /* What is kept for days is kept no more at one moment, maybe just then. */
                if (!streq(a, b) && !strstr(a, "within"))
                        universe_fail(witness->universe, "the same history, the same decisions",
                                      "after %s: \"%s\" was \"%s\"", why, b, a);
        }
}

/* ---- the agenda ---- */

static void agenda_prune(struct witness *witness)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        retention_condemn(witness);
        if (manager_prune(witness->universe->machine.manager, NULL, false, &run, &error) < 0)
                universe_fail(witness->universe, "works in calm", "prune: %s", error);
}

static void agenda_before(struct witness *witness)
{
        ask_decisions(witness, &witness->before, on_before);
}

static void agenda_after(struct witness *witness)
{
        ask_decisions(witness, &witness->after, on_after);
}

static void agenda_restart(struct witness *witness)
{
        if (witness->universe->options->never_restart)
                return;
        witness->watch = watch_free(witness->watch);
        machine_stop(&witness->universe->machine, USEC_PER_SEC);
}

static void agenda_compare(struct witness *witness)
{
        compare_decisions(witness, "a restart");
}

static bool goes_on(const struct witness *witness)
{
        struct store_run *runs;
        size_t n;

        if (store_load_runs(witness->universe->machine.store, NULL, true, 0, &runs, &n) < 0)
                return true;
        store_runs_free(runs, n);
        return n > 0;
}

/* Not while a run goes on: what it has taken out of service only the state knows. */
static void agenda_lose(struct witness *witness)
{
        struct universe *universe = witness->universe;

        witness->state_lost = !universe->options->never_restart &&
                              dice_chance(&universe->dice, 0.2) && !goes_on(witness);
        if (!witness->state_lost)
                return;
        agenda_restart(witness);
        witness->lost_at = universe->clock.now;
        trace_line(universe->trace, "! the state is lost");
        machine_lose_state(&universe->machine);
        witness_disturbed(witness, NULL);
}

static void agenda_adopt(struct witness *witness)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        if (witness->state_lost &&
            manager_adopt(witness->universe->machine.manager, false, &run, &error) < 0)
                universe_fail(witness->universe, "works in calm", "adopt: %s", error);
}

static bool some_are_left(struct witness *witness)
{
        for (const struct creation *c = witness->creations; c; c = c->hh.next)
                if (creation_image(witness, c) && creation_is_left(witness, c))
                        return true;
        return false;
}

static void agenda_compare_adopted(struct witness *witness)
{
        if (witness->state_lost && !some_are_left(witness))
                compare_decisions(witness, "losing the state and adopting");
        witness->watch = watch_free(witness->watch);
}

/* When in the calm, from its beginning. */
static const struct {
        usec_t at;
        void (*happen)(struct witness *witness);
} agenda[] = {
        { 30 * HOUR, agenda_prune },
        { 48 * HOUR, agenda_before },
        { 48 * HOUR + HOUR / 4, agenda_restart },
        { 48 * HOUR + HOUR / 2, agenda_after },
        { 49 * HOUR, agenda_compare },
        { 49 * HOUR + HOUR / 60, agenda_lose },
        { 49 * HOUR + HOUR / 30, agenda_adopt },
        { 49 * HOUR + HOUR / 4, agenda_after },
        { 50 * HOUR, agenda_compare_adopted },
};

static void on_agenda(void *userdata)
{
        struct witness *witness = userdata;
        usec_t at = agenda[witness->agenda_at].at;

        if (!machine_is_up(&witness->universe->machine))
                universe_fail(witness->universe, "works in calm", "the daemon is not running");
        agenda[witness->agenda_at++].happen(witness);
        if (witness->agenda_at < ELEMENTS(agenda))
                timer_arm(witness->agenda, agenda[witness->agenda_at].at - at);
}

void season_agenda_begin(struct witness *witness)
{
        if (!witness->agenda)
                witness->agenda = timer_new(witness->universe->loop, on_agenda, witness);
        witness->agenda_at = 0;
        witness->state_lost = false;
        timer_arm(witness->agenda, agenda[0].at);
}

void season_done(struct witness *witness)
{
        levels_done(witness);
        watch_free(witness->watch);
        decisions_done(&witness->before);
        decisions_done(&witness->after);
        timer_free(witness->agenda);
        strings_free(witness->claims, witness->n_claims);
}
