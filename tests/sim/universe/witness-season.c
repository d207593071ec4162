/*
 * Calm: for three days nothing goes wrong. Operators prune, restart the daemon, at times take its
 * state away and let it adopt; at the end everything has to be right.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager.h"
#include "schedule/schedule.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/universe/witness-private.h"
#include "store/store.h"

#define HOUR (3600 * USEC_PER_SEC)
/* What is remembered of an image that was removed. */
#define REMEMBERED ((usec_t)60 * 24 * HOUR)

/* ---- what an adoption leaves ---- */

/* The rule of runs/adopt.h, by what happened and not by tags. */
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

/* ---- the end of a season ---- */

/* Nothing that began before yesterday is still going on. */
static void check_runs(struct witness *witness)
{
        struct universe *universe = witness->universe;
        sec_t now = loop_wall(universe->loop);
        struct store_run *runs;
        size_t n;

        if (store_load_runs(universe->machine.store, NULL, true, 0, &runs, &n) < 0)
                universe_fail(universe, "works in calm", "the store cannot be read");
        for (size_t i = 0; i < n; i++)
                if (runs[i].started < now - SEC_PER_DAY || runs[i].started > now)
                        universe_fail(universe, "all work completes",
                                      "run %s is still going on in phase %s", runs[i].id,
                                      runs[i].phase);
        store_runs_free(runs, n);
}

/* The state takes it for no more than its label says: that is all an adoption has to go by. */
static void check_worth(struct universe *universe, const struct image *image,
                        const struct store_image *row)
{
        const char *label = tags_get(&image->resource.tags, "amid:consistency");

        if (!streq(row->consistency, label) && !streq(row->consistency, "crash"))
                universe_fail(universe, "no image is forgotten",
                              "%s is labelled %s, and its row says %s", row->id,
                              label ? label : "nothing", row->consistency);
}

/* Whether nobody looks at the image once it is made: retention does for schedules that have it. */
static bool is_unwatched(const struct witness *witness, const struct creation *creation)
{
        const struct fleet_schedule *schedule =
                fleet_find(&witness->universe->fleet, creation->schedule);

        return !schedule || !schedule->there || !schedule->has_retain;
}

/* Whether the state that a row tells is one that EC2 has shown meanwhile, if not the one of now. */
static bool is_state_shown(const struct witness *witness, const struct creation *creation,
                           const struct image *image, const char *state)
{
        if (streq(state, image_state_name(image, virtual_true_time(&witness->universe->clock))))
                return true;
        if (streq(state, "pending") && witness_is_abandoned(witness, creation->run))
                return true;
        return is_unwatched(witness, creation) && (image->odd_state || streq(state, "disabled"));
}

/* What was made in the cloud is in the store, as it is. */
static void check_creation(struct witness *witness, const struct creation *creation)
{
        struct universe *universe = witness->universe;
        const struct image *image = creation_image(witness, creation);
        struct store_image row;

        if (!image || universe->clock.now - creation->made < 24 * HOUR ||
            creation_is_left(witness, creation))
                return;
        if (store_load_image(universe->machine.store, "default", creation->region, creation->id,
                             &row) <= 0)
                universe_fail(universe, "no image is forgotten", "%s (%s) exists and has no row",
                              creation->id, creation->name);
        if (row.removed != SEC_NONE || !is_state_shown(witness, creation, image, row.state))
                universe_fail(universe, "no image is forgotten",
                              "%s (%s) is %s, and its row says %s%s", creation->id, creation->name,
                              image_state_name(image, virtual_true_time(&universe->clock)),
                              row.state, row.removed != SEC_NONE ? ", removed" : "");
        check_worth(universe, image, &row);
        store_image_done(&row);
}

/* Images of ours have snapshots of ours, and no snapshot of ours is without its image. */
static void check_snapshots(struct witness *witness, struct place *place)
{
        struct universe *universe = witness->universe;
        usec_t now = virtual_true_time(&universe->clock);

        FOREACH_RESOURCE(resource, place, KIND_SNAPSHOT)
        {
                const struct snapshot *snapshot = (const struct snapshot *)resource;
                const char *image = strstr(snapshot->description, "ami-");
                const struct creation *creation = image ? creation_by_id(witness, image) : NULL;
                const struct fleet_schedule *schedule =
                        creation ? fleet_find(&universe->fleet, creation->schedule) : NULL;

                if (resource->gone <= now || !tags_get(&resource->tags, "amid:owner") ||
                    !creation || creation_image(witness, creation) || creation->taken_by_people ||
                    creation->kept_by_people || snapshot->locked || !schedule || !schedule->there ||
                    !schedule->has_retain || universe->clock.now - creation->removed_at < 48 * HOUR)
                        continue;
                universe_fail(universe, "no snapshot is orphaned",
                              "%s is there, and its image %s (%s) is not", resource->id, image,
                              creation->name);
        }
}

