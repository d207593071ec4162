/* Credentials of a role that a profile or the environment names, from STS. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aws/config/variable.h"
#include "aws/credentials/chain-private.h"
#include "base/alloc.h"
#include "base/trust.h"

enum { DURATION_MAX = 43200, WEB_TOKEN_MAX = 20000 };

static bool has_static_keys(const struct chain *chain, const char *profile)
{
        return shared_profile(&chain->shared, SHARED_MERGED, profile, "aws_access_key_id") ||
               shared_profile(&chain->shared, SHARED_MERGED, profile, "aws_secret_access_key");
}

static void on_assumed(struct credentials *credentials, const char *why, void *userdata)
{
        chain_complete(userdata, credentials, why);
}

/* The fields that an assumed role and a web identity have in common; strings are borrowed. */
static struct sts_role role_of(const struct chain *chain, const char *arn, const char *session,
                               const char *source)
{
        unsigned long long seconds = 0;
        const char *duration = chain_value(chain, "duration_seconds");

        if (duration && !parse_number(duration, DURATION_MAX, &seconds))
                seconds = 0; /* STS's default, as other tools do: better than no credentials */
        return (struct sts_role){
                .arn = arn,
                .session = session ? session : STS_SESSION_NAME,
                .duration = (unsigned int)seconds,
                .source = source,
        };
}

/* ---- with the credentials of source_profile or credential_source ---- */

static void on_source_credentials(struct credentials *credentials, const char *why, void *userdata)
{
        struct chain *chain = userdata;
        const char *arn = chain_value(chain, "role_arn");
        _cleanup_free_ char *region = chain_region(chain, arn);
        struct sts_role role =
                role_of(chain, arn, chain_value(chain, "role_session_name"), "an assumed role");

        if (!credentials) {
                _cleanup_free_ char *all =
                        xasprintf("role %s of profile %s: its source has no credentials (%s)", arn,
                                  chain->profile, why);

                chain_complete(chain, NULL, all);
                return;
        }
        role.external_id = chain_value(chain, "external_id");
        chain->sts = sts_assume(
                &(struct sts_options){
                        .tools = chain->tools,
                        .region = region,
                        .endpoint_url = chain->endpoint_url,
                        .profile = chain->profile,
                        .credentials = credentials,
                },
                &role, on_assumed, chain);
}

/* The kind of chain for a value of credential_source; false for an unknown value. */
static bool find_credential_source(const char *name, enum chain_kind *ret)
{
        static const struct {
                const char *name;
                enum chain_kind kind;
        } kinds[] = {
                { "Environment", CHAIN_ENVIRONMENT },
                { "EcsContainer", CHAIN_CONTAINER },
                { "Ec2InstanceMetadata", CHAIN_INSTANCE },
        };

        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (streq(kinds[i].name, name)) {
                        *ret = kinds[i].kind;
                        return true;
                }
        return false;
}

/* A profile with access keys may be its own source_profile. Any other repetition is a loop. */
static bool is_loop(const struct chain *chain, const char *profile)
{
        if (streq(chain->profile, profile))
                return !has_static_keys(chain, profile);
        for (const struct chain *outer = chain->outer; outer; outer = outer->outer)
                if (streq(outer->profile, profile))
                        return true;
        return false;
}

/* The reason why source_profile and credential_source cannot be used, or NULL. */
static char *check_source(const struct chain *chain, const char *profile, const char *named,
                          enum chain_kind *ret_kind)
{
        *ret_kind = CHAIN_PROFILE;
        if (chain_value(chain, "mfa_serial"))
                return xasprintf("profile %s wants mfa_serial, a code that nobody can type into a "
                                 "daemon; let the role be assumed without",
                                 chain->profile);
        if (!profile == !named)
                return xasprintf("profile %s needs %s of source_profile and credential_source for "
                                 "its role_arn",
                                 chain->profile, profile ? "only one" : "one");
        if (named && !find_credential_source(named, ret_kind))
                return xasprintf("credential_source %s of profile %s is none of Environment, "
                                 "EcsContainer, Ec2InstanceMetadata",
                                 named, chain->profile);
        if (profile && !shared_has_profile(&chain->shared, SHARED_MERGED, profile))
                return xasprintf("source_profile %s of profile %s is not in %s", profile,
                                 chain->profile, chain->shared.where);
        if (profile && is_loop(chain, profile))
                return xasprintf("source_profile %s of profile %s leads back to where it came from",
                                 profile, chain->profile);
        return NULL;
}

