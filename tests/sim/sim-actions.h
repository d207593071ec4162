/* The table of actions. */
#pragma once

#include "sim/sim-call.h"

/* NULL when there is none of that name. */
const struct sim_action *action_find(const char *name);
/* Fails the call when a parameter is unknown or a required one is missing. */
bool action_check_parameters(struct call *call);
/* Takes the tokens the call costs; fails it when there are too few. */
bool action_take_tokens(struct call *call);
