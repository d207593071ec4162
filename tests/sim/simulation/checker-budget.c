/*
 * How much is asked: the questions that were answered, counted beside those that would do.
 *
 * How many would do is computed here from what happened, not from what the daemon thinks of its
 * pace:
 *
 *     follow     while images of a region are pending, one question for all of them each time the
 *                youngest has grown by a third, each minute once it is three minutes old, and each
 *                tenth of its age or 5 minutes once it is ten minutes old; a few more for each
 *                image, to see it begin and to be there when its snapshots say it will end
 *     status     while instances reboot or are stopped, one for all of them each 15 s; a few at the
 *                beginning
 *     instances  one for each region of a run, and one for each image, when its turn comes; and
 *                three for each start of an instance, of which the StateReason may tell that it
 *                failed: a minute decides, and it is asked for ever less often; and one each time
 *                the status is refused for an instance that EC2 does not know, at the pace of
 *                `status`
 *     lists      one for each region of a run
 *     daemons    one for each region of a run, and one for each image, before its outage: whether
 *                another daemon has made images for this owner
 *     removals   two for each region of a run: what is not listed, and what is in use; and for each
 *                image that is removed one each about the image, its uses and its snapshots, before
 *                and after they are deleted. Where the answer to a call was lost, the daemon was
 *                restarted in the midst of it, or an earlier run left a removal undone, so many as
 *                it takes to see that something is gone for ten minutes; the same where the answer
 *                does not tell whether the image is deregistered, and one after each other refusal
 *                of a deletion. An image that was launched once is looked at, with its uses, until
 *                it is seen that all its instances are gone for five minutes. The same class counts
 *                the looks at an image that could not be labelled
 *
 * Whether the snapshots of one image have begun is asked often, since its instance waits for that,
 * and not counted; nor is how a command goes on.
 *
 * A run of all schedules counts as one of each. Whoever restarts the daemon makes it look again, at
 * an image that was complete before as well, until its task ends.
 * Calm is stopped to it closely, trouble loosely.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/checker-private.h"
#include "store/store.h"

#define SECOND USEC_PER_SEC
/* In one season, for what falls between the chairs: a run that began before it. */
enum { SLACK = 12 };
/* So many times as many. What is repeated because an answer was lost or a refusal is not counted:
 * trouble also makes tasks begin again. */
#define CALM_FACTOR   1.25
#define FAULTS_FACTOR 1.5

/* About the image, its uses, and its snapshots; until it is seen that something is gone. */
enum { QUERIES_OF_REMOVAL = 4, QUERIES_OF_ABSENCE = 40 };
/* At an image and its uses, four times each, before it is removed. */
enum { QUERIES_OF_USES = 8 };
/* At the tags of an image whose label was refused or not answered: now, and when no request can be
 * on its way any more. */
enum { QUERIES_OF_LABEL = 3 };
#define DOUBT_LASTS   ((usec_t)10 * 60 * SECOND)
#define REMOVAL_LASTS (2 * SEC_PER_HOUR * SECOND)

/* At the StateReason: within the minute in which a start shows, at 0, 15 and 45 s. */
enum { QUERIES_OF_START = 3 };

/* A look every 15 s for the longest 'ready_timeout' there is. */
enum { QUERIES_OF_RESTORE = 120 };

/* From one look at an instance that is waited for to the next, at the beginning. */
#define FIRST_INTERVAL (5 * SECOND)

enum budget_event { PER_RUN, PER_IMAGE, PER_REBOOT, PER_START, EVENTS };

static const struct {
        const char *name;
        double per[EVENTS]; /* in each region */
} classes[BUDGET_CLASSES] = {
        [BUDGET_IMAGE_POLL] = { "follow images", { [PER_IMAGE] = 12, [PER_START] = 12 } },
        [BUDGET_STATUS] = { "await instances", { [PER_REBOOT] = 4, [PER_START] = 4 } },
        [BUDGET_INSTANCES] = { "look at instances", { [PER_RUN] = 1, [PER_IMAGE] = 1 } },
        [BUDGET_LISTS] = { "list images", { [PER_RUN] = 2 } }, /* for auto, and for retention */
        [BUDGET_DAEMONS] = { "look for another daemon",
                             { [PER_RUN] = 1, [PER_IMAGE] = 1, [PER_START] = 1 } },
        [BUDGET_REMOVALS] = { "look at what is removed", { [PER_RUN] = 2 } },
};

