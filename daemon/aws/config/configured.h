/* Endpoints and certificates, as the environment and a profile of the shared files set them. */
#pragma once

#include "aws/config/endpoint.h"
#include "aws/config/service.h"
#include "aws/config/shared.h"

/* The endpoint of a service, as the environment and profile `profile` set it; `override`
 * borrows from them. 0, or -EINVAL with the reason in *ret_error (caller frees). */
int configured_endpoint(const struct shared *shared, const char *profile,
                        const struct service *service, struct endpoint_options *ret,
                        char **ret_error);

/* The file with the certificates to trust, by $AWS_CA_BUNDLE or the profile of the environment, for
 * http_new(). NULL: the system's. Caller frees. 0, or -EPERM with the reason in *ret_error (caller
 * frees) where others may change it. */
int configured_ca_bundle(char **ret, char **ret_error);
