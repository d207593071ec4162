/* Token buckets as EC2 throttles with, one per account, region and action.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html */
#pragma once

#include <stdbool.h>

#include "base/time.h"

struct sim_location;
struct bucket;

struct rate {
        double capacity, refill; /* tokens; tokens per second */
};

/* Takes `cost` tokens of the location's bucket `name` when it holds as many. */
bool location_take_token(struct sim_location *location, const char *name, struct rate rate,
                         double cost, usec_t now);
/* Frees all buckets of a location. */
void buckets_free(struct bucket *buckets);
