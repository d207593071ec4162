/*
 * Invariant of the request budget: the daemon makes no more Describe requests than it has to.
 *
 * A query is a Describe request that was answered, with all its pages. The budget is computed here
 * from what happened, independently of the daemon's own intervals, per region:
 *
 *     image polls  While images are pending, one query for all of them each time the age of the
 *                  youngest has grown by a third; each minute once it is three minutes old; each
 *                  tenth of its age, or five minutes, once it is ten minutes old. A few more per
 *                  image, for its beginning and for the end that its snapshots announce.
 *     status       While instances reboot or are stopped, one query for all of them each 15 s, and
 *                  a few at the beginning.
 *     instances    One per run, and one per image when its slot is free. Three per StartInstances,
 *                  whose failure only StateReason tells within a minute. One each time that
 *                  DescribeInstanceStatus is refused for an instance that EC2 does not know, at the
 *                  interval of `status`.
 *     lists        Two per run: one for 'auto', one for retention.
 *     daemons      One per run, and one per image before its outage: whether another daemon has
 *                  made images for this owner.
 *     removals     Two per run: for unlisted images, and for images in use. Per image that is
 *                  removed, one each for the image, its uses and its snapshots, before and after
 *                  the snapshots are deleted. As many as it takes to see that something has been
 *                  absent from lists for ten minutes, when the answer to a call was lost or does
 *                  not tell whether the image is deregistered, when the daemon was restarted in the
 *                  middle of a removal, and when an earlier run has left a removal open; one after
 *                  each other refusal of a deletion. For an image that was launched once, the
 *                  image and its uses until all its instances have been gone for five minutes. For
 *                  an image whose label was refused, its tags.
 *
 * Not counted: whether the snapshots of an image have begun, which the daemon queries often because
 * the instance waits for it, and the progress of SSM commands.
 *
 * A run of all schedules counts as one run of each. After a restart the daemon queries again,
 * including images that were complete before, until their tasks end. The limit is close in a calm
 * period and loose in a fault period.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/checker-private.h"
#include "store/store.h"

#define SECOND USEC_PER_SEC
/* Queries in one period that no row of the table covers, such as those of a run that began
 * before the period. */
enum { SLACK = 12 };
/* The number of queries may exceed the budget by these factors. A query that is repeated because
 * its answer was lost or refused does not count; a fault period has the larger factor because
 * faults also make tasks begin again. */
#define CALM_FACTOR   1.25
#define FAULTS_FACTOR 1.5

/* Queries about an image, its uses and its snapshots at a removal, and until lists show that
 * something is gone. */
enum { QUERIES_OF_REMOVAL = 4, QUERIES_OF_ABSENCE = 40 };
/* The image and its uses are queried four times each before an image that was launched once is
 * removed. */
enum { QUERIES_OF_USES = 8 };
/* The tags of an image whose label was refused or not answered are queried now, and when the
 * request cannot be on its way any more. */
enum { QUERIES_OF_LABEL = 3 };
#define UNCLEAR_LASTS ((usec_t)10 * 60 * SECOND)
#define REMOVAL_LASTS (2 * SEC_PER_HOUR * SECOND)

/* StateReason is queried within the minute in which a failed start shows, at 0, 15 and 45 s. */
enum { QUERIES_OF_START = 3 };

/* One query every 15 s for the longest 'ready_timeout' of a fleet. */
enum { QUERIES_OF_RESTORE = 120 };

/* The first interval between two queries about an instance that the daemon waits for. */
#define FIRST_INTERVAL (5 * SECOND)

enum budget_event { PER_RUN, PER_IMAGE, PER_REBOOT, PER_START, EVENTS };

static const struct {
        const char *name;
        double per[EVENTS]; /* in each region */
} classes[BUDGET_CLASSES] = {
        [BUDGET_IMAGE_POLL] = { "poll images", { [PER_IMAGE] = 12, [PER_START] = 12 } },
        [BUDGET_STATUS] = { "await instances", { [PER_REBOOT] = 4, [PER_START] = 4 } },
        [BUDGET_INSTANCES] = { "describe instances", { [PER_RUN] = 1, [PER_IMAGE] = 1 } },
        [BUDGET_LISTS] = { "list images", { [PER_RUN] = 2 } }, /* for 'auto', and for retention */
        [BUDGET_DAEMONS] = { "look for another daemon",
                             { [PER_RUN] = 1, [PER_IMAGE] = 1, [PER_START] = 1 } },
        [BUDGET_REMOVALS] = { "check removals", { [PER_RUN] = 2 } },
};

