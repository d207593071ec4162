/* Cache of an account's credentials: refresh, expiry, check of the account, waiting calls. */
#include "aws/credentials/cache.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <utlist.h>

#include "aws/config/endpoint.h"
#include "aws/credentials/provider.h"
#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"

/* When IMDS returns a set that is about to expire (its own service may be down), the set stays in
 * use for this long: AWS may accept such credentials after their expiration. Seconds. */
enum { STABILITY_WAIT = 15 * 60, STABILITY_JITTER_LEAST = 2 * 60, STABILITY_JITTER = 8 * 60 };

struct credentials_cache_wait {
        struct credentials_cache *cache;
        bool ready; /* a refresh has ended since the wait began */
        credentials_cache_fn *done;
        void *userdata;
        struct credentials_cache_wait *prev, *next;
};

struct credentials_cache {
        struct signer signer; /* the first member, so that cache_of() can cast it to the cache */
        const struct tools *tools;
        struct loop *loop;
        char *profile, *endpoint_url, *region, *expect_account;
        struct credentials_cache *base; /* its credentials assume `role`, or NULL */
        struct sts_role role;           /* with owned strings */
        struct sts_tag *tags;
        struct timer *timer; /* starts a refresh, answers waits */

        struct credentials *current;
        bool rejected;         /* AWS refused `current` */
        bool explain_denied;   /* `current` lacks sts:DecodeAuthorizationMessage */
        usec_t fetched;        /* monotonic */
        sec_t refresh, urgent; /* wall clock: when a refresh starts, and when calls wait for it */
        usec_t retry_after;    /* monotonic: after a failed refresh, the earliest next one */

        bool refreshing;
        bool wanted;         /* the timer has to start a refresh */
        struct chain *chain; /* during a refresh one of these three is set */
        struct sts *assume, *verify;
        char *error; /* of the last refresh */
        struct credentials_cache_wait *waits;

        credentials_cache_account_fn *on_account; /* or NULL */
        void *on_account_userdata;
        struct sts *identify; /* for on_account */
};

static void free_role(struct sts_role *role, struct sts_tag *tags)
{
        for (size_t i = 0; i < role->n_tags; i++) {
                free((char *)(uintptr_t)tags[i].key);
                free((char *)(uintptr_t)tags[i].value);
        }
        free(tags);
        free((char *)(uintptr_t)role->arn);
        free((char *)(uintptr_t)role->session);
        free((char *)(uintptr_t)role->external_id);
}

struct credentials_cache *credentials_cache_free(struct credentials_cache *cache)
{
        if (!cache)
                return NULL;
        assert(!cache->waits);
        timer_free(cache->timer);
        chain_free(cache->chain);
        sts_free(cache->assume);
        sts_free(cache->verify);
        sts_free(cache->identify);
        credentials_unref(cache->current);
        free_role(&cache->role, cache->tags);
        free(cache->error);
        free(cache->profile);
        free(cache->endpoint_url);
        free(cache->region);
        free(cache->expect_account);
        free(cache);
        return NULL;
}

/* ---- refreshing ---- */

static void plan_refresh(struct credentials_cache *cache)
{
        sec_t now = loop_wall(cache->loop), expires = cache->current->expires;

        cache->refresh = cache->urgent = SEC_NEVER;
        if (expires == SEC_NEVER || MUTANT(keeps_refused_keys))
                return;
        cache->refresh = expires - CREDENTIALS_ADVISORY;
        cache->urgent = expires - CREDENTIALS_MANDATORY;
        if (cache->refresh <= now) {
                cache->refresh = now + STABILITY_WAIT + STABILITY_JITTER_LEAST +
                                 (sec_t)(loop_random(cache->loop) % STABILITY_JITTER);
                cache->urgent = cache->refresh + CREDENTIALS_ADVISORY - CREDENTIALS_MANDATORY;
        }
}

static void on_identified(struct credentials *credentials, const char *why, void *userdata)
{
        struct credentials_cache *cache = userdata;

        (void)why;
        if (credentials)
                cache->on_account(credentials->account, cache->on_account_userdata);
        cache->identify = sts_free(cache->identify);
}

const char *credentials_cache_region(const struct credentials_cache *cache)
{
        return cache->region ? cache->region : endpoint_partition_region("aws");
}

static struct sts_options sts_options(const struct credentials_cache *cache)
{
        return (struct sts_options){
                .tools = cache->tools,
                .region = credentials_cache_region(cache),
                .endpoint_url = cache->endpoint_url,
                .profile = cache->profile,
        };
}

/* Reports the account of the current set to on_account. */
static void report_account(struct credentials_cache *cache)
{
        cache->identify = sts_free(cache->identify);
        if (!cache->on_account || !cache->current)
                return;
        if (cache->current->account)
                cache->on_account(cache->current->account, cache->on_account_userdata);
        else
                cache->identify =
                        credentials_cache_identify(cache, cache->current, on_identified, cache);
}

