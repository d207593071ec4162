/* The credentials of the instance's role, from IMDS. */
#pragma once

#include <stddef.h>

#include "aws/credentials/imds.h"
#include "aws/request/credentials.h"

/* `credentials` is borrowed; NULL: `why` is the reason. */
typedef void imds_credentials_fn(struct credentials *credentials, const char *why, void *userdata);
struct imds_credentials;
/* Two requests: the role's name, then its credentials. Calls back once, never from inside this. */
struct imds_credentials *imds_credentials_get(struct imds *imds, imds_credentials_fn *done,
                                              void *userdata);
struct imds_credentials *imds_credentials_free(struct imds_credentials *asked);
DEFINE_CLEANUP(struct imds_credentials, imds_credentials_free);