static struct budget *budget_of(struct checker *checker, const char *region)
{
        const struct fleet *fleet = &checker->simulation->fleet;

        for (size_t i = 0; i < fleet->n_regions; i++)
                if (streq(fleet->regions[i], region))
                        return &checker->budgets[i];
        return NULL;
}

/* Until the next question about an image of that age. */
static usec_t poll_interval(usec_t age)
{
        usec_t tenth = age / 10, third = age / 3;

        if (third < 60 * SECOND)
                return third > 5 * SECOND ? third : 5 * SECOND;
        return tenth < 60 * SECOND ? 60 * SECOND : tenth > 300 * SECOND ? 300 * SECOND : tenth;
}

/* What may have been asked until now. */
static void budget_accrue(struct checker *checker, struct budget *budget)
{
        usec_t now = checker->simulation->clock.now;

        const struct disk *disk = &checker->simulation->disk;

        /* What cannot be written down goes on being looked at. */
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

/* ---- what happens ---- */

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
                add(budget, PER_REBOOT, 2); /* until it is down, and until it is back */
        budget->n_stopped += begins ? 1 : -1UL;
}

/* Its turn came, and it was looked at; nothing more came of it. */
void budget_no_image(struct checker *checker, const char *region)
{
        budget_of(checker, region)->allowed[BUDGET_INSTANCES]++;
        budget_of(checker, region)->allowed[BUDGET_STATUS]++;
        budget_of(checker, region)->allowed[BUDGET_DAEMONS]++;
}

/* One that did not come back in time may still have to be put into service, when it runs. */
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

/* Removals of earlier runs that have not ended are gone on with: until it is seen that what they
 * may have deleted is gone. */
static void removals_go_on(struct checker *checker, const char *schedule)
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
        removals_go_on(checker, schedule);
        in_each_region(checker, PER_RUN,
                       schedule ? 1 : fleet_schedules_there(&checker->simulation->fleet));
}

/* The task of an image goes on: whether the image is complete is asked again, and so is its
 * instance unless the state says that it is back. */
static void task_goes_on(struct checker *checker, const struct store_task *task)
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
                        task_goes_on(checker, &tasks[j]);
                store_tasks_free(tasks, n);
        }
        store_runs_free(runs, n_runs);
}

/* What it was in the middle of it looks at again. */
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

/* ---- what is asked ---- */

/* Whether the first image or snapshot that is asked about is none that is followed. */
static bool is_about_removal(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "Filter.1.Value.1");
        const struct creation *creation;
        const struct snapshot *snapshot;

        if (id && startswith(id, "snap-")) {
                struct sim_location *location = sim_location(checker->simulation->cloud.sim,
                                                             DEFAULT_ACCOUNT, request->region);
                const char *image;

                snapshot = resource_find(location, KIND_SNAPSHOT, id);
                image = snapshot ? strstr(snapshot->description, "ami-") : NULL;
                creation = image ? creation_by_id(checker, image) : NULL;
                return !creation || creation->removed;
        }
        creation = id ? creation_by_id(checker, id) : NULL;
        return !creation || !creation->polled;
}

