/* POST /sim/instance and /sim/snapshot: orders for one instance or snapshot. */
#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-control.h"
#include "sim/sim-instance.h"
#include "sim/sim-snapshot.h"

static void *find_anywhere(struct sim *sim, enum kind kind, const char *id)
{
        for (struct sim_location *location = sim->locations; location;
             location = location->hh.next) {
                void *found = resource_find(location, kind, id);

                if (found)
                        return found;
        }
        return NULL;
}

/* By id, or by the tag Name when it is the only one of it. */
static struct instance *find_instance(struct control *control, const char *name)
{
        struct instance *found = find_anywhere(control->sim, KIND_INSTANCE, name);

        if (found)
                return found;
        for (struct sim_location *location = control->sim->locations; location;
             location = location->hh.next)
                FOREACH_RESOURCE(resource, location, KIND_INSTANCE)
        if (streq(tags_get(&resource->tags, "Name"), name)) {
                if (found) {
                        (void)control_fail(control, "several are named %s", name);
                        return NULL;
                }
                found = (struct instance *)resource;
        }
        if (!found)
                (void)control_fail(control, "there is no instance %s", name);
        return found;
}

static void replace_if(char **field, const char *value)
{
        if (value)
                xreplace(field, *value ? value : NULL);
}

bool control_instance(struct control *control)
{
        static const char *const names[] = { "instance",
                                             "never-ready",
                                             "checks",
                                             "fail-next-image",
                                             "fail-code",
                                             "fail-next-snapshot",
                                             "stick-next-snapshot",
                                             "fail-next-command",
                                             "hang-next-command",
                                             "agent",
                                             "unclean",
                                             "fail-starts",
                                             "service",
                                             NULL };
        const cJSON *from = control->arguments;
        const char *name = NULL, *checks = NULL, *reason = NULL, *snapshot = NULL;
        const char *code = "Server.InternalError", *service = NULL;
        struct instance *instance;
        double stuck = 0, starts = 0;

        if (!control_check_members(control, from, names) ||
            !control_text(control, from, "instance", &name) ||
            !control_text(control, from, "checks", &checks) ||
            !control_text(control, from, "service", &service) ||
            !control_text(control, from, "fail-next-image", &reason) ||
            !control_text(control, from, "fail-code", &code) ||
            !control_text(control, from, "fail-next-snapshot", &snapshot) ||
            !control_number(control, from, "fail-starts", 0, 1e6, &starts) ||
            !control_number(control, from, "stick-next-snapshot", 0, 99, &stuck))
                return false;
        if (checks && !streq(checks, "ok") && !streq(checks, "impaired"))
                return control_fail(control, "\"checks\" must be ok or impaired");
        if (service && !streq(service, "up") && !streq(service, "down"))
                return control_fail(control, "\"service\" must be up or down");
        if (!name)
                return control_fail(control, "\"instance\" must be an id or a Name");
        instance = find_instance(control, name);
        if (!instance || !control_bool(control, from, "never-ready", &instance->never_ready) ||
            !control_bool(control, from, "agent", &instance->agent) ||
            !control_bool(control, from, "unclean", &instance->unclean) ||
            !control_bool(control, from, "fail-next-command", &instance->orders.command_fails) ||
            !control_bool(control, from, "hang-next-command", &instance->orders.command_hangs))
                return false;
        if (service)
                instance->service_down = streq(service, "down");
        if (checks)
                instance->impaired = streq(checks, "impaired") ? control->now : 0;
        replace_if(&instance->orders.image_reason, reason);
        replace_if(&instance->orders.image_code, reason ? code : NULL);
        replace_if(&instance->orders.snapshot_error, snapshot);
        if (starts > 0)
                instance->orders.starts_fail = (unsigned int)starts;
        if (stuck > 0)
                instance->orders.snapshot_stuck = (unsigned int)stuck;
        json_text(control->result, "instance", instance->resource.id);
        return true;
}

bool control_snapshot(struct control *control)
{
        static const char *const names[] = { "snapshot", "finish", "fail", "locked", NULL };
        const cJSON *from = control->arguments;
        const char *id = NULL, *error = NULL;
        struct snapshot *snapshot;
        bool finish = false;

        if (!control_check_members(control, from, names) ||
            !control_text(control, from, "snapshot", &id) ||
            !control_text(control, from, "fail", &error) ||
            !control_bool(control, from, "finish", &finish))
                return false;
        snapshot = id ? find_anywhere(control->sim, KIND_SNAPSHOT, id) : NULL;
        if (!snapshot)
                return control_fail(control, "there is no snapshot %s", id ? id : "without an id");
        if (!control_bool(control, from, "locked", &snapshot->locked))
                return false;
        if ((finish || error) && snapshot_state(snapshot, control->now) != SNAPSHOT_IS_PENDING)
                return control_fail(control, "the snapshot is not pending");
        if (finish || error) {
                snapshot->stuck = 0;
                snapshot->done = control->now;
                replace_if(&snapshot->error, error);
        }
        return true;
}
