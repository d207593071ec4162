/* Fills and empties token buckets. */
#include "sim/sim-bucket.h"

#include "base/alloc.h"
#include "sim/sim-world.h"

struct bucket {
        UT_hash_handle hh;
        char *name;
        double tokens;
        usec_t filled;
};

bool location_take_token(struct sim_location *location, const char *name, struct rate rate,
                         double cost, usec_t now)
{
        struct bucket *bucket;

        HASH_FIND_STR(location->buckets, name, bucket);
        if (!bucket) {
                bucket = xnew(struct bucket);
                bucket->name = xstrdup(name);
                bucket->tokens = rate.capacity;
                bucket->filled = now;
                HASH_ADD_KEYPTR(hh, location->buckets, bucket->name, strlen(name), bucket);
        }
        bucket->tokens += (double)(now - bucket->filled) / (double)USEC_PER_SEC * rate.refill;
        if (bucket->tokens > rate.capacity)
                bucket->tokens = rate.capacity;
        bucket->filled = now;
        if (bucket->tokens < cost)
                return false;
        bucket->tokens -= cost;
        return true;
}

void buckets_free(struct bucket *buckets)
{
        struct bucket *next = buckets;

        HASH_CLEAR(hh, buckets);
        for (struct bucket *bucket = next; bucket; bucket = next) {
                next = bucket->hh.next;
                free(bucket->name);
                free(bucket);
        }
}
