/*
 * Invariants of the levels of consistency: an instance that was stopped for an image is started
 * again, no instance stays frozen or out of service, and a label says no more than is true. The
 * states of the simulated instances are the truth.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/method.h"
#include "sim/sim-freeze.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/sim-scaling.h"
#include "sim/sim-snapshot.h"
#include "sim/sim-target.h"
#include "sim/simulation/checker-private.h"
#include "sim/simulation/fault-events.h"

/* How far the instant that a snapshot holds may lie behind its StartTime. */
#define CLOSE USEC_PER_SEC
/* A schedule may fire just before a calm period ends: a state that lasts no longer than this is
 * part of a run in progress. */
#define RECENT (2 * SEC_PER_HOUR * USEC_PER_SEC)
/* The interval between two inspections of the instances. */
#define INSPECTION (15 * SEC_PER_MIN * USEC_PER_SEC)

static usec_t now_of(const struct checker *checker)
{
        return virtual_true_time(&checker->simulation->clock);
}

static struct stopped_instance *find_stopped(const struct checker *checker, const char *instance)
{
        struct stopped_instance *stopped;

        HASH_FIND_STR(checker->stopped, instance, stopped);
        return stopped;
}

bool checker_is_stopped(const struct checker *checker, const char *instance)
{
        return find_stopped(checker, instance);
}

static void forget_stopped(struct checker *checker, struct stopped_instance *stopped)
{
        budget_instance_stops(checker, stopped->region, false);
        HASH_DEL(checker->stopped, stopped);
        free(stopped->instance);
        free(stopped->region);
        free(stopped);
}

void levels_released(struct checker *checker, const char *instance)
{
        struct stopped_instance *stopped = instance ? find_stopped(checker, instance) : NULL;

        if (stopped)
                forget_stopped(checker, stopped);
}

void levels_back(struct checker *checker, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(checker, creation->region, creation->instance);
        const struct outage *last = instance && instance->n_outages
                                            ? &instance->outages[instance->n_outages - 1]
                                            : NULL;

        if (creation->reboot && last && streq(last->cause, "create-image") &&
            last->from >= creation->asked && now_of(checker) < last->until)
                simulation_fail(checker->simulation, "a ready instance is ready",
                                "%s is said to be, and its reboot for %s goes on",
                                creation->instance, creation->id);
}

static bool is_reported_out(const struct checker *checker, const char *instance)
{
        for (size_t i = 0; i < checker->n_reported_out; i++)
                if (streq(checker->reported_out[i], instance))
                        return true;
        return false;
}

void levels_reported_out(struct checker *checker, const char *instance)
{
        if (!is_reported_out(checker, instance))
                *append(checker->reported_out, checker->n_reported_out) = xstrdup(instance);
}

void levels_after_request(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = NULL;
        struct stopped_instance *stopped;

        if (!streq(request->action, "StopInstances"))
                return;
        id = request_parameter(request->body, "InstanceId.1");
        if (find_stopped(checker, id))
                return;
        stopped = xnew(struct stopped_instance);
        stopped->instance = steal(id);
        stopped->region = xstrdup(request->region);
        stopped->since = checker->simulation->clock.now;
        HASH_ADD_KEYPTR(hh, checker->stopped, stopped->instance, strlen(stopped->instance),
                        stopped);
        budget_instance_stops(checker, stopped->region, true);
}

/* ---- labels ---- */

/* StartTime of the last snapshot of an image; 0: it has no snapshots any more. */
static usec_t last_snapshot(struct checker *checker, const struct creation *creation)
{
        struct sim_location *location =
                sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT, creation->region);
        usec_t last = 0;

        FOREACH_RESOURCE(resource, location, KIND_SNAPSHOT)
        {
                const struct snapshot *snapshot = (const struct snapshot *)resource;

                const char *image = strstr(snapshot->description, "ami-");

                /* The first image in the description counts; the description of a copy also
                 * names the original. */
                if (image && startswith(image, creation->id) && resource->created > last)
                        last = resource->created;
        }
        return last;
}

