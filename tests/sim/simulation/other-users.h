/* The other users of the account: what they do to instances and images, also to the daemon's. */
#pragma once

#include "base/time.h"

struct simulation;
struct sim_location;
struct instance;
struct image;

/* Shared by the files of other users: the true time, the location of a region, one of the
 * instances that are backed up, one of the available images (NULL: there is none), and a call of an
 * action. The call gives the text of `element` of the answer (NULL: nothing). Caller frees. */
usec_t other_users_now(const struct simulation *simulation);
struct sim_location *other_users_location(struct simulation *simulation, const char *region);
struct instance *other_users_instance(struct simulation *simulation, const char *region);
struct image *other_users_image(struct simulation *simulation, const char *region);
char *other_users_call(struct simulation *simulation, const char *region, const char *element,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

void other_users_stop_or_start(struct simulation *simulation, const char *region);
/* Terminates an instance and launches another one with its tags. */
void other_users_replace(struct simulation *simulation, const char *region);
/* Moves an instance to another group, or out of backups, or back in. */
void other_users_retag(struct simulation *simulation, const char *region);
/* An instance's next boot does not end, or its status checks fail; or no longer. */
void other_users_break(struct simulation *simulation, const char *region);
/* The first instance of the region does not come back from its next boot. */
void other_users_break_first(struct simulation *simulation, const char *region);
/* The next image or snapshot of an instance fails, or a snapshot stays short of 100 %. */
void other_users_order_failure(struct simulation *simulation, const char *region);
/* The agent of Systems Manager on an instance is away or back, or its next command fails or
 * hangs. */
void other_users_disturb_agent(struct simulation *simulation, const char *region);
/* The service that target groups check on an instance is down or up again, while the instance
 * runs. */
void other_users_break_service(struct simulation *simulation, const char *region);
/* EC2 refuses every further image in the region until a calm period begins. */
void other_users_exhaust_images(struct simulation *simulation, const char *region);
/* EC2 refuses an action a number of times for lack of capacity, quota or permission. */
void other_users_exhaust(struct simulation *simulation, const char *region);
void other_users_deregister(struct simulation *simulation, const char *region);
/* Deregisters all images of an instance that are newer than a certain one, as after a mistake on
 * the instance. */
void other_users_discard(struct simulation *simulation, const char *region);
void other_users_launch_from_image(struct simulation *simulation, const char *region);
/* Makes an image of an instance, at times with amid's tags on it. */
void other_users_make_image(struct simulation *simulation, const char *region);
void other_users_rotate_keys(struct simulation *simulation);
/* Snapshots that were stuck complete. */
void other_users_unstick(struct simulation *simulation);
/* Repairs everything: all instances run, no snapshot is stuck, no refusal is left. */
void other_users_repair(struct simulation *simulation);
