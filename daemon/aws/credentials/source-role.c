/* Credentials of a role that a profile or the environment names. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "aws/config/variable.h"
#include "aws/credentials/search-private.h"
#include "base/alloc.h"
#include "base/trust.h"

enum { DURATION_MAX = 43200, WEB_TOKEN_MAX = 20000 };

static bool has_static_keys(const struct search *search, const char *profile)
{
        return shared_profile(&search->shared, SHARED_MERGED, profile, "aws_access_key_id") ||
               shared_profile(&search->shared, SHARED_MERGED, profile, "aws_secret_access_key");
}

static void on_assumed(struct credentials *credentials, const char *why, void *userdata)
{
        search_take(userdata, credentials, why);
}

/* What both kinds of role have in common; the strings are borrowed. */
static struct sts_role role_of(const struct search *search, const char *arn, const char *session,
                               const char *source)
{
        unsigned long long seconds = 0;
        const char *duration = search_value(search, "duration_seconds");

        if (duration && !parse_number(duration, DURATION_MAX, &seconds))
                seconds = 0; /* as every other tool, rather than to do without credentials */
        return (struct sts_role){
                .arn = arn,
                .session = session ? session : STS_SESSION_NAME,
                .duration = (unsigned int)seconds,
                .source = source,
        };
}

/* ---- with the credentials of another profile or source ---- */

static void on_source(struct credentials *credentials, const char *why, void *userdata)
{
        struct search *search = userdata;
        const char *arn = search_value(search, "role_arn");
        _cleanup_free_ char *region = search_region(search, arn);
        struct sts_role role =
                role_of(search, arn, search_value(search, "role_session_name"), "an assumed role");

        if (!credentials) {
                _cleanup_free_ char *all =
                        xasprintf("role %s of profile %s: its source has no credentials (%s)", arn,
                                  search->profile, why);

                search_take(search, NULL, all);
                return;
        }
        role.external_id = search_value(search, "external_id");
        search->sts = sts_assume(
                &(struct sts_options){
                        .tools = search->tools,
                        .region = region,
                        .endpoint_url = search->endpoint_url,
                        .profile = search->profile,
                        .credentials = credentials,
                },
                &role, on_assumed, search);
}

/* Which search gets the credentials that assume the role; false when it is none. */
static bool find_named_source(const char *name, enum search_kind *ret)
{
        static const struct {
                const char *name;
                enum search_kind kind;
        } kinds[] = {
                { "Environment", SEARCH_ENVIRONMENT },
                { "EcsContainer", SEARCH_CONTAINER },
                { "Ec2InstanceMetadata", SEARCH_INSTANCE },
        };

        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                if (streq(kinds[i].name, name)) {
                        *ret = kinds[i].kind;
                        return true;
                }
        return false;
}

/* A profile may be its own source when it has keys; otherwise none may come twice. */
static bool is_loop(const struct search *search, const char *profile)
{
        if (streq(search->profile, profile))
                return !has_static_keys(search, profile);
        for (const struct search *outer = search->outer; outer; outer = outer->outer)
                if (streq(outer->profile, profile))
                        return true;
        return false;
}

/* What is wrong with the profile's words about its source, or NULL. */
static char *check_source(const struct search *search, const char *profile, const char *named,
                          enum search_kind *ret_kind)
{
        *ret_kind = SEARCH_PROFILE;
        if (search_value(search, "mfa_serial"))
                return xasprintf("profile %s wants mfa_serial, a code that nobody can type into a "
                                 "daemon; let the role be assumed without",
                                 search->profile);
        if (!profile == !named)
                return xasprintf("profile %s needs %s of source_profile and credential_source for "
                                 "its role_arn",
                                 search->profile, profile ? "only one" : "one");
        if (named && !find_named_source(named, ret_kind))
                return xasprintf("credential_source %s of profile %s is none of Environment, "
                                 "EcsContainer, Ec2InstanceMetadata",
                                 named, search->profile);
        if (profile && !shared_has_profile(&search->shared, SHARED_MERGED, profile))
                return xasprintf("source_profile %s of profile %s is not in %s", profile,
                                 search->profile, search->shared.where);
        if (profile && is_loop(search, profile))
                return xasprintf("source_profile %s of profile %s leads back to where it came from",
                                 profile, search->profile);
        return NULL;
}

enum source_outcome source_role(struct search *search, struct credentials **ret, char **ret_why)
{
        const char *profile = search_value(search, "source_profile");
        const char *named = search_value(search, "credential_source");
        enum search_kind kind;

        (void)ret;
        if (!search_value(search, "role_arn") || search_value(search, "web_identity_token_file") ||
            (search->kind == SEARCH_PROFILE && has_static_keys(search, search->profile))) {
                *ret_why = xstrdup("no role_arn");
                return SOURCE_NOTHING;
        }
        *ret_why = check_source(search, profile, named, &kind);
        if (*ret_why)
                return SOURCE_BROKEN;
        search->inner = search_new(search->tools,
                                   &(struct search_options){
                                           .kind = kind,
                                           .sources = search->sources,
                                           .profile = profile ? profile : search->profile,
                                           .endpoint_url = search->endpoint_url,
                                           .outer = search,
                                   },
                                   on_source, search);
        return SOURCE_ASKED;
}

/* ---- with a token ---- */

/* Kubernetes and others put a new one there before the old one ends, so it is read each time. */
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

/* From the environment unless the settings named a profile, else from the profile. */
static const char *web_value(const struct search *search, const char *variable, const char *key)
{
        const char *value = search->explicit_ ? NULL : variable_get(variable);

        return value ? value : search_value(search, key);
}

enum source_outcome source_web_identity(struct search *search, struct credentials **ret,
                                        char **ret_why)
{
        const char *path =
                web_value(search, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
        const char *arn = web_value(search, "AWS_ROLE_ARN", "role_arn");
        const char *session = web_value(search, "AWS_ROLE_SESSION_NAME", "role_session_name");
        _cleanup_free_ char *token = NULL, *region = NULL, *untrusted = NULL;
        struct sts_role role = role_of(search, arn, session, "a web identity");
        int r;

        (void)ret;
        if (!path) {
                *ret_why = xstrdup("no token file");
                return SOURCE_NOTHING;
        }
        if (!arn) {
                *ret_why = xasprintf("there is a token file %s, but no $AWS_ROLE_ARN or role_arn",
                                     path);
                return SOURCE_BROKEN;
        }
        untrusted = trust_path(path);
        if (untrusted) {
                *ret_why = xasprintf("%s is not read: %s", path, untrusted);
                return SOURCE_BROKEN;
        }
        token = xcalloc(WEB_TOKEN_MAX + 1, 1);
        r = read_token(path, token);
        if (r < 0) {
                *ret_why = r == -EINVAL ? xasprintf("%s holds no token", path)
                                        : xasprintf("%s: %s", path, strerror(-r)); /* NOLINT */
                return SOURCE_BROKEN;
        }
        region = search_region(search, arn);
        search->sts = sts_assume_with_token(
                &(struct sts_options){
                        .tools = search->tools,
                        .region = region,
                        .endpoint_url = search->endpoint_url,
                        .profile = search->profile,
                },
                &role, token, on_assumed, search);
        explicit_bzero(token, WEB_TOKEN_MAX);
        return SOURCE_ASKED;
}