/* Whether one freeze, which amid has ended, lasted from the call to the last snapshot. */
static bool was_frozen(struct checker *checker, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(checker, creation->region, creation->instance);
        usec_t last = last_snapshot(checker, creation);

        for (size_t i = 0; instance && i < instance->n_freezes; i++) {
                const struct freeze *freeze = &instance->freezes[i];
                enum thaw_cause by;
                usec_t end = freeze_end(instance, freeze, &by);

                if (freeze->from <= creation->asked && end + CLOSE >= last && by == THAW_BY_COMMAND)
                        return true;
        }
        return !instance || !last; /* the instance is gone, and its freezes with it */
}

/* Whether the instance was stopped at the call, and was not started before the last snapshot
 * began. */
static bool was_stopped(struct checker *checker, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(checker, creation->region, creation->instance);

        return creation->stopped && (!instance || instance->launched <= creation->asked ||
                                     instance->launched > last_snapshot(checker, creation));
}

void levels_check_label(struct checker *checker, const struct creation *creation)
{
        const struct image *image = creation_image(checker, creation);
        const char *label = image ? tags_get(&image->resource.tags, "amid:consistency") : NULL;
        bool good = true;

        if (!image || creation->checked)
                return;
        if (streq(label, ACHIEVED_FROZEN))
                good = was_frozen(checker, creation);
        else if (streq(label, ACHIEVED_STOPPED))
                good = was_stopped(checker, creation);
        else if (streq(label, ACHIEVED_REBOOT_CLEAN) || streq(label, ACHIEVED_REBOOT_FORCED))
                good = creation->reboot;
        else if (!streq(label, ACHIEVED_CRASH))
                good = false;
        if (!good)
                simulation_fail(checker->simulation, "no label says more than is true",
                                "%s (%s) of %s is labelled %s", creation->id, creation->name,
                                creation->instance, label ? label : "nothing");
}

/* ---- instances out of service ---- */

static bool is_recent(struct checker *checker, usec_t since)
{
        return now_of(checker) - since < RECENT;
}

static void check_stopped(struct checker *checker)
{
        for (struct stopped_instance *stopped = checker->stopped; stopped;
             stopped = stopped->hh.next) {
                const struct instance *instance =
                        find_instance(checker, stopped->region, stopped->instance);
                enum state state =
                        instance ? instance_state(instance, now_of(checker)) : STATE_TERMINATED;

                if ((state == STATE_STOPPED || state == STATE_STOPPING) &&
                    !is_recent(checker, instance->outages[instance->n_outages - 1].from))
                        simulation_fail(checker->simulation, "no instance is left down",
                                        "%s was stopped for its image and is %s", stopped->instance,
                                        state_name(state));
        }
}

/* Forgets instances that are up again without a journal line. */
static void forget_running(struct checker *checker)
{
        struct stopped_instance *stopped, *next;

        HASH_ITER (hh, checker->stopped, stopped, next) {
                const struct instance *instance =
                        find_instance(checker, stopped->region, stopped->instance);

                if (!instance || !instance->n_outages ||
                    !is_recent(checker, instance->outages[instance->n_outages - 1].from))
                        forget_stopped(checker, stopped);
        }
}

static void check_frozen(struct checker *checker, struct sim_location *location)
{
        FOREACH_RESOURCE(resource, location, KIND_INSTANCE)
        {
                const struct instance *instance = (const struct instance *)resource;

                if (instance_frozen(instance, now_of(checker)) &&
                    !is_recent(checker, instance->freezes[instance->n_freezes - 1].from))
                        simulation_fail(checker->simulation, "no instance is left frozen", "%s is",
                                        resource->id);
        }
}

/* Whether the instance should be in service: it runs, and no line reports that it is not put
 * back. */
