/* CreateImage, RegisterImage, CopyImage. */
#include "base/alloc.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/sim-xml.h"

static const unsigned int taggable = 1 << KIND_IMAGE | 1 << KIND_SNAPSHOT;

static void answer_image(struct call *call, const struct image *image)
{
        xml_text(&call->out, "imageId", image->resource.id);
}

/* ---- CreateImage ---- */

/* BlockDeviceMapping.N for one device. */
struct mapping {
        bool leave_out;
        bool has_deletion, delete_on_termination;
};

static bool has_device(const struct instance *instance, const char *name)
{
        for (size_t i = 0; i < instance->devices.n; i++)
                if (streq(instance->devices.list[i].name, name))
                        return true;
        return false;
}

/* Only the parameters that the simulation has an effect for are accepted: NoDevice, and
 * DeleteOnTermination. */
static bool check_mappings(struct call *call, const struct instance *instance)
{
        for (size_t n = 0; (n = param_next(&call->params, "BlockDeviceMapping", n));) {
                const char *name = param(&call->params, "BlockDeviceMapping.%zu.DeviceName", n);
                _cleanup_free_ char *keep =
                        xasprintf("BlockDeviceMapping.%zu.Ebs.DeleteOnTermination", n);
                bool flag;

                if (!name)
                        return fail(call, "MissingParameter",
                                    "The request must contain the parameter deviceName");
                if (!has_device(instance, name))
                        return fail(call, "InvalidBlockDeviceMapping",
                                    "The simulation cannot add the device %s to an image", name);
                if (!read_bool(call, keep, &flag))
                        return false;
        }
        return true;
}

static struct mapping mapping_of(const struct call *call, const char *device)
{
        struct mapping mapping = {};

        for (size_t n = 0; (n = param_next(&call->params, "BlockDeviceMapping", n));) {
                const char *flag;

                if (!streq(param(&call->params, "BlockDeviceMapping.%zu.DeviceName", n), device))
                        continue;
                flag = param(&call->params, "BlockDeviceMapping.%zu.Ebs.DeleteOnTermination", n);
                mapping.leave_out = param(&call->params, "BlockDeviceMapping.%zu.NoDevice", n);
                mapping.has_deletion = flag;
                mapping.delete_on_termination = streq(flag, "true");
        }
        return mapping;
}

static void add_device(struct call *call, struct image *image, struct instance *instance,
                       const struct device *from, const struct tags *tags, usec_t start)
{
        struct mapping mapping = mapping_of(call, from->name);
        const struct volume *volume = resource_find(call->location, KIND_VOLUME, from->volume);
        _cleanup_free_ char *description = xasprintf("Created by CreateImage(%s) for %s",
                                                     instance->resource.id, image->resource.id);
        struct device *device;

        if (mapping.leave_out)
                return;
        device = image_add_device(image, from,
                                  &(struct snapshot_order){
                                          .volume_id = from->volume,
                                          .description = description,
                                          .tags = tags,
                                          .size = from->size,
                                          .encrypted = volume && volume->encrypted,
                                          .start = start,
                                          .orders = &instance->orders,
                                  });
        if (mapping.has_deletion)
                device->delete_on_termination = mapping.delete_on_termination;
}

static void doom(struct image *image, usec_t at, const char *code, const char *reason)
{
        image->fails = at;
        xreplace(&image->fail_code, code);
        xreplace(&image->fail_reason, reason);
}

/* A snapshot too soon after the last of the same volume is refused to CreateSnapshot, but
 * CreateImage succeeds and the image fails afterwards (https://github.com/boto/boto3/issues/1698).
 */
static bool is_too_soon(struct call *call, const struct instance *instance, usec_t start)
{
        usec_t spacing = sim_wait(call->sim, WAIT_SNAPSHOT_SPACING);

        for (size_t i = 0; i < instance->devices.n; i++) {
                const struct volume *volume = resource_find(call->location, KIND_VOLUME,
                                                            instance->devices.list[i].volume);

                if (volume && volume->last_snapshot > start - spacing)
                        return true;
        }
        return false;
}

