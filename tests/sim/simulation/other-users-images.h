/*
 * Other users' images that look like the daemon's, and images of the daemon that other users
 * change: copies with its tags, images under its names, edited tags, protection, a second daemon of
 * the same owner. Each function is a fault event of fault-event-kinds.c.
 */
#pragma once

struct simulation;

/* A user copies an image of the daemon with its tags, under another name. */
void other_users_copy_image(struct simulation *simulation);
/* A user makes an image of another instance under the name of the daemon's next image, with its
 * tags. */
void other_users_take_name(struct simulation *simulation);
/* A user changes or removes a tag by which an image is the daemon's, to keep the image. */
void other_users_edit_tags(struct simulation *simulation);
/* A user protects an image from deregistration or locks one of its snapshots, or ends that. */
void other_users_protect_image(struct simulation *simulation);
/* Another daemon of the same owner makes an image. */
void other_users_start_daemon(struct simulation *simulation);
/* Operators end the other daemon, remove its image and restart ours, as the journal demands. */
void other_users_end_daemon(struct simulation *simulation);
/* A user tries a restore: a clone, launched from an image of the daemon, is a target of
 * schedules like the other instances for a while. */
void other_users_clone(struct simulation *simulation);
/* A user terminates the clone. */
void other_users_end_clone(struct simulation *simulation);
