/* The invariants at the end of a calm period: runs, tasks, images, snapshots, firings. */
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
/* How long the checker remembers an image that was removed. */
#define REMEMBERED ((usec_t)60 * 24 * HOUR)

/* No run that was started more than a day ago is still open. */
static void check_runs(struct checker *checker)
{
        struct simulation *simulation = checker->simulation;
        sec_t now = loop_wall(simulation->loop);
        struct store_run *runs;
        size_t n;

        if (store_load_runs(simulation->machine.store, NULL, true, 0, &runs, &n) < 0)
                simulation_fail(simulation, "works in a calm period", "the store cannot be read");
        for (size_t i = 0; i < n; i++)
                if (runs[i].started < now - SEC_PER_DAY || runs[i].started > now)
                        simulation_fail(simulation, "all work completes",
                                        "run %s is still going on in phase %s", runs[i].id,
                                        runs[i].phase);
        store_runs_free(runs, n);
}

/* The row of an image claims no higher consistency than the image's label, which is all that an
 * adoption can read. */
static void check_worth(struct simulation *simulation, const struct image *image,
                        const struct store_image *row)
{
        const char *label = tags_get(&image->resource.tags, "amid:consistency");

        if (!streq(row->consistency, label) && !streq(row->consistency, "crash"))
                simulation_fail(simulation, "no image is forgotten",
                                "%s is labelled %s, and its row says %s", row->id,
                                label ? label : "nothing", row->consistency);
}

/* Whether the daemon looks at no image of this schedule once it is made: only retention does,
 * for schedules that have 'retain'. */
static bool is_unwatched(const struct checker *checker, const struct creation *creation)
{
        const struct fleet_schedule *schedule =
                fleet_find(&checker->simulation->fleet, creation->schedule);

        return !schedule || !schedule->there || !schedule->has_retain;
}

/* Whether the image's state in its row is one that EC2 shows now or has shown meanwhile. */
static bool is_state_shown(const struct checker *checker, const struct creation *creation,
                           const struct image *image, const char *state)
{
        if (streq(state, image_state_name(image, virtual_true_time(&checker->simulation->clock))))
                return true;
        if (streq(state, "pending") && checker_is_abandoned(checker, creation->run))
                return true;
        return is_unwatched(checker, creation) && (image->odd_state || streq(state, "disabled"));
}

/* An image that the daemon has made is in the store, with its present state. */
static void check_creation(struct checker *checker, const struct creation *creation)
{
        struct simulation *simulation = checker->simulation;
        const struct image *image = creation_image(checker, creation);
        struct store_image row;

        if (!image || simulation->clock.now - creation->made < 24 * HOUR ||
            creation_is_left(checker, creation))
                return;
        if (store_load_image(simulation->machine.store, "default", creation->region, creation->id,
                             &row) <= 0)
                simulation_fail(simulation, "no image is forgotten",
                                "%s (%s) exists and has no row", creation->id, creation->name);
        if (row.removed != SEC_NONE || !is_state_shown(checker, creation, image, row.state))
                simulation_fail(simulation, "no image is forgotten",
                                "%s (%s) is %s, and its row says %s%s", creation->id,
                                creation->name,
                                image_state_name(image, virtual_true_time(&simulation->clock)),
                                row.state, row.removed != SEC_NONE ? ", removed" : "");
        check_worth(simulation, image, &row);
        store_image_done(&row);
}

/* No snapshot of amid is left without its image. */
static void check_snapshots(struct checker *checker, struct sim_location *location)
{
        struct simulation *simulation = checker->simulation;
        usec_t now = virtual_true_time(&simulation->clock);

        FOREACH_RESOURCE(resource, location, KIND_SNAPSHOT)
        {
                const struct snapshot *snapshot = (const struct snapshot *)resource;
                const char *image = strstr(snapshot->description, "ami-");
                const struct creation *creation = image ? creation_by_id(checker, image) : NULL;
                const struct fleet_schedule *schedule =
                        creation ? fleet_find(&simulation->fleet, creation->schedule) : NULL;

                if (resource->gone <= now || !tags_get(&resource->tags, "amid:owner") ||
                    !creation || creation_image(checker, creation) || creation->taken_by_others ||
                    creation->kept_by_others || snapshot->locked || !schedule || !schedule->there ||
                    !schedule->has_retain ||
                    simulation->clock.now - creation->removed_at < 48 * HOUR)
                        continue;
                simulation_fail(simulation, "no snapshot is orphaned",
                                "%s is there, and its image %s (%s) is not", resource->id, image,
                                creation->name);
        }
}

static bool is_reported(const struct checker *checker, const char *schedule, sec_t firing)
{
        for (size_t i = 0; i < checker->n_gaps; i++)
                if (streq(checker->gaps[i].schedule, schedule) && checker->gaps[i].from <= firing &&
                    firing <= checker->gaps[i].to)
                        return true;
        return false;
}

