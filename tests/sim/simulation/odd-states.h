/*
 * Unusual states, in orders that the API of EC2 allows: an image that failed and is available
 * afterwards, an instance that is stopped again after its start, an id that no list contains for a
 * while. Each function is a fault event of fault-event-kinds.c.
 */
#pragma once

struct simulation;

/* EC2 shows an image as pending, failed, invalid, in error or transient for a time, whatever it
 * is. */
void odd_image_state(struct simulation *simulation);
/* The next starts of an instance end in stopped again. */
void odd_start_fails(struct simulation *simulation);
/* EC2 does not know an instance, image or snapshot for some minutes, in lists and by id. */
void odd_unknown_for_minutes(struct simulation *simulation);
/* Another user disables an image, or enables it again. */
void odd_image_disabled(struct simulation *simulation);
/* EC2 shows every state as it is again. */
void odd_states_end(struct simulation *simulation);
