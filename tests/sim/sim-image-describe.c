/* DescribeImages. */
#include "sim/sim-describe.h"
#include "sim/sim-image.h"
#include "sim/sim-xml.h"

#define REPORTED_AFTER (SEC_PER_DAY * USEC_PER_SEC) /* of a launch */

static const struct image *image_of(const struct resource *resource)
{
        return (const struct image *)resource;
}

static const char *state_value(const struct call *call, const struct resource *resource,
                               size_t index)
{
        return index ? NULL : image_state_name(image_of(resource), call->now);
}

static const char *public_value(const struct call *call, const struct resource *resource,
                                size_t index)
{
        (void)call;
        return index ? NULL : image_of(resource)->is_public ? "true" : "false";
}

static const char *snapshot_value(const struct call *call, const struct resource *resource,
                                  size_t index)
{
        const struct devices *devices = &image_of(resource)->devices;
        const char *id = index < devices->n ? devices->list[index].snapshot : NULL;

        (void)call;
        return index < devices->n ? (id ? id : "") : NULL;
}

static const char *device_value(const struct call *call, const struct resource *resource,
                                size_t index)
{
        const struct devices *devices = &image_of(resource)->devices;

        (void)call;
        return index < devices->n ? devices->list[index].name : NULL;
}

/* Elements that are the same for every image of the model. */
#define CONSTANT(function, text)                                                                   \
        static const char *function(const struct call *call, const struct resource *resource,      \
                                    size_t index)                                                  \
        {                                                                                          \
                (void)call;                                                                        \
                (void)resource;                                                                    \
                return index ? NULL : (text);                                                      \
        }

CONSTANT(architecture_value, "x86_64")
CONSTANT(type_value, "machine")
CONSTANT(root_device_type_value, "ebs")
CONSTANT(virtualization_value, "hvm")

static const struct filter_key image_filters[] = {
        { "architecture", .value = architecture_value },
        { "block-device-mapping.device-name", .value = device_value },
        { "block-device-mapping.snapshot-id", .value = snapshot_value },
        { "creation-date", .offset = offsetof(struct image, creation_date) },
        { "description", .offset = offsetof(struct image, description) },
        { "image-id", .offset = offsetof(struct resource, id) },
        { "image-type", .value = type_value },
        { "is-public", .value = public_value },
        { "name", .offset = offsetof(struct image, name) },
        { "owner-alias", .offset = offsetof(struct image, owner_alias) },
        { "owner-id", .offset = offsetof(struct image, owner) },
        { "root-device-type", .value = root_device_type_value },
        { "source-image-id", .offset = offsetof(struct image, source_image) },
        { "source-image-region", .offset = offsetof(struct image, source_region) },
        { "source-instance-id", .offset = offsetof(struct image, source_instance) },
        { "state", .value = state_value },
        { "virtualization-type", .value = virtualization_value },
        {},
};

/* EC2 does not show the id of a snapshot before the snapshot has begun. */
static void print_device(struct call *call, const struct device *device)
{
        const struct snapshot *snapshot =
                device->snapshot ? resource_find(call->location, KIND_SNAPSHOT, device->snapshot)
                                 : NULL;
        struct text *out = &call->out;

        xml_open(out, "item");
        xml_text(out, "deviceName", device->name);
        xml_open(out, "ebs");
        if (!snapshot || snapshot->resource.created <= call->now)
                xml_text(out, "snapshotId", device->snapshot);
        xml_number(out, "volumeSize", device->size);
        xml_bool(out, "deleteOnTermination", device->delete_on_termination);
        xml_text(out, "volumeType", device->volume_type);
        xml_bool(out, "encrypted", snapshot && snapshot->encrypted);
        xml_close(out, "ebs");
        xml_close(out, "item");
}

