/* Start, Stop, Reboot and TerminateInstances: one table of what each does in which state. */
#include "sim/sim-instance.h"

#include "base/alloc.h"

/* What an action does with an instance in a state. */
enum doing { DO_IT, DO_NOTHING, REFUSE };

struct transition {
        enum doing pending, running, stopping, stopped, terminated; /* and shutting-down */
        void (*change)(struct instance *instance, usec_t now);
        const char *done; /* "started", in messages */
        bool prints;      /* the instances with their old and new state, not just `true` */
};

static enum doing what_to_do(const struct transition *transition, enum state state)
{
        switch (state) {
        case STATE_PENDING:
                return transition->pending;
        case STATE_RUNNING:
                return transition->running;
        case STATE_STOPPING:
                return transition->stopping;
        case STATE_STOPPED:
                return transition->stopped;
        case STATE_SHUTTING_DOWN:
        case STATE_TERMINATED:
                return transition->terminated;
        }
        abort();
}

static void change_start(struct instance *instance, usec_t now)
{
        instance_start(instance, now, "start");
}

static void change_stop(struct instance *instance, usec_t now)
{
        instance_change(instance, now, STATE_STOPPING, STATE_STOPPED,
                        sim_wait(instance->resource.location->sim, WAIT_STOP));
        instance_add_outage(instance, now, USEC_INFINITY, "stop");
}

static void change_reboot(struct instance *instance, usec_t now)
{
        instance_reboot(instance, now,
                        sim_wait(instance->resource.location->sim, WAIT_REBOOT_QUEUE), "reboot");
}

void instance_terminate(struct instance *instance, usec_t now, const char *cause)
{
        struct sim *sim = instance->resource.location->sim;
        usec_t wait = sim_wait(sim, WAIT_TERMINATE);

        instance_change(instance, now, STATE_SHUTTING_DOWN, STATE_TERMINATED, wait);
        instance_add_outage(instance, now, USEC_INFINITY, cause);
        instance->resource.gone = now + wait + sim_wait(sim, WAIT_TERMINATED_SHOWN);
        for (size_t i = 0; i < instance->devices.n; i++) {
                struct volume *volume = resource_find(instance->resource.location, KIND_VOLUME,
                                                      instance->devices.list[i].volume);

                if (!volume)
                        continue;
                if (volume->delete_on_termination)
                        volume->resource.gone = now + wait;
                else
                        xreplace(&volume->instance, NULL);
        }
        devices_done(&instance->devices);
}

static void change_terminate(struct instance *instance, usec_t now)
{
        instance_terminate(instance, now, "terminate");
}

static const struct transition starting = {
        .pending = DO_NOTHING,
        .running = DO_NOTHING,
        .stopping = REFUSE,
        .stopped = DO_IT,
        .terminated = REFUSE,
        .change = change_start,
        .done = "started",
        .prints = true,
};
static const struct transition stopping = {
        .pending = REFUSE,
        .running = DO_IT,
        .stopping = DO_NOTHING,
        .stopped = DO_NOTHING,
        .terminated = REFUSE,
        .change = change_stop,
        .done = "stopped",
        .prints = true,
};
static const struct transition rebooting = {
        .pending = REFUSE,
        .running = DO_IT,
        .stopping = REFUSE,
        .stopped = REFUSE,
        .terminated = DO_NOTHING, /* "Requests to reboot terminated instances are ignored." */
        .change = change_reboot,
        .done = "rebooted",
};
static const struct transition terminating = {
        .pending = DO_IT,
        .running = DO_IT,
        .stopping = DO_IT,
        .stopped = DO_IT,
        .terminated = DO_NOTHING,
        .change = change_terminate,
        .done = "terminated",
        .prints = true,
};

static void print_change(struct call *call, const struct instance *instance, enum state previous)
{
        text_append(&call->out, "<item><instanceId>");
        text_append(&call->out, instance->resource.id);
        text_append(&call->out, "</instanceId>");
        text_printf(&call->out, "<currentState><code>%d</code><name>%s</name></currentState>",
                    (int)instance_state(instance, call->now),
                    state_name(instance_state(instance, call->now)));
        text_printf(&call->out, "<previousState><code>%d</code><name>%s</name></previousState>",
                    (int)previous, state_name(previous));
        text_append(&call->out, "</item>");
}

/* A Spot request of the usual kind is for one run. */
static bool may_stop(struct call *call, const struct transition *transition,
                     const struct instance *instance)
{
        if (transition != &stopping || !instance->spot)
                return true;
        return fail(call, "UnsupportedOperation",
                    "You can't stop the Spot Instance '%s' because it is associated with a "
                    "one-time Spot Instance request. You can only stop Spot Instances associated "
                    "with persistent Spot Instance requests.",
                    instance->resource.id);
}

static bool check_states(struct call *call, const struct transition *transition,
                         struct resource *const *named, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                enum state state = instance_state((struct instance *)named[i], call->now);

                if (what_to_do(transition, state) == REFUSE)
                        return fail(call, "IncorrectInstanceState",
                                    "The instance '%s' is not in a state from which it can be "
                                    "%s: it is %s.",
                                    named[i]->id, transition->done, state_name(state));
                if (!may_stop(call, transition, (struct instance *)named[i]))
                        return false;
        }
        return true;
}

/* All or none of InstanceId.N. */
static bool change_instances(struct call *call, const struct transition *transition)
{
        size_t n;
        _cleanup_free_ struct resource **named =
                read_resources(call, KIND_INSTANCE, "InstanceId", &n);

        if (!named || !check_states(call, transition, named, n))
                return false;
        text_append(&call->out, transition->prints ? "<instancesSet>" : "<return>true</return>");
        for (size_t i = 0; i < n; i++) {
                struct instance *instance = (struct instance *)named[i];
                enum state state = instance_state(instance, call->now);

                if (what_to_do(transition, state) == DO_IT)
                        transition->change(instance, call->now);
                if (transition->prints)
                        print_change(call, instance, state);
        }
        if (transition->prints)
                text_append(&call->out, "</instancesSet>");
        return true;
}

bool start_instances(struct call *call)
{
        return change_instances(call, &starting);
}

bool stop_instances(struct call *call)
{
        return change_instances(call, &stopping);
}

bool reboot_instances(struct call *call)
{
        return change_instances(call, &rebooting);
}

bool terminate_instances(struct call *call)
{
        return change_instances(call, &terminating);
}
