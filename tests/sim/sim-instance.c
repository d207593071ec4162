/* The states of an instance: launch, outages, status checks, end. */
#include "sim/sim-instance.h"

#include "base/alloc.h"

static const struct {
        enum state state;
        const char *name;
} states[] = {
        { STATE_PENDING, "pending" },
        { STATE_RUNNING, "running" },
        { STATE_SHUTTING_DOWN, "shutting-down" },
        { STATE_TERMINATED, "terminated" },
        { STATE_STOPPING, "stopping" },
        { STATE_STOPPED, "stopped" },
};

static const char *const check_names[] = {
        [CHECK_IS_OK] = "ok",
        [CHECK_IS_IMPAIRED] = "impaired",
        [CHECK_IS_INITIALIZING] = "initializing",
        [CHECK_IS_NOT_APPLICABLE] = "not-applicable",
};

const char *state_name(enum state state)
{
        for (size_t i = 0; i < ELEMENTS(states); i++)
                if (states[i].state == state)
                        return states[i].name;
        abort();
}

const char *check_name(enum check check)
{
        return check_names[check];
}

enum state instance_state(const struct instance *instance, usec_t now)
{
        return now >= instance->since ? instance->state : instance->was;
}

const struct outage *instance_last_outage(const struct instance *instance, usec_t now)
{
        for (size_t i = instance->n_outages; i; i--)
                if (instance->outages[i - 1].from <= now)
                        return &instance->outages[i - 1];
        return NULL;
}

bool instance_is_up(const struct instance *instance, usec_t now)
{
        const struct outage *outage = instance_last_outage(instance, now);

        return instance_state(instance, now) == STATE_RUNNING && (!outage || now >= outage->until);
}

enum check instance_check(const struct instance *instance, usec_t now)
{
        const struct timeline *timeline = &instance->resource.location->sim->timeline;
        usec_t period = timeline_draw(timeline, WAIT_CHECK_PERIOD, 0);
        usec_t timeout = timeline_draw(timeline, WAIT_CHECK_TIMEOUT, 0);
        usec_t checked = period > 0 ? now - (now - instance->check_phase) % period : now;
        const struct outage *outage;

        if (instance_state(instance, now) != STATE_RUNNING)
                return CHECK_IS_NOT_APPLICABLE;
        if (checked < instance->launched || checked < instance->since)
                return CHECK_IS_INITIALIZING;
        outage = instance_last_outage(instance, checked);
        if (outage && checked < outage->until)
                return checked - outage->from > timeout ? CHECK_IS_IMPAIRED : CHECK_IS_INITIALIZING;
        return instance->impaired ? CHECK_IS_IMPAIRED : CHECK_IS_OK;
}

usec_t instance_impaired_since(const struct instance *instance, usec_t now)
{
        const struct outage *outage = instance_last_outage(instance, now);

        if (instance->impaired && (!outage || outage->from > instance->impaired))
                return instance->impaired;
        return outage ? outage->from : now;
}

static struct sim *sim_of(const struct instance *instance)
{
        return instance->resource.location->sim;
}

void instance_add_outage(struct instance *instance, usec_t from, usec_t until, const char *cause)
{
        struct outage *last =
                instance->n_outages ? &instance->outages[instance->n_outages - 1] : NULL;

        /* The new outage replaces one that would begin later; an outage that lasts is followed by
         * the new one, whose end then counts. */
        if (last && last->from >= from)
                *last = (struct outage){ from, until, cause };
        else
                *append(instance->outages, instance->n_outages) =
                        (struct outage){ from, until, cause };
}

static usec_t boot_time(const struct instance *instance)
{
        usec_t wait = sim_wait(sim_of(instance), WAIT_BOOT);

        return instance->never_ready ? USEC_INFINITY : wait;
}

usec_t instance_reboot(struct instance *instance, usec_t now, usec_t delay, const char *cause)
{
        usec_t from = now + delay;
        usec_t down = from + sim_wait(sim_of(instance), WAIT_SHUTDOWN);

        instance_add_outage(instance, from, later(down, boot_time(instance)), cause);
        return down;
}

