/* A token bucket with an adaptive rate. */
#include "aws/request/bucket.h"

#include "base/mutant.h"

static struct bucket share_of(const struct bucket *published, unsigned int percent)
{
        double whole = published->capacity * (MUTANT(knows_a_larger_bucket) ? 1.8 : 1);
        double capacity = whole * percent / 100;

        return (struct bucket){
                .capacity = capacity < 1 ? 1 : capacity,
                .refill_per_second = published->refill_per_second * percent / 100,
        };
}

void bucket_init(struct bucket_level *level, const struct bucket *published, unsigned int percent,
                 usec_t now)
{
        *level = (struct bucket_level){
                .share = share_of(published, percent),
                .factor = 1,
                .filled = now,
        };
        level->tokens = level->share.capacity;
}

static void limit(struct bucket_level *level)
{
        double most = level->share.capacity * level->factor;

        if (most < 1)
                most = 1;
        if (level->tokens > most)
                level->tokens = most;
}

void bucket_set_share(struct bucket_level *level, const struct bucket *published,
                      unsigned int percent, usec_t now)
{
        bucket_fill(level, now);
        level->share = share_of(published, percent);
        limit(level);
}

void bucket_fill(struct bucket_level *level, usec_t now)
{
        double seconds, factor;

        if (now <= level->filled)
                return;
        seconds = (double)(now - level->filled) / (double)USEC_PER_SEC;
        factor = level->factor + seconds / BUCKET_RECOVERY;
        if (factor > 1)
                factor = 1;
        /* The factor grows linearly, so its mean gives the tokens. When the factor reaches 1 within
         * the interval, the mean gives slightly too few. */
        level->tokens += seconds * level->share.refill_per_second * (level->factor + factor) / 2;
        level->factor = factor;
        level->filled = now;
        limit(level);
}

bool bucket_take(struct bucket_level *level, usec_t now)
{
        bucket_fill(level, now);
        if (level->tokens < 1 && !MUTANT(takes_all_tokens))
                return false;
        level->tokens -= 1;
        return true;
}

usec_t bucket_wait(struct bucket_level *level, usec_t now)
{
        bucket_fill(level, now);
        if (level->tokens >= 1 || MUTANT(takes_all_tokens))
                return 0;
        /* Rounded up: after a timer that ends too early the token is still missing. */
        return (usec_t)((1 - level->tokens) / (level->share.refill_per_second * level->factor) *
                        (double)USEC_PER_SEC) +
               1;
}

void bucket_drain(struct bucket_level *level, usec_t now)
{
        bucket_fill(level, now);
        level->tokens = 0;
        if (level->factor < 1 && now - level->cut < BUCKET_CUT_LEAST * USEC_PER_SEC)
                return;
        level->cut = now;
        level->factor /= 2;
        if (level->factor < 1.0 / BUCKET_FACTOR_LEAST)
                level->factor = 1.0 / BUCKET_FACTOR_LEAST;
}
