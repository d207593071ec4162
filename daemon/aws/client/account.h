/* The structs behind aws.h, for the files of this folder. */
#pragma once

#include "aws/client/aws.h"
#include "aws/credentials/cache.h"
#include "aws/credentials/imds.h"
#include "aws/request/clock.h"
#include "aws/request/service-endpoint.h"

struct aws {
        struct tools tools;
        struct clock_sample clock;
        struct aws_slot *calls; /* of the tools */
        struct aws_account *accounts;
        struct base *bases;
        unsigned int share; /* percent */
        char *owner;        /* or NULL */
};

struct aws_account {
        struct aws *aws;
        unsigned int references;
        char *key; /* all options as text: equal options share the account */
        char *name, *endpoint_url, *profile;
        char *id;                /* AWS account id of 12 digits; NULL: not known yet */
        bool sts_region_unknown; /* neither settings nor environment give a region for STS */
        struct base *base;       /* the credentials that assume the account's role, or NULL */
        struct credentials_cache *credentials;
        struct service_endpoint *endpoints;
        struct aws_account *next;
};

struct aws_account *aws_account_ref(struct aws_account *account);
struct service_endpoint *account_endpoint(struct aws_account *account,
                                          const struct service *service, const char *region);