static bool has_run(struct checker *checker, const char *schedule, sec_t firing)
{
        char time[TIME_TEXT_MAX];
        _cleanup_free_ char *id = xasprintf("%s.%s", schedule, format_compact(firing, time));
        struct store_run run;

        if (store_load_run(checker->simulation->machine.store, id, &run) <= 0)
                return false;
        store_run_done(&run);
        return true;
}

/* Each firing since the schedule was last changed has a run, or a journal line that says why
 * not. */
static void check_firings(struct checker *checker, size_t number)
{
        struct simulation *simulation = checker->simulation;
        const struct fleet_schedule *drawn = &simulation->fleet.schedules[number];
        const struct setting_schedule *setting =
                settings_schedule(manager_settings(simulation->machine.manager), drawn->name);
        usec_t from = checker->unchanged_since[number];
        struct store_schedule row;
        struct schedule schedule;
        sec_t until;

        if (drawn->begins > from)
                from = drawn->begins;
        if (!setting || !setting->enabled || simulation->clock.now < from + 4 * HOUR ||
            manager_is_paused(simulation->machine.manager, drawn->name) ||
            store_load_schedule(simulation->machine.store, drawn->name, &row) <= 0)
                return;
        schedule = setting->schedule;
        schedule.anchor = row.anchor;
        until = loop_wall(simulation->loop) - 2 * SEC_PER_HOUR;
        from = (from + simulation->clock.epoch) / USEC_PER_SEC + 2 * SEC_PER_HOUR;
        for (sec_t firing = schedule_next(&schedule, from); firing <= until;
             firing = schedule_next(&schedule, firing)) {
                checker->numbers.firings++;
                if (!has_run(checker, drawn->name, firing) &&
                    !is_reported(checker, drawn->name, firing)) {
                        char time[TIME_TEXT_MAX];

                        simulation_fail(simulation, "every firing is accounted for",
                                        "%s at %s has neither a run nor a line", drawn->name,
                                        format_rfc3339(firing, time));
                }
        }
        store_schedule_done(&row);
}

/* Each image task of a run that ended has its image, or a detail that says why not. */
static void check_tasks(struct checker *checker)
{
        struct simulation *simulation = checker->simulation;
        struct store_run *runs;
        size_t n;

        if (store_load_runs(simulation->machine.store, NULL, false, 200, &runs, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++) {
                struct store_task *tasks;
                size_t n_tasks;

                if (!streq(runs[i].kind, "backup") || runs[i].outcome == OUTCOME_OPEN ||
                    store_load_tasks(simulation->machine.store, runs[i].id, &tasks, &n_tasks) < 0)
                        continue;
                for (size_t j = 0; j < n_tasks; j++) {
                        const struct store_task *task = &tasks[j];

                        if (task->outcome == OUTCOME_OPEN)
                                simulation_fail(simulation, "exactly one image, or a reason",
                                                "run %s has ended, its task %s %s has not",
                                                runs[i].id, task->kind, task->subject);
                        if (streq(task->kind, "image") &&
                            (task->outcome == OUTCOME_DONE ? !task->image : !task->detail))
                                simulation_fail(simulation, "exactly one image, or a reason",
                                                "run %s has neither for %s", runs[i].id,
                                                task->subject);
                }
                store_tasks_free(tasks, n_tasks);
        }
        store_runs_free(runs, n);
}

static void forget_old(struct checker *checker)
{
        struct creation *creation, *next;
        usec_t now = checker->simulation->clock.now;

        budget_resume(checker);
        HASH_ITER (hh, checker->creations, creation, next)
                if (now - creation->made > REMEMBERED && !creation_image(checker, creation))
                        creation_free(checker, creation);
        free(checker->gaps);
        checker->gaps = NULL;
        checker->n_gaps = 0;
        checker_schedule_changed(checker, NULL);
}

void checker_calm_ends(struct checker *checker)
{
        struct simulation *simulation = checker->simulation;

        if (!machine_is_up(&simulation->machine))
                simulation_fail(simulation, "works in a calm period", "the daemon is not running");
        check_runs(checker);
        check_tasks(checker);
        for (const struct creation *c = checker->creations; c; c = c->hh.next)
                check_creation(checker, c);
        for (size_t i = 0; i < simulation->fleet.n_regions; i++)
                check_snapshots(checker, sim_location(simulation->cloud.sim, DEFAULT_ACCOUNT,
                                                      simulation->fleet.regions[i]));
        for (size_t i = 0; i < simulation->fleet.n_schedules; i++)
                check_firings(checker, i);
        retention_check(checker);
        levels_check(checker);
        budget_judge(checker, true);
        forget_old(checker);
        journal_forget(checker, false);
        checker->numbers.calms++;
}
