/* The table of credentials providers; the providers of the environment and of IMDS. */
#include "aws/credentials/chain-private.h"

#include "aws/config/variable.h"
#include "base/alloc.h"

#define CHAIN   CHAIN_DEFAULT
#define PROFILE CHAIN_PROFILE

const struct provider providers[] = {
        { "environment", CHAIN | CHAIN_ENVIRONMENT, false, provider_environment },
        { "assumed role", CHAIN | PROFILE, false, provider_role },
        { "web identity", CHAIN | PROFILE, false, provider_web_identity },
        { "single sign-on", CHAIN | PROFILE, false, provider_sso },
        { "credentials file", CHAIN | PROFILE, false, provider_credentials_file },
        { "credential_process", CHAIN | PROFILE, false, provider_process },
        { "config file", CHAIN | PROFILE, false, provider_config_file },
        { "systemd credential", CHAIN | PROFILE, false, provider_service_manager },
        { "container", CHAIN | CHAIN_CONTAINER, false, provider_container },
        { "instance metadata", CHAIN | CHAIN_INSTANCE, true, provider_instance },
        {},
};

enum provider_outcome provider_environment(struct chain *chain, struct credentials **ret,
                                           char **ret_why)
{
        const char *access_key = variable_get("AWS_ACCESS_KEY_ID");
        const char *secret = variable_get("AWS_SECRET_ACCESS_KEY");
        const char *token = variable_get("AWS_SESSION_TOKEN");
        const char *expiration = variable_get("AWS_CREDENTIAL_EXPIRATION");
        sec_t expires = SEC_NEVER;

        if (chain->explicit_ && chain->kind == CHAIN_DEFAULT) {
                *ret_why =
                        xasprintf("not asked, since the settings name profile %s", chain->profile);
                return PROVIDER_UNSET;
        }
        if (!access_key && !secret) {
                *ret_why = xstrdup("no $AWS_ACCESS_KEY_ID");
                return PROVIDER_UNSET;
        }
        if (!access_key || !secret) {
                *ret_why = xasprintf("$AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY belong "
                                     "together, but only %s is set",
                                     access_key ? "the first" : "the second");
                return PROVIDER_BROKEN;
        }
        if (expiration && !parse_rfc3339(expiration, &expires)) {
                *ret_why = xstrdup("$AWS_CREDENTIAL_EXPIRATION is no time of RFC 3339");
                return PROVIDER_BROKEN;
        }
        *ret = credentials_new("the environment", access_key, secret,
                               token ? token : variable_get("AWS_SECURITY_TOKEN"), expires);
        (*ret)->account = xstrdup(variable_get("AWS_ACCOUNT_ID"));
        return PROVIDER_FOUND;
}

static void on_imds(struct credentials *credentials, const char *why, void *userdata)
{
        chain_complete(userdata, credentials, why);
}

enum provider_outcome provider_instance(struct chain *chain, struct credentials **ret,
                                        char **ret_why)
{
        (void)ret;
        (void)ret_why;
        imds_credentials_free(chain->imds);
        chain->imds = imds_credentials_get(chain->tools->imds, on_imds, chain);
        return PROVIDER_PENDING;
}
