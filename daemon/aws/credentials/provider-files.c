/* Access keys in files: the shared files of all AWS tools, and the systemd credential `aws`. */
#include "aws/credentials/chain-private.h"

#include "base/alloc.h"

/* The access key of the profile in `file` of `shared`; `where` names the file in messages. */
static enum provider_outcome read_keys(const struct chain *chain, const struct shared *shared,
                                       enum shared_file file, const char *source, const char *where,
                                       struct credentials **ret, char **ret_why)
{
        const char *name = chain->profile;
        const char *access_key = shared_profile(shared, file, name, "aws_access_key_id");
        const char *secret = shared_profile(shared, file, name, "aws_secret_access_key");
        const char *account = shared_profile(shared, file, name, "aws_account_id");

        if (access_key && secret) {
                *ret = credentials_new(source, access_key, secret,
                                       shared_profile(shared, file, name, "aws_session_token"),
                                       SEC_NEVER);
                (*ret)->account = xstrdup(account);
                return PROVIDER_FOUND;
        }
        if (access_key || secret) {
                *ret_why = xasprintf("profile %s in %s has only one of aws_access_key_id and "
                                     "aws_secret_access_key",
                                     name, where);
                return PROVIDER_BROKEN;
        }
        *ret_why =
                xasprintf("no %s%s in %s",
                          shared_has_profile(shared, file, name) ? "keys of profile " : "profile ",
                          name, where);
        return PROVIDER_UNSET;
}

enum provider_outcome provider_credentials_file(struct chain *chain, struct credentials **ret,
                                                char **ret_why)
{
        return read_keys(chain, &chain->shared, SHARED_CREDENTIALS, "the shared credentials file",
                         chain->shared.where, ret, ret_why);
}

enum provider_outcome provider_config_file(struct chain *chain, struct credentials **ret,
                                           char **ret_why)
{
        if (chain_value(chain, "login_session")) {
                *ret_why = xasprintf("profile %s has only a login_session, which amid does not use",
                                     chain->profile);
                return PROVIDER_BROKEN;
        }
        return read_keys(chain, &chain->shared, SHARED_CONFIG, "the shared config file", "it", ret,
                         ret_why);
}

enum provider_outcome provider_service_manager(struct chain *chain, struct credentials **ret,
                                               char **ret_why)
{
        if (!chain->system.where) {
                *ret_why = xstrdup("no $CREDENTIALS_DIRECTORY");
                return PROVIDER_UNSET;
        }
        return read_keys(chain, &chain->system, SHARED_CREDENTIALS, "the systemd credential aws",
                         chain->system.where, ret, ret_why);
}
