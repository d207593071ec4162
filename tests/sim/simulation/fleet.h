/*
 * The fleet: instances in regions, and the schedules and settings by which they are backed up. All
 * of it is drawn from the seed, and edited as operators edit settings.
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
        int group; /* its targets are the instances of this group; -1: of all */
        enum setting_consistency level;
        bool there, enabled, halt, queue, has_retain;
        bool proof;   /* reboots are proven by SSM */
        bool drain;   /* instances are taken out of their target groups first */
        bool standby; /* and of service in their Auto Scaling group */
        bool anyhow;  /* on_failure: crash, of a freeze: the instance is imaged all the same */
        bool strict;  /* on_shortfall: fail */
        int timeout;  /* of a freeze, seconds */
        int max_age;  /* of a reboot, for auto, days */
        int flexible; /* minutes; 0: none */
        int missed;   /* an index of missed_names */
        int within;   /* hours */
        int max_parallel;
        int group_by;              /* an index of group_by_names */
        int settle, ready_timeout; /* minutes */
        int window;                /* hours */
        struct retention_policy retain;
        enum setting_require require; /* the consistency at which images count for `retain` */
        bool edited;                  /* the daemon has not read the change yet */
        usec_t changed;               /* when the daemon last read changed settings, monotonic */
        usec_t begins;                /* the same by the daemon's clock, where that was ahead */
        bool unrecorded;              /* the daemon could not commit the change */
};

struct fleet {
        struct dice dice;
        struct fleet_schedule schedules[SCHEDULES_MOST];
        size_t n_schedules;
        const char *regions[REGIONS_MOST];
        size_t n_regions;
        bool role;                 /* the account has a role */
        int pace;                  /* 0: schedules fire every day, 1: every week, 2: every month */
        bool scaling;              /* instances belong to an Auto Scaling group */
        size_t n_instances;        /* at the beginning, in each region */
        struct settings *settings; /* the present ones; NULL: to be written anew */
        double worked;             /* time of all enabled schedules, up to `worked_until` */
        usec_t worked_until;
};

/* The small fleet of the crash sweep: four instances and one schedule, which keeps one image of
 * each. */
struct fleet_plan {
        enum setting_consistency level;
        bool proof;
        bool rotation; /* instances have a target group and an Auto Scaling group */
};
/* `small` NULL: the fleet is drawn from the seed. */
void fleet_init(struct fleet *fleet, uint64_t seed, const struct fleet_plan *small);
/* Whether images of the schedule may stop or reboot instances. */
bool fleet_takes_down(const struct fleet_schedule *schedule);
/* Launches the instances. */
void fleet_launch(struct fleet *fleet, struct cloud *cloud);
void fleet_done(struct fleet *fleet);
/* The settings, never NULL: what the fleet draws is valid. The fleet keeps them until it is
 * edited. */
struct settings *fleet_settings(struct fleet *fleet);
/* Changes the settings, for the daemon to read. */
void fleet_edit(struct fleet *fleet, usec_t now);
/* The daemon reads the settings, while its clock is ahead by `skew`. A daemon that starts again
 * without having `recorded` them reads them as changed once more. */
void fleet_read(struct fleet *fleet, usec_t now, usec_t skew, bool recorded);
/* The daemon can commit again, and runs. */
void fleet_recorded(struct fleet *fleet);
/* 'retain' of the schedule, as the settings have it. Caller frees. */
char *fleet_retain_text(const struct fleet_schedule *schedule);
const struct fleet_schedule *fleet_find(const struct fleet *fleet, const char *name);
/* How many schedules are in the settings now. */
size_t fleet_schedules_there(const struct fleet *fleet);
/* How long such a fleet is simulated by default: a fleet whose schedules fire seldom needs years
 * to show what others show in weeks. */
sec_t fleet_lifetime(const struct fleet *fleet);
/* The length of the next fault period. */
sec_t fleet_fault_period(const struct fleet *fleet, struct dice *dice);
/* The time of all schedules together during which they were in the settings and enabled. */
double fleet_schedule_years(struct fleet *fleet, usec_t now);
