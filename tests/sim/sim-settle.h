/* What happens by itself and cannot be computed by looking: it is done when somebody looks, as of
 * the instant at which it was due. */
#pragma once

#include "sim/sim-world.h"

/* To be called before anything of the location is asked or changed at `now`. */
void sim_settle(struct sim_location *location, usec_t now);
/* All locations. */
void sim_settle_all(struct sim *sim, usec_t now);
