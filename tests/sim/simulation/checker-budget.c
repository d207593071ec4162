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
 * Calm is held to it closely, trouble loosely.
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
enum { ODD_ONES = 12 };
/* So many times as many. What is repeated because an answer was lost or a refusal is not counted:
 * trouble also makes tasks begin again. */
#define CALM_FACTOR    1.25
#define TROUBLE_FACTOR 1.5

/* About the image, its uses, and its snapshots; until it is seen that something is gone. */
enum { LOOKS_AT_REMOVAL = 4, LOOKS_AT_ABSENCE = 40 };
/* At an image and its uses, four times each, before it is removed. */
enum { LOOKS_AT_USES = 8 };
/* At the tags of an image whose label was refused or not answered: now, and when no request can be
 * on its way any more. */
enum { LOOKS_AT_LABEL = 3 };
#define DOUBT_LASTS   ((usec_t)10 * 60 * SECOND)
#define REMOVAL_LASTS (2 * SEC_PER_HOUR * SECOND)

/* At the StateReason: within the minute in which a start shows, at 0, 15 and 45 s. */
enum { LOOKS_AT_START = 3 };

/* A look every 15 s for the longest 'ready_timeout' there is. */
enum { PUT_BACK_LOOKS = 120 };

/* From one look at an instance that is waited for to the next, at the beginning. */
#define FIRST_LOOKS (5 * SECOND)

enum economy_event { PER_RUN, PER_IMAGE, PER_REBOOT, PER_START, EVENTS };

static const struct {
        const char *name;
        double per[EVENTS]; /* in each region */
} classes[ECONOMY_CLASSES] = {
        [ECONOMY_FOLLOW] = { "follow images", { [PER_IMAGE] = 12, [PER_START] = 12 } },
        [ECONOMY_STATUS] = { "await instances", { [PER_REBOOT] = 4, [PER_START] = 4 } },
        [ECONOMY_INSTANCES] = { "look at instances", { [PER_RUN] = 1, [PER_IMAGE] = 1 } },
        [ECONOMY_LISTS] = { "list images", { [PER_RUN] = 2 } }, /* for auto, and for retention */
        [ECONOMY_DAEMONS] = { "look for another daemon",
                              { [PER_RUN] = 1, [PER_IMAGE] = 1, [PER_START] = 1 } },
        [ECONOMY_REMOVALS] = { "look at what is removed", { [PER_RUN] = 2 } },
};

static struct economy *economy_of(struct witness *witness, const char *region)
{
        const struct fleet *fleet = &witness->universe->fleet;

        for (size_t i = 0; i < fleet->n_regions; i++)
                if (streq(fleet->regions[i], region))
                        return &witness->economies[i];
        return NULL;
}

/* Until the next question about an image of that age. */
static usec_t patience(usec_t age)
{
        usec_t tenth = age / 10, third = age / 3;

        if (third < 60 * SECOND)
                return third > 5 * SECOND ? third : 5 * SECOND;
        return tenth < 60 * SECOND ? 60 * SECOND : tenth > 300 * SECOND ? 300 * SECOND : tenth;
}

/* What may have been asked until now. */
static void economy_go_on(struct witness *witness, struct economy *economy)
{
        usec_t now = witness->universe->clock.now;

        const struct disk *disk = &witness->universe->disk;

        /* What cannot be written down goes on being looked at. */
        if (economy->n_awaited || economy->n_stopped || disk->full || disk->broken)
                economy->allowed[ECONOMY_STATUS] +=
                        (double)(now - economy->seen) / (double)(15 * SECOND);
        if (disk->full || disk->broken)
                economy->allowed[ECONOMY_INSTANCES] +=
                        (double)(now - economy->seen) / (double)(15 * SECOND);
        while (economy->n_followed && economy->seen < now) {
                usec_t interval = patience(economy->seen - economy->youngest);
                usec_t until = economy->seen + interval < now ? economy->seen + interval : now;

                economy->allowed[ECONOMY_FOLLOW] +=
                        (double)(until - economy->seen) / (double)interval;
                economy->seen = until;
        }
        economy->seen = now;
}

static void add(struct economy *economy, enum economy_event event, size_t times)
{
        for (enum economy_class class = 0; class < ECONOMY_CLASSES; class ++)
                economy->allowed[class] += classes[class].per[event] * (double)times;
}

/* ---- what happens ---- */

