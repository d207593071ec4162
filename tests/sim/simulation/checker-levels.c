/*
 * Levels of consistency: who was stopped for an image is started again, nobody stays frozen, and
 * what a label says is true. The truth is that of the simulated instances.
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

/* How much the point from which EC2 takes a snapshot may lie behind what it says of it. */
#define CLOSE USEC_PER_SEC
/* A schedule may fire just before a calm ends; what is so for less is its turn. */
#define TURN (2 * SEC_PER_HOUR * USEC_PER_SEC)
/* From one look at who is away to the next. */
#define LOOK (15 * SEC_PER_MIN * USEC_PER_SEC)

static usec_t now_of(const struct witness *witness)
{
        return virtual_true_time(&witness->universe->clock);
}

static struct held *find_held(const struct witness *witness, const char *instance)
{
        struct held *held;

        HASH_FIND_STR(witness->held, instance, held);
        return held;
}

bool witness_is_held(const struct witness *witness, const char *instance)
{
        return find_held(witness, instance);
}

static void let_go(struct witness *witness, struct held *held)
{
        economy_instance_stops(witness, held->region, false);
        HASH_DEL(witness->held, held);
        free(held->instance);
        free(held->region);
        free(held);
}

void levels_released(struct witness *witness, const char *instance)
{
        struct held *held = instance ? find_held(witness, instance) : NULL;

        if (held)
                let_go(witness, held);
}

void levels_back(struct witness *witness, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(witness, creation->region, creation->instance);
        const struct outage *last = instance && instance->n_outages
                                            ? &instance->outages[instance->n_outages - 1]
                                            : NULL;

        if (creation->reboot && last && streq(last->cause, "create-image") &&
            last->from >= creation->asked && now_of(witness) < last->until)
                universe_fail(witness->universe, "back is back",
                              "%s is said to be, and its reboot for %s goes on", creation->instance,
                              creation->id);
}

static bool is_told_out(const struct witness *witness, const char *instance)
{
        for (size_t i = 0; i < witness->n_told_out; i++)
                if (streq(witness->told_out[i], instance))
                        return true;
        return false;
}

void levels_told_out(struct witness *witness, const char *instance)
{
        if (!is_told_out(witness, instance))
                *append(witness->told_out, witness->n_told_out) = xstrdup(instance);
}

void levels_answered(struct witness *witness, const struct cloud_request *request)
{
        _cleanup_free_ char *id = NULL;
        struct held *held;

        if (!streq(request->action, "StopInstances"))
                return;
        id = request_parameter(request->body, "InstanceId.1");
        if (find_held(witness, id))
                return;
        held = xnew(struct held);
        held->instance = steal(id);
        held->region = xstrdup(request->region);
        held->since = witness->universe->clock.now;
        HASH_ADD_KEYPTR(hh, witness->held, held->instance, strlen(held->instance), held);
        economy_instance_stops(witness, held->region, true);
}

/* ---- labels ---- */

/* When the last of an image's snapshots began; 0: there are none any more. */
static usec_t last_snapshot(struct witness *witness, const struct creation *creation)
{
        struct place *place =
                sim_place(witness->universe->cloud.sim, DEFAULT_ACCOUNT, creation->region);
        usec_t last = 0;

        FOREACH_RESOURCE(resource, place, KIND_SNAPSHOT)
        {
                const struct snapshot *snapshot = (const struct snapshot *)resource;

                const char *image = strstr(snapshot->description, "ami-");

                /* The first one it names; that of a copy names the original as well. */
                if (image && startswith(image, creation->id) && resource->created > last)
                        last = resource->created;
        }
        return last;
}

/* Whether one freeze, which amid has ended, lasted from the call to the last snapshot. */
static bool was_frozen(struct witness *witness, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(witness, creation->region, creation->instance);
        usec_t last = last_snapshot(witness, creation);

        for (size_t i = 0; instance && i < instance->n_freezes; i++) {
                const struct freeze *freeze = &instance->freezes[i];
                enum thaw_cause by;
                usec_t end = freeze_end(instance, freeze, &by);

                if (freeze->from <= creation->asked && end + CLOSE >= last && by == THAW_BY_COMMAND)
                        return true;
        }
        return !instance || !last; /* it is gone, and cannot be asked */
}

/* Whether the instance was stopped at the call, and not started until the last snapshot had begun.
 */
static bool was_stopped(struct witness *witness, const struct creation *creation)
{
        const struct instance *instance =
                find_instance(witness, creation->region, creation->instance);

        return creation->stopped && (!instance || instance->launched <= creation->asked ||
                                     instance->launched > last_snapshot(witness, creation));
}

void levels_check_label(struct witness *witness, const struct creation *creation)
{
        const struct image *image = creation_image(witness, creation);
        const char *label = image ? tags_get(&image->resource.tags, "amid:consistency") : NULL;
        bool good = true;

        if (!image || creation->checked)
                return;
        if (streq(label, PROVEN_FROZEN))
                good = was_frozen(witness, creation);
        else if (streq(label, PROVEN_STOPPED))
                good = was_stopped(witness, creation);
        else if (streq(label, PROVEN_REBOOT_CLEAN) || streq(label, PROVEN_REBOOT_FORCED))
                good = creation->reboot;
        else if (!streq(label, PROVEN_CRASH))
                good = false;
        if (!good)
                universe_fail(witness->universe, "no label says more than is true",
                              "%s (%s) of %s is labelled %s", creation->id, creation->name,
                              creation->instance, label ? label : "nothing");
}

