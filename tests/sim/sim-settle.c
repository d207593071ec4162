#include "sim/sim-settle.h"

#include "sim/sim-command.h"
#include "sim/sim-scaling.h"

void sim_settle(struct place *place, usec_t now)
{
        scaling_settle(place, now);
        commands_settle(place, now);
}

void sim_settle_all(struct sim *sim, usec_t now)
{
        for (struct place *place = sim->places; place; place = place->hh.next)
                sim_settle(place, now);
}
