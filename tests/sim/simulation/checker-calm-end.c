/* The end of a calm, at which everything has to be right: runs, tasks, images, snapshots, firings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/manager/manager.h"
#include "schedule/schedule.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/checker-private.h"
#include "store/store.h"

#define HOUR (3600 * USEC_PER_SEC)
/* What is remembered of an image that was removed. */
#define REMEMBERED ((usec_t)60 * 24 * HOUR)

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

        economy_goes_on(witness);
        HASH_ITER (hh, witness->creations, creation, next)
                if (now - creation->made > REMEMBERED && !creation_image(witness, creation))
                        creation_free(witness, creation);
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