static bool has_room(struct call *call, const struct instance *instance)
{
        _cleanup_free_ const char **volumes = NULL;
        size_t n = 0;

        for (size_t i = 0; i < instance->devices.n; i++)
                *append(volumes, n) = instance->devices.list[i].volume;
        return snapshot_room(call, volumes, n);
}

static struct instance *read_imageable(struct call *call)
{
        struct instance *instance = read_resource(call, KIND_INSTANCE, "InstanceId");
        enum state state = instance ? instance_state(instance, call->now) : STATE_TERMINATED;

        if (!instance || state == STATE_RUNNING || state == STATE_STOPPED)
                return instance;
        if (state == STATE_TERMINATED || state == STATE_SHUTTING_DOWN)
                (void)fail(call, "IncorrectInstanceState",
                           "The instance '%s' is not in a state from which an image can be "
                           "created: it is %s.",
                           instance->resource.id, state_name(state));
        else
                (void)fail(call, "InvalidParameterValue",
                           "Instance is not in state 'running' or 'stopped'.");
        return NULL;
}

bool create_image(struct call *call)
{
        const char *name = param(&call->params, "Name");
        const char *description = param(&call->params, "Description");
        _cleanup_(tags_done) struct tags tags = {}, snapshot_tags = {};
        struct instance *instance = read_imageable(call);
        struct image *image;
        bool no_reboot, too_soon;
        usec_t start;

        if (!instance || !read_bool(call, "NoReboot", &no_reboot) ||
            !read_tag_specification(call, taggable, KIND_IMAGE, &tags) ||
            !read_tag_specification(call, taggable, KIND_SNAPSHOT, &snapshot_tags) ||
            !check_mappings(call, instance) || !image_check_name(call, name) ||
            !has_room(call, instance))
                return false;
        start = call->now + sim_wait(call->sim, WAIT_SNAPSHOT_START);
        if (!no_reboot && instance_state(instance, call->now) == STATE_RUNNING)
                start = instance_reboot(instance, call->now, start - call->now, "create-image");
        too_soon = is_too_soon(call, instance, start);
        image = image_add(call->location, call->now, name, description);
        image->source_instance = xstrdup(instance->resource.id);
        tags_copy(&image->resource.tags, &tags);
        for (size_t i = 0; i < instance->devices.n; i++)
                add_device(call, image, instance, &instance->devices.list[i], &snapshot_tags,
                           start);
        if (instance->orders.image_reason) {
                doom(image, start + image->finish, instance->orders.image_code,
                     instance->orders.image_reason);
                xreplace(&instance->orders.image_code, NULL);
                xreplace(&instance->orders.image_reason, NULL);
        } else if (too_soon) {
                doom(image, start + image->finish, "Server.InternalError", "Server.InternalError");
        }
        answer_image(call, image);
        return true;
}

/* ---- RegisterImage ---- */

static bool register_device(struct call *call, struct image *image, size_t n)
{
        _cleanup_free_ char *name = xasprintf("BlockDeviceMapping.%zu.Ebs.SnapshotId", n);
        const char *device = param(&call->params, "BlockDeviceMapping.%zu.DeviceName", n);
        struct snapshot *snapshot;

        if (!device || !param(&call->params, "%s", name))
                return fail(call, "MissingParameter",
                            "The request must contain the parameter snapshotId");
        snapshot = read_resource(call, KIND_SNAPSHOT, name);
        if (!snapshot)
                return false;
        if (snapshot_state(snapshot, call->now) != SNAPSHOT_IS_COMPLETED)
                return fail(call, "IncorrectState", "Snapshot is in invalid state - %s",
                            snapshot_state_name(snapshot_state(snapshot, call->now)));
        *append(image->devices.list, image->devices.n) = (struct device){
                .name = xstrdup(device),
                .snapshot = xstrdup(snapshot->resource.id),
                .volume_type = xstrdup("gp3"),
                .size = snapshot->size,
                .delete_on_termination = true,
        };
        return true;
}

