/*
 * The credentials providers as a table. A chain tries the rows in order and takes the first
 * credentials. A provider that is configured but broken ends the chain, so that another identity is
 * never used silently. The order is the order of botocore.
 */
#pragma once

#include "aws/credentials/chain.h"
#include "aws/request/credentials.h"

enum provider_outcome {
        PROVIDER_FOUND,
        PROVIDER_UNSET,   /* not configured: the next provider is tried */
        PROVIDER_BROKEN,  /* configured, but unusable: the chain ends */
        PROVIDER_PENDING, /* the provider will call chain_complete() */
};

struct provider {
        const char *name;
        unsigned int chains; /* bits of enum chain_kind: the chains with this provider */
        bool optional;       /* after a failure of chain_complete() the next provider is tried */
        /* Sets *ret to the credentials, or *ret_why (caller frees) to the reason. */
        enum provider_outcome (*retrieve)(struct chain *chain, struct credentials **ret,
                                          char **ret_why);
};
extern const struct provider providers[]; /* ends with an empty row */

/* The functions of the providers, in provider.c and the provider-*.c. */
typedef enum provider_outcome provider_fn(struct chain *chain, struct credentials **ret,
                                          char **ret_why);
provider_fn provider_environment, provider_role, provider_web_identity, provider_sso,
        provider_credentials_file, provider_process, provider_config_file, provider_service_manager,
        provider_container, provider_instance;
