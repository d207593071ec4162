/* GET /sim/state: all resources, as they are now. */
#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-control.h"
#include "sim/sim-freeze.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/sim-snapshot.h"

static cJSON *dump_head(const struct resource *resource)
{
        cJSON *object = cJSON_CreateObject(), *tags;

        json_text(object, "id", resource->id);
        json_text(object, "account", resource->location->account);
        json_text(object, "region", resource->location->region);
        json_time(object, "created", resource->created);
        tags = cJSON_AddObjectToObject(object, "tags");
        for (size_t i = 0; i < resource->tags.n; i++)
                json_text(tags, resource->tags.list[i].key, resource->tags.list[i].value);
        return object;
}

static cJSON *dump_outages(const struct instance *instance)
{
        cJSON *array = cJSON_CreateArray();

        for (size_t i = 0; i < instance->n_outages; i++) {
                cJSON *object = cJSON_CreateObject();

                json_time(object, "from", instance->outages[i].from);
                json_time(object, "until", instance->outages[i].until);
                json_text(object, "cause", instance->outages[i].cause);
                cJSON_AddItemToArray(array, object);
        }
        return array;
}

static cJSON *dump_instance(const struct resource *resource, usec_t now)
{
        const struct instance *instance = (const struct instance *)resource;
        _cleanup_free_ char *address = instance_public_address(instance, now);
        cJSON *object = dump_head(resource), *volumes;

        json_text(object, "zone", instance->zone);
        json_text(object, "address", address);
        json_time(object, "launched", instance->launched);
        json_bool(object, "frozen", instance_frozen(instance, now) != NULL);
        cJSON_AddItemToObject(object, "freezes", dump_freezes(instance));
        json_text(object, "state", state_name(instance_state(instance, now)));
        json_text(object, "check", check_name(instance_check(instance, now)));
        json_bool(object, "up", instance_is_up(instance, now));
        volumes = cJSON_AddArrayToObject(object, "volumes");
        for (size_t i = 0; i < instance->devices.n; i++)
                cJSON_AddItemToArray(volumes, cJSON_CreateString(instance->devices.list[i].volume));
        cJSON_AddItemToObject(object, "outages", dump_outages(instance));
        return object;
}

static cJSON *dump_volume(const struct resource *resource, usec_t now)
{
        const struct volume *volume = (const struct volume *)resource;
        cJSON *object = dump_head(resource);

        (void)now;
        json_text(object, "instance", volume->instance);
        json_text(object, "device", volume->device);
        json_number(object, "size", volume->size);
        return object;
}

static cJSON *dump_snapshot(const struct resource *resource, usec_t now)
{
        const struct snapshot *snapshot = (const struct snapshot *)resource;
        cJSON *object = dump_head(resource);

        json_text(object, "state", snapshot_state_name(snapshot_state(snapshot, now)));
        json_number(object, "progress", snapshot_progress(snapshot, now));
        json_text(object, "volume", snapshot->volume);
        json_text(object, "description", snapshot->description);
        json_time(object, "done", snapshot->done);
        return object;
}

static cJSON *dump_image(const struct resource *resource, usec_t now)
{
        const struct image *image = (const struct image *)resource;
        cJSON *object = dump_head(resource), *snapshots;

        json_text(object, "name", image->name);
        json_text(object, "owner", image->owner);
        json_text(object, "state", image_state_name(image, now));
        json_text(object, "source_instance", image->source_instance);
        if (image->state == IMAGE_IS_FAILED)
                json_text(object, "reason", image->fail_reason);
        snapshots = cJSON_AddArrayToObject(object, "snapshots");
        for (size_t i = 0; i < image->devices.n; i++)
                if (image->devices.list[i].snapshot)
                        cJSON_AddItemToArray(snapshots,
                                             cJSON_CreateString(image->devices.list[i].snapshot));
        return object;
}

static const struct {
        const char *name;
        cJSON *(*dump)(const struct resource *resource, usec_t now);
} dumps[KINDS] = {
        [KIND_INSTANCE] = { "instances", dump_instance },
        [KIND_VOLUME] = { "volumes", dump_volume },
        [KIND_IMAGE] = { "images", dump_image },
        [KIND_SNAPSHOT] = { "snapshots", dump_snapshot },
};

static void dump_kind(struct control *control, enum kind kind)
{
        cJSON *array = cJSON_AddArrayToObject(control->result, dumps[kind].name);

        for (struct sim_location *location = control->sim->locations; location;
             location = location->hh.next)
                FOREACH_RESOURCE(resource, location, kind)
                {
                        struct image *image = kind == KIND_IMAGE ? (struct image *)resource : NULL;

                        if (resource->gone <= control->now || (image && image->owner_alias))
                                continue;
                        if (image)
                                image_settle(image, control->now);
                        cJSON_AddItemToArray(array, dumps[kind].dump(resource, control->now));
                }
}

/* Resources that are gone and Amazon's images are left out; a resource that the API does not
 * show yet is in the list. */
bool control_state(struct control *control)
{
        static const char *const names[] = { NULL };

        if (!control_check_members(control, control->arguments, names))
                return false;
        json_time(control->result, "time", control->now);
        for (enum kind kind = 0; kind < KINDS; kind++)
                dump_kind(control, kind);
        dump_around(control);
        return true;
}
