#include "aws/imds-credentials.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

struct imds_credentials {
        struct imds *imds;
        struct imds_query *query;
        imds_credentials_fn *done;
        void *userdata;
};

static const char *text_of(const cJSON *document, const char *key)
{
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, key));

        return value && *value ? value : NULL;
}

/* cJSON frees its copies of the secrets as they are. */
static void wipe(cJSON *document)
{
        static const char *const secrets[] = { "SecretAccessKey", "Token" };

        for (size_t i = 0; i < ELEMENTS(secrets); i++) {
                cJSON *item = cJSON_GetObjectItemCaseSensitive(document, secrets[i]);

                if (cJSON_IsString(item))
                        explicit_bzero(item->valuestring, strlen(item->valuestring));
        }
        cJSON_Delete(document);
}

struct credentials *imds_credentials_parse(const char *json, size_t size, char **ret_why)
{
        cJSON *document = cJSON_ParseWithLength(json, size);
        const char *code = text_of(document, "Code"), *expiration = text_of(document, "Expiration");
        const char *access_key = text_of(document, "AccessKeyId");
        const char *secret = text_of(document, "SecretAccessKey");
        const char *token = text_of(document, "Token");
        struct credentials *credentials = NULL;
        sec_t expires = SEC_NEVER;

        if (!cJSON_IsObject(document))
                *ret_why = xstrdup("the role's document is not JSON");
        else if (code && !streq(code, "Success"))
                *ret_why = xasprintf("the role's document says %.64s", code);
        else if (!access_key || !secret || !is_printable_utf8(access_key) ||
                 (token && !is_printable_utf8(token)))
                *ret_why = xstrdup("the role's document holds no keys");
        else if (expiration && !parse_rfc3339(expiration, &expires))
                *ret_why = xstrdup("the role's document has no valid Expiration");
        else
                credentials =
                        credentials_new("the instance's role", access_key, secret, token, expires);
        wipe(document);
        return credentials;
}

static void on_keys(const char *body, size_t size, const char *error, void *userdata)
{
        struct imds_credentials *asked = userdata;
        _cleanup_(credentials_unrefp) struct credentials *credentials = NULL;
        _cleanup_free_ char *why = NULL;

        if (body)
                credentials = imds_credentials_parse(body, size, &why);
        asked->done(credentials, body ? why : error, asked->userdata);
}

static void on_role(const char *body, size_t size, const char *error, void *userdata)
{
        struct imds_credentials *asked = userdata;
        _cleanup_(text_done) struct text path = {};
        size_t name_size = body ? strcspn(body, "\r\n") : 0;

        (void)size;
        if (name_size == 0) {
                asked->done(NULL, body ? "the instance has no role" : error, asked->userdata);
                return;
        }
        text_append(&path, "meta-data/iam/security-credentials/");
        text_percent_encode(&path, body, name_size, false);
        imds_query_free(asked->query);
        asked->query = imds_get(asked->imds, text_get(&path), on_keys, asked);
}

struct imds_credentials *imds_credentials_get(struct imds *imds, imds_credentials_fn *done,
                                              void *userdata)
{
        struct imds_credentials *asked = xnew(struct imds_credentials);

        asked->imds = imds;
        asked->done = done;
        asked->userdata = userdata;
        asked->query = imds_get(imds, "meta-data/iam/security-credentials/", on_role, asked);
        return asked;
}

struct imds_credentials *imds_credentials_free(struct imds_credentials *asked)
{
        if (!asked)
                return NULL;
        imds_query_free(asked->query);
        free(asked);
        return NULL;
}
