/* Steps and phases in words, for screens. */
#include "runs/events/words.h"

#include "base/cleanup.h"
#include "base/text.h"

struct words {
        const char *name, *words;
};

static const struct words steps[] = {
        /* targets */
        { "find-reboots", "looking for instances" },
        { "find-target-groups", "looking for instances" },
        { "describe-instances", "looking for instances" },
        { "describe-named", "looking for instances" },
        { "describe-status", "looking for instances" },
        /* image */
        { "wait-turn", "waiting for its turn" },
        { "check-instance", "looking at the instance" },
        { "check-again", "looking at the instance" },
        { "check-daemon", "looking for another daemon" },
        { "check-status", "reading its status checks" },
        { "check-status-again", "reading its status checks" },
        { "check-stop", "looking at what a stop would lose" },
        { "check-rotation", "reading its target groups" },
        { "take-out", "taking it out of service" },
        { "await-taken-out", "taking it out of service" },
        { "read-boot", "reading its boot id" },
        { "await-boot", "reading its boot id" },
        { "freeze-instance", "freezing it" },
        { "await-frozen", "freezing it" },
        { "stop-instance", "stopping it" },
        { "await-stopped", "stopping it" },
        { "create-image", "asking for its image" },
        { "find-image", "looking for its image" },
        { "look-for-image", "looking for an image that may have been made" },
        { "record-found", "recording the image that was found" },
        { "record-image", "image requested" },
        { "await-snapshots", "waiting until its snapshots have begun" },
        { "prove-stopped", "looking whether it was stopped" },
        { "thaw-instance", "letting it go on" },
        { "await-thawed", "letting it go on" },
        { "start-instance", "starting it" },
        { "await-instance", "waiting until it is back" },
        { "read-boot-again", "reading its boot id" },
        { "await-boot-again", "reading its boot id" },
        { "put-back", "putting it back into service" },
        { "await-put-back", "putting it back into service" },
        { "await-image", "image pending" },
        { "tag-consistency", "labelling the image" },
        { "judge", "image available" },
        /* retention */
        { "describe-images", "listing images" },
        { "look-at-missing", "listing images" },
        { "find-uses", "looking for instances that use images" },
        { "plan-removals", "applying the retention policy" },
        /* removal */
        { "look-at-image", "looking at the image" },
        { "look-at-uses", "looking for instances that use it" },
        { "deregister-image", "deregistering it" },
        { "look-at-snapshots", "looking at its snapshots" },
        { "delete-snapshots", "deleting its snapshots" },
        { "record-removal", "removed" },
        /* adoption */
        { "find-images", "listing images" },
};

static const struct words phases[] = {
        { "find-targets", "looking for instances" },
        { "create-images", "making images" },
        { "find-expired", "applying the retention policy" },
        { "remove-expired", "removing images" },
        { "find-images", "listing images" },
};

/* Phases that have other words while nothing is changed. */
static const struct words dry_phases[] = {
        { "find-expired", "looking what retention would remove" },
        { "remove-expired", "looking what retention would remove" },
};

static const char *find(const struct words *words, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (streq(words[i].name, name))
                        return words[i].words;
        return NULL;
}

const char *step_words(const char *step)
{
        return find(steps, ELEMENTS(steps), step);
}

const char *phase_words(const char *phase, bool dry)
{
        const char *words = dry ? find(dry_phases, ELEMENTS(dry_phases), phase) : NULL;

        return words ? words : find(phases, ELEMENTS(phases), phase);
}
