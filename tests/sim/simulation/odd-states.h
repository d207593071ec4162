/*
 * States in orders that the API of EC2 allows and that surprise: an image that failed and then is
 * available, an instance that is stopped again after its start, an id that no list contains for a
 * while. Each function is an event of fault-event-kinds.c.
 */
#pragma once

struct simulation;

/* An image is shown pending, failed, invalid, in error or transient for a time, whatever it is. */
void odd_image_state(struct simulation *simulation);
/* The next starts of an instance end in stopped again. */
void odd_start_fails(struct simulation *simulation);
/* EC2 does not know an instance, image or snapshot for some minutes, in lists and by id. */
void odd_unknown_for_minutes(struct simulation *simulation);
/* People disable an image, or enable it again. */
void odd_image_disabled(struct simulation *simulation);
/* Everything is shown as it is again. */
void odd_states_end(struct simulation *simulation);
