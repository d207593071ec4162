/*
 * What retention/ is asked, in its own terms: the settings of a schedule, and an image by its row
 * and by what EC2 says of it.
 */
#pragma once

#include "runs/engine/engine.h"

/* The terms of a schedule that has `retain`. A firing is plausible up to missed.within, the
 * flexible window and a day before EC2's CreationDate: so long may an image come after its firing,
 * when it was missed and instances wait for a slot. */
struct retention_terms retain_terms(const struct setting_schedule *schedule, sec_t now);

/* What is known of an image, but for what EC2 says of its state and its use. `created` is EC2's
 * CreationDate, 0 where EC2 gives none. Strings are borrowed from the row. */
struct retention_image retain_image(const struct setting_schedule *schedule,
                                    const struct store_image *row, sec_t created);
