/* Actions of AWS: their token buckets, and how their pages are asked for. */
#pragma once

#include <stdbool.h>

#include "aws/config/service.h"
#include "aws/request/shape.h"

/* The kind of token bucket an action draws from:
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
struct bucket {
        double capacity, refill_per_second;
};

/* Calls of the earlier of two go first when many wait. */
enum priority {
        PRIORITY_START,  /* what ends an outage */
        PRIORITY_CREATE, /* what the schedule is about */
        PRIORITY_FOLLOW, /* looking */
        PRIORITY_TAG,
        PRIORITY_PRUNE, /* can wait */
};

/* How the pages of an action are asked for. */
struct paging {
        const char *size;  /* parameter: the most rows of a page */
        const char *token; /* parameter: which page */
        const char *next;  /* path of the next page's token in the reply */
};

struct action {
        const char *name;              /* "DescribeImages" */
        const struct service *service; /* service.h */
        enum priority priority;
        struct bucket bucket;        /* as published, for one account and region */
        const struct shape *input;   /* of the C struct that aws_call() takes */
        const struct shape *output;  /* NULL: no reply worth reading */
        const struct paging *paging; /* NULL: one page */
        unsigned int page_size;
        const char
                *ids; /* paged: the parameter with explicit ids; EC2 refuses a page size with it */
        bool repeatable; /* a second time does no harm: repeat after a lost answer */
};
