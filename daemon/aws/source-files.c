/* Credentials from files: the systemd credential `aws`, and the shared files of all AWS tools. */
#include <errno.h>
#include <unistd.h>

#include "aws/source.h"
#include "base/alloc.h"
#include "base/text.h"

/* What a profile comes to; `where` tells which files were read. */
static enum source_outcome judge(const struct profile *profile, const char *name, const char *where,
                                 const char *source, struct credentials **ret, char **ret_why)
{
        if (profile->access_key && profile->secret) {
                *ret = credentials_new(source, profile->access_key, profile->secret, profile->token,
                                       SEC_NEVER);
                return SOURCE_FOUND;
        }
        if (profile->access_key || profile->secret) {
                *ret_why = xasprintf("profile %s in %s has only one of aws_access_key_id and "
                                     "aws_secret_access_key",
                                     name, where);
                return SOURCE_BROKEN;
        }
        if (profile->unsupported) {
                *ret_why = xasprintf("profile %s in %s wants %s, which amid does not do", name,
                                     where, profile->unsupported);
                return SOURCE_BROKEN;
        }
        *ret_why =
                xasprintf(profile->found ? "profile %s has no keys in %s" : "no profile %s in %s",
                          name, where);
        return SOURCE_NOTHING;
}

enum source_outcome source_service_manager(const char *profile, struct credentials **ret,
                                           char **ret_why)
{
        const char *folder = source_variable("CREDENTIALS_DIRECTORY");
        const char *name = source_profile_name(profile);
        _cleanup_(profile_done) struct profile found = {};
        _cleanup_free_ char *path = NULL;

        if (!folder) {
                *ret_why = xstrdup("$CREDENTIALS_DIRECTORY is not set");
                return SOURCE_NOTHING;
        }
        path = xasprintf("%s/aws", folder);
        if (access(path, F_OK) < 0) {
                *ret_why = xasprintf("there is no %s", path);
                return SOURCE_NOTHING;
        }
        if (profile_read(path, name, PROFILE_CREDENTIALS, &found, ret_why) < 0)
                return SOURCE_BROKEN;
        return judge(&found, name, path, "the systemd credential aws", ret, ret_why);
}

/* The file a variable names, or the usual one; NULL when there is no home either. */
static char *shared_file(const char *variable, const char *usual)
{
        const char *path = source_variable(variable), *home = source_variable("HOME");

        if (path)
                return xstrdup(path);
        return home ? xasprintf("%s/.aws/%s", home, usual) : NULL;
}

static int read_shared(const char *name, struct profile *found, char **ret_where, char **ret_error)
{
        _cleanup_free_ char *credentials =
                shared_file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
        _cleanup_free_ char *config = shared_file("AWS_CONFIG_FILE", "config");
        int r = 0;

        if (credentials)
                r = profile_read(credentials, name, PROFILE_CREDENTIALS, found, ret_error);
        if (r == 0 && config)
                r = profile_read(config, name, PROFILE_CONFIG, found, ret_error);
        if (r == 0)
                *ret_where = credentials || config
                                     ? xasprintf("%s%s%s", credentials ? credentials : "",
                                                 credentials && config ? " and " : "",
                                                 config ? config : "")
                                     : xstrdup("the home folder, for there is no $HOME");
        return r;
}

int source_read_shared_files(const char *profile, struct profile *ret, char **ret_error)
{
        _cleanup_free_ char *where = NULL;

        return read_shared(source_profile_name(profile), ret, &where, ret_error);
}

enum source_outcome source_shared_files(const char *profile, struct credentials **ret,
                                        char **ret_why)
{
        const char *name = source_profile_name(profile);
        _cleanup_(profile_done) struct profile found = {};
        _cleanup_free_ char *where = NULL;

        if (read_shared(name, &found, &where, ret_why) < 0)
                return SOURCE_BROKEN;
        return judge(&found, name, where, "the shared files", ret, ret_why);
}
