/* The name of the profile of the shared files that is in use. */
#pragma once

#include <stdbool.h>

/* `profile` of the settings (or NULL), else $AWS_PROFILE, $AWS_DEFAULT_PROFILE, else "default". */
const char *profile_name(const char *profile);
/* Whether the settings (`profile`) or the environment name a profile. */
bool profile_is_named(const char *profile);