enum provider_outcome provider_role(struct chain *chain, struct credentials **ret, char **ret_why)
{
        const char *profile = chain_value(chain, "source_profile");
        const char *named = chain_value(chain, "credential_source");
        enum chain_kind kind;

        (void)ret;
        if (!chain_value(chain, "role_arn") || chain_value(chain, "web_identity_token_file") ||
            (chain->kind == CHAIN_PROFILE && has_static_keys(chain, chain->profile))) {
                *ret_why = xstrdup("no role_arn");
                return PROVIDER_UNSET;
        }
        *ret_why = check_source(chain, profile, named, &kind);
        if (*ret_why)
                return PROVIDER_BROKEN;
        chain->inner = chain_new(chain->tools,
                                 &(struct chain_options){
                                         .kind = kind,
                                         .providers = chain->providers,
                                         .profile = profile ? profile : chain->profile,
                                         .endpoint_url = chain->endpoint_url,
                                         .outer = chain,
                                 },
                                 on_source_credentials, chain);
        return PROVIDER_PENDING;
}

/* ---- with a web identity token ---- */

/* Reads the token file anew each time: Kubernetes replaces the token before it expires. */
static int read_token(const char *path, char buffer[static WEB_TOKEN_MAX + 1])
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        size_t size = 0;
        ssize_t n;

        if (fd < 0)
                return -errno;
        while (size < WEB_TOKEN_MAX && (n = read(fd, buffer + size, WEB_TOKEN_MAX - size)) != 0) {
                if (n < 0 && errno != EINTR)
                        return -errno;
                size += n > 0 ? (size_t)n : 0;
        }
        if (size == WEB_TOKEN_MAX)
                return -EFBIG;
        while (size && strchr(" \t\r\n", buffer[size - 1]))
                size--;
        buffer[size] = '\0';
        return is_printable_utf8(buffer) && size > 0 ? 0 : -EINVAL;
}

/* The value from the environment unless the settings name a profile, else from the profile. */
static const char *web_value(const struct chain *chain, const char *variable, const char *key)
{
        const char *value = chain->explicit_ ? NULL : variable_get(variable);

        return value ? value : chain_value(chain, key);
}

enum provider_outcome provider_web_identity(struct chain *chain, struct credentials **ret,
                                            char **ret_why)
{
        const char *path =
                web_value(chain, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
        const char *arn = web_value(chain, "AWS_ROLE_ARN", "role_arn");
        const char *session = web_value(chain, "AWS_ROLE_SESSION_NAME", "role_session_name");
        _cleanup_free_ char *token = NULL, *region = NULL, *untrusted = NULL;
        struct sts_role role = role_of(chain, arn, session, "a web identity");
        int r;

        (void)ret;
        if (!path) {
                *ret_why = xstrdup("no token file");
                return PROVIDER_UNSET;
        }
        if (!arn) {
                *ret_why = xasprintf("there is a token file %s, but no $AWS_ROLE_ARN or role_arn",
                                     path);
                return PROVIDER_BROKEN;
        }
        untrusted = trust_path(path);
        if (untrusted) {
                *ret_why = xasprintf("%s is not read: %s", path, untrusted);
                return PROVIDER_BROKEN;
        }
        token = xcalloc(WEB_TOKEN_MAX + 1, 1);
        r = read_token(path, token);
        if (r < 0) {
                *ret_why = r == -EINVAL ? xasprintf("%s holds no token", path)
                                        : xasprintf("%s: %s", path, strerror(-r)); /* NOLINT */
                return PROVIDER_BROKEN;
        }
        region = chain_region(chain, arn);
        chain->sts = sts_assume_with_token(
                &(struct sts_options){
                        .tools = chain->tools,
                        .region = region,
                        .endpoint_url = chain->endpoint_url,
                        .profile = chain->profile,
                },
                &role, token, on_assumed, chain);
        explicit_bzero(token, WEB_TOKEN_MAX);
        return PROVIDER_PENDING;
}
