/* DescribeSnapshots. */
#include "sim/sim-describe.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/sim-xml.h"

#include <stdio.h>

static const struct snapshot *snapshot_of(const struct resource *resource)
{
        return (const struct snapshot *)resource;
}

static const char *status_value(const struct call *call, const struct resource *resource,
                                size_t index)
{
        return index ? NULL : snapshot_state_name(snapshot_state(snapshot_of(resource), call->now));
}

static const char *owner_value(const struct call *call, const struct resource *resource,
                               size_t index)
{
        (void)resource;
        return index ? NULL : call->location->account;
}

static const struct filter_key snapshot_filters[] = {
        { "description", .offset = offsetof(struct snapshot, description) },
        { "owner-id", .value = owner_value },
        { "snapshot-id", .offset = offsetof(struct resource, id) },
        { "status", .value = status_value },
        { "volume-id", .offset = offsetof(struct snapshot, volume) },
        {},
};

static void print_members(struct call *call, const struct snapshot *snapshot)
{
        enum snapshot_state state = snapshot_state(snapshot, call->now);
        unsigned int percent = snapshot_progress(snapshot, call->now);
        struct text *out = &call->out;

        xml_text(out, "snapshotId", snapshot->resource.id);
        xml_text(out, "volumeId", snapshot->volume);
        xml_text(out, "status", snapshot_state_name(state));
        if (state == SNAPSHOT_IS_ERROR)
                xml_text(out, "statusMessage", snapshot->error);
        xml_time(out, "startTime", snapshot->resource.created);
        if (state == SNAPSHOT_IS_COMPLETED)
                xml_time(out, "completionTime", snapshot->done);
        if (percent)
                text_printf(out, "<progress>%u%%</progress>", percent);
        else
                text_append(out, "<progress/>"); /* EC2 has none to tell at first */
        xml_text(out, "ownerId", snapshot->resource.location->account);
        xml_number(out, "volumeSize", snapshot->size);
        xml_text(out, "description", snapshot->description);
        xml_bool(out, "encrypted", snapshot->encrypted);
        xml_text(out, "storageTier", "standard");
        print_tags(call, &snapshot->resource.tags);
}

static void print_item(struct call *call, const struct resource *resource)
{
        xml_open(&call->out, "item");
        print_members(call, snapshot_of(resource));
        xml_close(&call->out, "item");
}

void snapshot_print(struct call *call, const struct snapshot *snapshot)
{
        print_members(call, snapshot);
}

static bool is_owned(struct call *call, struct resource *resource)
{
        return owners_fit(call, resource->location->account, NULL);
}

bool describe_snapshots(struct call *call)
{
        static const struct describe what = {
                .kind = KIND_SNAPSHOT,
                .ids = "SnapshotId",
                .set = "snapshotSet",
                .ids_max = 1000,
                .page_min = 5,
                .page_max = 1000,
                .filters = snapshot_filters,
                .is_listed = is_owned,
                .print = print_item,
        };

        return describe(call, &what);
}
