/* DescribeInstances, DescribeInstanceStatus. */
#include "sim/sim-describe.h"
#include "sim/sim-instance.h"
#include "sim/sim-xml.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"

static const struct instance *instance_of(const struct resource *resource)
{
        return (const struct instance *)resource;
}

/* ---- filters ---- */

#define ONE_VALUE(function, expression)                                                            \
        static const char *function(const struct call *call, const struct resource *resource,      \
                                    size_t index)                                                  \
        {                                                                                          \
                const struct instance *instance = instance_of(resource);                           \
                (void)call;                                                                        \
                return index ? NULL : (expression);                                                \
        }

ONE_VALUE(state_value, state_name(instance_state(instance, call->now)))
ONE_VALUE(check_value, check_name(instance_check(instance, call->now)))
ONE_VALUE(system_check_value,
          instance_state(instance, call->now) == STATE_RUNNING ? "ok" : "not-applicable")
ONE_VALUE(owner_value, instance->resource.location->account)
ONE_VALUE(architecture_value, instance->resource.id ? "x86_64" : NULL)
ONE_VALUE(root_device_type_value, instance->resource.id ? "ebs" : NULL)

static const char *state_code_value(const struct call *call, const struct resource *resource,
                                    size_t index)
{
        static const struct {
                enum state state;
                const char *code;
        } codes[] = {
                { STATE_PENDING, "0" },     { STATE_RUNNING, "16" },  { STATE_SHUTTING_DOWN, "32" },
                { STATE_TERMINATED, "48" }, { STATE_STOPPING, "64" }, { STATE_STOPPED, "80" },
        };

        for (size_t i = 0; !index && i < ELEMENTS(codes); i++)
                if (codes[i].state == instance_state(instance_of(resource), call->now))
                        return codes[i].code;
        return NULL;
}

static const char *volume_value(const struct call *call, const struct resource *resource,
                                size_t index)
{
        const struct devices *devices = &instance_of(resource)->devices;

        (void)call;
        return index < devices->n ? devices->list[index].volume : NULL;
}

static const char *device_value(const struct call *call, const struct resource *resource,
                                size_t index)
{
        const struct devices *devices = &instance_of(resource)->devices;

        (void)call;
        return index < devices->n ? devices->list[index].name : NULL;
}

static const struct filter_key instance_filters[] = {
        { "architecture", .value = architecture_value },
        { "availability-zone", .offset = offsetof(struct instance, zone) },
        { "block-device-mapping.device-name", .value = device_value },
        { "block-device-mapping.volume-id", .value = volume_value },
        { "client-token", .offset = offsetof(struct instance, client_token) },
        { "image-id", .offset = offsetof(struct instance, image) },
        { "instance-id", .offset = offsetof(struct resource, id) },
        { "instance-state-code", .value = state_code_value },
        { "instance-state-name", .value = state_value },
        { "instance-type", .offset = offsetof(struct instance, type) },
        { "owner-id", .value = owner_value },
        { "reservation-id", .offset = offsetof(struct instance, reservation) },
        { "root-device-type", .value = root_device_type_value },
        { "subnet-id", .offset = offsetof(struct instance, subnet) },
        {},
};

static const struct filter_key status_filters[] = {
        { "availability-zone", .offset = offsetof(struct instance, zone) },
        { "instance-state-code", .value = state_code_value },
        { "instance-state-name", .value = state_value },
        { "instance-status.reachability", .value = check_value },
        { "instance-status.status", .value = check_value },
        { "system-status.reachability", .value = system_check_value },
        { "system-status.status", .value = system_check_value },
        {},
};

/* ---- DescribeInstances ---- */

static void print_state(struct call *call, const char *name, enum state state)
{
        xml_open(&call->out, name);
        xml_number(&call->out, "code", (int64_t)state);
        xml_text(&call->out, "name", state_name(state));
        xml_close(&call->out, name);
}

static void print_device(struct call *call, const struct instance *instance,
                         const struct device *device)
{
        struct text *out = &call->out;

        xml_open(out, "item");
        xml_text(out, "deviceName", device->name);
        xml_open(out, "ebs");
        xml_text(out, "volumeId", device->volume);
        xml_text(out, "status", "attached");
        xml_time(out, "attachTime", instance->resource.created);
        xml_bool(out, "deleteOnTermination", device->delete_on_termination);
        xml_close(out, "ebs");
        xml_close(out, "item");
}

