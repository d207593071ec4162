/*
 * The other users of the account: what they do to instances and images, also to ours.
 */
#pragma once

#include "base/time.h"

struct simulation;
struct sim_location;
struct instance;
struct image;

/* What the files of people share: the true time, a region, one of the instances that are backed up
 * or of the available images (NULL: there is none), and a call of somebody else's; of its answer
 * only the text of `element` is of interest (may be NULL). Caller frees. */
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
/* An instance whose next boot does not end, or that comes back ill. */
void other_users_break(struct simulation *simulation, const char *region);
/* The first instance does not come back from its next boot. */
void other_users_break_first(struct simulation *simulation, const char *region);
/* The next image or snapshot of an instance fails, or stops short of its end. */
void other_users_order_failure(struct simulation *simulation, const char *region);
/* The agent of Systems Manager on an instance is away or back, or its next command comes to
 * nothing. */
void other_users_disturb_agent(struct simulation *simulation, const char *region);
/* What an instance serves is down or up again, while the instance itself runs. */
void other_users_break_service(struct simulation *simulation, const char *region);
/* The region has no room for another image until everything is repaired. */
void other_users_exhaust_images(struct simulation *simulation, const char *region);
/* What EC2 has no room for: it refuses an action a number of times. */
void other_users_exhaust(struct simulation *simulation, const char *region);
void other_users_deregister(struct simulation *simulation, const char *region);
/* All images of an instance that are newer than one of them: what was wrong with the machine began
 * then. */
void other_users_discard(struct simulation *simulation, const char *region);
void other_users_launch_from_image(struct simulation *simulation, const char *region);
/* An image of their own, at times with our tags on it. */
void other_users_make_image(struct simulation *simulation, const char *region);
void other_users_rotate_keys(struct simulation *simulation);
/* Snapshots that were stuck go on. */
void other_users_unstick(struct simulation *simulation);
/* Everything that is broken is repaired: all instances run, no snapshot is stuck. */
void other_users_repair(struct simulation *simulation);
