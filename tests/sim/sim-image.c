/* The states of an image, and what Deregister-, Disable- and EnableImage do. */
#include "sim/sim-image.h"

#include <string.h>

#include "base/alloc.h"
#include "sim/sim-snapshot.h"
#include "sim/sim-xml.h"

#define PUBLIC_IMAGE "ami-00000000000000001"
#define AMAZON       "137112412989"

void image_settle(struct image *image, usec_t now)
{
        usec_t last = image->resource.created;

        if (image->state != IMAGE_IS_PENDING)
                return;
        if (now >= image->fails) {
                image->state = IMAGE_IS_FAILED;
                return;
        }
        for (size_t i = 0; i < image->devices.n; i++) {
                const char *id = image->devices.list[i].snapshot;
                const struct snapshot *snapshot =
                        id ? resource_find(image->resource.location, KIND_SNAPSHOT, id) : NULL;

                if (!snapshot)
                        continue;
                if (snapshot_state(snapshot, now) == SNAPSHOT_IS_ERROR) {
                        image->state = IMAGE_IS_FAILED;
                        if (!image->fail_reason) {
                                image->fail_code = xstrdup("Client.InvalidSnapshot");
                                image->fail_reason = xstrdup(snapshot->error);
                        }
                        return;
                }
                if (snapshot_state(snapshot, now) == SNAPSHOT_IS_PENDING)
                        last = USEC_INFINITY;
                else if (snapshot->done > last)
                        last = snapshot->done;
        }
        if (now >= later(last, image->finish))
                image->state = IMAGE_IS_AVAILABLE;
}

const char *image_state_name(const struct image *image, usec_t now)
{
        static const char *const names[] = {
                [IMAGE_IS_PENDING] = "pending",
                [IMAGE_IS_AVAILABLE] = "available",
                [IMAGE_IS_FAILED] = "failed",
        };

        return now >= image->deregistered ? "deregistered"
               : now < image->odd_until   ? image->odd_state
               : image->disabled          ? "disabled"
                                          : names[image->state];
}

bool image_has_snapshot(const struct image *image, const char *snapshot)
{
        for (size_t i = 0; i < image->devices.n; i++)
                if (streq(image->devices.list[i].snapshot, snapshot))
                        return true;
        return false;
}

struct image *image_add(struct sim_location *location, usec_t now, const char *name,
                        const char *description)
{
        struct sim *sim = location->sim;
        struct image *image = resource_add(location, KIND_IMAGE, sizeof(*image), now,
                                           now + sim_wait(sim, WAIT_VISIBLE));

        image->name = xstrdup(name);
        image->description = xstrdup(description);
        image->owner = xstrdup(location->account);
        image->creation_date = time_text(now);
        image->finish = sim_wait(sim, WAIT_IMAGE);
        image->fails = USEC_INFINITY;
        image->deregistered = USEC_INFINITY;
        image->name_free = USEC_INFINITY;
        image->snapshots_free = USEC_INFINITY;
        return image;
}

struct device *image_add_device(struct image *image, const struct device *from,
                                const struct snapshot_order *order)
{
        struct snapshot *snapshot = snapshot_begin(image->resource.location, order);
        struct device *device = append(image->devices.list, image->devices.n);

        *device = (struct device){
                .name = xstrdup(from->name),
                .snapshot = xstrdup(snapshot->resource.id),
                .volume_type = xstrdup(from->volume_type),
                .size = from->size,
                .delete_on_termination = from->delete_on_termination,
        };
        return device;
}

const char *image_public_id(void)
{
        return PUBLIC_IMAGE;
}

void image_add_public(struct sim_location *location)
{
        struct image *image = xnew(struct image);
        struct device *root = append(image->devices.list, image->devices.n);

        image->resource = (struct resource){
                .kind = KIND_IMAGE,
                .location = location,
                .id = xstrdup(PUBLIC_IMAGE),
                .serial = ++location->sim->next_serial,
                .gone = USEC_INFINITY,
        };
        image->name = xstrdup("al2023-ami-2023.6.20250101.0-kernel-6.1-x86_64");
        image->description = xstrdup("Amazon Linux 2023 AMI");
        image->owner = xstrdup(AMAZON);
        image->owner_alias = xstrdup("amazon");
        image->state = IMAGE_IS_AVAILABLE;
        image->is_public = true;
        image->creation_date = time_text(0);
        image->fails = USEC_INFINITY;
        image->deregistered = USEC_INFINITY;
        image->name_free = USEC_INFINITY;
        image->snapshots_free = USEC_INFINITY;
        *root = (struct device){ .name = xstrdup("/dev/xvda"),
                                 .volume_type = xstrdup("gp3"),
                                 .size = 8,
                                 .delete_on_termination = true };
        HASH_ADD_KEYPTR(hh, location->resources[KIND_IMAGE], image->resource.id,
                        strlen(image->resource.id), &image->resource);
}

