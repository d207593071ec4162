/* What EC2 does by itself and no computation from instants can tell: commands are carried out
 * and lost instances replaced. The next request does this, as of the instants at which they were
 * due. */
#pragma once

#include "sim/sim-world.h"

/* To be called before a request sees or changes anything of the location at `now`. */
void sim_settle(struct sim_location *location, usec_t now);
/* All locations. */
void sim_settle_all(struct sim *sim, usec_t now);