static bool is_told(const struct witness *witness, const char *schedule, sec_t firing)
{
        for (size_t i = 0; i < witness->n_gaps; i++)
                if (streq(witness->gaps[i].schedule, schedule) && witness->gaps[i].from <= firing &&
                    firing <= witness->gaps[i].to)
                        return true;
        return false;
}

static bool has_run(struct witness *witness, const char *schedule, sec_t firing)
{
        char time[TIME_TEXT_MAX];
        _cleanup_free_ char *id = xasprintf("%s.%s", schedule, format_compact(firing, time));
        struct store_run run;

        if (store_load_run(witness->universe->machine.store, id, &run) <= 0)
                return false;
        store_run_done(&run);
        return true;
}

/* Each firing since the schedule was last changed has a run, or a line that says why not. */
static void check_firings(struct witness *witness, size_t number)
{
        struct universe *universe = witness->universe;
        const struct fleet_schedule *drawn = &universe->fleet.schedules[number];
        const struct setting_schedule *setting =
                settings_schedule(manager_settings(universe->machine.manager), drawn->name);
        usec_t from = witness->undisturbed[number];
        struct store_schedule row;
        struct schedule schedule;
        sec_t until;

        if (drawn->begins > from)
                from = drawn->begins;
        if (!setting || !setting->enabled || universe->clock.now < from + 4 * HOUR ||
            manager_is_paused(universe->machine.manager, drawn->name) ||
            store_load_schedule(universe->machine.store, drawn->name, &row) <= 0)
                return;
        schedule = setting->schedule;
        schedule.anchor = row.anchor;
        until = loop_wall(universe->loop) - 2 * SEC_PER_HOUR;
        from = (from + universe->clock.epoch) / USEC_PER_SEC + 2 * SEC_PER_HOUR;
        for (sec_t firing = schedule_next(&schedule, from); firing <= until;
             firing = schedule_next(&schedule, firing)) {
                witness->numbers.firings++;
                if (!has_run(witness, drawn->name, firing) &&
                    !is_told(witness, drawn->name, firing)) {
                        char time[TIME_TEXT_MAX];

                        universe_fail(universe, "every firing is accounted for",
                                      "%s at %s has neither a run nor a line", drawn->name,
                                      format_rfc3339(firing, time));
                }
        }
        store_schedule_done(&row);
}

/* Every image task of a run that ended has its image, or says why not. */
static void check_tasks(struct witness *witness)
{
        struct universe *universe = witness->universe;
        struct store_run *runs;
        size_t n;

        if (store_load_runs(universe->machine.store, NULL, false, 200, &runs, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                struct store_task *tasks;
                size_t n_tasks;

                if (!streq(runs[i].kind, "backup") || runs[i].outcome == OUTCOME_OPEN ||
                    store_load_tasks(universe->machine.store, runs[i].id, &tasks, &n_tasks) < 0)
                        continue;
                for (size_t j = 0; j < n_tasks; j++) {
                        const struct store_task *task = &tasks[j];

                        if (task->outcome == OUTCOME_OPEN)
                                universe_fail(universe, "exactly one image, or a reason",
                                              "run %s has ended, its task %s %s has not",
                                              runs[i].id, task->kind, task->subject);
                        if (streq(task->kind, "image") &&
                            (task->outcome == OUTCOME_DONE ? !task->image : !task->detail))
                                universe_fail(universe, "exactly one image, or a reason",
                                              "run %s has neither for %s", runs[i].id,
                                              task->subject);
                }
                store_tasks_free(tasks, n_tasks);
        }
        store_runs_free(runs, n);
}

static void forget_old(struct witness *witness)
{
        struct creation *creation, *next;
        usec_t now = witness->universe->clock.now;

        HASH_ITER (hh, witness->creations, creation, next) {
                economy_image_ends(witness, creation); /* where no line told */
                if (now - creation->made > REMEMBERED && !creation_image(witness, creation))
                        creation_free(witness, creation);
        }
        free(witness->gaps);
        witness->gaps = NULL;
        witness->n_gaps = 0;
        witness_disturbed(witness, NULL);
}

void witness_season_ends(struct witness *witness)
{
        struct universe *universe = witness->universe;

        if (!machine_is_up(&universe->machine))
                universe_fail(universe, "works in calm", "the daemon is not running");
        check_runs(witness);
        check_tasks(witness);
        for (const struct creation *c = witness->creations; c; c = c->hh.next)
                check_creation(witness, c);
        for (size_t i = 0; i < universe->fleet.n_regions; i++)
                check_snapshots(witness, sim_place(universe->cloud.sim, DEFAULT_ACCOUNT,
                                                   universe->fleet.regions[i]));
        for (size_t i = 0; i < universe->fleet.n_schedules; i++)
                check_firings(witness, i);
        retention_check(witness);
        levels_check(witness);
        economy_judge(witness, true);
        forget_old(witness);
        lines_forget(witness, false);
        witness->numbers.seasons++;
}
