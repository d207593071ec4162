/*
 * Images in our lists that are not ours to remove, and ours that somebody has laid hands on: copies
 * with our tags, images under our names, edited tags, protection, a second daemon. Each function is
 * an event of fault-event-kinds.c.
 */
#pragma once

struct universe;

/* A person copies an image of ours with its tags, under another name. */
void stranger_copies(struct universe *universe);
/* An image of another instance is made under the name of our next image, with our tags. */
void stranger_takes_the_name(struct universe *universe);
/* The tags of an image of ours by which it is ours are changed or removed: to keep it. */
void stranger_edits_tags(struct universe *universe);
/* An image is protected from deregistration, or one of its snapshots is locked; or no longer. */
void stranger_protects(struct universe *universe);
/* Another daemon of the same owner makes an image. */
void stranger_daemon(struct universe *universe);
/* People end it, remove its image and restart ours, as the journal demands. */
void stranger_daemon_ends(struct universe *universe);
/* A person tries a restore: a machine from an image of ours, backed up as the others for a while.
 */
void stranger_clones(struct universe *universe);
/* A person terminates the machine of a restore. */
void stranger_ends_clone(struct universe *universe);