/* ---- who is away ---- */

static bool is_its_turn(struct witness *witness, usec_t since)
{
        return now_of(witness) - since < TURN;
}

static void check_held(struct witness *witness)
{
        for (struct held *held = witness->held; held; held = held->hh.next) {
                const struct instance *instance =
                        find_instance(witness, held->region, held->instance);
                enum state state =
                        instance ? instance_state(instance, now_of(witness)) : STATE_TERMINATED;

                if ((state == STATE_STOPPED || state == STATE_STOPPING) &&
                    !is_its_turn(witness, instance->outages[instance->n_outages - 1].from))
                        universe_fail(witness->universe, "nobody is left down",
                                      "%s was stopped for its image and is %s", held->instance,
                                      state_name(state));
        }
}

/* Who is up again, and of whom no line said so. */
static void let_go_of_the_rest(struct witness *witness)
{
        struct held *held, *next;

        HASH_ITER (hh, witness->held, held, next) {
                const struct instance *instance =
                        find_instance(witness, held->region, held->instance);

                if (!instance || !instance->n_outages ||
                    !is_its_turn(witness, instance->outages[instance->n_outages - 1].from))
                        let_go(witness, held);
        }
}

static void check_frozen(struct witness *witness, struct place *place)
{
        FOREACH_RESOURCE(resource, place, KIND_INSTANCE)
        {
                const struct instance *instance = (const struct instance *)resource;

                if (instance_frozen(instance, now_of(witness)) &&
                    !is_its_turn(witness, instance->freezes[instance->n_freezes - 1].from))
                        universe_fail(witness->universe, "nobody is left frozen", "%s is",
                                      resource->id);
        }
}

/* Whether it should be in service: it runs, and nobody was told otherwise. */
static bool is_to_serve(struct witness *witness, struct place *place, const char *id)
{
        const struct instance *instance =
                (const struct instance *)place_find(place, KIND_INSTANCE, id);

        return instance && !is_told_out(witness, id) &&
               instance_state(instance, now_of(witness)) == STATE_RUNNING &&
               !is_its_turn(witness, instance->launched); /* starts may have failed for hours */
}

/* Nobody but the daemon takes them out. Whoever is stopped by others for so long that it is given
 * up is left to them, with a line. */
static void check_rotation(struct witness *witness, struct place *place)
{
        struct universe *universe = witness->universe;
        struct target_group *group, *next;
        struct scaling_group *scaling, *following;

        HASH_ITER (hh, place->target_groups, group, next)
                for (size_t i = 0; i < group->n_targets; i++)
                        if (group->targets[i].deregistered != USEC_INFINITY &&
                            !is_its_turn(witness, group->targets[i].deregistered) &&
                            is_to_serve(witness, place, group->targets[i].instance))
                                universe_fail(universe, "nobody is left out of service",
                                              "%s is out of target group %s",
                                              group->targets[i].instance, group->name);
        HASH_ITER (hh, place->scaling_groups, scaling, following)
                for (size_t i = 0; i < scaling->n_members; i++) {
                        enum lifecycle state =
                                member_lifecycle(&scaling->members[i], now_of(witness));

                        if ((state == LIFE_ENTERING_STANDBY || state == LIFE_IS_STANDBY) &&
                            !is_its_turn(witness, scaling->members[i].since) &&
                            is_to_serve(witness, place, scaling->members[i].instance))
                                universe_fail(universe, "nobody is left out of service",
                                              "%s is %s in Auto Scaling group %s",
                                              scaling->members[i].instance, lifecycle_name(state),
                                              scaling->name);
                }
}

static void check_away(struct witness *witness)
{
        struct universe *universe = witness->universe;

        check_held(witness);
        for (size_t i = 0; i < universe->fleet.n_regions; i++) {
                struct place *place =
                        sim_place(universe->cloud.sim, DEFAULT_ACCOUNT, universe->fleet.regions[i]);

                check_frozen(witness, place);
                check_rotation(witness, place);
        }
}

/* Also in times of trouble, once nothing has hindered the daemon for as long. */
static void on_look(void *userdata)
{
        struct witness *witness = userdata;
        struct universe *universe = witness->universe;
        usec_t fair = happenings_fair_since(universe);

        outage_look(witness);

        if (universe->clock.now - fair > TURN) {
                witness->numbers.looks++;
                check_away(witness);
        }
        if (universe->clock.now < universe->busy_until || witness->held)
                timer_arm(witness->look, LOOK);
}

void levels_watch(struct witness *witness)
{
        if (!witness->look)
                witness->look = timer_new(witness->universe->loop, on_look, witness);
        if (!timer_is_armed(witness->look))
                timer_arm(witness->look, LOOK);
}

/* ---- the end of a calm ---- */

void levels_check(struct witness *witness)
{
        struct universe *universe = witness->universe;

        check_away(witness);
        let_go_of_the_rest(witness);
        for (struct creation *c = witness->creations; c; c = c->hh.next) {
                if (universe->clock.now - c->made < 24 * SEC_PER_HOUR * USEC_PER_SEC)
                        continue; /* it may still be on the way */
                levels_check_label(witness, c);
                c->checked = creation_image(witness, c);
        }
}

void levels_done(struct witness *witness)
{
        struct held *held, *next;

        timer_free(witness->look);
        HASH_ITER (hh, witness->held, held, next)
                let_go(witness, held);
        for (size_t i = 0; i < witness->n_told_out; i++)
                free(witness->told_out[i]);
        free(witness->told_out);
}