/* A stable private address: nothing in the model is reached by it. */
static void print_address(struct call *call, const struct instance *instance)
{
        unsigned int n = (unsigned int)(instance->resource.serial & 0xffff);

        text_printf(&call->out, "<privateIpAddress>10.0.%u.%u</privateIpAddress>", n >> 8, n & 255);
        text_printf(&call->out, "<privateDnsName>ip-10-0-%u-%u.ec2.internal</privateDnsName>",
                    n >> 8, n & 255);
}

static void print_association(struct call *call, const struct instance *instance,
                              const char *address)
{
        struct text *out = &call->out;

        text_append(out, "<networkInterfaceSet><item>");
        text_printf(out, "<networkInterfaceId>eni-0%s</networkInterfaceId>",
                    instance->resource.id + strlen("i-0"));
        xml_text(out, "status", "in-use");
        if (address) {
                xml_open(out, "association");
                xml_text(out, "publicIp", address);
                xml_text(out, "ipOwnerId",
                         instance->address == ADDRESS_ELASTIC ? instance->resource.location->account
                                                              : "amazon");
                xml_close(out, "association");
        }
        text_append(out, "</item></networkInterfaceSet>");
}

static void print_state_reason(struct call *call, const struct instance *instance, enum state state)
{
        bool by_user = state != STATE_RUNNING && state != STATE_PENDING;

        if (instance->start_failed && state == STATE_STOPPED) {
                xml_text(&call->out, "reason", "");
                xml_open(&call->out, "stateReason");
                xml_text(&call->out, "code", instance->start_failed);
                xml_text(&call->out, "message", "Client.InternalError: Client error on launch");
                xml_close(&call->out, "stateReason");
                return;
        }
        xml_text(&call->out, "reason", by_user ? "User initiated" : "");
        if (!by_user)
                return;
        xml_open(&call->out, "stateReason");
        xml_text(&call->out, "code", "Client.UserInitiatedShutdown");
        xml_text(&call->out, "message", "Client.UserInitiatedShutdown: User initiated shutdown");
        xml_close(&call->out, "stateReason");
}

static void print_instance(struct call *call, const struct resource *resource)
{
        const struct instance *instance = instance_of(resource);
        enum state state = instance_state(instance, call->now);
        _cleanup_free_ char *address = instance_public_address(instance, call->now);
        struct text *out = &call->out;

        xml_open(out, "item");
        xml_text(out, "instanceId", resource->id);
        xml_text(out, "imageId", instance->image);
        print_state(call, "instanceState", state);
        if (state != STATE_TERMINATED) {
                print_address(call, instance);
                xml_text(out, "ipAddress", address);
                print_association(call, instance, address);
        }
        xml_text(out, "instanceLifecycle", instance->spot ? "spot" : NULL);
        print_state_reason(call, instance, state);
        xml_number(out, "amiLaunchIndex", instance->launch_index);
        xml_text(out, "instanceType", instance->type);
        xml_time(out, "launchTime", instance->launched);
        xml_open(out, "placement");
        xml_text(out, "availabilityZone", instance->zone);
        xml_text(out, "groupName", "");
        xml_text(out, "tenancy", "default");
        xml_close(out, "placement");
        xml_open(out, "monitoring");
        xml_text(out, "state", "disabled");
        xml_close(out, "monitoring");
        xml_text(out, "subnetId", instance->subnet);
        xml_text(out, "architecture", "x86_64");
        xml_text(out, "rootDeviceType", "ebs");
        xml_text(out, "rootDeviceName",
                 instance->devices.n ? instance->devices.list[0].name : NULL);
        xml_open(out, "blockDeviceMapping");
        for (size_t i = 0; i < instance->devices.n; i++)
                print_device(call, instance, &instance->devices.list[i]);
        xml_close(out, "blockDeviceMapping");
        xml_text(out, "virtualizationType", "hvm");
        xml_text(out, "clientToken", instance->client_token ? instance->client_token : "");
        print_tags(call, &resource->tags);
        xml_text(out, "hypervisor", "xen");
        xml_bool(out, "ebsOptimized", false);
        xml_bool(out, "enaSupport", true);
        xml_text(out, "platformDetails", "Linux/UNIX");
        xml_text(out, "usageOperation", "RunInstances");
        xml_close(out, "item");
}

