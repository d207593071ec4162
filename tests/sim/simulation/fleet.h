/*
 * What there is to be imaged, and the settings by which: instances in regions, schedules, drawn
 * from the seed, and changed as operators change them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"
#include "retention/retention.h"
#include "settings/settings.h"
#include "sim/simulation/dice.h"

struct cloud;

#define FLEET_ROLE "arn:aws:iam::123456789012:role/amid"
enum { SCHEDULES_MOST = 12, REGIONS_MOST = 3, GROUPS = 3 };

#define SEC_PER_YEAR ((sec_t)31557600)

struct fleet_schedule {
        char name[24];
        char expression[48];
        const char *zone;
        int group; /* targets the instances of this group; -1: of all */
        enum setting_consistency level;
        bool there, enabled, halt, queue, has_retain;
        bool proof;   /* reboots are proven by SSM */
        bool drain;   /* instances are taken out of their target groups first */
        bool standby; /* and of service in their Auto Scaling group */
        bool anyhow;  /* an instance that cannot be frozen is imaged all the same */
        bool strict;  /* on_shortfall: fail */
        int timeout;  /* of a freeze, seconds */
        int max_age;  /* of a reboot, for auto, days */
        int flexible; /* minutes; 0: none */
        int missed;   /* an index of names */
        int within;   /* hours */
        int max_parallel;
        int group_by;              /* an index of names */
        int settle, ready_timeout; /* minutes */
        int window;                /* hours */
        struct retention_policy retain;
        enum setting_require require; /* of an image that is to count for `retain` */
        bool edited;                  /* the daemon has not read it yet */
        usec_t changed;  /* when the daemon last read other settings than before, monotonic */
        usec_t begins;   /* the same by the daemon's clock, where that was ahead */
        bool unrecorded; /* it could not write that down */
};

struct fleet {
        struct dice dice;
        struct fleet_schedule schedules[SCHEDULES_MOST];
        size_t n_schedules;
        const char *regions[REGIONS_MOST];
        size_t n_regions;
        bool role;                 /* the account is reached by a role */
        int pace;                  /* 0: days, 1: weeks, 2: months */
        bool scaling;              /* instances are of an Auto Scaling group */
        size_t n_instances;        /* at the beginning, in each region */
        struct settings *settings; /* as they are; NULL: to be written anew */
        double worked;             /* time of all schedules that were at work, until then */
        usec_t worked_until;
};

/* One schedule for all of four instances, which keeps one image of each. */
struct fleet_plan {
        enum setting_consistency level;
        bool proof;
        bool rotation; /* instances are taken out of what sends them work */
};
/* `small` NULL: drawn from the seed. */
void fleet_init(struct fleet *fleet, uint64_t seed, const struct fleet_plan *small);
/* Whether images of the schedule may take instances down. */
bool fleet_takes_down(const struct fleet_schedule *schedule);
/* Makes the instances. */
void fleet_launch(struct fleet *fleet, struct cloud *cloud);
void fleet_done(struct fleet *fleet);
/* Never NULL: what it draws is valid. The fleet keeps them until it is edited. */
struct settings *fleet_settings(struct fleet *fleet);
/* Changes something in the settings, for the daemon to read. */
void fleet_edit(struct fleet *fleet, usec_t now);
/* It has read them; its clock was so much ahead, or behind. When it starts again without having
 * `recorded` that, it begins anew. */
void fleet_read(struct fleet *fleet, usec_t now, usec_t skew, bool recorded);
/* It can write again, and runs. */
void fleet_recorded(struct fleet *fleet);
/* Its rules, as the settings have them. Caller frees. */
char *fleet_retain_text(const struct fleet_schedule *schedule);
const struct fleet_schedule *fleet_find(const struct fleet *fleet, const char *name);
/* How many are in the settings now. */
size_t fleet_schedules_there(const struct fleet *fleet);
/* How long such a fleet is watched when nobody says otherwise: what fires seldom needs years to
 * show what the others show in weeks. */
sec_t fleet_lifetime(const struct fleet *fleet);
/* How long it is left in trouble before the next calm. */
sec_t fleet_fault_period(const struct fleet *fleet, struct dice *dice);
/* Of all schedules together, those times only in which they were there and enabled. */
double fleet_schedule_years(struct fleet *fleet, usec_t now);
