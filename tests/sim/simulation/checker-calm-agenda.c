/*
 * The agenda of a calm period, three days without faults. Operators prune, restart the daemon, at
 * times remove its state and let it adopt. Retention has to decide the same before and after.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/manager.h"
#include "sim/simulation/checker-private.h"
#include "store/store.h"

#define HOUR (3600 * USEC_PER_SEC)

/* ---- images that an adoption leaves ---- */

/* The rule of runs/adopt/adopt.h, computed from what happened instead of from tags. */
static bool has_to_be_left(struct checker *checker, const struct creation *creation)
{
        const struct fleet_schedule *drawn =
                fleet_find(&checker->simulation->fleet, creation->schedule);
        const struct setting_schedule *setting;
        sec_t made = creation->asked / USEC_PER_SEC, latest;

        if (!drawn || !drawn->there || drawn->edited || drawn->changed > checker->lost_at)
                return true; /* or the settings may have been different when operators adopted */
        setting = settings_schedule(fleet_settings(&checker->simulation->fleet), drawn->name);
        latest = creation->firing + setting->missed_within + setting->flexible_window + SEC_PER_DAY;
        return made < creation->firing - 5 * SEC_PER_MIN || made > latest;
}

bool creation_is_left(struct checker *checker, const struct creation *creation)
{
        struct store_image row;

        if (!checker->lost_at || creation->made > checker->lost_at ||
            !has_to_be_left(checker, creation))
                return false;
        if (store_load_image(checker->simulation->machine.store, "default", creation->region,
                             creation->id, &row) <= 0)
                return true;
        store_image_done(&row); /* the image was adopted by another adoption */
        return false;
}

/* ---- decisions of retention ---- */

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
        on_decision(event, &((struct checker *)userdata)->before);
}

static void on_after(const struct run_event *event, void *userdata)
{
        on_decision(event, &((struct checker *)userdata)->after);
}

static void ask_decisions(struct checker *checker, struct decisions *decisions, watch_fn *callback)
{
        struct manager *manager = checker->simulation->machine.manager;
        _cleanup_free_ char *run = NULL, *error = NULL;

        decisions_done(decisions);
        decisions->runs = checker->runs_ended;
        decisions->images = checker->numbers.images;
        checker->watch = watch_free(checker->watch);
        checker_dry_run(checker);
        if (manager_prune(manager, NULL, true, &run, &error) >= 0)
                checker->watch = manager_watch(manager, run, callback, checker);
}

static int compare_lines(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static void compare_decisions(struct checker *checker, const char *why)
{
        struct decisions *before = &checker->before, *after = &checker->after;

        if (!before->complete || !after->complete || before->runs != checker->runs_ended ||
            before->images != after->images)
                return;
        if (!before->n || !after->n)
                return;
        qsort(before->lines, before->n, sizeof(*before->lines), compare_lines);
        qsort(after->lines, after->n, sizeof(*after->lines), compare_lines);
        for (size_t i = 0; i < before->n || i < after->n; i++) {
                const char *a = i < before->n ? before->lines[i] : "nothing";
                const char *b = i < after->n ? after->lines[i] : "nothing";

                /* 'within' keeps an image until a certain moment, which may lie between the two
                 * decisions. */
                if (!streq(a, b) && !strstr(a, "within"))
                        simulation_fail(checker->simulation, "the same history, the same decisions",
                                        "after %s: \"%s\" was \"%s\"", why, b, a);
        }
}

/* ---- the agenda ---- */

static void do_prune(struct checker *checker)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        retention_note_unkept(checker);
        if (manager_prune(checker->simulation->machine.manager, NULL, false, &run, &error) < 0)
                simulation_fail(checker->simulation, "works in a calm period", "prune: %s", error);
}

static void do_before(struct checker *checker)
{
        ask_decisions(checker, &checker->before, on_before);
}

static void do_after(struct checker *checker)
{
        ask_decisions(checker, &checker->after, on_after);
}

static void do_restart(struct checker *checker)
{
        if (checker->simulation->options->never_restart)
                return;
        checker->watch = watch_free(checker->watch);
        machine_stop(&checker->simulation->machine, USEC_PER_SEC);
}

static void do_compare(struct checker *checker)
{
        compare_decisions(checker, "a restart");
}

static bool goes_on(const struct checker *checker)
{
        struct store_run *runs;
        size_t n;

        if (store_load_runs(checker->simulation->machine.store, NULL, true, 0, &runs, &n) < 0)
                return true;
        store_runs_free(runs, n);
        return n > 0;
}

/* The state is not lost while a run is open, because only the state knows what the run has taken
 * out of service. */
static void do_lose(struct checker *checker)
{
        struct simulation *simulation = checker->simulation;

        checker->state_lost = !simulation->options->never_restart &&
                              dice_chance(&simulation->dice, 0.2) && !goes_on(checker);
        if (!checker->state_lost)
                return;
        do_restart(checker);
        checker->lost_at = simulation->clock.now;
        trace_line(simulation->trace, "! the state is lost");
        machine_lose_state(&simulation->machine);
        checker_schedule_changed(checker, NULL);
}

static void do_adopt(struct checker *checker)
{
        _cleanup_free_ char *run = NULL, *error = NULL;

        if (checker->state_lost &&
            manager_adopt(checker->simulation->machine.manager, false, &run, &error) < 0)
                simulation_fail(checker->simulation, "works in a calm period", "adopt: %s", error);
}

static bool some_are_left(struct checker *checker)
{
        for (const struct creation *c = checker->creations; c; c = c->hh.next)
                if (creation_image(checker, c) && creation_is_left(checker, c))
                        return true;
        return false;
}

static void do_compare_adopted(struct checker *checker)
{
        if (checker->state_lost && !some_are_left(checker))
                compare_decisions(checker, "losing the state and adopting");
        checker->watch = watch_free(checker->watch);
}

/* Times since the beginning of the calm period. */
static const struct {
        usec_t at;
        void (*act)(struct checker *checker);
} agenda[] = {
        { 30 * HOUR, do_prune },
        { 48 * HOUR, do_before },
        { 48 * HOUR + HOUR / 4, do_restart },
        { 48 * HOUR + HOUR / 2, do_after },
        { 49 * HOUR, do_compare },
        { 49 * HOUR + HOUR / 60, do_lose },
        { 49 * HOUR + HOUR / 30, do_adopt },
        { 49 * HOUR + HOUR / 4, do_after },
        { 50 * HOUR, do_compare_adopted },
};

static void on_agenda(void *userdata)
{
        struct checker *checker = userdata;
        usec_t at = agenda[checker->agenda_at].at;

        if (!machine_is_up(&checker->simulation->machine))
                simulation_fail(checker->simulation, "works in a calm period",
                                "the daemon is not running");
        agenda[checker->agenda_at++].act(checker);
        if (checker->agenda_at < ELEMENTS(agenda))
                timer_arm(checker->agenda, agenda[checker->agenda_at].at - at);
}

void calm_agenda_begin(struct checker *checker)
{
        if (!checker->agenda)
                checker->agenda = timer_new(checker->simulation->loop, on_agenda, checker);
        checker->agenda_at = 0;
        checker->state_lost = false;
        timer_arm(checker->agenda, agenda[0].at);
}

void calm_agenda_done(struct checker *checker)
{
        levels_done(checker);
        watch_free(checker->watch);
        decisions_done(&checker->before);
        decisions_done(&checker->after);
        timer_free(checker->agenda);
        strings_free(checker->claims, checker->n_claims);
}