static struct budget *budget_of(struct checker *checker, const char *region)
{
        const struct fleet *fleet = &checker->simulation->fleet;

        for (size_t i = 0; i < fleet->n_regions; i++)
                if (streq(fleet->regions[i], region))
                        return &checker->budgets[i];
        return NULL;
}

/* The interval until the next query about an image of that age. */
static usec_t poll_interval(usec_t age)
{
        usec_t tenth = age / 10, third = age / 3;

        if (third < 60 * SECOND)
                return third > 5 * SECOND ? third : 5 * SECOND;
        return tenth < 60 * SECOND ? 60 * SECOND : tenth > 300 * SECOND ? 300 * SECOND : tenth;
}

/* Adds the queries that the time since the last call allows. */
static void budget_accrue(struct checker *checker, struct budget *budget)
{
        usec_t now = checker->simulation->clock.now;

        const struct disk *disk = &checker->simulation->disk;

        /* The daemon repeats its queries while it cannot commit the answers. */
        if (budget->n_awaited || budget->n_stopped || disk->full || disk->broken)
                budget->allowed[BUDGET_STATUS] +=
                        (double)(now - budget->seen) / (double)(15 * SECOND);
        if (disk->full || disk->broken)
                budget->allowed[BUDGET_INSTANCES] +=
                        (double)(now - budget->seen) / (double)(15 * SECOND);
        while (budget->n_polled && budget->seen < now) {
                usec_t interval = poll_interval(budget->seen - budget->youngest);
                usec_t until = budget->seen + interval < now ? budget->seen + interval : now;

                budget->allowed[BUDGET_IMAGE_POLL] +=
                        (double)(until - budget->seen) / (double)interval;
                budget->seen = until;
        }
        budget->seen = now;
}

static void add(struct budget *budget, enum budget_event event, size_t times)
{
        for (enum budget_class class = 0; class < BUDGET_CLASSES; class ++)
                budget->allowed[class] += classes[class].per[event] * (double)times;
}

/* ---- events that add to the budget ---- */

void budget_image_begins(struct checker *checker, struct creation *creation)
{
        struct budget *budget = budget_of(checker, creation->region);

        budget_accrue(checker, budget);
        add(budget, PER_IMAGE, 1);
        budget->youngest = checker->simulation->clock.now;
        budget->n_polled += !creation->polled;
        creation->polled = true;
        if (!creation->reboot)
                return;
        add(budget, PER_REBOOT, 1);
        budget->n_awaited += !creation->awaited;
        creation->awaited = true;
}

void budget_instance_stops(struct checker *checker, const char *region, bool begins)
{
        struct budget *budget = budget_of(checker, region);

        budget_accrue(checker, budget);
        if (begins)
                add(budget, PER_REBOOT, 2); /* until it is stopped, and until it runs again */
        budget->n_stopped += begins ? 1 : -1UL;
}

/* The instance of a task was described once its slot was free, and the task ended without an
 * image. */
void budget_no_image(struct checker *checker, const char *region)
{
        budget_of(checker, region)->allowed[BUDGET_INSTANCES]++;
        budget_of(checker, region)->allowed[BUDGET_STATUS]++;
        budget_of(checker, region)->allowed[BUDGET_DAEMONS]++;
}

/* An instance that was not ready in time may still have to be put back into service once it
 * runs. */
void budget_restore(struct checker *checker, const char *region)
{
        budget_of(checker, region)->allowed[BUDGET_STATUS] += QUERIES_OF_RESTORE;
}

void budget_instance_back(struct checker *checker, struct creation *creation, bool well)
{
        struct budget *budget = budget_of(checker, creation->region);

        budget_accrue(checker, budget);
        budget->n_awaited -= creation->awaited;
        creation->awaited = false;
        if (!well)
                budget_restore(checker, creation->region);
}

void budget_image_ends(struct checker *checker, struct creation *creation)
{
        struct budget *budget = budget_of(checker, creation->region);

        budget_accrue(checker, budget);
        budget->n_polled -= creation->polled;
        if (creation->polled)
                creation->polled_until = checker->simulation->clock.now;
        creation->polled = false;
}

void budget_task_ends(struct checker *checker, struct creation *creation)
{
        budget_instance_back(checker, creation, true);
        budget_image_ends(checker, creation);
}

void budget_run_ends(struct checker *checker, const char *run)
{
        for (struct creation *c = checker->creations; c; c = c->hh.next)
                if (streq(c->run, run))
                        budget_task_ends(checker, c);
}

static void in_each_region(struct checker *checker, enum budget_event event, size_t times)
{
        for (size_t i = 0; i < checker->simulation->fleet.n_regions; i++) {
                budget_accrue(checker, &checker->budgets[i]);
                add(&checker->budgets[i], event, times);
        }
}