void economy_image_begins(struct witness *witness, struct creation *creation)
{
        struct economy *economy = economy_of(witness, creation->region);

        economy_go_on(witness, economy);
        add(economy, PER_IMAGE, 1);
        economy->youngest = witness->universe->clock.now;
        economy->n_followed += !creation->followed;
        creation->followed = true;
        if (!creation->reboot)
                return;
        add(economy, PER_REBOOT, 1);
        economy->n_awaited += !creation->awaited;
        creation->awaited = true;
}

void economy_instance_stops(struct witness *witness, const char *region, bool begins)
{
        struct economy *economy = economy_of(witness, region);

        economy_go_on(witness, economy);
        if (begins)
                add(economy, PER_REBOOT, 2); /* until it is down, and until it is back */
        economy->n_stopped += begins ? 1 : -1UL;
}

/* Its turn came, and it was looked at; nothing more came of it. */
void economy_no_image(struct witness *witness, const char *region)
{
        economy_of(witness, region)->allowed[ECONOMY_INSTANCES]++;
        economy_of(witness, region)->allowed[ECONOMY_STATUS]++;
        economy_of(witness, region)->allowed[ECONOMY_DAEMONS]++;
}

/* One that did not come back in time may still have to be put into service, when it runs. */
void economy_put_back(struct witness *witness, const char *region)
{
        economy_of(witness, region)->allowed[ECONOMY_STATUS] += PUT_BACK_LOOKS;
}

void economy_instance_is_back(struct witness *witness, struct creation *creation, bool well)
{
        struct economy *economy = economy_of(witness, creation->region);

        economy_go_on(witness, economy);
        economy->n_awaited -= creation->awaited;
        creation->awaited = false;
        if (!well)
                economy_put_back(witness, creation->region);
}

void economy_image_ends(struct witness *witness, struct creation *creation)
{
        struct economy *economy = economy_of(witness, creation->region);

        economy_go_on(witness, economy);
        economy->n_followed -= creation->followed;
        if (creation->followed)
                creation->followed_until = witness->universe->clock.now;
        creation->followed = false;
}

void economy_task_ends(struct witness *witness, struct creation *creation)
{
        economy_instance_is_back(witness, creation, true);
        economy_image_ends(witness, creation);
}

void economy_run_ends(struct witness *witness, const char *run)
{
        for (struct creation *c = witness->creations; c; c = c->hh.next)
                if (streq(c->run, run))
                        economy_task_ends(witness, c);
}

static void in_each_region(struct witness *witness, enum economy_event event, size_t times)
{
        for (size_t i = 0; i < witness->universe->fleet.n_regions; i++) {
                economy_go_on(witness, &witness->economies[i]);
                add(&witness->economies[i], event, times);
        }
}

void witness_disk_changes(struct witness *witness)
{
        for (size_t i = 0; i < witness->universe->fleet.n_regions; i++)
                economy_go_on(witness, &witness->economies[i]);
}

/* Removals of earlier runs that have not ended are gone on with: until it is seen that what they
 * may have deleted is gone. */
