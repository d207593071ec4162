/* Images: created, pending until their snapshots are complete, available, disabled, deregistered.
 */
#pragma once

#include <stdbool.h>

#include "sim/sim-call.h"
#include "sim/sim-instance.h"
#include "sim/sim-snapshot.h"

/* Brings `state` up to date with the snapshots. */
void image_settle(struct image *image, usec_t now);
/* "pending", ... "deregistered"; of a settled image. */
const char *image_state_name(const struct image *image, usec_t now);
bool image_has_snapshot(const struct image *image, const char *snapshot);
/* Every location has this image, with the same id, owned by Amazon. */
void image_add_public(struct sim_location *location);
const char *image_public_id(void);
/* A new image of the location's account, pending; name and the like are copied. */
struct image *image_add(struct sim_location *location, usec_t now, const char *name,
                        const char *description);
/* Gives it a device like `from`, with a snapshot as ordered. */
struct device *image_add_device(struct image *image, const struct device *from,
                                const struct snapshot_order *order);
/* Whether `name` may be given to a new image; fails the call when not. */
bool image_check_name(struct call *call, const char *name);
/* Whether Owner.N (or their absence) lets a resource of this owner through. */
bool owners_fit(const struct call *call, const char *owner, const char *alias);

bool describe_images(struct call *call);
bool create_image(struct call *call);
bool register_image(struct call *call);
bool copy_image(struct call *call);
bool deregister_image(struct call *call);
bool disable_image(struct call *call);
bool enable_image(struct call *call);
