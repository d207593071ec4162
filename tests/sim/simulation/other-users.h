/*
 * The other users of the account: what they do to instances and images, also to ours.
 */
#pragma once

#include "base/time.h"

struct universe;
struct place;
struct instance;
struct image;

/* What the files of people share: the true time, a region, one of the instances that are backed up
 * or of the available images (NULL: there is none), and a call of somebody else's; of its answer
 * only the text of `element` is of interest (may be NULL). Caller frees. */
usec_t people_now(const struct universe *universe);
struct place *people_place(struct universe *universe, const char *region);
struct instance *people_instance(struct universe *universe, const char *region);
struct image *people_image(struct universe *universe, const char *region);
char *people_call(struct universe *universe, const char *region, const char *element,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

void people_stop_or_start(struct universe *universe, const char *region);
/* Terminates an instance and launches another one with its tags. */
void people_replace(struct universe *universe, const char *region);
/* Moves an instance to another group, or out of backups, or back in. */
void people_retag(struct universe *universe, const char *region);
/* An instance whose next boot does not end, or that comes back ill. */
void people_break(struct universe *universe, const char *region);
/* The first instance does not come back from its next boot. */
void people_cripple(struct universe *universe, const char *region);
/* The next image or snapshot of an instance fails, or stops short of its end. */
void people_order_failure(struct universe *universe, const char *region);
/* The agent of Systems Manager on an instance is away or back, or its next command comes to
 * nothing. */
void people_disturb_agent(struct universe *universe, const char *region);
/* What an instance serves is down or up again, while the instance itself runs. */
void people_break_service(struct universe *universe, const char *region);
/* The region has no room for another image until everything is repaired. */
void people_fill(struct universe *universe, const char *region);
/* What EC2 has no room for: it refuses an action a number of times. */
void people_exhaust(struct universe *universe, const char *region);
void people_deregister(struct universe *universe, const char *region);
/* All images of an instance that are newer than one of them: what was wrong with the machine began
 * then. */
void people_discard(struct universe *universe, const char *region);
void people_launch_from_image(struct universe *universe, const char *region);
/* An image of their own, at times with our tags on it. */
void people_make_image(struct universe *universe, const char *region);
void people_rotate_keys(struct universe *universe);
/* Snapshots that were stuck go on. */
void people_unstick(struct universe *universe);
/* Everything that is broken is repaired: all instances run, no snapshot is stuck. */
void people_repair(struct universe *universe);
