#include "aws/bucket.h"

void bucket_init(struct bucket_level *level, const struct bucket *published, unsigned int percent,
                 usec_t now)
{
        double capacity = published->capacity * percent / 100;

        *level = (struct bucket_level){
                .share = { .capacity = capacity < 1 ? 1 : capacity,
                           .refill_per_second = published->refill_per_second * percent / 100 },
                .filled = now,
        };
        level->tokens = level->share.capacity;
}

static void fill(struct bucket_level *level, usec_t now)
{
        if (now <= level->filled)
                return;
        level->tokens += (double)(now - level->filled) * level->share.refill_per_second /
                         (double)USEC_PER_SEC;
        if (level->tokens > level->share.capacity)
                level->tokens = level->share.capacity;
        level->filled = now;
}

bool bucket_take(struct bucket_level *level, usec_t now)
{
        fill(level, now);
        if (level->tokens < 1)
                return false;
        level->tokens -= 1;
        return true;
}

usec_t bucket_wait(struct bucket_level *level, usec_t now)
{
        fill(level, now);
        if (level->tokens >= 1)
                return 0;
        /* Rounded up: waking too early would only mean waking twice. */
        return (usec_t)((1 - level->tokens) / level->share.refill_per_second *
                        (double)USEC_PER_SEC) +
               1;
}

void bucket_drain(struct bucket_level *level, usec_t now)
{
        fill(level, now);
        level->tokens = 0;
}
