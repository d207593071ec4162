/*
 * How images are made, and which consistency they achieve: the table of methods, and that of the
 * values of the tag amid:consistency.
 *
 * A method is what is done to an instance for its image; the consistency achieved is what is proven
 * afterwards. In the create call the tag is `crash`, whatever the method: nothing is proven yet.
 * Both names are stored and stand in tags: never rename, never reuse.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/creating-an-ami-ebs.html
 */
#pragma once

#include "settings/settings.h"

/* Values of amid:consistency, from the weakest. */
#define ACHIEVED_CRASH         "crash"         /* like pulling the plug */
#define ACHIEVED_FROZEN        "frozen"        /* at rest from before the first snapshot on */
#define ACHIEVED_REBOOT_FORCED "reboot-forced" /* rebooted; EC2 may have cut its power for that */
#define ACHIEVED_REBOOT_CLEAN  "reboot-clean"  /* rebooted, and it shut itself down */
#define ACHIEVED_STOPPED       "stopped"       /* stopped until the last of its snapshots began */

/* Bits of methods, for the steps that only some of them go through. */
enum {
        BY_CRASH = 1,
        BY_STOPPED = 2,
        BY_FREEZE = 4,
        BY_REBOOT = 8,
        BY_STOP = 16,
};

struct method {
        const char *name; /* stored, and the tag amid:method */
        unsigned int bit;
        const char *says; /* "with a reboot" */
        bool holds;       /* does something to the instance: one at a time does */
        bool takes_down;  /* the instance is down for it: counts against max_parallel */
        bool reboots;     /* CreateImage does the reboot */
};

extern const struct method method_crash, method_stopped, method_freeze, method_reboot, method_stop;
/* NULL for no name, or one that is not known. */
const struct method *method_named(const char *name);

/* The consistency that is requested for images of this schedule: for CONSISTENCY_AUTO it goes by
 * whether the last reboot of the instance for an image is younger than reboot_max_age (`rebooted`).
 */
enum setting_consistency level_of(const struct setting_schedule *schedule, bool rebooted);
/* How a running instance gets an image of that consistency; not for CONSISTENCY_AUTO. */
const struct method *method_for(enum setting_consistency level);

/* The strongest level of the settings that `achieved` (NULL: nothing) satisfies. An unknown word
 * satisfies only crash. */
enum setting_consistency consistency_level(const char *achieved);
/* Whether the consistency achieved is at least the one requested (`asked`). */
bool consistency_satisfies(const char *achieved, enum setting_consistency asked);
/* Whether it is less than the one requested, as a word of the settings; NULL and unknown words
 * request nothing. */
bool consistency_falls_short(const char *achieved, const char *asked);
