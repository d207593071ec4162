/* What aws/ keeps per account. Only for the files of this folder. */
#pragma once

#include "aws/client/aws.h"
#include "aws/credentials/imds.h"
#include "aws/credentials/keyring.h"
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
        char *key; /* all of its options: equal ones are one account */
        char *name, *endpoint_url, *profile;
        char *id;            /* of AWS, 12 digits, once it is known */
        bool region_is_ours; /* no setting said where STS is to be asked */
        struct base *base;   /* whose credentials take its role, or NULL */
        struct keyring *keyring;
        struct service_endpoint *endpoints;
        struct aws_account *next;
};

struct aws_account *aws_account_ref(struct aws_account *account);
struct service_endpoint *account_endpoint(struct aws_account *account,
                                          const struct service *service, const char *region);
