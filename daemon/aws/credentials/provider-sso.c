/* Credentials of IAM Identity Center. The token that `aws sso login` left in its cache is renewed
 * when possible, and exchanged for credentials of the profile's role. */
#include <string.h>

#include "aws/config/configured.h"
#include "aws/credentials/chain-private.h"
#include "aws/credentials/document.h"
#include "aws/credentials/sso-token.h"
#include "base/alloc.h"

enum { STATUS_OK = 200 };

/* Only the endpoints of these services are used: their requests are not signed. */
static const struct service service_sso = {
        .name = "portal.sso", .shout = "SSO", .section = "sso", .version = ""
};
static const struct service service_oidc = {
        .name = "oidc", .shout = "SSO_OIDC", .section = "sso_oidc", .version = ""
};

/* The value of a key of the profile, else of its sso_session. */
static const char *sso_value(const struct chain *chain, const char *key)
{
        const char *session = chain_value(chain, "sso_session");
        const char *value = chain_value(chain, key);

        return value || !session ? value : shared_session(&chain->shared, session, key);
}

static char *token_path(const struct chain *chain)
{
        const char *session = chain_value(chain, "sso_session");

        return sso_token_path(session ? session : sso_value(chain, "sso_start_url"));
}

/* "WHERE: WHY; run `aws sso login --profile NAME`". Caller frees. */
static char *log_in_again(const struct chain *chain, const char *where, const char *why)
{
        return xasprintf("%s: %s; run `aws sso login --profile %s`", where, why, chain->profile);
}

/* 0, or -1 with *ret_why (caller frees). */
static int find_endpoint(const struct chain *chain, const struct service *service,
                         struct endpoint *ret, char **ret_why)
{
        struct endpoint_options options = { .override = chain->endpoint_url };

        if (!options.override &&
            configured_endpoint(&chain->shared, chain->profile, service, &options, ret_why) < 0)
                return -1;
        return endpoint_resolve(service->name, sso_value(chain, "sso_region"), &options, ret,
                                ret_why) < 0
                       ? -1
                       : 0;
}

static void on_answer(const struct http_reply *reply, void *userdata)
{
        _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
        struct chain *chain = userdata;
        _cleanup_free_ char *why = NULL;

        if (reply->outcome != HTTP_ANSWERED)
                why = xstrdup(reply->error);
        else if (reply->status != STATUS_OK)
                why = xasprintf("HTTP %d from the portal; the role may not be yours, or the "
                                "session has ended: run `aws sso login --profile %s`",
                                reply->status, chain->profile);
        else
                credentials = document_parse(&document_sso, reply->body, reply->body_size, &why);
        if (credentials)
                credentials->account = xstrdup(sso_value(chain, "sso_account_id"));
        chain_complete(chain, credentials, why);
}

/* Sends GetRoleCredentials with a token that has not expired. */
static enum provider_outcome ask_portal(struct chain *chain, const struct sso_token *token,
                                        char **ret_why)
{
        const char *role = sso_value(chain, "sso_role_name");
        const char *account = sso_value(chain, "sso_account_id");
        _cleanup_(endpoint_done) struct endpoint endpoint = {};
        _cleanup_(text_done) struct text url = {};

        if (find_endpoint(chain, &service_sso, &endpoint, ret_why) < 0)
                return PROVIDER_BROKEN;
        text_printf(&url, "%sfederation/credentials?role_name=", endpoint.url);
        text_percent_encode(&url, role, strlen(role), false);
        text_append(&url, "&account_id=");
        text_percent_encode(&url, account, strlen(account), false);
        http_slot_free(chain->http);
        chain->http = http_send(chain->tools->http,
                                &(struct http_request){
                                        .method = "GET",
                                        .url = text_get(&url),
                                        .headers = { { "x-amz-sso_bearer_token", token->access } },
                                },
                                on_answer, chain);
        return PROVIDER_PENDING;
}

/* ---- renewing the token ---- */

