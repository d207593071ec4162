/* The signature of a request, computed and compared. */
#include "sim/sigv4-check.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

enum { DIGEST = 32, DATE_SIZE = 16 };

static const struct sigv4_problem
        good = {}, //
        missing = { "MissingAuthenticationToken", "Request is missing Authentication Token" },
        incomplete = { "IncompleteSignature",
                       "The request signature does not conform to AWS standards." },
        skewed = { "InvalidSecurity.RequestHasExpired",
                   "The difference between the request timestamp and the AWS server time is "
                   "greater "
                   "than 5 minutes." },
        expired = { "RequestExpired", "Request has expired." },
        unknown_key = { "AuthFailure",
                        "AWS was not able to validate the provided access credentials" },
        unknown_key_exact = { "InvalidClientTokenId",
                              "The security token included in the request is invalid." },
        mismatch_exact = { "SignatureDoesNotMatch",
                           "The request signature we calculated does not match the signature you "
                           "provided. Check your AWS Secret Access Key and signing method." },
        wrong_scope_exact = { "SignatureDoesNotMatch",
                              "Credential should be scoped to a valid region and service." };

void sigv4_identity_done(struct sigv4_identity *identity)
{
        free(identity->access_key);
        free(identity->region);
        free(identity->service);
        *identity = (struct sigv4_identity){};
}

/* The parts of an Authorization header. */
struct authorization {
        char **scope; /* access key, date, region, service, aws4_request */
        size_t n_scope;
        char **headers;
        size_t n_headers;
        char *signature;
};

static void authorization_done(struct authorization *authorization)
{
        strings_free(authorization->scope, authorization->n_scope);
        strings_free(authorization->headers, authorization->n_headers);
        free(authorization->signature);
}

static bool parse_authorization(const char *header, struct authorization *ret)
{
        const char *rest = startswith(header, "AWS4-HMAC-SHA256 ");
        size_t n = 0;
        char **parts = rest ? strings_split(rest, ", ", &n) : NULL;

        for (size_t i = 0; i < n; i++) {
                const char *value;

                if ((value = startswith(parts[i], "Credential=")) && !ret->scope)
                        ret->scope = strings_split(value, "/", &ret->n_scope);
                else if ((value = startswith(parts[i], "SignedHeaders=")) && !ret->headers)
                        ret->headers = strings_split(value, ";", &ret->n_headers);
                else if ((value = startswith(parts[i], "Signature=")))
                        xreplace(&ret->signature, value);
        }
        strings_free(parts, n);
        return ret->n_scope == 5 && streq(ret->scope[4], "aws4_request") && ret->signature &&
               strings_contain(ret->headers, ret->n_headers, "host") &&
               strings_contain(ret->headers, ret->n_headers, "x-amz-date");
}

/* 20270101T000000Z */
static bool parse_date(const char *date, sec_t *ret)
{
        char spread[TIME_TEXT_MAX];
        struct civil civil;

        if (strlen(date) != DATE_SIZE || date[8] != 'T' || date[15] != 'Z')
                return false;
        (void)snprintf(spread, sizeof(spread), "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", date, date + 4,
                       date + 6, date + 9, date + 11, date + 13);
        if (!parse_civil(spread, &civil))
                return false;
        *ret = sec_from_civil(&civil);
        return true;
}

/* ---- the signature ---- */

static void sha256_hex(const void *data, size_t size, char hex[static 2 * DIGEST + 1])
{
        unsigned char digest[DIGEST];
        unsigned int n = 0;

        if (!EVP_Digest(data, size, digest, &n, EVP_sha256(), NULL))
                abort();
        for (size_t i = 0; i < DIGEST; i++)
                (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static void hmac(unsigned char key[static DIGEST], const char *text)
{
        unsigned char out[DIGEST];
        unsigned int n = 0;

        if (!HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)text, strlen(text), out, &n))
                abort();
        memcpy(key, out, DIGEST);
}

/* Runs of blanks count as one. */
static void append_squeezed(struct text *text, const char *value)
{
        for (; *value; value++)
                if (*value != ' ' || value[1] != ' ')
                        text_write(text, value, 1);
}

