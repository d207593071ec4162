/* DescribeVolumes. */
#include "sim/sim-describe.h"
#include "sim/sim-instance.h"
#include "sim/sim-xml.h"

static const struct volume *volume_of(const struct resource *resource)
{
        return (const struct volume *)resource;
}

static const char *status_value(const struct call *call, const struct resource *resource,
                                size_t index)
{
        (void)call;
        return index ? NULL : volume_of(resource)->instance ? "in-use" : "available";
}

static const struct filter_key volume_filters[] = {
        { "attachment.device", .offset = offsetof(struct volume, device) },
        { "attachment.instance-id", .offset = offsetof(struct volume, instance) },
        { "availability-zone", .offset = offsetof(struct volume, zone) },
        { "snapshot-id", .offset = offsetof(struct volume, snapshot) },
        { "status", .value = status_value },
        { "volume-id", .offset = offsetof(struct resource, id) },
        { "volume-type", .offset = offsetof(struct volume, type) },
        {},
};

static void print_volume(struct call *call, const struct resource *resource)
{
        const struct volume *volume = volume_of(resource);
        struct text *out = &call->out;

        xml_open(out, "item");
        xml_text(out, "volumeId", resource->id);
        xml_number(out, "size", volume->size);
        xml_text(out, "snapshotId", volume->snapshot ? volume->snapshot : "");
        xml_text(out, "availabilityZone", volume->zone);
        xml_text(out, "status", volume->instance ? "in-use" : "available");
        xml_time(out, "createTime", resource->created);
        xml_open(out, "attachmentSet");
        if (volume->instance) {
                xml_open(out, "item");
                xml_text(out, "volumeId", resource->id);
                xml_text(out, "instanceId", volume->instance);
                xml_text(out, "device", volume->device);
                xml_text(out, "status", "attached");
                xml_time(out, "attachTime", resource->created);
                xml_bool(out, "deleteOnTermination", volume->delete_on_termination);
                xml_close(out, "item");
        }
        xml_close(out, "attachmentSet");
        print_tags(call, &resource->tags);
        xml_text(out, "volumeType", volume->type);
        if (streq(volume->type, "gp3")) {
                xml_number(out, "iops", 3000);
                xml_number(out, "throughput", 125);
        }
        xml_bool(out, "encrypted", volume->encrypted);
        xml_bool(out, "multiAttachEnabled", false);
        xml_close(out, "item");
}

bool describe_volumes(struct call *call)
{
        static const struct describe what = {
                .kind = KIND_VOLUME,
                .ids = "VolumeId",
                .set = "volumeSet",
                .ids_max = 500,
                .page_min = 5,
                .page_max = 1000,
                .filters = volume_filters,
                .print = print_volume,
        };

        return describe(call, &what);
}
