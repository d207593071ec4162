/* Credentials of IAM Identity Center: the session that `aws sso login` left in the cache. amid uses
 * it as long as it lasts and cannot renew it. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "aws/document.h"
#include "aws/place.h"
#include "aws/search-private.h"
#include "aws/variable.h"
#include "base/alloc.h"

enum { TOKEN_FILE_MAX = 64 << 10, STATUS_OK = 200 };

static const struct service service_sso = {
        .name = "portal.sso", .shout = "SSO", .section = "sso", .version = "", .target = NULL
};

/* A key of the profile, else of its session. */
static const char *sso_value(const struct search *search, const char *key)
{
        const char *session = search_value(search, "sso_session");
        const char *value = search_value(search, key);

        return value || !session ? value : shared_session(&search->shared, session, key);
}

/* ~/.aws/sso/cache/SHA1.json of the session's name or, in the old form, of the start URL. */
static char *cache_path(const char *name)
{
        static const char digits[] = "0123456789abcdef";
        const char *home = variable_get("HOME");
        unsigned char hash[EVP_MAX_MD_SIZE];
        char hex[2 * EVP_MAX_MD_SIZE + 1];
        unsigned int written = 0;
        size_t size;

        EVP_Digest(name, strlen(name), hash, &written, EVP_sha1(), NULL);
        size = written;
        for (size_t i = 0; i < size; i++) {
                hex[2 * i] = digits[hash[i] >> 4];
                hex[2 * i + 1] = digits[hash[i] & 15];
        }
        hex[2 * size] = '\0';
        return xasprintf("%s/.aws/sso/cache/%s.json", home ? home : "", hex);
}

/* The token of the cache file, or NULL and why. */
static char *read_token(const char *path, sec_t now, char **ret_why)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ char *text = xcalloc(TOKEN_FILE_MAX + 1, 1);
        ssize_t size = fd < 0 ? -1 : read(fd, text, TOKEN_FILE_MAX);
        const char *access_token, *ends;
        char *token = NULL;
        cJSON *document;
        sec_t end = 0;

        if (size < 0) {
                *ret_why = xasprintf("%s: %s; run `aws sso login`", path,
                                     strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
                return NULL;
        }
        document = cJSON_ParseWithLength(text, (size_t)size);
        access_token = cJSON_GetStringValue(cJSON_GetObjectItem(document, "accessToken"));
        ends = cJSON_GetStringValue(cJSON_GetObjectItem(document, "expiresAt"));
        if (!access_token || !is_printable_utf8(access_token) || !ends ||
            !parse_rfc3339(ends, &end))
                *ret_why = xasprintf("%s holds no token; run `aws sso login`", path);
        else if (end <= now)
                *ret_why = xasprintf("the session of %s has ended; run `aws sso login`", path);
        else
                token = xstrdup(access_token);
        cJSON_Delete(document);
        explicit_bzero(text, TOKEN_FILE_MAX);
        return token;
}

static void on_answer(const struct http_reply *reply, void *userdata)
{
        _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
        struct search *search = userdata;
        _cleanup_free_ char *why = NULL;

        if (reply->outcome != HTTP_ANSWERED)
                why = xstrdup(reply->error);
        else if (reply->status != STATUS_OK)
                why = xasprintf("HTTP %d from the portal; the role may not be yours, or the "
                                "session has ended: run `aws sso login`",
                                reply->status);
        else
                credentials = document_parse(&document_sso, reply->body, reply->body_size, &why);
        if (credentials)
                credentials->account = xstrdup(sso_value(search, "sso_account_id"));
        search_take(search, credentials, why);
}

static void ask_portal(struct search *search, const struct endpoint *endpoint, const char *token)
{
        const char *role = sso_value(search, "sso_role_name");
        const char *account = sso_value(search, "sso_account_id");
        _cleanup_(text_done) struct text url = {};

        text_printf(&url, "%sfederation/credentials?role_name=", endpoint->url);
        text_percent_encode(&url, role, strlen(role), false);
        text_append(&url, "&account_id=");
        text_percent_encode(&url, account, strlen(account), false);
        search->http = http_send(search->tools->http,
                                 &(struct http_request){
                                         .method = "GET",
                                         .url = text_get(&url),
                                         .headers = { { "x-amz-sso_bearer_token", token } },
                                 },
                                 on_answer, search);
}

/* The key that is missing, or NULL. */
static const char *missing_key(const struct search *search)
{
        static const char *const needed[] = { "sso_start_url", "sso_region", "sso_role_name",
                                              "sso_account_id" };

        for (size_t i = 0; i < ELEMENTS(needed); i++)
                if (!sso_value(search, needed[i]))
                        return needed[i];
        return NULL;
}

enum source_outcome source_sso(struct search *search, struct credentials **ret, char **ret_why)
{
        const char *session = search_value(search, "sso_session"), *missing;
        struct endpoint_options options = { .override = search->endpoint_url };
        _cleanup_(endpoint_done) struct endpoint endpoint = {};
        _cleanup_free_ char *path = NULL, *token = NULL;

        (void)ret;
        if (!search_value(search, "sso_account_id") && !search_value(search, "sso_role_name")) {
                *ret_why = xstrdup("no sso_account_id");
                return SOURCE_NOTHING;
        }
        if (session && !shared_has_session(&search->shared, session)) {
                *ret_why = xasprintf("sso_session %s of profile %s is not in %s", session,
                                     search->profile, search->shared.where);
                return SOURCE_BROKEN;
        }
        missing = missing_key(search);
        if (missing) {
                *ret_why = xasprintf("profile %s lacks %s", search->profile, missing);
                return SOURCE_BROKEN;
        }
        if (!options.override && place_endpoint_options(&search->shared, search->profile,
                                                        &service_sso, &options, ret_why) < 0)
                return SOURCE_BROKEN;
        path = cache_path(session ? session : sso_value(search, "sso_start_url"));
        token = read_token(path, loop_wall(search->tools->loop), ret_why);
        if (!token || endpoint_resolve(service_sso.name, sso_value(search, "sso_region"), &options,
                                       &endpoint, ret_why) < 0)
                return SOURCE_BROKEN;
        ask_portal(search, &endpoint, token);
        explicit_bzero(token, strlen(token));
        return SOURCE_ASKED;
}