static char *canonical_request(const struct http_request *request,
                               const struct authorization *authorization)
{
        _cleanup_(text_done) struct text text = {};
        char payload[2 * DIGEST + 1];

        text_printf(&text, "%s\n%s\n%s\n", request->method, request->path, request->query);
        for (size_t i = 0; i < authorization->n_headers; i++) {
                const char *value = http_header(request, authorization->headers[i]);

                text_printf(&text, "%s:", authorization->headers[i]);
                append_squeezed(&text, value ? value : "");
                text_append(&text, "\n");
        }
        text_append(&text, "\n");
        for (size_t i = 0; i < authorization->n_headers; i++)
                text_printf(&text, "%s%s", i ? ";" : "", authorization->headers[i]);
        sha256_hex(request->body, request->size, payload);
        text_printf(&text, "\n%s", payload);
        return text_steal(&text);
}

static bool is_signed_with(const struct http_request *request,
                           const struct authorization *authorization, const char *secret)
{
        _cleanup_free_ char *canonical = canonical_request(request, authorization);
        _cleanup_free_ char *start = xasprintf("AWS4%s", secret), *to_sign = NULL;
        char *const *scope = authorization->scope;
        char hash[2 * DIGEST + 1], signature[2 * DIGEST + 1];
        unsigned char key[DIGEST];
        unsigned int n = 0;

        sha256_hex(canonical, strlen(canonical), hash);
        to_sign = xasprintf("AWS4-HMAC-SHA256\n%s\n%s/%s/%s/aws4_request\n%s",
                            http_header(request, "x-amz-date"), scope[1], scope[2], scope[3], hash);
        if (!HMAC(EVP_sha256(), start, (int)strlen(start), (const unsigned char *)scope[1],
                  strlen(scope[1]), key, &n))
                abort();
        for (size_t i = 2; i < authorization->n_scope; i++)
                hmac(key, scope[i]);
        hmac(key, to_sign);
        for (size_t i = 0; i < DIGEST; i++)
                (void)snprintf(signature + 2 * i, 3, "%02x", key[i]);
        return streq(signature, authorization->signature);
}

/* ---- all of it ---- */

static struct sigv4_problem check_date(const struct http_request *request, const char *scope_date,
                                       sec_t now)
{
        const char *date = http_header(request, "x-amz-date");
        sec_t when, off;

        if (!date || !parse_date(date, &when) || !startswith(date, scope_date) ||
            strlen(scope_date) != 8)
                return incomplete;
        off = when > now ? when - now : now - when;
        return off > 15 * SEC_PER_MIN ? expired : off > 5 * SEC_PER_MIN ? skewed : good;
}

static struct sigv4_problem check_key(const struct http_request *request,
                                      const struct authorization *authorization,
                                      const struct sigv4_key *keys, size_t n_keys, bool exact)
{
        if (!n_keys)
                return good;
        for (size_t i = 0; i < n_keys; i++)
                if (streq(keys[i].id, authorization->scope[0]))
                        return is_signed_with(request, authorization, keys[i].secret) ? good
                               : exact ? mismatch_exact
                                       : unknown_key;
        return exact ? unknown_key_exact : unknown_key;
}

struct sigv4_problem sigv4_check(const struct http_request *request, const char *service, sec_t now,
                                 const struct sigv4_key *keys, size_t n_keys,
                                 struct sigv4_identity *identity)
{
        const char *header = http_header(request, "authorization");
        _cleanup_(authorization_done) struct authorization authorization = {};
        bool exact = !streq(service, "ec2"); /* EC2 says AuthFailure to all of it */
        struct sigv4_problem problem;

        if (!header)
                return missing;
        if (!parse_authorization(header, &authorization))
                return incomplete;
        identity->access_key = xstrdup(authorization.scope[0]);
        identity->region = xstrdup(authorization.scope[2]);
        identity->service = xstrdup(authorization.scope[3]);
        problem = check_date(request, authorization.scope[1], now);
        if (problem.code)
                return problem;
        if (!streq(identity->service, service))
                return exact ? wrong_scope_exact : unknown_key;
        return check_key(request, &authorization, keys, n_keys, exact);
}
