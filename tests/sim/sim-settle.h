/* What happens by itself and cannot be computed by looking: it is done when somebody looks, as of
 * the instant at which it was due. */
#pragma once

#include "sim/sim-world.h"

/* To be called before anything of the place is asked or changed at `now`. */
void sim_settle(struct place *place, usec_t now);
/* All places. */
void sim_settle_all(struct sim *sim, usec_t now);