/* Instances of one RunInstances stand in one reservation. */
static void print_reservation(struct call *call, const struct resource *last,
                              const struct resource *next)
{
        const char *closes = last ? instance_of(last)->reservation : NULL;
        const char *opens = next ? instance_of(next)->reservation : NULL;
        struct text *out = &call->out;

        if (streq(closes, opens))
                return;
        if (closes) {
                xml_close(out, "instancesSet");
                xml_close(out, "item");
        }
        if (opens) {
                xml_open(out, "item");
                xml_text(out, "reservationId", opens);
                xml_text(out, "ownerId", next->location->account);
                text_append(out, "<groupSet/>");
                xml_open(out, "instancesSet");
        }
}

bool describe_instances(struct call *call)
{
        static const struct describe what = {
                .kind = KIND_INSTANCE,
                .ids = "InstanceId",
                .set = "reservationSet",
                .ids_max = 1000,
                .page_min = 5,
                .page_max = 1000,
                .filters = instance_filters,
                .print = print_instance,
                .between = print_reservation,
        };

        return describe(call, &what);
}

void instance_print_launched(struct call *call, struct instance *const *instances, size_t n)
{
        xml_text(&call->out, "reservationId", instances[0]->reservation);
        xml_text(&call->out, "ownerId", call->location->account);
        text_append(&call->out, "<groupSet/><instancesSet>");
        for (size_t i = 0; i < n; i++)
                print_instance(call, &instances[i]->resource);
        text_append(&call->out, "</instancesSet>");
}

/* ---- DescribeInstanceStatus ---- */

static void print_check(struct call *call, const char *name, enum check check,
                        const struct instance *instance)
{
        static const char *const details[] = {
                [CHECK_IS_OK] = "passed",
                [CHECK_IS_IMPAIRED] = "failed",
                [CHECK_IS_INITIALIZING] = "initializing",
                [CHECK_IS_NOT_APPLICABLE] = NULL,
        };
        struct text *out = &call->out;

        xml_open(out, name);
        xml_text(out, "status", check_name(check));
        if (details[check]) {
                text_append(out, "<details><item><name>reachability</name>");
                xml_text(out, "status", details[check]);
                if (check == CHECK_IS_IMPAIRED)
                        xml_time(out, "impairedSince",
                                 instance_impaired_since(instance, call->now));
                text_append(out, "</item></details>");
        }
        xml_close(out, name);
}

static void print_status(struct call *call, const struct resource *resource)
{
        const struct instance *instance = instance_of(resource);
        enum check check = instance_check(instance, call->now);
        /* The hypervisor stays reachable while the system in it boots or hangs. */
        enum check system = check == CHECK_IS_IMPAIRED ? CHECK_IS_OK : check;
        struct text *out = &call->out;

        xml_open(out, "item");
        xml_text(out, "instanceId", resource->id);
        xml_text(out, "availabilityZone", instance->zone);
        print_state(call, "instanceState", instance_state(instance, call->now));
        print_check(call, "systemStatus", system, instance);
        print_check(call, "instanceStatus", check, instance);
        print_check(call, "attachedEbsStatus", system, instance);
        xml_close(out, "item");
}

static bool has_status(struct call *call, struct resource *resource)
{
        return instance_state(instance_of(resource), call->now) == STATE_RUNNING ||
               streq(param(&call->params, "IncludeAllInstances"), "true");
}

bool describe_instance_status(struct call *call)
{
        static const struct describe what = {
                .kind = KIND_INSTANCE,
                .ids = "InstanceId",
                .set = "instanceStatusSet",
                .ids_max = 100,
                .page_min = 5,
                .page_max = 1000,
                .filters = status_filters,
                .is_listed = has_status,
                .print = print_status,
        };
        bool all;

        return read_bool(call, "IncludeAllInstances", &all) && describe(call, &what);
}
