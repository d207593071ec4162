/* The list of ordered faults. */
#include "sim/sim-fault.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-world.h"

const struct fault_info fault_infos[FAULT_KINDS] = {
        [FAULT_THROTTLE] = { "throttle", false, DELIVER_WHOLE },
        [FAULT_ERROR] = { "error", false, DELIVER_WHOLE },
        [FAULT_HTTP500] = { "http500", false, DELIVER_WHOLE },
        [FAULT_HTML502] = { "html502", false, DELIVER_WHOLE },
        [FAULT_DROP_BEFORE] = { "drop-before", false, DELIVER_NOTHING },
        [FAULT_DROP_AFTER] = { "drop-after", true, DELIVER_NOTHING },
        [FAULT_TRUNCATE] = { "truncate", true, DELIVER_TRUNCATED },
        [FAULT_SLOW] = { "slow", true, DELIVER_SLOWLY },
        [FAULT_DELAY] = { "delay", true, DELIVER_WHOLE },
};

enum fault_kind fault_by_name(const char *name)
{
        enum fault_kind kind = 0;

        while (kind < FAULT_KINDS && !streq(fault_infos[kind].name, name))
                kind++;
        return kind;
}

struct fault *fault_add(struct sim *sim)
{
        return append(sim->faults, sim->n_faults);
}

void faults_clear(struct sim *sim)
{
        for (size_t i = 0; i < sim->n_faults; i++) {
                struct fault *fault = &sim->faults[i];

                free(fault->action);
                free(fault->region);
                free(fault->contains);
                free(fault->code);
                free(fault->message);
        }
        free(sim->faults);
        sim->faults = NULL;
        sim->n_faults = 0;
}

static bool aims_at(const struct fault *fault, const char *action, const char *region,
                    const char *body, size_t size)
{
        return (!fault->action || streq(fault->action, action)) &&
               (!fault->region || streq(fault->region, region)) &&
               (!fault->contains || memmem(body, size, fault->contains, strlen(fault->contains)));
}

const struct fault *fault_strike(struct sim *sim, const char *action, const char *region,
                                 const char *body, size_t size)
{
        for (size_t i = 0; i < sim->n_faults; i++) {
                struct fault *fault = &sim->faults[i];
                double dice;

                if (!fault->count || !aims_at(fault, action, region, body, size))
                        continue;
                if (fault->skip) {
                        fault->skip--;
                        continue;
                }
                dice = (double)(sim_random(sim) >> 11) / (double)(UINT64_C(1) << 53);
                if (dice >= fault->probability)
                        continue;
                fault->count--;
                return fault;
        }
        return NULL;
}
