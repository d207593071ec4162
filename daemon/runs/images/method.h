/*
 * How images are made, and what they are worth: the table of methods and the table of proofs.
 *
 * A method is what is done to an instance for its image; a proof is what is certain afterwards, and
 * what the tag amid:consistency says. In the create call that is `crash`, whatever the method:
 * nothing is proven yet. Both names are stored and stand in tags: never rename, never reuse.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/creating-an-ami-ebs.html
 */
#pragma once

#include "settings/settings.h"

/* Values of amid:consistency, from the weakest. */
#define PROVEN_CRASH         "crash"         /* like pulling the plug */
#define PROVEN_FROZEN        "frozen"        /* at rest from before the first snapshot on */
#define PROVEN_REBOOT_FORCED "reboot-forced" /* rebooted; EC2 may have cut its power for that */
#define PROVEN_REBOOT_CLEAN  "reboot-clean"  /* rebooted, and it shut itself down */
#define PROVEN_STOPPED       "stopped"       /* stopped until the last of its snapshots began */

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

/* What images of this schedule are to be worth: for CONSISTENCY_AUTO it goes by whether the last
 * reboot of the instance for an image is younger than reboot_max_age (`rebooted`). */
enum setting_consistency level_of(const struct setting_schedule *schedule, bool rebooted);
/* How a running instance gets an image of that worth; not for CONSISTENCY_AUTO. */
const struct method *method_for(enum setting_consistency level);

/* The strongest level, in words of the settings, that what is `proven` (NULL: nothing) satisfies.
 * A word that is not known satisfies nothing but crash. */
enum setting_consistency proof_level(const char *proven);
/* Whether what is `proven` is at least what is `asked`. */
bool proof_satisfies(const char *proven, enum setting_consistency asked);
/* Whether it is less than what is `asked`, in words of the settings; NULL and words that are not
 * known ask for nothing. */
bool proof_falls_short(const char *proven, const char *asked);