/* Stores the token of the reply in `token` and in its file. 0, or -1 with *ret_why (caller frees).
 */
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
        struct chain *chain = userdata;
        sec_t now = loop_wall(chain->tools->loop);
        _cleanup_free_ char *path = token_path(chain), *trouble = NULL, *why = NULL;
        _cleanup_(sso_token_done) struct sso_token token = {};

        /* The file is read again: another program may have renewed the token meanwhile. */
        if (sso_token_read(&token, path, &trouble) == 0)
                take_renewal(&token, path, reply, now, &trouble);
        if (token.document && token.expires > now) {
                if (ask_portal(chain, &token, &why) != PROVIDER_PENDING)
                        chain_complete(chain, NULL, why);
                return;
        }
        why = log_in_again(chain, path, trouble);
        chain_complete(chain, NULL, why);
}

static enum provider_outcome renew(struct chain *chain, const struct sso_token *token,
                                   char **ret_why)
{
        _cleanup_(endpoint_done) struct endpoint endpoint = {};
        _cleanup_free_ char *url = NULL, *body = NULL;

        if (find_endpoint(chain, &service_oidc, &endpoint, ret_why) < 0)
                return PROVIDER_BROKEN;
        url = xasprintf("%stoken", endpoint.url);
        body = sso_token_request(token);
        chain->http = http_send(chain->tools->http,
                                &(struct http_request){
                                        .method = "POST",
                                        .url = url,
                                        .headers = { { "Content-Type", "application/json" } },
                                        .body = body,
                                        .body_size = strlen(body),
                                },
                                on_renewed, chain);
        explicit_bzero(body, strlen(body));
        return PROVIDER_PENDING;
}

/* ---- the provider ---- */

/* The first required key that is missing, or NULL. */
static const char *missing_key(const struct chain *chain)
{
        static const char *const needed[] = { "sso_start_url", "sso_region", "sso_role_name",
                                              "sso_account_id" };

        for (size_t i = 0; i < ELEMENTS(needed); i++)
                if (!sso_value(chain, needed[i]))
                        return needed[i];
        return NULL;
}

static enum provider_outcome use_token(struct chain *chain, char **ret_why)
{
        sec_t now = loop_wall(chain->tools->loop);
        _cleanup_free_ char *path = token_path(chain), *trouble = NULL;
        _cleanup_(sso_token_done) struct sso_token token = {};
        bool can_renew;

        if (sso_token_read(&token, path, &trouble) < 0) {
                *ret_why = log_in_again(chain, path, trouble);
                return PROVIDER_BROKEN;
        }
        /* Only a named sso_session can be renewed; the legacy form has no refresh token. */
        can_renew = chain_value(chain, "sso_session") && sso_token_can_renew(&token, now);
        if (can_renew && token.expires - now < SSO_RENEW_AHEAD && sso_token_is_writable(path))
                return renew(chain, &token, ret_why);
        if (token.expires > now)
                return ask_portal(chain, &token, ret_why);
        *ret_why = log_in_again(chain, path,
                                can_renew ? "the session has ended, and a renewed one could not "
                                            "be kept in this folder"
                                          : "the session has ended");
        return PROVIDER_BROKEN;
}

enum provider_outcome provider_sso(struct chain *chain, struct credentials **ret, char **ret_why)
{
        const char *session = chain_value(chain, "sso_session"), *missing;

        (void)ret;
        if (!chain_value(chain, "sso_account_id") && !chain_value(chain, "sso_role_name")) {
                *ret_why = xstrdup("no sso_account_id");
                return PROVIDER_UNSET;
        }
        if (session && !shared_has_session(&chain->shared, session)) {
                *ret_why = xasprintf("sso_session %s of profile %s is not in %s", session,
                                     chain->profile, chain->shared.where);
                return PROVIDER_BROKEN;
        }
        missing = missing_key(chain);
        if (missing) {
                *ret_why = xasprintf("profile %s lacks %s", chain->profile, missing);
                return PROVIDER_BROKEN;
        }
        return use_token(chain, ret_why);
}
