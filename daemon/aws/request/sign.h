/*
 * AWS Signature Version 4, header form. Pure: the time and the keys are arguments.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * What is signed has to be sent byte for byte: host, target, the headers given, the body.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/time.h"
#include "http/http.h"

struct sign_keys {
        const char *access_key, *secret;
        const char *token; /* of temporary credentials, else NULL */
};

struct sign_request {
        const char *method;
        const char *target;                /* as on the request line: "/path?query" */
        const struct http_header *headers; /* all are signed; Host has to be among them */
        size_t n_headers;
        const void *body;
        size_t body_size;
        const char *region, *service;
        sec_t now;
        bool keep_path;      /* sign dot segments and double slashes as they stand */
        bool sign_body_hash; /* the header X-Amz-Content-Sha256 is sent, hence signed */
        bool omit_token;     /* the token is sent but, as one old service wants it, not signed */
};

enum { SHA256_HEX_SIZE = 65 };

/* The headers to add: X-Amz-Date, Authorization, X-Amz-Security-Token when there is a token, and
 * X-Amz-Content-Sha256 when that was asked for. */
struct signature {
        char date[TIME_TEXT_MAX];
        char body_hash[SHA256_HEX_SIZE];
        char *authorization;
};
void signature_done(struct signature *signature);

void sign(const struct sign_request *request, const struct sign_keys *keys, struct signature *ret);

/* The two texts that the signature is made of, for whoever compares signers. Caller frees. */
char *sign_canonical_request(const struct sign_request *request, const struct sign_keys *keys);
char *sign_string_to_sign(const struct sign_request *request, const struct sign_keys *keys);