static void answer_waits(struct credentials_cache *cache)
{
        struct credentials_cache_wait *wait;

        DL_FOREACH (cache->waits, wait) {
                wait->ready = true;
        }
        if (cache->waits)
                timer_arm(cache->timer, 0);
}

/* Ends a refresh. `credentials` NULL: the refresh failed, for the reason `why`. */
static void finish_refresh(struct credentials_cache *cache, struct credentials *credentials,
                           const char *why)
{
        cache->refreshing = false;
        free(cache->error);
        cache->error = why ? xasprintf("no credentials: %s", why) : NULL;
        if (credentials) {
                credentials_ref(credentials);
                credentials_unref(cache->current);
                cache->current = credentials;
                cache->rejected = cache->explain_denied = false;
                cache->fetched = loop_monotonic(cache->loop);
                cache->retry_after = 0;
                plan_refresh(cache);
                report_account(cache);
        } else {
                cache->retry_after =
                        loop_monotonic(cache->loop) + CREDENTIALS_BACKOFF * USEC_PER_SEC;
        }
        cache->chain = chain_free(cache->chain);
        cache->assume = sts_free(cache->assume);
        cache->verify = sts_free(cache->verify);
        answer_waits(cache);
}

/* ---- the stages of a refresh: provider chain, AssumeRole, check of the account ---- */

static void on_checked(struct credentials *credentials, const char *why, void *userdata)
{
        struct credentials_cache *cache = userdata;
        _cleanup_free_ char *refusal = NULL;

        if (!credentials) {
                refusal = xasprintf("expect_account cannot be checked: %s", why);
        } else if (!streq(credentials->account, cache->expect_account)) {
                refusal =
                        xasprintf("expect_account: %s gives credentials of account %s, not %s, so "
                                  "nothing is done with them",
                                  credentials->source, credentials->account, cache->expect_account);
                credentials = NULL;
        }
        finish_refresh(cache, credentials, refusal);
}

/* The account id that a provider gives is no proof: only the reply of STS is. */
static void verify_account(struct credentials_cache *cache, struct credentials *credentials)
{
        if (!cache->expect_account)
                finish_refresh(cache, credentials, NULL);
        else if (credentials->arn)
                on_checked(credentials, NULL, cache);
        else
                cache->verify = credentials_cache_identify(cache, credentials, on_checked, cache);
}

static void on_found(struct credentials *credentials, const char *why, void *userdata)
{
        struct credentials_cache *cache = userdata;

        if (credentials)
                verify_account(cache, credentials);
        else
                finish_refresh(cache, NULL, why);
}

static void start_refresh(struct credentials_cache *cache)
{
        struct sts_options options = sts_options(cache);

        cache->refreshing = true;
        if (cache->base) {
                options.signer = &cache->base->signer;
                cache->assume = sts_assume(&options, &cache->role, on_found, cache);
        } else {
                cache->chain = chain_new(cache->tools,
                                         &(struct chain_options){
                                                 .kind = CHAIN_DEFAULT,
                                                 .providers = providers,
                                                 .profile = cache->profile,
                                                 .endpoint_url = cache->endpoint_url,
                                         },
                                         on_found, cache);
        }
}

static void want_refresh(struct credentials_cache *cache)
{
        if (cache->refreshing)
                return;
        cache->wanted = true;
        timer_arm(cache->timer, 0);
}

/* Starts a refresh, then answers at most one wait, because its callback may free the cache. */
static void on_timer(void *userdata)
{
        struct credentials_cache *cache = userdata;
        struct credentials_cache_wait *wait;

        if (cache->wanted) {
                cache->wanted = false;
                if (cache->error && loop_monotonic(cache->loop) < cache->retry_after)
                        answer_waits(cache); /* with the error of the last refresh */
                else
                        start_refresh(cache);
        }
        DL_FOREACH (cache->waits, wait) {
                if (wait->ready)
                        break;
        }
        if (!wait)
                return;
        wait->ready = false;
        DL_DELETE(cache->waits, wait);
        wait->cache = NULL;
        timer_arm(cache->timer, 0);
        if (cache->current && !cache->rejected)
                wait->done(cache->current, NULL, wait->userdata);
        else
                wait->done(NULL, cache->error, wait->userdata);
}

/* ---- the interface for calls ---- */

static void copy_role(struct credentials_cache *cache, const struct sts_role *role)
{
        size_t n = 0;

        for (size_t i = 0; i < role->n_tags; i++)
                *append(cache->tags, n) = (struct sts_tag){ xstrdup(role->tags[i].key),
                                                            xstrdup(role->tags[i].value) };
        cache->role = (struct sts_role){
                .arn = xstrdup(role->arn),
                .session = xstrdup(role->session),
                .external_id = xstrdup(role->external_id),
                .duration = role->duration,
                .tags = cache->tags,
                .n_tags = n,
                .source = role->source,
        };
}