void checker_disk_changes(struct checker *checker)
{
        for (size_t i = 0; i < checker->simulation->fleet.n_regions; i++)
                budget_accrue(checker, &checker->budgets[i]);
}

/* A run resumes the removals that earlier runs have left open, until lists show that what was
 * deleted is gone. */
static void resume_removals(struct checker *checker, const char *schedule)
{
        struct store_image *rows;
        size_t n;

        if (store_load_images(checker->simulation->machine.store, schedule, NULL, NULL, false,
                              &rows, &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                if (startswith(rows[i].state, "deregister")) /* deregistering, deregistered */
                        budget_of(checker, rows[i].region)->allowed[BUDGET_REMOVALS] +=
                                QUERIES_OF_ABSENCE;
        store_images_free(rows, n);
}

void budget_run_begins(struct checker *checker, const char *schedule)
{
        resume_removals(checker, schedule);
        in_each_region(checker, PER_RUN,
                       schedule ? 1 : fleet_schedules_there(&checker->simulation->fleet));
}

/* A task of an image resumes: the daemon queries whether the image is complete, and the instance
 * unless the state says that it is back. */
static void resume_task(struct checker *checker, const struct store_task *task)
{
        struct creation *creation = task->image ? creation_by_id(checker, task->image) : NULL;
        struct budget *budget = creation ? budget_of(checker, creation->region) : NULL;

        if (!creation || task->finished != SEC_NONE)
                return;
        budget->n_polled += !creation->polled;
        creation->polled = true;
        if (!creation->reboot || task->returned != SEC_NONE)
                return;
        budget->n_awaited += !creation->awaited;
        creation->awaited = true;
}

void budget_resume(struct checker *checker)
{
        struct store *store = checker->simulation->machine.store;
        struct store_run *runs;
        size_t n_runs;

        if (store_load_runs(store, NULL, true, 0, &runs, &n_runs) < 0)
                return;
        for (struct creation *c = checker->creations; c; c = c->hh.next)
                budget_task_ends(checker, c);
        for (size_t i = 0; i < n_runs; i++) {
                struct store_task *tasks;
                size_t n;

                if (store_load_tasks(store, runs[i].id, &tasks, &n) < 0)
                        continue;
                for (size_t j = 0; j < n; j++)
                        resume_task(checker, &tasks[j]);
                store_tasks_free(tasks, n);
        }
        store_runs_free(runs, n_runs);
}

/* The daemon queries again about everything that it was in the middle of. */
void budget_daemon_starts(struct checker *checker)
{
        usec_t now = checker->simulation->clock.now;

        budget_resume(checker);
        in_each_region(checker, PER_START, 1);
        for (const struct creation *c = checker->creations; c; c = c->hh.next)
                if (c->removed && now - c->removed_at < REMOVAL_LASTS)
                        budget_of(checker, c->region)->allowed[BUDGET_REMOVALS] +=
                                QUERIES_OF_ABSENCE;
        for (size_t i = 0; i < checker->simulation->fleet.n_regions; i++) {
                struct budget *budget = &checker->budgets[i];

                budget->youngest = checker->simulation->clock.now;
                budget->allowed[BUDGET_INSTANCES] += (double)budget->n_polled;
                budget->allowed[BUDGET_LISTS] +=
                        (double)fleet_schedules_there(&checker->simulation->fleet);
        }
}

/* ---- queries ---- */

/* While EC2 does not know an instance, DescribeInstanceStatus fails for its id, and the daemon
 * looks it up in a list each time. */
static void note_unknown_instance(struct checker *checker, const struct cloud_request *request)
{
        struct budget *budget = budget_of(checker, request->region);
        usec_t now = checker->simulation->clock.now;

        if (!streq(request->action, "DescribeInstanceStatus") || request->succeeded ||
            (budget->unknown && now - budget->unknown < FIRST_INTERVAL))
                return;
        budget->unknown = now;
        budget->allowed[BUDGET_INSTANCES]++;
}

/* Before a further CreateImage for an image the daemon may query its instance again. */
void budget_sent(struct checker *checker, const char *action, const char *region)
{
        if (streq(action, "CreateImage")) {
                budget_of(checker, region)->allowed[BUDGET_INSTANCES]++;
                budget_of(checker, region)->allowed[BUDGET_STATUS]++;
                budget_of(checker, region)->allowed[BUDGET_DAEMONS]++;
        }
        if (streq(action, "StartInstances"))
                budget_of(checker, region)->allowed[BUDGET_INSTANCES] += QUERIES_OF_START;
}

/* The uses of an image that was launched once are queried for minutes, and the image with them. */
static void note_uses(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "Filter.1.Value.1");
        struct creation *creation = id ? creation_by_id(checker, id) : NULL;
        const struct image *image = creation ? creation_image(checker, creation) : NULL;
        usec_t now = checker->simulation->clock.now;

        if (!image || !image->launched ||
            (creation->uses_described && now - creation->uses_described < REMOVAL_LASTS))
                return;
        creation->uses_described = now;
        budget_of(checker, request->region)->allowed[BUDGET_REMOVALS] += QUERIES_OF_USES;
}

void budget_after_request(struct checker *checker, const struct cloud_request *request)
{
        enum budget_class class = budget_class_of(checker, request);
        _cleanup_free_ char *page = request_parameter(request->body, "NextToken");

        if (streq(request->action, "DeregisterImage"))
                budget_of(checker, request->region)->allowed[BUDGET_REMOVALS] +=
                        request->succeeded && request->heard ? QUERIES_OF_REMOVAL
                                                             : QUERIES_OF_ABSENCE;
        if (streq(request->action, "DescribeInstances") && class == BUDGET_REMOVALS)
                note_uses(checker, request);
        if (streq(request->action, "CreateTags") && !(request->succeeded && request->heard))
                budget_of(checker, request->region)->allowed[BUDGET_REMOVALS] += QUERIES_OF_LABEL;
        if (streq(request->action, "DeleteSnapshot") && !request->heard)
                budget_of(checker, request->region)->allowed[BUDGET_REMOVALS] += QUERIES_OF_ABSENCE;
        note_unknown_instance(checker, request);
        /* all pages of an answer are one query */
        if (class != BUDGET_CLASSES && request->succeeded && request->heard && !page)
                budget_of(checker, request->region)->asked[class]++;
}

/* Whether this answer makes it newly unclear if the image is deregistered: the daemon then
 * queries until a list would show that. Calls that follow within that time add no queries. */
static bool is_newly_unclear(struct checker *checker, const struct cloud_request *request)
{
        usec_t now = checker->simulation->clock.now;
        _cleanup_free_ char *image = request_parameter(request->body, "ImageId");
        struct creation *creation = image ? creation_by_id(checker, image) : NULL;

        if (!creation || (creation->unclear && now - creation->unclear < UNCLEAR_LASTS))
                return false;
        creation->unclear = now;
        return true;
}

void budget_request_refused(struct checker *checker, const struct cloud_request *request,
                            bool unclear)
{
        struct budget *budget = budget_of(checker, request->region);
        double *allowed = &budget->allowed[BUDGET_REMOVALS];

        note_unknown_instance(checker, request);
        /* The instance is still to be put back, and is queried before the next attempt. */
        if (streq(request->action, "RegisterTargets") || streq(request->action, "ExitStandby"))
                budget->allowed[BUDGET_STATUS] += 1;
        if (streq(request->action, "DeregisterImage"))
                *allowed += unclear && is_newly_unclear(checker, request) ? QUERIES_OF_ABSENCE : 1;
        if (streq(request->action, "CreateTags") || streq(request->action, "DeleteSnapshot"))
                *allowed += 1;
}

/* ---- the end of a period ---- */

void budget_judge(struct checker *checker, bool calm)
{
        struct simulation *simulation = checker->simulation;
        double factor = calm ? CALM_FACTOR : FAULTS_FACTOR;

        for (size_t i = 0; i < simulation->fleet.n_regions; i++) {
                struct budget *budget = &checker->budgets[i];

                budget_accrue(checker, budget);
                for (enum budget_class class = 0; class < BUDGET_CLASSES; class ++) {
                        double allowed = budget->allowed[class];
                        uint64_t asked = budget->asked[class];

                        checker->numbers.queries += asked;
                        checker->numbers.allowed += allowed;
                        if ((double)asked > factor * allowed + SLACK)
                                simulation_fail(simulation, "queries no more than it has to",
                                                "%llu queries to %s in %s in %s, where %.0f "
                                                "would do",
                                                (unsigned long long)asked, classes[class].name,
                                                simulation->fleet.regions[i],
                                                calm ? "a calm period" : "a fault period", allowed);
                }
                memset(budget->allowed, 0, sizeof(budget->allowed));
                /* An image that is still pending may end in a later period. */
                budget->allowed[BUDGET_IMAGE_POLL] =
                        classes[BUDGET_IMAGE_POLL].per[PER_IMAGE] * (double)budget->n_polled;
                memset(budget->asked, 0, sizeof(budget->asked));
        }
}
