/* What aws/ keeps per account and region. Only for the files of this folder. */
#pragma once

#include "aws/aws.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/governor.h"
#include "aws/imds.h"

/* An account in a region. Lives as long as the account. */
struct place {
        struct loop *loop;
        char *region;
        struct endpoint endpoint;
        char *endpoint_error; /* why there is none */
        struct governor *governor;

        /* The server's clock, once ours proved wrong: it told `server_time` at `anchor`
         * (monotonic), so that a later correction of ours does no harm. */
        bool server_clock;
        sec_t server_time;
        usec_t anchor;

        struct place *next;
};

struct aws {
        struct loop *loop;
        struct http *http;
        struct imds *imds;
        struct aws_account *accounts;
};

struct aws_account {
        struct aws *aws;
        unsigned int references;
        char *name, *endpoint_url, *profile;
        struct keyring *keyring;
        struct place *places;
        struct aws_account *next;
};

struct aws_account *aws_account_ref(struct aws_account *account);
struct place *account_place(struct aws_account *account, const char *region);
/* The time to sign with. */
sec_t place_now(const struct place *place);
/* The server says it is `server_time` now. */
void place_set_clock(struct place *place, sec_t server_time);
