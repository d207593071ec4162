/* Parses JSON documents with credentials; the table of their forms. */
#include "aws/credentials/document.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

const struct document document_imds = {
        .source = "the instance's role",
        .what = "the role's document",
        .access_key = "AccessKeyId",
        .secret = "SecretAccessKey",
        .token = "Token",
        .expiration = "Expiration",
        .account = "AccountId",
};
const struct document document_container = {
        .source = "the container's role",
        .what = "the answer",
        .access_key = "AccessKeyId",
        .secret = "SecretAccessKey",
        .token = "Token",
        .expiration = "Expiration",
        .account = "AccountId",
};
const struct document document_process = {
        .source = "credential_process",
        .what = "what it printed",
        .access_key = "AccessKeyId",
        .secret = "SecretAccessKey",
        .token = "SessionToken",
        .expiration = "Expiration",
        .account = "AccountId",
        .versioned = true,
};
const struct document document_sso = {
        .source = "single sign-on",
        .what = "the answer",
        .inside = "roleCredentials",
        .access_key = "accessKeyId",
        .secret = "secretAccessKey",
        .token = "sessionToken",
        .expiration = "expiration",
        .milliseconds = true,
};

static cJSON *member(const cJSON *object, const char *key)
{
        return key ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

static const char *text_of(const cJSON *object, const char *key)
{
        const char *value = cJSON_GetStringValue(member(object, key));

        return value && *value ? value : NULL;
}

cJSON *document_read(const char *json, size_t size)
{
        return size > DOCUMENT_MAX ? NULL : cJSON_ParseWithLength(json, size);
}

/* cJSON does not wipe the secrets that it frees. */
static void wipe_strings(const cJSON *item)
{
        for (; item; item = item->next) {
                if (cJSON_IsString(item))
                        explicit_bzero(item->valuestring, strlen(item->valuestring));
                wipe_strings(item->child);
        }
}

void document_wipe(cJSON *document)
{
        wipe_strings(document);
        cJSON_Delete(document);
}

/* SEC_NEVER without an expiration; false for an expiration that cannot be parsed. */
static bool read_expiration(const struct document *document, const cJSON *object, sec_t *ret)
{
        const cJSON *item = member(object, document->expiration);
        enum { PER_SECOND = 1000 };

        *ret = SEC_NEVER;
        if (!item || cJSON_IsNull(item))
                return true;
        if (document->milliseconds) {
                if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble > 1e15)
                        return false;
                *ret = (sec_t)(item->valuedouble / PER_SECOND);
                return true;
        }
        return cJSON_IsString(item) && parse_rfc3339(item->valuestring, ret);
}

static bool is_version_1(const cJSON *object)
{
        const cJSON *item = member(object, "Version");

        return cJSON_IsNumber(item) && item->valueint == 1;
}

static struct credentials *read_object(const struct document *document, const cJSON *object,
                                       char **ret_why)
{
        const char *access_key = text_of(object, document->access_key);
        const char *secret = text_of(object, document->secret);
        const char *token = text_of(object, document->token);
        const char *account = text_of(object, document->account);
        struct credentials *credentials;
        sec_t expires;

        if (!access_key || !secret || !is_printable_utf8(access_key) ||
            (token && !is_printable_utf8(token))) {
                *ret_why = xasprintf("%s holds no keys", document->what);
                return NULL;
        }
        if (!read_expiration(document, object, &expires)) {
                *ret_why = xasprintf("%s has no valid %s", document->what, document->expiration);
                return NULL;
        }
        credentials = credentials_new(document->source, access_key, secret, token, expires);
        credentials->account = account && is_printable_utf8(account) ? xstrdup(account) : NULL;
        return credentials;
}

struct credentials *document_parse(const struct document *document, const char *json, size_t size,
                                   char **ret_why)
{
        cJSON *root = document_read(json, size);
        const cJSON *object = document->inside ? member(root, document->inside) : root;
        const char *code = text_of(root, "Code");
        struct credentials *credentials = NULL;

        if (!cJSON_IsObject(root))
                *ret_why = xasprintf("%s is not JSON", document->what);
        else if (code && !streq(code, "Success"))
                *ret_why = xasprintf("%s says %.64s", document->what,
                                     is_printable_utf8(code) ? code : "something unprintable");
        else if (document->versioned && !is_version_1(root))
                *ret_why = xasprintf("%s has no \"Version\": 1", document->what);
        else
                credentials = read_object(document, object, ret_why);
        document_wipe(root);
        return credentials;
}

struct credentials *document_take(const struct document *document, const char *json, size_t size,
                                  const char *error, char **ret_why)
{
        if (json)
                return document_parse(document, json, size, ret_why);
        *ret_why = xstrdup(error);
        return NULL;
}
