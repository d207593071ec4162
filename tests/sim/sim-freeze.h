/*
 * What is frozen on an instance, and the two scripts of amid that change it (daemon/runs/
 * freeze-script.h says what they print). The model runs no shell: it knows them by their first
 * lines, `token='TOKEN'` and, when they freeze, `timeout=SECONDS`; or by a comment, `# amid freeze
 * token=TOKEN timeout=SECONDS` or `# amid thaw token=TOKEN`. boot-probe.sh it knows by the word
 * amid-boot.
 */
#pragma once

#include <stdbool.h>

#include "sim/sim-world.h"

enum thaw_cause {
        THAW_BY_COMMAND,
        THAW_BY_WATCHDOG, /* also while it is still to come */
        THAW_BY_FREEZE,   /* its own commands failed: nothing was ever frozen */
        THAW_BY_RESTART,  /* the system went down */
        THAW_OF_NOTHING,  /* a thaw came first, so that the token can never freeze */
};

/* One token on one instance. */
struct freeze {
        char *token;
        usec_t from;     /* frozen from here */
        usec_t until;    /* to here; equal to `from`: never was */
        usec_t watchdog; /* at which it thaws by itself */
        enum thaw_cause by;
        unsigned int boots; /* instance->n_outages then: a restart forgets all tokens */
};

/* What is frozen at an instant, or NULL. At most one freeze is at a time. */
const struct freeze *instance_frozen(const struct instance *instance, usec_t at);
/* Its end, and by what, with a restart taken into account. */
usec_t freeze_end(const struct instance *instance, const struct freeze *freeze,
                  enum thaw_cause *ret_by);
const char *thaw_cause_name(enum thaw_cause by);

/* What a script has come to. */
struct script_result {
        int status;
        char *output; /* caller frees */
};
/* Runs a script at an instant at which the instance is up: one of these, else one that does nothing
 * and ends well. `fails`: the commands in it do. */
void instance_run_script(struct instance *instance, const char *script, bool fails, usec_t at,
                         struct script_result *ret);

void freezes_done(struct instance *instance);
