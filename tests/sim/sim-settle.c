/* Brings commands and Auto Scaling groups up to date. */
#include "sim/sim-settle.h"

#include "sim/sim-command.h"
#include "sim/sim-scaling.h"

void sim_settle(struct sim_location *location, usec_t now)
{
        scaling_settle(location, now);
        commands_settle(location, now);
}

void sim_settle_all(struct sim *sim, usec_t now)
{
        for (struct sim_location *location = sim->locations; location; location = location->hh.next)
                sim_settle(location, now);
}
