/* The name of the profile in use. */
#include "aws/config/profile.h"

#include <stddef.h>

#include "aws/config/variable.h"

bool profile_is_named(const char *profile)
{
        return profile || variable_get("AWS_PROFILE") || variable_get("AWS_DEFAULT_PROFILE");
}

const char *profile_name(const char *profile)
{
        if (!profile)
                profile = variable_get("AWS_PROFILE");
        if (!profile)
                profile = variable_get("AWS_DEFAULT_PROFILE");
        return profile ? profile : "default";
}
