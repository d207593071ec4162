/* RunInstances. */
#include "base/alloc.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"

enum { INSTANCES_MAX = 1000, DEFAULT_VOLUME_GIB = 8, VOLUME_GIB_MAX = 16384 };

struct volume_orders {
        struct volume_order *list;
        size_t n;
};

static void orders_done(struct volume_orders *orders)
{
        free(orders->list);
}

static struct volume_order *order_of(struct volume_orders *orders, const char *device)
{
        for (size_t i = 0; i < orders->n; i++)
                if (streq(orders->list[i].device, device))
                        return &orders->list[i];
        return NULL;
}

/* The image's volumes first. */
static void order_image(struct volume_orders *orders, const struct image *image)
{
        for (size_t i = 0; i < image->devices.n; i++) {
                const struct device *device = &image->devices.list[i];

                *append(orders->list, orders->n) = (struct volume_order){
                        .device = device->name,
                        .type = device->volume_type,
                        .snapshot = device->snapshot,
                        .size = device->size,
                        .delete_on_termination = device->delete_on_termination,
                };
        }
}

/* BlockDeviceMapping.N changes a device or adds one. */
static bool order_mapping(struct call *call, size_t n, struct volume_orders *orders)
{
        const char *device = param(&call->params, "BlockDeviceMapping.%zu.DeviceName", n);
        const char *type = param(&call->params, "BlockDeviceMapping.%zu.Ebs.VolumeType", n);
        _cleanup_free_ char *size = xasprintf("BlockDeviceMapping.%zu.Ebs.VolumeSize", n);
        _cleanup_free_ char *keep = xasprintf("BlockDeviceMapping.%zu.Ebs.DeleteOnTermination", n);
        _cleanup_free_ char *encrypt = xasprintf("BlockDeviceMapping.%zu.Ebs.Encrypted", n);
        struct volume_order *order;
        size_t gib = 0;
        bool flag;

        if (!device)
                return fail(call, "MissingParameter",
                            "The request must contain the parameter deviceName");
        order = order_of(orders, device);
        if (!order) {
                order = append(orders->list, orders->n);
                *order = (struct volume_order){ .device = device,
                                                .type = "gp3",
                                                .size = DEFAULT_VOLUME_GIB,
                                                .delete_on_termination = true };
        }
        if (!read_number(call, size, 1, VOLUME_GIB_MAX, &gib) || !read_bool(call, encrypt, &flag))
                return false;
        order->encrypted = order->encrypted || flag;
        order->size = gib ? (unsigned int)gib : order->size;
        order->type = type ? type : order->type;
        if (!read_bool(call, keep, &flag))
                return false;
        if (param(&call->params, "%s", keep))
                order->delete_on_termination = flag;
        return true;
}

static struct image *read_image(struct call *call)
{
        struct image *image = read_resource(call, KIND_IMAGE, "ImageId");

        if (!image)
                return NULL;
        image_settle(image, call->now);
        if (image->state == IMAGE_IS_AVAILABLE && !image->disabled &&
            image->deregistered == USEC_INFINITY)
                return image;
        (void)fail(call, "InvalidAMIID.Unavailable", "The image ID '%s' is no longer available",
                   image->resource.id);
        return NULL;
}

/* The instances an earlier call with the same token made; NULL for none. */
static struct instance **find_token(struct call *call, const char *token, size_t *ret_n)
{
        struct instance **found = NULL;

        *ret_n = 0;
        if (!token || !*token)
                return NULL;
        FOREACH_RESOURCE(resource, call->location, KIND_INSTANCE)
        if (streq(((struct instance *)resource)->client_token, token))
                *append(found, *ret_n) = (struct instance *)resource;
        return found;
}

static bool launch(struct call *call, struct launch_order *order, size_t count)
{
        _cleanup_free_ struct instance **made = NULL;
        _cleanup_free_ char *reservation = new_id(call->sim, "r-");
        size_t n = 0;

        order->reservation = reservation;
        do {
                order->index = (unsigned int)n;
                *append(made, n) = instance_launch(call->location, call->now, order);
        } while (n < count);
        instance_print_launched(call, made, count);
        return true;
}

static bool read_order(struct call *call, const struct image *image, struct launch_order *order,
                       struct volume_orders *volumes, struct tags *tags, struct tags *volume_tags)
{
        static const unsigned int taggable = 1 << KIND_INSTANCE | 1 << KIND_VOLUME;

        order_image(volumes, image);
        for (size_t n = 0; (n = param_next(&call->params, "BlockDeviceMapping", n));)
                if (!order_mapping(call, n, volumes))
                        return false;
        order->volumes = volumes->list;
        order->n_volumes = volumes->n;
        order->tags = tags;
        order->volume_tags = volume_tags;
        return read_tag_specification(call, taggable, KIND_INSTANCE, tags) &&
               read_tag_specification(call, taggable, KIND_VOLUME, volume_tags);
}

bool run_instances(struct call *call)
{
        const char *token = param(&call->params, "ClientToken");
        const char *type = param(&call->params, "InstanceType");
        const char *zone = param(&call->params, "Placement.AvailabilityZone");
        _cleanup_free_ char *first_zone = xasprintf("%sa", call->location->region);
        _cleanup_(tags_done) struct tags tags = {}, volume_tags = {};
        _cleanup_(orders_done) struct volume_orders volumes = {};
        _cleanup_free_ struct instance **before = NULL;
        size_t min = 0, max = 0, n_before;
        struct image *image;
        struct launch_order order = {
                .type = type ? type : "m1.small",
                .zone = zone ? zone : first_zone,
                .client_token = token,
                .subnet = param(&call->params, "SubnetId"),
        };

        if (!read_number(call, "MinCount", 1, INSTANCES_MAX, &min) ||
            !read_number(call, "MaxCount", 1, INSTANCES_MAX, &max))
                return false;
        if (min > max)
                return fail(call, "InvalidParameterCombination",
                            "MinCount (%zu) is larger than MaxCount (%zu)", min, max);
        before = find_token(call, token, &n_before);
        if (before) {
                if (n_before > max || !streq(before[0]->image, param(&call->params, "ImageId")) ||
                    !streq(before[0]->type, order.type))
                        return fail(call, "IdempotentParameterMismatch",
                                    "The client token '%s' was used with other parameters", token);
                instance_print_launched(call, before, n_before);
                return true;
        }
        image = read_image(call);
        if (!image || !read_order(call, image, &order, &volumes, &tags, &volume_tags))
                return false;
        order.image = image->resource.id;
        order.visible = call->now + sim_wait(call->sim, WAIT_VISIBLE);
        image->launched = call->now;
        if (!image->launched_first)
                image->launched_first = call->now;
        return launch(call, &order, max);
}
