/* Credentials of IAM Identity Center: the session that `aws sso login` left in the cache, renewed
 * when it can be, is exchanged for those of the profile's role. */
#include <string.h>

#include "aws/config/configured.h"
#include "aws/credentials/document.h"
#include "aws/credentials/search-private.h"
#include "aws/credentials/sso-token.h"
#include "base/alloc.h"

enum { STATUS_OK = 200 };

/* Only their endpoints matter here. */
static const struct service service_sso = {
        .name = "portal.sso", .shout = "SSO", .section = "sso", .version = ""
};
static const struct service service_oidc = {
        .name = "oidc", .shout = "SSO_OIDC", .section = "sso_oidc", .version = ""
};

/* A key of the profile, else of its session. */
static const char *sso_value(const struct search *search, const char *key)
{
        const char *session = search_value(search, "sso_session");
        const char *value = search_value(search, key);

        return value || !session ? value : shared_session(&search->shared, session, key);
}

static char *token_path(const struct search *search)
{
        const char *session = search_value(search, "sso_session");

        return sso_token_path(session ? session : sso_value(search, "sso_start_url"));
}

/* "WHERE: WHY; run `aws sso login --profile NAME`". Caller frees. */
static char *log_in_again(const struct search *search, const char *where, const char *why)
{
        return xasprintf("%s: %s; run `aws sso login --profile %s`", where, why, search->profile);
}

/* 0, or -1 with *ret_why (caller frees). */
static int find_endpoint(const struct search *search, const struct service *service,
                         struct endpoint *ret, char **ret_why)
{
        struct endpoint_options options = { .override = search->endpoint_url };

        if (!options.override &&
            configured_endpoint(&search->shared, search->profile, service, &options, ret_why) < 0)
                return -1;
        return endpoint_resolve(service->name, sso_value(search, "sso_region"), &options, ret,
                                ret_why) < 0
                       ? -1
                       : 0;
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
                                "session has ended: run `aws sso login --profile %s`",
                                reply->status, search->profile);
        else
                credentials = document_parse(&document_sso, reply->body, reply->body_size, &why);
        if (credentials)
                credentials->account = xstrdup(sso_value(search, "sso_account_id"));
        search_take(search, credentials, why);
}

/* With the token, as long as it lasts. */
static enum source_outcome ask_portal(struct search *search, const struct sso_token *token,
                                      char **ret_why)
{
        const char *role = sso_value(search, "sso_role_name");
        const char *account = sso_value(search, "sso_account_id");
        _cleanup_(endpoint_done) struct endpoint endpoint = {};
        _cleanup_(text_done) struct text url = {};

        if (find_endpoint(search, &service_sso, &endpoint, ret_why) < 0)
                return SOURCE_BROKEN;
        text_printf(&url, "%sfederation/credentials?role_name=", endpoint.url);
        text_percent_encode(&url, role, strlen(role), false);
        text_append(&url, "&account_id=");
        text_percent_encode(&url, account, strlen(account), false);
        http_slot_free(search->http);
        search->http = http_send(search->tools->http,
                                 &(struct http_request){
                                         .method = "GET",
                                         .url = text_get(&url),
                                         .headers = { { "x-amz-sso_bearer_token", token->access } },
                                 },
                                 on_answer, search);
        return SOURCE_ASKED;
}

/* ---- renewing the token ---- */

/* Takes the answer into the token and its file. 0, or -1 with *ret_why (caller frees). */
static int take_renewal(struct sso_token *token, const char *path, const struct http_reply *reply,
                        sec_t now, char **ret_why)
{
        _cleanup_free_ char *why = NULL;
        int r;

        if (reply->outcome != HTTP_ANSWERED) {
                *ret_why = xasprintf("it was not renewed (%s)", reply->error);
                return -1;
        }
        if (sso_token_renew(token, reply->body, reply->body_size, now, &why) < 0) {
                *ret_why = xasprintf("it was not renewed (HTTP %d, %s)", reply->status, why);
                return -1;
        }
        r = sso_token_write(token, path);
        if (r == 0)
                return 0;
        *ret_why = xasprintf("the renewed session cannot be written: %s",
                             strerror(-r)); /* NOLINT(concurrency-mt-unsafe) */
        return -1;
}

static void on_renewed(const struct http_reply *reply, void *userdata)
{
        struct search *search = userdata;
        sec_t now = loop_wall(search->tools->loop);
        _cleanup_free_ char *path = token_path(search), *trouble = NULL, *why = NULL;
        _cleanup_(sso_token_done) struct sso_token token = {};

        /* As it is now: another program may have renewed it meanwhile. */
        if (sso_token_read(&token, path, &trouble) == 0)
                take_renewal(&token, path, reply, now, &trouble);
        if (token.document && token.expires > now) {
                if (ask_portal(search, &token, &why) != SOURCE_ASKED)
                        search_take(search, NULL, why);
                return;
        }
        why = log_in_again(search, path, trouble);
        search_take(search, NULL, why);
}

static enum source_outcome renew(struct search *search, const struct sso_token *token,
                                 char **ret_why)
{
        _cleanup_(endpoint_done) struct endpoint endpoint = {};
        _cleanup_free_ char *url = NULL, *body = NULL;

        if (find_endpoint(search, &service_oidc, &endpoint, ret_why) < 0)
                return SOURCE_BROKEN;
        url = xasprintf("%stoken", endpoint.url);
        body = sso_token_request(token);
        search->http = http_send(search->tools->http,
                                 &(struct http_request){
                                         .method = "POST",
                                         .url = url,
                                         .headers = { { "Content-Type", "application/json" } },
                                         .body = body,
                                         .body_size = strlen(body),
                                 },
                                 on_renewed, search);
        explicit_bzero(body, strlen(body));
        return SOURCE_ASKED;
}

/* ---- the source ---- */

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

static enum source_outcome use_token(struct search *search, char **ret_why)
{
        sec_t now = loop_wall(search->tools->loop);
        _cleanup_free_ char *path = token_path(search), *trouble = NULL;
        _cleanup_(sso_token_done) struct sso_token token = {};
        bool can_renew;

        if (sso_token_read(&token, path, &trouble) < 0) {
                *ret_why = log_in_again(search, path, trouble);
                return SOURCE_BROKEN;
        }
        /* A session that is named; one in the old form ends when it ends. */
        can_renew = search_value(search, "sso_session") && sso_token_can_renew(&token, now);
        if (can_renew && token.expires - now < SSO_RENEW_AHEAD && sso_token_is_writable(path))
                return renew(search, &token, ret_why);
        if (token.expires > now)
                return ask_portal(search, &token, ret_why);
        *ret_why = log_in_again(search, path,
                                can_renew ? "the session has ended, and a renewed one could not "
                                            "be kept in this folder"
                                          : "the session has ended");
        return SOURCE_BROKEN;
}

enum source_outcome source_sso(struct search *search, struct credentials **ret, char **ret_why)
{
        const char *session = search_value(search, "sso_session"), *missing;

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
        return use_token(search, ret_why);
}
