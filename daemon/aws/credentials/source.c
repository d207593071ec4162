#include "aws/credentials/search-private.h"

#include "aws/config/variable.h"
#include "base/alloc.h"

#define CHAIN   SEARCH_CHAIN
#define PROFILE SEARCH_PROFILE

const struct source sources[] = {
        { "environment", CHAIN | SEARCH_ENVIRONMENT, false, source_environment },
        { "assumed role", CHAIN | PROFILE, false, source_role },
        { "web identity", CHAIN | PROFILE, false, source_web_identity },
        { "single sign-on", CHAIN | PROFILE, false, source_sso },
        { "credentials file", CHAIN | PROFILE, false, source_credentials_file },
        { "credential_process", CHAIN | PROFILE, false, source_process },
        { "config file", CHAIN | PROFILE, false, source_config_file },
        { "systemd credential", CHAIN | PROFILE, false, source_service_manager },
        { "container", CHAIN | SEARCH_CONTAINER, false, source_container },
        { "instance metadata", CHAIN | SEARCH_INSTANCE, true, source_instance },
        {},
};

enum source_outcome source_environment(struct search *search, struct credentials **ret,
                                       char **ret_why)
{
        const char *access_key = variable_get("AWS_ACCESS_KEY_ID");
        const char *secret = variable_get("AWS_SECRET_ACCESS_KEY");
        const char *token = variable_get("AWS_SESSION_TOKEN");
        const char *expiration = variable_get("AWS_CREDENTIAL_EXPIRATION");
        sec_t expires = SEC_NEVER;

        if (search->explicit_ && search->kind == SEARCH_CHAIN) {
                *ret_why =
                        xasprintf("not asked, since the settings name profile %s", search->profile);
                return SOURCE_NOTHING;
        }
        if (!access_key && !secret) {
                *ret_why = xstrdup("no $AWS_ACCESS_KEY_ID");
                return SOURCE_NOTHING;
        }
        if (!access_key || !secret) {
                *ret_why = xasprintf("$AWS_ACCESS_KEY_ID and $AWS_SECRET_ACCESS_KEY belong "
                                     "together, but only %s is set",
                                     access_key ? "the first" : "the second");
                return SOURCE_BROKEN;
        }
        if (expiration && !parse_rfc3339(expiration, &expires)) {
                *ret_why = xstrdup("$AWS_CREDENTIAL_EXPIRATION is no time of RFC 3339");
                return SOURCE_BROKEN;
        }
        *ret = credentials_new("the environment", access_key, secret,
                               token ? token : variable_get("AWS_SECURITY_TOKEN"), expires);
        (*ret)->account = xstrdup(variable_get("AWS_ACCOUNT_ID"));
        return SOURCE_FOUND;
}

static void on_imds(struct credentials *credentials, const char *why, void *userdata)
{
        search_take(userdata, credentials, why);
}

enum source_outcome source_instance(struct search *search, struct credentials **ret, char **ret_why)
{
        (void)ret;
        (void)ret_why;
        imds_credentials_free(search->imds);
        search->imds = imds_credentials_get(search->tools->imds, on_imds, search);
        return SOURCE_ASKED;
}
