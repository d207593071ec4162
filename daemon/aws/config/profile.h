/* Which profile of the shared files is meant. */
#pragma once

#include <stdbool.h>

/* The profile of the settings, else $AWS_PROFILE, $AWS_DEFAULT_PROFILE, else "default". */
const char *profile_name(const char *profile);
/* Whether the settings (`profile`) or the environment name a profile. */
bool profile_is_named(const char *profile);