static bool is_to_serve(struct checker *checker, struct sim_location *location, const char *id)
{
        const struct instance *instance =
                (const struct instance *)resource_find(location, KIND_INSTANCE, id);

        return instance && !is_reported_out(checker, id) &&
               instance_state(instance, now_of(checker)) == STATE_RUNNING &&
               !is_recent(checker, instance->launched); /* starts may have failed for hours */
}

/* Only the daemon takes instances out of service. An instance that another user keeps stopped
 * until the daemon gives it up stays out, with a line. */
static void check_rotation(struct checker *checker, struct sim_location *location)
{
        struct simulation *simulation = checker->simulation;
        struct target_group *group, *next;
        struct scaling_group *scaling, *following;

        HASH_ITER (hh, location->target_groups, group, next)
                for (size_t i = 0; i < group->n_targets; i++)
                        if (group->targets[i].deregistered != USEC_INFINITY &&
                            !is_recent(checker, group->targets[i].deregistered) &&
                            is_to_serve(checker, location, group->targets[i].instance))
                                simulation_fail(simulation, "no instance is left out of service",
                                                "%s is out of target group %s",
                                                group->targets[i].instance, group->name);
        HASH_ITER (hh, location->scaling_groups, scaling, following)
                for (size_t i = 0; i < scaling->n_members; i++) {
                        enum lifecycle state =
                                member_lifecycle(&scaling->members[i], now_of(checker));

                        if ((state == LIFE_ENTERING_STANDBY || state == LIFE_IS_STANDBY) &&
                            !is_recent(checker, scaling->members[i].since) &&
                            is_to_serve(checker, location, scaling->members[i].instance))
                                simulation_fail(simulation, "no instance is left out of service",
                                                "%s is %s in Auto Scaling group %s",
                                                scaling->members[i].instance, lifecycle_name(state),
                                                scaling->name);
                }
}

static void check_instances(struct checker *checker)
{
        struct simulation *simulation = checker->simulation;

        check_stopped(checker);
        for (size_t i = 0; i < simulation->fleet.n_regions; i++) {
                struct sim_location *location = sim_location(simulation->cloud.sim, DEFAULT_ACCOUNT,
                                                             simulation->fleet.regions[i]);

                check_frozen(checker, location);
                check_rotation(checker, location);
        }
}

/* In a fault period the inspection waits until no fault has hindered the daemon for as long. */
static void on_inspection(void *userdata)
{
        struct checker *checker = userdata;
        struct simulation *simulation = checker->simulation;
        usec_t fair = fault_events_clear_since(simulation);

        outage_inspect(checker);

        if (simulation->clock.now - fair > RECENT) {
                checker->numbers.inspections++;
                check_instances(checker);
        }
        if (simulation->clock.now < simulation->busy_until || checker->stopped)
                timer_arm(checker->inspection, INSPECTION);
}

void levels_watch(struct checker *checker)
{
        if (!checker->inspection)
                checker->inspection = timer_new(checker->simulation->loop, on_inspection, checker);
        if (!timer_is_armed(checker->inspection))
                timer_arm(checker->inspection, INSPECTION);
}

/* ---- the end of a calm ---- */

void levels_check(struct checker *checker)
{
        struct simulation *simulation = checker->simulation;

        check_instances(checker);
        forget_running(checker);
        for (struct creation *c = checker->creations; c; c = c->hh.next) {
                if (simulation->clock.now - c->made < 24 * SEC_PER_HOUR * USEC_PER_SEC)
                        continue; /* the image may still be pending */
                levels_check_label(checker, c);
                c->checked = creation_image(checker, c);
        }
}

void levels_done(struct checker *checker)
{
        struct stopped_instance *stopped, *next;

        timer_free(checker->inspection);
        HASH_ITER (hh, checker->stopped, stopped, next)
                forget_stopped(checker, stopped);
        for (size_t i = 0; i < checker->n_reported_out; i++)
                free(checker->reported_out[i]);
        free(checker->reported_out);
}