/* https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html, parameter Name */
static bool is_well_named(const char *name)
{
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789()[] ./-'@_";
        size_t n = strlen(name);

        return n >= NAME_MIN && n <= NAME_MAX && strspn(name, allowed) == n;
}

bool image_check_name(struct call *call, const char *name)
{
        if (!is_well_named(name))
                return fail(call, "InvalidAMIName.Malformed",
                            "AMI names must be between %d and %d characters long, and may contain "
                            "letters, numbers, '(', ')', '.', '-', '/' and '_'",
                            NAME_MIN, NAME_MAX);
        FOREACH_RESOURCE(resource, call->location, KIND_IMAGE)
        {
                const struct image *image = (const struct image *)resource;

                if (call->now < image->name_free && !image->owner_alias && streq(image->name, name))
                        return fail(call, "InvalidAMIName.Duplicate",
                                    "AMI name %s is already in use by AMI %s", name, resource->id);
        }
        return true;
}

bool owners_fit(const struct call *call, const char *owner, const char *alias)
{
        for (size_t i = 0; i < call->n_owners; i++) {
                const char *wanted = call->owners[i];

                if (streq(wanted, owner) || (alias && streq(wanted, alias)) ||
                    (streq(wanted, "self") && streq(owner, call->location->account)))
                        return true;
        }
        return call->n_owners == 0;
}

/* ---- the end of an image ---- */

static struct image *read_own_image(struct call *call)
{
        struct image *image = read_resource(call, KIND_IMAGE, "ImageId");

        if (!image)
                return NULL;
        image_settle(image, call->now);
        if (image->owner_alias) {
                (void)fail(call, "AuthFailure", "Not authorized for image:%s", image->resource.id);
                return NULL;
        }
        if (call->now >= image->deregistered) {
                (void)fail(call, "InvalidAMIID.Unavailable",
                           "The image ID '%s' is no longer available", image->resource.id);
                return NULL;
        }
        return image;
}

/* The image no longer counts as a user: it is gone already. */
static void delete_its_snapshot(struct call *call, const struct image *image, const char *id)
{
        struct snapshot *snapshot = resource_find(call->location, KIND_SNAPSHOT, id);
        bool deleted = snapshot && !snapshot->locked && snapshot->resource.gone > call->now &&
                       !snapshot_user(snapshot, call->now, image);

        if (deleted)
                snapshot->resource.gone = call->now;
        xml_open(&call->out, "item");
        xml_text(&call->out, "snapshotId", id);
        xml_text(&call->out, "returnCode", deleted ? "success" : "skipped");
        xml_close(&call->out, "item");
}

bool deregister_image(struct call *call)
{
        struct image *image = read_own_image(call);
        bool with_snapshots;

        if (!image || !read_bool(call, "DeleteAssociatedSnapshots", &with_snapshots))
                return false;
        if (image->protected)
                return fail(call, "OperationNotPermitted",
                            "The image '%s' cannot be deregistered because deregistration "
                            "protection is enabled.",
                            image->resource.id);
        image->deregistered = call->now;
        image->resource.gone = call->now + sim_wait(call->sim, WAIT_IMAGE_GONE);
        image->name_free = call->now + sim_wait(call->sim, WAIT_NAME_FREE);
        image->snapshots_free = call->now + sim_wait(call->sim, WAIT_SNAPSHOT_FREE);
        (void)answer_true(call);
        if (!with_snapshots)
                return true;
        xml_open(&call->out, "deleteSnapshotResultSet");
        for (size_t i = 0; i < image->devices.n; i++)
                if (image->devices.list[i].snapshot)
                        delete_its_snapshot(call, image, image->devices.list[i].snapshot);
        xml_close(&call->out, "deleteSnapshotResultSet");
        return true;
}

static bool set_disabled(struct call *call, bool disabled)
{
        struct image *image = read_own_image(call);

        if (!image)
                return false;
        if (image->state != IMAGE_IS_AVAILABLE)
                return fail(call, "InvalidAMIID.Unavailable", "The image ID '%s' is in state %s",
                            image->resource.id, image_state_name(image, call->now));
        image->disabled = disabled;
        return answer_true(call);
}

bool disable_image(struct call *call)
{
        return set_disabled(call, true);
}

bool enable_image(struct call *call)
{
        return set_disabled(call, false);
}
