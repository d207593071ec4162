/* Actions of AWS: service, token bucket, shapes, paging. */
#pragma once

#include <stdbool.h>

#include "aws/config/service.h"
#include "aws/request/shape.h"

/* The token bucket that an action draws from:
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
struct bucket {
        double capacity, refill_per_second;
};

/* Order of waiting calls: an earlier priority goes first. */
enum priority {
        PRIORITY_START,  /* ends an outage */
        PRIORITY_CREATE, /* makes an image */
        PRIORITY_FOLLOW, /* reads a state */
        PRIORITY_TAG,
        PRIORITY_PRUNE, /* removes an image */
};

/* The parameters for paging, and the path of the token in the reply. */
struct paging {
        const char *size;  /* parameter with the maximum of rows in a page */
        const char *token; /* parameter with the token of the page */
        const char *next;  /* path in the reply of the token for the next page */
};

struct action {
        const char *name;              /* "DescribeImages" */
        const struct service *service; /* service.h */
        enum priority priority;
        struct bucket bucket;        /* as published by AWS, for an account and region */
        const struct shape *input;   /* of the C struct for aws_call() */
        const struct shape *output;  /* NULL: the content of the reply is not used */
        const struct paging *paging; /* NULL: the reply has one page */
        unsigned int page_size;
        const char *ids; /* of a paged action: the parameter with explicit ids, which excludes a
                            page size */
        bool repeatable; /* a second time does no harm: repeated after a lost answer */
};
