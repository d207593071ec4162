/*
 * The durations of all that takes time, as data. Each is a range from which a value is drawn when
 * the transition begins, divided by the simulation's speed. POST /sim/config changes ranges by
 * name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

enum wait {
        WAIT_LAUNCH,
        WAIT_BOOT,
        WAIT_SHUTDOWN,
        WAIT_REBOOT_QUEUE,
        WAIT_STOP,
        WAIT_TERMINATE,
        WAIT_TERMINATED_SHOWN,
        WAIT_CHECK_PERIOD,
        WAIT_CHECK_TIMEOUT,
        WAIT_SNAPSHOT_START,
        WAIT_SNAPSHOT,
        WAIT_SNAPSHOT_PER_GIB,
        WAIT_SNAPSHOT_SPACING,
        WAIT_SNAPSHOT_FREE,
        WAIT_IMAGE,
        WAIT_IMAGE_GONE,
        WAIT_NAME_FREE,
        WAIT_VISIBLE,
        WAIT_TARGET_HEALTHY,
        WAIT_TARGET_UNHEALTHY,
        WAIT_STANDBY,
        WAIT_SCALING_HEALTH,
        WAIT_AGENT_START,
        WAIT_AGENT_LOST,
        WAIT_COMMAND_VISIBLE,
        WAIT_COMMAND_DELIVERY,
        WAIT_COMMAND,
        WAITS,
};

struct range {
        usec_t min, max;
};

struct wait_info {
        const char *name;
        struct range usual; /* the range of a new simulation */
        const char *help;
};
extern const struct wait_info wait_infos[WAITS];

struct timeline {
        struct range waits[WAITS];
        double speed;
};

void timeline_init(struct timeline *timeline, double speed);
/* WAITS when there is none of that name. */
enum wait wait_by_name(const char *name);
/* `dice` are random bits; the same give the same duration. */
usec_t timeline_draw(const struct timeline *timeline, enum wait wait, uint64_t dice);
/* `at + wait`; USEC_INFINITY stays. */
usec_t later(usec_t at, usec_t wait);
