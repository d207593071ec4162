/* The tables of methods and of the consistency that images achieve. */
#include "runs/images/method.h"

#include <stdlib.h>

#include "base/text.h"

const struct method method_crash = {
        .name = "crash",
        .bit = BY_CRASH,
        .says = "without a reboot",
};
const struct method method_stopped = {
        .name = "stopped",
        .bit = BY_STOPPED,
        .says = "stopped as it is",
};
const struct method method_freeze = {
        .name = "freeze",
        .bit = BY_FREEZE,
        .says = "frozen",
        .holds = true,
};
const struct method method_reboot = {
        .name = "reboot",
        .bit = BY_REBOOT,
        .says = "with a reboot",
        .holds = true,
        .takes_down = true,
        .reboots = true,
};
const struct method method_stop = {
        .name = "stop",
        .bit = BY_STOP,
        .says = "stopped for it",
        .holds = true,
        .takes_down = true,
};

static const struct method *const methods[] = {
        &method_crash, &method_stopped, &method_freeze, &method_reboot, &method_stop,
};

const struct method *method_named(const char *name)
{
        for (size_t i = 0; name && i < ELEMENTS(methods); i++)
                if (streq(methods[i]->name, name))
                        return methods[i];
        return NULL;
}

enum setting_consistency level_of(const struct setting_schedule *schedule, bool rebooted)
{
        if (schedule->consistency != CONSISTENCY_AUTO)
                return schedule->consistency;
        if (!rebooted)
                return CONSISTENCY_REBOOT;
        return schedule->has_freeze ? CONSISTENCY_FREEZE : CONSISTENCY_CRASH;
}

const struct method *method_for(enum setting_consistency level)
{
        switch (level) {
        case CONSISTENCY_CRASH:
                return &method_crash;
        case CONSISTENCY_FREEZE:
                return &method_freeze;
        case CONSISTENCY_REBOOT:
                return &method_reboot;
        case CONSISTENCY_STOP:
                return &method_stop;
        case CONSISTENCY_AUTO:
                break;
        }
        abort();
}

/* A forced reboot is a power cut: the file systems were repaired, the data may be torn. */
static const struct {
        const char *achieved;
        enum setting_consistency satisfies; /* and all before it */
} proofs[] = {
        { ACHIEVED_CRASH, CONSISTENCY_CRASH },
        { ACHIEVED_FROZEN, CONSISTENCY_FREEZE },
        { ACHIEVED_REBOOT_FORCED, CONSISTENCY_CRASH },
        { ACHIEVED_REBOOT_CLEAN, CONSISTENCY_REBOOT },
        { ACHIEVED_STOPPED, CONSISTENCY_STOP },
};

enum setting_consistency consistency_level(const char *achieved)
{
        for (size_t i = 0; i < ELEMENTS(proofs); i++)
                if (streq(proofs[i].achieved, achieved))
                        return proofs[i].satisfies;
        return CONSISTENCY_CRASH;
}

bool consistency_satisfies(const char *achieved, enum setting_consistency asked)
{
        return asked <= consistency_level(achieved);
}

bool consistency_falls_short(const char *achieved, const char *asked)
{
        enum setting_consistency level;

        return consistency_find(asked, &level) && !consistency_satisfies(achieved, level);
}
