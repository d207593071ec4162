/*
 * Images in our lists that are not ours to remove, and ours that somebody has laid hands on: copies
 * with our tags, images under our names, edited tags, protection, a second daemon. Each function is
 * an event of fault-event-kinds.c.
 */
#pragma once

struct simulation;

/* A person copies an image of ours with its tags, under another name. */
void other_users_copy_image(struct simulation *simulation);
/* An image of another instance is made under the name of our next image, with our tags. */
void other_users_take_name(struct simulation *simulation);
/* The tags of an image of ours by which it is ours are changed or removed: to keep it. */
void other_users_edit_tags(struct simulation *simulation);
/* An image is protected from deregistration, or one of its snapshots is locked; or no longer. */
void other_users_protect_image(struct simulation *simulation);
/* Another daemon of the same owner makes an image. */
void other_users_start_daemon(struct simulation *simulation);
/* People end it, remove its image and restart ours, as the journal demands. */
void other_users_end_daemon(struct simulation *simulation);
/* A person tries a restore: a machine from an image of ours, backed up as the others for a while.
 */
void other_users_clone(struct simulation *simulation);
/* A person terminates the machine of a restore. */
void other_users_end_clone(struct simulation *simulation);
