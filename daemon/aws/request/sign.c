/* AWS Signature Version 4 with OpenSSL. */
#include "aws/request/sign.h"

#include <ctype.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdint.h>
#include <string.h>

#include "aws/request/canonical.h"
#include "base/alloc.h"
#include "base/text.h"

enum { SHA256_SIZE = 32 };

/* The fetched algorithm, kept until the process ends. Without it OpenSSL 3 looks up the algorithm
 * by name in each call, which takes most of the time for texts as short as these. */
static const EVP_MD *sha256(void)
{
        static EVP_MD *md;

        if (!md)
                md = EVP_MD_fetch(NULL, "SHA256", NULL);
        if (!md)
                abort();
        return md;
}

/* A context without a key. */
static EVP_MAC_CTX *hmac_sha256(void)
{
        static EVP_MAC_CTX *template;
        char name[] = "SHA256";
        OSSL_PARAM parameters[] = {
                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                OSSL_PARAM_construct_end(),
        };
        EVP_MAC *mac;
        EVP_MAC_CTX *copy;

        if (!template) {
                mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
                template = mac ? EVP_MAC_CTX_new(mac) : NULL;
                EVP_MAC_free(mac);
                if (!template || EVP_MAC_CTX_set_params(template, parameters) != 1)
                        abort();
        }
        copy = EVP_MAC_CTX_dup(template);
        if (!copy)
                abort();
        return copy;
}

static void hex(const unsigned char bytes[static SHA256_SIZE], char ret[static SHA256_HEX_SIZE])
{
        for (size_t i = 0; i < SHA256_SIZE; i++) {
                ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
                ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
        }
        ret[SHA256_HEX_SIZE - 1] = '\0';
}

static void sha256_hex(const void *data, size_t size, char ret[static SHA256_HEX_SIZE])
{
        unsigned char hash[SHA256_SIZE];

        if (EVP_Digest(data, size, hash, NULL, sha256(), NULL) != 1)
                abort();
        hex(hash, ret);
}

static void hmac(const void *key, size_t key_size, const char *text,
                 unsigned char ret[static SHA256_SIZE])
{
        EVP_MAC_CTX *context = hmac_sha256();
        size_t size;

        if (EVP_MAC_init(context, key, key_size, NULL) != 1 ||
            EVP_MAC_update(context, (const unsigned char *)text, strlen(text)) != 1 ||
            EVP_MAC_final(context, ret, &size, SHA256_SIZE) != 1)
                abort();
        EVP_MAC_CTX_free(context);
}

static void derive_key(const struct sign_keys *keys, const char *date,
                       const struct sign_request *request, unsigned char ret[static SHA256_SIZE])
{
        size_t size = strlen("AWS4") + strlen(keys->secret);
        char *seed = xasprintf("AWS4%s", keys->secret);

        hmac(seed, size, date, ret);
        OPENSSL_cleanse(seed, size);
        free(seed);
        hmac(ret, SHA256_SIZE, request->region, ret);
        hmac(ret, SHA256_SIZE, request->service, ret);
        hmac(ret, SHA256_SIZE, "aws4_request", ret);
}

static char *credential_scope(const struct sign_request *request, const char *day)
{
        return xasprintf("%s/%s/%s/aws4_request", day, request->region, request->service);
}

/* The day `20150830` of `20150830T123600Z`. */
static char *day_of(const struct sign_request *request)
{
        char date[TIME_TEXT_MAX];

        format_compact(request->now, date);
        return xstrndup(date, strcspn(date, "T"));
}

/* The headers of the request and the headers that the signature adds. */
static struct canonical_headers all_headers(const struct sign_request *request,
                                            const struct sign_keys *keys)
{
        struct canonical_headers all = {};
        char date[TIME_TEXT_MAX], hash[SHA256_HEX_SIZE];

        for (size_t i = 0; i < request->n_headers; i++)
                canonical_headers_add(&all, request->headers[i].name, request->headers[i].value);
        canonical_headers_add(&all, "x-amz-date", format_compact(request->now, date));
        if (keys->token && !request->omit_token)
                canonical_headers_add(&all, "x-amz-security-token", keys->token);
        if (request->sign_body_hash) {
                sha256_hex(request->body, request->body_size, hash);
                canonical_headers_add(&all, "x-amz-content-sha256", hash);
        }
        canonical_headers_sort(&all);
        return all;
}

static char *canonical_request(const struct sign_request *request,
                               const struct canonical_headers *headers)
{
        _cleanup_(text_done) struct text text = {};
        size_t path_size = strcspn(request->target, "?");
        const char *query = request->target + path_size;
        char hash[SHA256_HEX_SIZE];

        text_printf(&text, "%s\n", request->method);
        canonical_path(&text, request->target, path_size, request->keep_path);
        text_append(&text, "\n");
        canonical_query(&text, *query == '?' ? query + 1 : query);
        text_append(&text, "\n");
        canonical_headers_write(headers, &text);
        text_append(&text, "\n");
        canonical_headers_write_names(headers, &text);
        sha256_hex(request->body, request->body_size, hash);
        text_printf(&text, "\n%s", hash);
        return text_steal(&text);
}

static char *string_to_sign(const struct sign_request *request, const char *canonical,
                            const char *scope)
{
        char date[TIME_TEXT_MAX], hash[SHA256_HEX_SIZE];

        sha256_hex(canonical, strlen(canonical), hash);
        return xasprintf("AWS4-HMAC-SHA256\n%s\n%s\n%s", format_compact(request->now, date), scope,
                         hash);
}

char *sign_canonical_request(const struct sign_request *request, const struct sign_keys *keys)
{
        _cleanup_(canonical_headers_done) struct canonical_headers headers =
                all_headers(request, keys);

        return canonical_request(request, &headers);
}

char *sign_string_to_sign(const struct sign_request *request, const struct sign_keys *keys)
{
        _cleanup_free_ char *canonical = sign_canonical_request(request, keys);
        _cleanup_free_ char *day = day_of(request);
        _cleanup_free_ char *scope = credential_scope(request, day);

        return string_to_sign(request, canonical, scope);
}

void sign(const struct sign_request *request, const struct sign_keys *keys, struct signature *ret)
{
        _cleanup_(canonical_headers_done) struct canonical_headers headers =
                all_headers(request, keys);
        _cleanup_(text_done) struct text names = {};
        _cleanup_free_ char *canonical = canonical_request(request, &headers);
        _cleanup_free_ char *day = day_of(request);
        _cleanup_free_ char *scope = credential_scope(request, day);
        _cleanup_free_ char *to_sign = string_to_sign(request, canonical, scope);
        unsigned char key[SHA256_SIZE], mac[SHA256_SIZE];
        char proof[SHA256_HEX_SIZE];

        derive_key(keys, day, request, key);
        hmac(key, sizeof(key), to_sign, mac);
        OPENSSL_cleanse(key, sizeof(key));
        hex(mac, proof);
        if (keys->token)
                OPENSSL_cleanse(canonical, strlen(canonical));

        *ret = (struct signature){};
        format_compact(request->now, ret->date);
        sha256_hex(request->body, request->body_size, ret->body_hash);
        canonical_headers_write_names(&headers, &names);
        ret->authorization = xasprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, "
                                       "Signature=%s",
                                       keys->access_key, scope, text_get(&names), proof);
}

void signature_done(struct signature *signature)
{
        free(signature->authorization);
        *signature = (struct signature){};
}