static void removals_go_on(struct witness *witness, const char *schedule)
{
        struct store_image *rows;
        size_t n;

        if (store_load_images(witness->universe->machine.store, schedule, NULL, NULL, false, &rows,
                              &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                if (startswith(rows[i].state, "deregister")) /* deregistering, deregistered */
                        economy_of(witness, rows[i].region)->allowed[ECONOMY_REMOVALS] +=
                                LOOKS_AT_ABSENCE;
        store_images_free(rows, n);
}

void economy_run_begins(struct witness *witness, const char *schedule)
{
        removals_go_on(witness, schedule);
        in_each_region(witness, PER_RUN,
                       schedule ? 1 : fleet_schedules_there(&witness->universe->fleet));
}

/* The task of an image goes on: whether the image is complete is asked again, and so is its
 * instance unless the state says that it is back. */
static void task_goes_on(struct witness *witness, const struct store_task *task)
{
        struct creation *creation = task->image ? creation_by_id(witness, task->image) : NULL;
        struct economy *economy = creation ? economy_of(witness, creation->region) : NULL;

        if (!creation || task->finished != SEC_NONE)
                return;
        economy->n_followed += !creation->followed;
        creation->followed = true;
        if (!creation->reboot || task->returned != SEC_NONE)
                return;
        economy->n_awaited += !creation->awaited;
        creation->awaited = true;
}

void economy_goes_on(struct witness *witness)
{
        struct store *store = witness->universe->machine.store;
        struct store_run *runs;
        size_t n_runs;

        if (store_load_runs(store, NULL, true, 0, &runs, &n_runs) < 0)
                return;
        for (struct creation *c = witness->creations; c; c = c->hh.next)
                economy_task_ends(witness, c);
        for (size_t i = 0; i < n_runs; i++) {
                struct store_task *tasks;
                size_t n;

                if (store_load_tasks(store, runs[i].id, &tasks, &n) < 0)
                        continue;
                for (size_t j = 0; j < n; j++)
                        task_goes_on(witness, &tasks[j]);
                store_tasks_free(tasks, n);
        }
        store_runs_free(runs, n_runs);
}

/* What it was in the middle of it looks at again. */
void economy_daemon_starts(struct witness *witness)
{
        usec_t now = witness->universe->clock.now;

        economy_goes_on(witness);
        in_each_region(witness, PER_START, 1);
        for (const struct creation *c = witness->creations; c; c = c->hh.next)
                if (c->removed && now - c->removed_at < REMOVAL_LASTS)
                        economy_of(witness, c->region)->allowed[ECONOMY_REMOVALS] +=
                                LOOKS_AT_ABSENCE;
        for (size_t i = 0; i < witness->universe->fleet.n_regions; i++) {
                struct economy *economy = &witness->economies[i];

                economy->youngest = witness->universe->clock.now;
                economy->allowed[ECONOMY_INSTANCES] += (double)economy->n_followed;
                economy->allowed[ECONOMY_LISTS] +=
                        (double)fleet_schedules_there(&witness->universe->fleet);
        }
}

/* ---- what is asked ---- */

/* Whether the first image or snapshot that is asked about is none that is followed. */
static bool is_about_removal(struct witness *witness, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "Filter.1.Value.1");
        const struct creation *creation;
        const struct snapshot *snapshot;

        if (id && startswith(id, "snap-")) {
                struct place *place =
                        sim_place(witness->universe->cloud.sim, DEFAULT_ACCOUNT, request->region);
                const char *image;

                snapshot = place_find(place, KIND_SNAPSHOT, id);
                image = snapshot ? strstr(snapshot->description, "ami-") : NULL;
                creation = image ? creation_by_id(witness, image) : NULL;
                return !creation || creation->removed;
        }
        creation = id ? creation_by_id(witness, id) : NULL;
        return !creation || !creation->followed;
}

static enum economy_class class_of(struct witness *witness, const struct cloud_request *request)
{
        if (streq(request->action, "DescribeInstanceStatus"))
                return ECONOMY_STATUS;
        if (streq(request->action, "DescribeInstances")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                return streq(filter, "image-id") ? ECONOMY_REMOVALS : ECONOMY_INSTANCES;
        }
        if (streq(request->action, "DescribeSnapshots")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                if (filter && startswith(filter, "tag"))
                        return ECONOMY_CLASSES;
                return is_about_removal(witness, request) ? ECONOMY_REMOVALS : ECONOMY_FOLLOW;
        }
        if (streq(request->action, "DescribeImages")) {
                _cleanup_free_ char *filter = request_parameter(request->body, "Filter.1.Name");

                if (streq(filter, "image-id"))
                        return is_about_removal(witness, request) ? ECONOMY_REMOVALS
                                                                  : ECONOMY_FOLLOW;
                if (filter && startswith(filter, "tag")) {
                        _cleanup_free_ char *second =
                                request_parameter(request->body, "Filter.2.Name");

                        return streq(second, "creation-date") ? ECONOMY_DAEMONS : ECONOMY_LISTS;
                }
        }
        return ECONOMY_CLASSES; /* what acts, and the search by name for what may have happened */
}

/* An instance whose id fails the question for its status, since it is gone or not known for a
 * while, is looked for in a list each time. */
static void economy_unknown(struct witness *witness, const struct cloud_request *request)
{
        struct economy *economy = economy_of(witness, request->region);
        usec_t now = witness->universe->clock.now;

        if (!streq(request->action, "DescribeInstanceStatus") || request->succeeded ||
            (economy->unknown && now - economy->unknown < FIRST_LOOKS))
                return;
        economy->unknown = now;
        economy->allowed[ECONOMY_INSTANCES]++;
}

/* Before it is called again for an image, its instance may be looked at again. */
void economy_sent(struct witness *witness, const char *action, const char *region)
{
        if (streq(action, "CreateImage")) {
                economy_of(witness, region)->allowed[ECONOMY_INSTANCES]++;
                economy_of(witness, region)->allowed[ECONOMY_STATUS]++;
                economy_of(witness, region)->allowed[ECONOMY_DAEMONS]++;
        }
        if (streq(action, "StartInstances"))
                economy_of(witness, region)->allowed[ECONOMY_INSTANCES] += LOOKS_AT_START;
}

/* The uses of an image that was launched once are looked at for minutes, and the image with them.
 */
static void uses_are_looked_at(struct witness *witness, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "Filter.1.Value.1");
        struct creation *creation = id ? creation_by_id(witness, id) : NULL;
        const struct image *image = creation ? creation_image(witness, creation) : NULL;
        usec_t now = witness->universe->clock.now;

        if (!image || !image->launched ||
            (creation->uses_looked && now - creation->uses_looked < REMOVAL_LASTS))
                return;
        creation->uses_looked = now;
        economy_of(witness, request->region)->allowed[ECONOMY_REMOVALS] += LOOKS_AT_USES;
}

