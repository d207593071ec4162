/* The table of durations. */
#include "sim/sim-timeline.h"

#include "base/text.h"

#define SECONDS(from, to)                                                                          \
        {                                                                                          \
                (usec_t)((from)*1e6), (usec_t)((to)*1e6)                                           \
        }

const struct wait_info wait_infos[WAITS] = {
        [WAIT_LAUNCH] = { "launch", SECONDS(5, 15), "pending until running" },
        [WAIT_BOOT] = { "boot", SECONDS(15, 40), "power on until the system answers" },
        [WAIT_SHUTDOWN] = { "shutdown", SECONDS(5, 20), "system down until power off" },
        [WAIT_REBOOT_QUEUE] = { "reboot-queue", SECONDS(0, 2), "accepted until it reboots" },
        [WAIT_STOP] = { "stop", SECONDS(20, 40), "stopping until stopped" },
        [WAIT_TERMINATE] = { "terminate", SECONDS(20, 40), "shutting-down until terminated" },
        [WAIT_TERMINATED_SHOWN] = { "terminated-shown", SECONDS(3600, 3600),
                                    "terminated until no longer listed" },
        [WAIT_CHECK_PERIOD] = { "check-period", SECONDS(60, 60), "between two status checks" },
        [WAIT_CHECK_TIMEOUT] = { "check-patience", SECONDS(300, 300),
                                 "down until checks say impaired, not initializing" },
        [WAIT_SNAPSHOT_START] = { "snapshot-start", SECONDS(1, 3),
                                  "CreateImage until its snapshots exist (and the shutdown)" },
        [WAIT_SNAPSHOT] = { "snapshot", SECONDS(20, 40), "any snapshot, before its size counts" },
        [WAIT_SNAPSHOT_PER_GIB] = { "snapshot-per-gib", SECONDS(1, 2), "per GiB of the volume" },
        [WAIT_SNAPSHOT_SPACING] = { "snapshot-spacing", SECONDS(15, 15),
                                    "least time between two snapshots of a volume" },
        [WAIT_SNAPSHOT_FREE] = { "snapshot-free", SECONDS(0, 5),
                                 "image deregistered until its snapshots are not in use" },
        [WAIT_IMAGE] = { "image", SECONDS(3, 10), "last snapshot completed until available" },
        [WAIT_IMAGE_GONE] = { "image-gone", SECONDS(2, 10), "deregistered until NotFound" },
        [WAIT_NAME_FREE] = { "name-free", SECONDS(0, 5), "deregistered until its name is free" },
        [WAIT_VISIBLE] = { "visible", SECONDS(0, 1), "created until lists and lookups show it" },
        [WAIT_TARGET_HEALTHY] = { "target-healthy", SECONDS(20, 20),
                                  "registered and up until its target group says healthy" },
        [WAIT_TARGET_UNHEALTHY] = { "target-unhealthy", SECONDS(20, 20),
                                    "down until its target group says unhealthy" },
        [WAIT_STANDBY] = { "standby", SECONDS(5, 20), "on the way into standby, and out of it" },
        [WAIT_SCALING_HEALTH] = { "scaling-health", SECONDS(60, 120),
                                  "down until an Auto Scaling group terminates it" },
        [WAIT_AGENT_START] = { "agent-start", SECONDS(5, 5),
                               "up until the SSM agent takes orders" },
        [WAIT_AGENT_LOST] = { "agent-lost", SECONDS(300, 300), "down until ConnectionLost" },
        [WAIT_COMMAND_VISIBLE] = { "command-visible", SECONDS(0, 2),
                                   "sent until its invocation exists" },
        [WAIT_COMMAND_DELIVERY] = { "command-delivery", SECONDS(0.2, 2), "sent until it begins" },
        [WAIT_COMMAND] = { "command", SECONDS(0.5, 3), "begun until its script has ended" },
};

void timeline_init(struct timeline *timeline, double speed)
{
        timeline->speed = speed > 0 ? speed : 1;
        for (size_t i = 0; i < WAITS; i++)
                timeline->waits[i] = wait_infos[i].usual;
}

enum wait wait_by_name(const char *name)
{
        enum wait wait = 0;

        while (wait < WAITS && !streq(wait_infos[wait].name, name))
                wait++;
        return wait;
}

usec_t timeline_draw(const struct timeline *timeline, enum wait wait, uint64_t dice)
{
        const struct range *range = &timeline->waits[wait];
        uint64_t width = (uint64_t)(range->max - range->min) + 1;

        return (usec_t)((double)(range->min + (usec_t)(dice % width)) / timeline->speed);
}

usec_t later(usec_t at, usec_t wait)
{
        return at == USEC_INFINITY || wait == USEC_INFINITY ? USEC_INFINITY : at + wait;
}
