/*
 * Freezes of an instance's file systems, and the two scripts of amid that begin and end them
 * (daemon/runs/remote/freeze-script.h says what they print). The model runs no shell. It recognizes
 * the scripts by their first lines, `token='TOKEN'` and, for a freeze, `timeout=SECONDS`; or by a
 * comment, `# amid freeze token=TOKEN timeout=SECONDS` or `# amid thaw token=TOKEN`. It recognizes
 * boot-probe.sh by the word amid-boot.
 */
#pragma once

#include <stdbool.h>

#include "sim/sim-world.h"

enum thaw_cause {
        THAW_BY_COMMAND,
        THAW_BY_WATCHDOG, /* also while that is still to come */
        THAW_BY_FREEZE,   /* the freeze's own commands failed: it never froze */
        THAW_BY_RESTART,  /* the system went down */
        THAW_OF_NOTHING,  /* a thaw came first, so that the token can never freeze */
};

/* A freeze, which has one token, on one instance. */
struct freeze {
        char *token;
        usec_t from;     /* frozen from here */
        usec_t until;    /* to here; equal to `from`: it never froze */
        usec_t watchdog; /* when the watchdog thaws it */
        enum thaw_cause by;
        unsigned int boots; /* instance->n_outages at the freeze: a restart forgets all tokens */
};

/* The freeze that lasts at an instant, or NULL. There is at most one. */
const struct freeze *instance_frozen(const struct instance *instance, usec_t at);
/* The end of a freeze and its cause, with restarts taken into account. */
usec_t freeze_end(const struct instance *instance, const struct freeze *freeze,
                  enum thaw_cause *ret_by);
const char *thaw_cause_name(enum thaw_cause by);

/* The exit status and output of a script. */
struct script_result {
        int status;
        char *output; /* caller frees */
};
/* Runs a script at an instant at which the instance is up. A script that is none of amid's does
 * nothing and succeeds. `fails`: the commands in the script fail. */
void instance_run_script(struct instance *instance, const char *script, bool fails, usec_t at,
                         struct script_result *ret);

void freezes_done(struct instance *instance);
