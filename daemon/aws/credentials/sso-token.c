/* The cached token of `aws sso login`: parse, renew, read and write. */
#include "aws/credentials/sso-token.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aws/config/variable.h"
#include "aws/credentials/document.h"
#include "base/alloc.h"
#include "base/text.h"
#include "base/trust.h"

/* ---- the document ---- */

static const char *text_of(const cJSON *object, const char *key)
{
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

        return value && *value && is_printable_utf8(value) ? value : NULL;
}

/* Sets the fields that are borrowed from the document. */
static int borrow_fields(struct sso_token *token)
{
        const char *expires = text_of(token->document, "expiresAt");
        const char *registered = text_of(token->document, "registrationExpiresAt");

        token->access = text_of(token->document, "accessToken");
        token->refresh = text_of(token->document, "refreshToken");
        token->client_id = text_of(token->document, "clientId");
        token->client_secret = text_of(token->document, "clientSecret");
        if (!registered || !parse_rfc3339(registered, &token->registered_until))
                token->registered_until = SEC_NONE;
        return token->access && expires && parse_rfc3339(expires, &token->expires) ? 0 : -EINVAL;
}

int sso_token_parse(struct sso_token *token, const char *json, size_t size, char **ret_why)
{
        *token = (struct sso_token){ .document = document_read(json, size) };
        if (borrow_fields(token) == 0)
                return 0;
        sso_token_done(token);
        *ret_why = xstrdup("it holds no token");
        return -EINVAL;
}

void sso_token_done(struct sso_token *token)
{
        document_wipe(token->document);
        *token = (struct sso_token){};
}

bool sso_token_can_renew(const struct sso_token *token, sec_t now)
{
        return token->refresh && token->client_id && token->client_secret &&
               token->registered_until != SEC_NONE && token->registered_until > now;
}

static char *print(const cJSON *document)
{
        char *text = cJSON_PrintUnformatted(document);

        if (!text)
                out_of_memory();
        return text;
}

char *sso_token_request(const struct sso_token *token)
{
        cJSON *request = cJSON_CreateObject();
        char *body;

        cJSON_AddStringToObject(request, "grantType", "refresh_token");
        cJSON_AddStringToObject(request, "clientId", token->client_id);
        cJSON_AddStringToObject(request, "clientSecret", token->client_secret);
        cJSON_AddStringToObject(request, "refreshToken", token->refresh);
        body = print(request);
        document_wipe(request);
        return body;
}

/* Sets a key to `value`; removes it first, also when a broken file has the key twice. */
static void replace(cJSON *document, const char *key, const char *value)
{
        cJSON *item;

        while ((item = cJSON_GetObjectItemCaseSensitive(document, key)))
                document_wipe(cJSON_DetachItemViaPointer(document, item));
        cJSON_AddStringToObject(document, key, value);
}

int sso_token_renew(struct sso_token *token, const char *json, size_t size, sec_t now,
                    char **ret_why)
{
        cJSON *answer = document_read(json, size);
        const char *access = text_of(answer, "accessToken");
        const char *refresh = text_of(answer, "refreshToken");
        const char *error = text_of(answer, "error");
        const char *description = text_of(answer, "error_description");
        const cJSON *lasts = cJSON_GetObjectItemCaseSensitive(answer, "expiresIn");
        char time[TIME_TEXT_MAX];
        int r = 0;

        if (access && cJSON_IsNumber(lasts) && lasts->valueint > 0) {
                replace(token->document, "accessToken", access);
                replace(token->document, "expiresAt", format_rfc3339(now + lasts->valueint, time));
                if (refresh)
                        replace(token->document, "refreshToken", refresh);
                r = borrow_fields(token);
        } else if (error) {
                *ret_why = xasprintf("%.64s%s%.256s", error, description ? ": " : "",
                                     description ? description : "");
                r = -EINVAL;
        } else {
                *ret_why = xstrdup("the answer holds no token");
                r = -EINVAL;
        }
        document_wipe(answer);
        return r;
}

/* ---- the file ---- */

char *sso_token_path(const char *name)
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

int sso_token_read(struct sso_token *token, const char *path, char **ret_why)
{
        _cleanup_free_ char *untrusted = trust_path(path);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_free_ char *text = xcalloc(SSO_TOKEN_MAX + 1, 1);
        ssize_t size = fd < 0 ? -1 : read(fd, text, SSO_TOKEN_MAX);
        int r;

        *token = (struct sso_token){};
        if (size < 0) {
                *ret_why = xstrdup(strerror(errno)); /* NOLINT(concurrency-mt-unsafe) */
                return -EINVAL;
        }
        if (untrusted) {
                *ret_why = steal(untrusted);
                explicit_bzero(text, SSO_TOKEN_MAX);
                return -EINVAL;
        }
        r = sso_token_parse(token, text, (size_t)size, ret_why);
        explicit_bzero(text, SSO_TOKEN_MAX);
        return r;
}

static char *folder_of(const char *path)
{
        return xstrndup(path, (size_t)(strrchr(path, '/') - path));
}

bool sso_token_is_writable(const char *path)
{
        _cleanup_free_ char *folder = folder_of(path);

        return access(folder, W_OK) == 0;
}

int sso_token_write(const struct sso_token *token, const char *path)
{
        _cleanup_free_ char *unfinished = xasprintf("%s.XXXXXX", path);
        _cleanup_close_ int fd = mkostemp(unfinished, O_CLOEXEC);
        char *text = print(token->document);
        size_t size = strlen(text);
        int r = 0;

        if (fd < 0 || write(fd, text, size) != (ssize_t)size || fsync(fd) < 0 ||
            rename(unfinished, path) < 0)
                r = -errno;
        if (r < 0 && fd >= 0)
                unlink(unfinished);
        explicit_bzero(text, size);
        cJSON_free(text);
        return r;
}