static void print_origin(struct call *call, const struct image *image)
{
        struct text *out = &call->out;

        xml_text(out, "sourceInstanceId", image->source_instance);
        xml_text(out, "sourceImageId", image->source_image);
        xml_text(out, "sourceImageRegion", image->source_region);
        if (image->state != IMAGE_IS_FAILED)
                return;
        xml_open(out, "stateReason");
        xml_text(out, "code", image->fail_code);
        xml_text(out, "message", image->fail_reason);
        xml_close(out, "stateReason");
}

/* lastLaunchedTime is reported 24 hours after a launch. Of launches that follow each other
 * faster, the first is reported.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-last-launched-time.html */
static void print_launched(struct call *call, const struct image *image)
{
        usec_t reported = call->now - REPORTED_AFTER;
        usec_t launched = image->launched <= reported ? image->launched : image->launched_first;
        _cleanup_free_ char *time = NULL;

        if (!launched || launched > reported)
                return;
        time = time_text(launched);
        xml_text(&call->out, "lastLaunchedTime", time);
}

static void print_image(struct call *call, const struct resource *resource)
{
        const struct image *image = image_of(resource);
        struct text *out = &call->out;

        xml_open(out, "item");
        xml_text(out, "imageId", resource->id);
        text_append(out, "<imageLocation>");
        text_append(out, image->owner);
        text_append(out, "/");
        text_append(out, image->name); /* a name has no character to escape */
        text_append(out, "</imageLocation>");
        xml_text(out, "imageState", image_state_name(image, call->now));
        xml_text(out, "imageOwnerId", image->owner);
        xml_text(out, "creationDate", image->creation_date);
        xml_bool(out, "isPublic", image->is_public);
        xml_text(out, "architecture", "x86_64");
        xml_text(out, "imageType", "machine");
        xml_text(out, "imageOwnerAlias", image->owner_alias);
        xml_text(out, "name", image->name);
        xml_text(out, "description", image->description);
        xml_text(out, "rootDeviceType", "ebs");
        xml_text(out, "rootDeviceName", image->devices.n ? image->devices.list[0].name : NULL);
        xml_open(out, "blockDeviceMapping");
        for (size_t i = 0; i < image->devices.n; i++)
                print_device(call, &image->devices.list[i]);
        xml_close(out, "blockDeviceMapping");
        xml_text(out, "virtualizationType", "hvm");
        print_tags(call, &resource->tags);
        xml_text(out, "hypervisor", "xen");
        xml_bool(out, "enaSupport", true);
        xml_text(out, "platformDetails", "Linux/UNIX");
        xml_text(out, "usageOperation", "RunInstances");
        xml_text(out, "deregistrationProtection", "disabled");
        print_launched(call, image);
        print_origin(call, image);
        xml_close(out, "item");
}

static void settle(struct call *call, struct resource *resource)
{
        image_settle((struct image *)resource, call->now);
}

/*
 * A deregistered image is still shown as deregistered for a while. Then its id gives an empty set,
 * and only later InvalidAMIID.NotFound:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html
 */
static bool is_listed(struct call *call, struct resource *resource)
{
        const struct image *image = image_of(resource);
        bool include_disabled = streq(param(&call->params, "IncludeDisabled"), "true");

        if (image->deregistered != USEC_INFINITY &&
            call->now >= image->deregistered + (resource->gone - image->deregistered) / 2)
                return false;
        return (include_disabled || !image->disabled) &&
               owners_fit(call, image->owner, image->owner_alias);
}

bool describe_images(struct call *call)
{
        static const struct describe what = {
                .kind = KIND_IMAGE,
                .ids = "ImageId",
                .set = "imagesSet",
                .ids_max = 1000,
                .page_min = 1,
                .page_max = 1000,
                .filters = image_filters,
                .settle = settle,
                .is_listed = is_listed,
                .print = print_image,
        };
        bool flag;

        return read_bool(call, "IncludeDisabled", &flag) &&
               read_bool(call, "IncludeDeprecated", &flag) && describe(call, &what);
}
