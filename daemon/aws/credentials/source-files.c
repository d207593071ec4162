/* Credentials that stand in files: the shared files of all AWS tools, and the systemd credential
 * `aws`. */
#include "aws/credentials/search-private.h"

#include "base/alloc.h"

/* The keys of the profile in `file` of `shared`; `where` is for messages. */
static enum source_outcome judge(const struct search *search, const struct shared *shared,
                                 enum shared_file file, const char *source, const char *where,
                                 struct credentials **ret, char **ret_why)
{
        const char *name = search->profile;
        const char *access_key = shared_profile(shared, file, name, "aws_access_key_id");
        const char *secret = shared_profile(shared, file, name, "aws_secret_access_key");
        const char *account = shared_profile(shared, file, name, "aws_account_id");

        if (access_key && secret) {
                *ret = credentials_new(source, access_key, secret,
                                       shared_profile(shared, file, name, "aws_session_token"),
                                       SEC_NEVER);
                (*ret)->account = xstrdup(account);
                return SOURCE_FOUND;
        }
        if (access_key || secret) {
                *ret_why = xasprintf("profile %s in %s has only one of aws_access_key_id and "
                                     "aws_secret_access_key",
                                     name, where);
                return SOURCE_BROKEN;
        }
        *ret_why =
                xasprintf("no %s%s in %s",
                          shared_has_profile(shared, file, name) ? "keys of profile " : "profile ",
                          name, where);
        return SOURCE_NOTHING;
}

enum source_outcome source_credentials_file(struct search *search, struct credentials **ret,
                                            char **ret_why)
{
        return judge(search, &search->shared, SHARED_CREDENTIALS, "the shared credentials file",
                     search->shared.where, ret, ret_why);
}

enum source_outcome source_config_file(struct search *search, struct credentials **ret,
                                       char **ret_why)
{
        if (search_value(search, "login_session")) {
                *ret_why = xasprintf("profile %s has only a login_session, which amid does not use",
                                     search->profile);
                return SOURCE_BROKEN;
        }
        return judge(search, &search->shared, SHARED_CONFIG, "the shared config file", "it", ret,
                     ret_why);
}

enum source_outcome source_service_manager(struct search *search, struct credentials **ret,
                                           char **ret_why)
{
        if (!search->system.where) {
                *ret_why = xstrdup("no $CREDENTIALS_DIRECTORY");
                return SOURCE_NOTHING;
        }
        return judge(search, &search->system, SHARED_CREDENTIALS, "the systemd credential aws",
                     search->system.where, ret, ret_why);
}