/* A draft is checked, so that a refused request leaves nothing behind. */
bool register_image(struct call *call)
{
        const char *name = param(&call->params, "Name");
        _cleanup_(tags_done) struct tags tags = {};
        struct image draft = {}, *image;
        bool good = read_tag_specification(call, 1 << KIND_IMAGE, KIND_IMAGE, &tags) &&
                    image_check_name(call, name);

        for (size_t n = 0; good && (n = param_next(&call->params, "BlockDeviceMapping", n));)
                good = register_device(call, &draft, n);
        if (good && !draft.devices.n)
                good = fail(call, "InvalidRequest",
                            "The simulation registers images from snapshots only");
        if (!good) {
                devices_done(&draft.devices);
                return false;
        }
        image = image_add(call->location, call->now, name, param(&call->params, "Description"));
        image->devices = draft.devices;
        image->finish = 0;
        tags_copy(&image->resource.tags, &tags);
        answer_image(call, image);
        return true;
}

/* ---- CopyImage: called in the destination ---- */

static const struct image *read_source(struct call *call)
{
        const char *id = param(&call->params, "SourceImageId");
        const char *region = param(&call->params, "SourceRegion");
        struct sim_location *from;
        struct image *source;

        if (!sim_has_region(call->sim, region)) {
                (void)fail(call, "InvalidParameterValue",
                           "Value (%s) for parameter sourceRegion is invalid.", region);
                return NULL;
        }
        if (!check_id(call, KIND_IMAGE, id))
                return NULL;
        from = sim_location(call->sim, call->location->account, region);
        source = resource_find(from, KIND_IMAGE, id);
        if (!source || !resource_is_there(&source->resource, call->now)) {
                (void)fail_not_found(call, KIND_IMAGE, id, 1);
                return NULL;
        }
        image_settle(source, call->now);
        if (source->state == IMAGE_IS_AVAILABLE && source->deregistered > call->now)
                return source;
        (void)fail(call, "InvalidAMIID.Unavailable", "The image ID '%s' is not available", id);
        return NULL;
}

static const struct image *find_token(const struct call *call, const char *token)
{
        FOREACH_RESOURCE(resource, call->location, KIND_IMAGE)
        if (token && streq(((struct image *)resource)->client_token, token))
                return (struct image *)resource;
        return NULL;
}

bool copy_image(struct call *call)
{
        const char *name = param(&call->params, "Name");
        const char *token = param(&call->params, "ClientToken");
        _cleanup_(tags_done) struct tags tags = {}, snapshot_tags = {};
        _cleanup_free_ char *description = NULL;
        const struct image *source, *before = find_token(call, token);
        struct image *image;
        bool copy_tags, encrypted;

        if (before) {
                answer_image(call, before);
                return true;
        }
        source = read_source(call);
        if (!source || !read_bool(call, "CopyImageTags", &copy_tags) ||
            !read_bool(call, "Encrypted", &encrypted) ||
            !read_tag_specification(call, taggable, KIND_IMAGE, &tags) ||
            !read_tag_specification(call, taggable, KIND_SNAPSHOT, &snapshot_tags) ||
            !image_check_name(call, name))
                return false;
        image = image_add(call->location, call->now, name, param(&call->params, "Description"));
        image->client_token = xstrdup(token);
        image->source_image = xstrdup(source->resource.id);
        image->source_region = xstrdup(source->resource.location->region);
        if (copy_tags)
                tags_copy(&image->resource.tags, &source->resource.tags);
        tags_copy(&image->resource.tags, &tags);
        description = xasprintf("Copied for DestinationAmi %s from SourceAmi %s",
                                image->resource.id, source->resource.id);
        for (size_t i = 0; i < source->devices.n; i++)
                image_add_device(image, &source->devices.list[i],
                                 &(struct snapshot_order){
                                         .volume_id = "vol-ffffffff",
                                         .description = description,
                                         .tags = &snapshot_tags,
                                         .size = source->devices.list[i].size,
                                         .encrypted = encrypted,
                                         .start = call->now,
                                 });
        answer_image(call, image);
        return true;
}