static const struct signer_ops signer_ops;

struct credentials_cache *credentials_cache_new(const struct credentials_cache_options *options)
{
        struct credentials_cache *cache = xnew(struct credentials_cache);

        *cache = (struct credentials_cache){
                .signer = { &signer_ops },
                .tools = options->tools,
                .loop = options->tools->loop,
                .profile = xstrdup(options->profile),
                .endpoint_url = xstrdup(options->endpoint_url),
                .region = xstrdup(options->region),
                .expect_account = xstrdup(options->expect_account),
                .base = options->base,
        };
        if (options->base)
                copy_role(cache, options->role);
        cache->timer = timer_new(cache->loop, on_timer, cache);
        return cache;
}

void credentials_cache_watch_account(struct credentials_cache *cache,
                                     credentials_cache_account_fn *on_account, void *userdata)
{
        cache->on_account = on_account;
        cache->on_account_userdata = userdata;
        report_account(cache);
}

struct credentials *credentials_cache_current(struct credentials_cache *cache)
{
        sec_t now = loop_wall(cache->loop);
        bool backing_off = loop_monotonic(cache->loop) < cache->retry_after;

        if (!cache->current || cache->rejected)
                return NULL;
        if (now < cache->refresh || backing_off)
                return cache->current;
        want_refresh(cache);
        return now < cache->urgent ? cache->current : NULL;
}

struct credentials_cache_wait *credentials_cache_wait(struct credentials_cache *cache,
                                                      credentials_cache_fn *done, void *userdata)
{
        struct credentials_cache_wait *wait = xnew(struct credentials_cache_wait);

        wait->cache = cache;
        wait->done = done;
        wait->userdata = userdata;
        DL_APPEND(cache->waits, wait);
        want_refresh(cache);
        return wait;
}

struct credentials_cache_wait *credentials_cache_wait_free(struct credentials_cache_wait *wait)
{
        if (!wait)
                return NULL;
        if (wait->cache)
                DL_DELETE(wait->cache->waits, wait);
        free(wait);
        return NULL;
}

bool credentials_cache_reject(struct credentials_cache *cache,
                              const struct credentials *credentials)
{
        usec_t age = loop_monotonic(cache->loop) - cache->fetched;

        /* The refusal of another call may have brought a newer set meanwhile. */
        if (credentials != cache->current)
                return true;
        if (age < CREDENTIALS_REJECT_AGE * USEC_PER_SEC)
                return false;
        cache->rejected = !MUTANT(keeps_refused_keys);
        return true;
}

struct sts *credentials_cache_identify(struct credentials_cache *cache,
                                       struct credentials *credentials, sts_fn *done,
                                       void *userdata)
{
        struct sts_options options = sts_options(cache);

        options.credentials = credentials;
        return sts_identify(&options, done, userdata);
}

void credentials_cache_set_region(struct credentials_cache *cache, const char *region)
{
        xreplace(&cache->region, region);
}

/* ---- as a signer ---- */

static struct credentials_cache *cache_of(struct signer *signer)
{
        return (struct credentials_cache *)signer;
}

static struct credentials *signer_current(struct signer *signer)
{
        return credentials_cache_current(cache_of(signer));
}

static void *signer_wait(struct signer *signer, signer_fn *done, void *userdata)
{
        return credentials_cache_wait(cache_of(signer), done, userdata);
}

static void signer_wait_free(void *wait)
{
        credentials_cache_wait_free(wait);
}

static bool signer_reject(struct signer *signer, const struct credentials *credentials)
{
        return credentials_cache_reject(cache_of(signer), credentials);
}

static void *signer_identify(struct signer *signer, struct credentials *credentials,
                             signer_fn *done, void *userdata)
{
        return credentials_cache_identify(cache_of(signer), credentials, done, userdata);
}

static void signer_identify_free(void *identify)
{
        sts_free(identify);
}

/* After one denial of DecodeAuthorizationMessage the set is not used for it again. */
static void *signer_explain(struct signer *signer, struct credentials *credentials,
                            const char *message, signer_text_fn *done, void *userdata)
{
        struct credentials_cache *cache = cache_of(signer);
        struct sts_options options = sts_options(cache);
        const char *encoded = explain_encoded(message);

        options.credentials = credentials;
        return cache->explain_denied || !encoded
                       ? NULL
                       : explain_new(&options, encoded, &cache->explain_denied, done, userdata);
}

static void signer_explain_free(void *explain)
{
        explain_free(explain);
}

static const struct signer_ops signer_ops = {
        .current = signer_current,
        .wait = signer_wait,
        .wait_free = signer_wait_free,
        .reject = signer_reject,
        .identify = signer_identify,
        .identify_free = signer_identify_free,
        .explain = signer_explain,
        .explain_free = signer_explain_free,
};

struct signer *credentials_cache_signer(struct credentials_cache *cache)
{
        return &cache->signer;
}