void economy_answered(struct witness *witness, const struct cloud_request *request)
{
        enum economy_class class = class_of(witness, request);
        _cleanup_free_ char *page = request_parameter(request->body, "NextToken");

        if (streq(request->action, "DeregisterImage"))
                economy_of(witness, request->region)->allowed[ECONOMY_REMOVALS] +=
                        request->succeeded && request->heard ? LOOKS_AT_REMOVAL : LOOKS_AT_ABSENCE;
        if (streq(request->action, "DescribeInstances") && class == ECONOMY_REMOVALS)
                uses_are_looked_at(witness, request);
        if (streq(request->action, "CreateTags") && !(request->succeeded && request->heard))
                economy_of(witness, request->region)->allowed[ECONOMY_REMOVALS] += LOOKS_AT_LABEL;
        if (streq(request->action, "DeleteSnapshot") && !request->heard)
                economy_of(witness, request->region)->allowed[ECONOMY_REMOVALS] += LOOKS_AT_ABSENCE;
        economy_unknown(witness, request);
        /* All pages of an answer are one. */
        if (class != ECONOMY_CLASSES && request->succeeded && request->heard && !page)
                economy_of(witness, request->region)->asked[class]++;
}

/* Whether the image may be deregistered now: it is looked at until a list would show that. The
 * calls that follow within that time ask nothing new. */
static bool is_new_doubt(struct witness *witness, const struct cloud_request *request)
{
        usec_t now = witness->universe->clock.now;
        _cleanup_free_ char *image = request_parameter(request->body, "ImageId");
        struct creation *creation = image ? creation_by_id(witness, image) : NULL;

        if (!creation || (creation->doubted && now - creation->doubted < DOUBT_LASTS))
                return false;
        creation->doubted = now;
        return true;
}

void economy_refused(struct witness *witness, const struct cloud_request *request, bool doubtful)
{
        struct economy *economy = economy_of(witness, request->region);
        double *allowed = &economy->allowed[ECONOMY_REMOVALS];

        economy_unknown(witness, request);
        /* It is still to be put back, and looked at before it is tried again. */
        if (streq(request->action, "RegisterTargets") || streq(request->action, "ExitStandby"))
                economy->allowed[ECONOMY_STATUS] += 1;
        if (streq(request->action, "DeregisterImage"))
                *allowed += doubtful && is_new_doubt(witness, request) ? LOOKS_AT_ABSENCE : 1;
        if (streq(request->action, "CreateTags") || streq(request->action, "DeleteSnapshot"))
                *allowed += 1;
}

/* ---- the account ---- */

void economy_judge(struct witness *witness, bool calm)
{
        struct universe *universe = witness->universe;
        double factor = calm ? CALM_FACTOR : TROUBLE_FACTOR;

        for (size_t i = 0; i < universe->fleet.n_regions; i++) {
                struct economy *economy = &witness->economies[i];

                economy_go_on(witness, economy);
                for (enum economy_class class = 0; class < ECONOMY_CLASSES; class ++) {
                        double allowed = economy->allowed[class];
                        uint64_t asked = economy->asked[class];

                        witness->numbers.questions += asked;
                        witness->numbers.allowed += allowed;
                        if ((double)asked > factor * allowed + ODD_ONES)
                                universe_fail(universe, "asks no more than it has to",
                                              "%llu questions to %s in %s in %s, where %.0f "
                                              "would do",
                                              (unsigned long long)asked, classes[class].name,
                                              universe->fleet.regions[i],
                                              calm ? "a calm" : "a time of trouble", allowed);
                }
                memset(economy->allowed, 0, sizeof(economy->allowed));
                /* What is still pending may end in a season of its own. */
                economy->allowed[ECONOMY_FOLLOW] =
                        classes[ECONOMY_FOLLOW].per[PER_IMAGE] * (double)economy->n_followed;
                memset(economy->asked, 0, sizeof(economy->asked));
        }
}
