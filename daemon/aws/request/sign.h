/*
 * AWS Signature Version 4, header form. Pure: the time and the keys are arguments.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * Host, target, the signed headers and the body have to be sent exactly as they were signed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"
#include "http/http.h"

struct sign_keys {
        const char *access_key, *secret;
        const char *token; /* session token of temporary credentials, or NULL */
};

struct sign_request {
        const char *method;
        const char *target;                /* as on the request line: "/path?query" */
        const struct http_header *headers; /* all are signed; must include Host */
        size_t n_headers;
        const void *body;
        size_t body_size;
        const char *region, *service;
        sec_t now;
        bool keep_path;      /* keep dot segments and double slashes in the canonical path */
        bool sign_body_hash; /* add and sign the header X-Amz-Content-Sha256 */
        bool omit_token;     /* the token is sent but not signed, as an old service requires */
};

enum { SHA256_HEX_SIZE = 65 };

/* Values of headers that the caller has to add: X-Amz-Date, Authorization, X-Amz-Content-Sha256
 * with `sign_body_hash`; and X-Amz-Security-Token for a token. */
struct signature {
        char date[TIME_TEXT_MAX];
        char body_hash[SHA256_HEX_SIZE];
        char *authorization;
};
void signature_done(struct signature *signature);

void sign(const struct sign_request *request, const struct sign_keys *keys, struct signature *ret);

/* The two intermediate texts of the signature, for tests against other signers. Caller frees. */
char *sign_canonical_request(const struct sign_request *request, const struct sign_keys *keys);
char *sign_string_to_sign(const struct sign_request *request, const struct sign_keys *keys);