static enum budget_class class_of(struct checker *checker, const struct cloud_request *request)
{
        if (streq(request->action, "DescribeInstanceStatus"))
                return BUDGET_STATUS;
        if (streq(request->action, "DescribeInstances")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                return streq(filter, "image-id") ? BUDGET_REMOVALS : BUDGET_INSTANCES;
        }
        if (streq(request->action, "DescribeSnapshots")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                if (filter && startswith(filter, "tag"))
                        return BUDGET_CLASSES;
                return is_about_removal(checker, request) ? BUDGET_REMOVALS : BUDGET_IMAGE_POLL;
        }
        if (streq(request->action, "DescribeImages")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                if (streq(filter, "image-id"))
                        return is_about_removal(checker, request) ? BUDGET_REMOVALS
                                                                  : BUDGET_IMAGE_POLL;
                if (filter && startswith(filter, "tag")) {
                        _cleanup_free_ char *second =
                                request_parameter(request->body, "Filter.2.Name");

                        return streq(second, "creation-date") ? BUDGET_DAEMONS : BUDGET_LISTS;
                }
        }
        return BUDGET_CLASSES; /* what acts, and the search by name for what may have happened */
}

/* An instance whose id fails the question for its status, since it is gone or not known for a
 * while, is looked for in a list each time. */
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

/* Before it is called again for an image, its instance may be looked at again. */
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

/* The uses of an image that was launched once are looked at for minutes, and the image with them.
 */
static void uses_are_looked_at(struct checker *checker, const struct cloud_request *request)
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
        enum budget_class class = class_of(checker, request);
        _cleanup_free_ char *page = request_parameter(request->body, "NextToken");

        if (streq(request->action, "DeregisterImage"))
                budget_of(checker, request->region)->allowed[BUDGET_REMOVALS] +=
                        request->succeeded && request->heard ? QUERIES_OF_REMOVAL
                                                             : QUERIES_OF_ABSENCE;
        if (streq(request->action, "DescribeInstances") && class == BUDGET_REMOVALS)
                uses_are_looked_at(checker, request);
        if (streq(request->action, "CreateTags") && !(request->succeeded && request->heard))
                budget_of(checker, request->region)->allowed[BUDGET_REMOVALS] += QUERIES_OF_LABEL;
        if (streq(request->action, "DeleteSnapshot") && !request->heard)
                budget_of(checker, request->region)->allowed[BUDGET_REMOVALS] += QUERIES_OF_ABSENCE;
        note_unknown_instance(checker, request);
        /* All pages of an answer are one. */
        if (class != BUDGET_CLASSES && request->succeeded && request->heard && !page)
                budget_of(checker, request->region)->asked[class]++;
}

/* Whether the image may be deregistered now: it is looked at until a list would show that. The
 * calls that follow within that time ask nothing new. */
static bool is_newly_unclear(struct checker *checker, const struct cloud_request *request)
{
        usec_t now = checker->simulation->clock.now;
        _cleanup_free_ char *image = request_parameter(request->body, "ImageId");
        struct creation *creation = image ? creation_by_id(checker, image) : NULL;

        if (!creation || (creation->unclear && now - creation->unclear < DOUBT_LASTS))
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
        /* It is still to be put back, and looked at before it is tried again. */
        if (streq(request->action, "RegisterTargets") || streq(request->action, "ExitStandby"))
                budget->allowed[BUDGET_STATUS] += 1;
        if (streq(request->action, "DeregisterImage"))
                *allowed += unclear && is_newly_unclear(checker, request) ? QUERIES_OF_ABSENCE : 1;
        if (streq(request->action, "CreateTags") || streq(request->action, "DeleteSnapshot"))
                *allowed += 1;
}

/* ---- the account ---- */

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
                                simulation_fail(simulation, "asks no more than it has to",
                                                "%llu questions to %s in %s in %s, where %.0f "
                                                "would do",
                                                (unsigned long long)asked, classes[class].name,
                                                simulation->fleet.regions[i],
                                                calm ? "a calm" : "a time of trouble", allowed);
                }
                memset(budget->allowed, 0, sizeof(budget->allowed));
                /* What is still pending may end in a season of its own. */
                budget->allowed[BUDGET_IMAGE_POLL] =
                        classes[BUDGET_IMAGE_POLL].per[PER_IMAGE] * (double)budget->n_polled;
                memset(budget->asked, 0, sizeof(budget->asked));
        }
}
