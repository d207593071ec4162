/* DescribeRegions: the regions that have an endpoint; without a list of these, the regions that
 * were used so far and the one of the request. */
#include <uthash.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-call.h"
#include "sim/sim-instance.h"
#include "sim/sim-world.h"
#include "sim/sim-xml.h"

static void print_region(struct call *call, const char *name)
{
        _cleanup_free_ char *endpoint = xasprintf("ec2.%s.amazonaws.com", name);

        xml_open(&call->out, "item");
        xml_text(&call->out, "regionName", name);
        xml_text(&call->out, "regionEndpoint", endpoint);
        xml_text(&call->out, "optInStatus", "opt-in-not-required");
        xml_close(&call->out, "item");
}

bool describe_regions(struct call *call)
{
        const struct sim *sim = call->sim;

        xml_open(&call->out, "regionInfo");
        for (size_t i = 0; i < sim->n_regions; i++)
                print_region(call, sim->regions[i]);
        for (const struct sim_location *location = sim->locations; location && !sim->n_regions;
             location = location->hh.next)
                if (streq(location->account, call->location->account))
                        print_region(call, location->region);
        xml_close(&call->out, "regionInfo");
        return true;
}
