/* Endpoints and certificates that the environment or a profile of the shared files configures. */
#pragma once

#include "aws/config/endpoint.h"
#include "aws/config/service.h"
#include "aws/config/shared.h"

/* The endpoint of a service by the environment and `profile`; `override` borrows from them. 0, or
 * -EINVAL with the reason in *ret_error (caller frees). */
int configured_endpoint(const struct shared *shared, const char *profile,
                        const struct service *service, struct endpoint_options *ret,
                        char **ret_error);

/* The file with trusted certificates, by $AWS_CA_BUNDLE or the profile of the environment, for
 * http_new(). NULL: the certificates of the system. Caller frees. 0, or -EPERM with the reason in
 * *ret_error (caller frees) for a file that other users may change. */
int configured_ca_bundle(char **ret, char **ret_error);
