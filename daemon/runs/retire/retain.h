/*
 * The terms of retention/: made from the settings of a schedule, and from the row of an image.
 */
#pragma once

#include "runs/engine/engine.h"

/* The terms of a schedule that has `retain`. The firing of an image is plausible
 * from missed.within, the flexible window and a day before its CreationDate on: an image may come
 * so long after its firing, when that was missed and instances wait for a slot. */
struct retention_terms retain_terms(const struct setting_schedule *schedule, sec_t now);

/* An image by its row; its state and use, by EC2, are the caller's to fill in. `created` is the
 * CreationDate, 0 where EC2 gives none. Strings are borrowed from the row. */
struct retention_image retain_image(const struct setting_schedule *schedule,
                                    const struct store_image *row, sec_t created);