void instance_change(struct instance *instance, usec_t now, enum state at_once, enum state finally,
                     usec_t wait)
{
        instance->was = at_once;
        instance->state = finally;
        instance->since = now + wait;
}

void instance_start(struct instance *instance, usec_t now, const char *cause)
{
        usec_t wait = sim_wait(sim_of(instance), WAIT_LAUNCH);

        instance->start_failed = NULL;
        if (instance->orders.starts_fail && instance->starts) {
                /* As with a KMS key that the caller may make no grant for. */
                instance->orders.starts_fail--;
                instance->start_failed = "Client.InternalError";
                instance_change(instance, now, STATE_PENDING, STATE_STOPPED, wait);
                instance_add_outage(instance, now, USEC_INFINITY, cause);
                return;
        }
        instance_change(instance, now, STATE_PENDING, STATE_RUNNING, wait);
        instance->launched = now;
        instance->starts++;
        instance_add_outage(instance, now, later(now + wait, boot_time(instance)), cause);
}

char *instance_public_address(const struct instance *instance, usec_t now)
{
        unsigned int n = (unsigned int)(instance->resource.serial & 0xff);
        enum state state = instance_state(instance, now);

        switch (instance->address) {
        case ADDRESS_NONE:
                break;
        case ADDRESS_PUBLIC:
                if (state == STATE_RUNNING || state == STATE_PENDING)
                        return xasprintf("203.0.%u.%u", instance->starts & 0xff, n);
                break;
        case ADDRESS_ELASTIC:
                return xasprintf("198.51.100.%u", n);
        }
        return NULL;
}

/* ---- launching ---- */

static void add_volume(struct instance *instance, usec_t now, const struct launch_order *order,
                       const struct volume_order *want)
{
        struct sim_location *location = instance->resource.location;
        struct volume *volume =
                resource_add(location, KIND_VOLUME, sizeof(*volume), now, order->visible);
        struct device *device = append(instance->devices.list, instance->devices.n);

        volume->instance = xstrdup(instance->resource.id);
        volume->device = xstrdup(want->device);
        volume->zone = xstrdup(instance->zone);
        volume->type = xstrdup(want->type);
        volume->snapshot = xstrdup(want->snapshot);
        volume->size = want->size;
        volume->encrypted = want->encrypted;
        volume->delete_on_termination = want->delete_on_termination;
        volume->last_snapshot = -USEC_INFINITY;
        if (order->volume_tags)
                tags_copy(&volume->resource.tags, order->volume_tags);
        *device = (struct device){
                .name = xstrdup(want->device),
                .volume = xstrdup(volume->resource.id),
                .volume_type = xstrdup(want->type),
                .size = want->size,
                .delete_on_termination = want->delete_on_termination,
        };
}

struct instance *instance_launch(struct sim_location *location, usec_t now,
                                 const struct launch_order *order)
{
        struct instance *instance =
                resource_add(location, KIND_INSTANCE, sizeof(*instance), now, order->visible);

        instance->reservation = xstrdup(order->reservation);
        instance->image = xstrdup(order->image);
        instance->type = xstrdup(order->type);
        instance->zone = xstrdup(order->zone);
        instance->client_token = xstrdup(order->client_token);
        instance->subnet = xstrdup(order->subnet);
        instance->launch_index = order->index;
        instance->check_phase = (usec_t)(sim_random(location->sim) % (60 * (uint64_t)USEC_PER_SEC));
        tags_copy(&instance->resource.tags, order->tags);
        for (size_t i = 0; i < order->n_volumes; i++)
                add_volume(instance, now, order, &order->volumes[i]);
        instance_start(instance, now, "launch");
        return instance;
}

void instance_settle_running(struct instance *instance, usec_t at)
{
        instance_change(instance, at, STATE_PENDING, STATE_RUNNING, 0);
        instance->launched = at;
        instance->resource.created = at;
        instance->n_outages = 0;
}

void instance_settle_stopped(struct instance *instance, usec_t at)
{
        instance_settle_running(instance, at);
        instance_change(instance, at, STATE_STOPPING, STATE_STOPPED, 0);
        instance_add_outage(instance, at, USEC_INFINITY, "stop");
}
