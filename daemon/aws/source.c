#include "aws/source.h"

#include "base/alloc.h"
#include "base/text.h"

const struct source sources[] = {
        { "environment", source_environment },
        { "systemd credential", source_service_manager },
        { "shared files", source_shared_files },
        { "instance metadata", source_instance },
};
const size_t n_sources = ELEMENTS(sources);

const char *source_variable(const char *name)
{
        const char *value = getenv(name);

        return value && *value ? value : NULL;
}

const char *source_profile_name(const char *profile)
{
        if (!profile)
                profile = source_variable("AWS_PROFILE");
        return profile ? profile : "default";
}

enum source_outcome source_environment(const char *profile, struct credentials **ret,
                                       char **ret_why)
{
        const char *access_key = source_variable("AWS_ACCESS_KEY_ID");
        const char *secret = source_variable("AWS_SECRET_ACCESS_KEY");

        if (profile) {
                *ret_why = xasprintf("not asked, since the settings name profile %s", profile);
                return SOURCE_NOTHING;
        }
        if (!access_key && !secret) {
                *ret_why = xstrdup("$AWS_ACCESS_KEY_ID is not set");
                return SOURCE_NOTHING;
        }
        if (!access_key || !secret) {
                *ret_why = xasprintf("$AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY belong "
                                     "together, but only %s is set",
                                     access_key ? "the first" : "the second");
                return SOURCE_BROKEN;
        }
        *ret = credentials_new("the environment", access_key, secret,
                               source_variable("AWS_SESSION_TOKEN"), SEC_NEVER);
        return SOURCE_FOUND;
}

enum source_outcome source_instance(const char *profile, struct credentials **ret, char **ret_why)
{
        (void)ret;
        /* A profile that somebody named and that is not there must not end in another identity. */
        if (profile || source_variable("AWS_PROFILE")) {
                *ret_why = xasprintf("not asked, since profile %s was named",
                                     source_profile_name(profile));
                return SOURCE_NOTHING;
        }
        return SOURCE_ASK_IMDS;
}
