/*
 * Checks the AWS Signature Version 4 of a request, as the header form has it. Written from the
 * specification and apart from daemon/aws, so that the two can disagree:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
#pragma once

#include <stddef.h>

#include "base/time.h"
#include "sim/http-server.h"

struct sigv4_key {
        char *id, *secret;
};

struct sigv4_identity {
        char *access_key, *region, *service; /* of the credential scope */
};
void sigv4_identity_done(struct sigv4_identity *identity);

struct sigv4_problem {
        const char *code, *message; /* static; NULL: the signature is good */
};

/*
 * `service` is the one the body is addressed to. Without keys the form, the date and the scope are
 * checked, any secret will do. What is known of the caller is filled in in any case (members may
 * stay NULL), for the log.
 */
struct sigv4_problem sigv4_check(const struct http_request *request, const char *service, sec_t now,
                                 const struct sigv4_key *keys, size_t n_keys,
                                 struct sigv4_identity *identity);
