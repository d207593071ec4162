#include "aws/credentials/keyring.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <utlist.h>

#include "aws/config/endpoint.h"
#include "aws/credentials/source.h"
#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"

/* While IMDS goes on giving a set that ends soon (its own service may be down), that set stays in
 * use; AWS may accept it longer than it said. Seconds. */
enum { STABILITY_WAIT = 15 * 60, STABILITY_JITTER_LEAST = 2 * 60, STABILITY_JITTER = 8 * 60 };

struct keyring_wait {
        struct keyring *keyring;
        bool ready; /* a refresh ended since this wait began */
        keyring_fn *done;
        void *userdata;
        struct keyring_wait *prev, *next;
};

struct keyring {
        struct signer signer; /* the first member: it is the keyring */
        const struct tools *tools;
        struct loop *loop;
        char *profile, *endpoint_url, *region, *expect_account;
        struct keyring *base; /* whose credentials take the role */
        struct sts_role role; /* its strings are owned */
        struct sts_tag *tags;
        struct timer *timer; /* starts a refresh, answers waits */

        struct credentials *current;
        bool rejected;         /* AWS refused `current` */
        bool mute;             /* it may not ask what a refusal means */
        usec_t fetched;        /* monotonic */
        sec_t refresh, urgent; /* wall clock: when to fetch the next set, and to wait for it */
        usec_t patience;       /* monotonic: no refresh before, after one failed */

        bool refreshing;
        bool wanted;           /* a refresh has to start */
        struct search *search; /* one of these three is under way then */
        struct sts *assume, *check;
        char *error; /* of the last refresh */
        struct keyring_wait *waits;

        keyring_learnt_fn *learnt; /* NULL: nobody wants to know */
        void *learnt_userdata;
        struct sts *learn;
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

struct keyring *keyring_free(struct keyring *keyring)
{
        if (!keyring)
                return NULL;
        assert(!keyring->waits);
        timer_free(keyring->timer);
        search_free(keyring->search);
        sts_free(keyring->assume);
        sts_free(keyring->check);
        sts_free(keyring->learn);
        credentials_unref(keyring->current);
        free_role(&keyring->role, keyring->tags);
        free(keyring->error);
        free(keyring->profile);
        free(keyring->endpoint_url);
        free(keyring->region);
        free(keyring->expect_account);
        free(keyring);
        return NULL;
}

/* ---- refreshing ---- */

static void plan_refresh(struct keyring *keyring)
{
        sec_t now = loop_wall(keyring->loop), expires = keyring->current->expires;

        keyring->refresh = keyring->urgent = SEC_NEVER;
        if (expires == SEC_NEVER || MUTANT(keeps_refused_keys))
                return;
        keyring->refresh = expires - CREDENTIALS_ADVISORY;
        keyring->urgent = expires - CREDENTIALS_MANDATORY;
        if (keyring->refresh <= now) {
                keyring->refresh = now + STABILITY_WAIT + STABILITY_JITTER_LEAST +
                                   (sec_t)(loop_random(keyring->loop) % STABILITY_JITTER);
                keyring->urgent = keyring->refresh + CREDENTIALS_ADVISORY - CREDENTIALS_MANDATORY;
        }
}

static void on_learnt(struct credentials *credentials, const char *why, void *userdata)
{
        struct keyring *keyring = userdata;

        (void)why;
        if (credentials)
                keyring->learnt(credentials->account, keyring->learnt_userdata);
        keyring->learn = sts_free(keyring->learn);
}

const char *keyring_region(const struct keyring *keyring)
{
        return keyring->region ? keyring->region : endpoint_partition_region("aws");
}

static struct sts_options sts_options(const struct keyring *keyring)
{
        return (struct sts_options){
                .tools = keyring->tools,
                .region = keyring_region(keyring),
                .endpoint_url = keyring->endpoint_url,
                .profile = keyring->profile,
        };
}

/* Whose the current set is, for who wants to know. */
static void learn(struct keyring *keyring)
{
        keyring->learn = sts_free(keyring->learn);
        if (!keyring->learnt || !keyring->current)
                return;
        if (keyring->current->account)
                keyring->learnt(keyring->current->account, keyring->learnt_userdata);
        else
                keyring->learn = keyring_identify(keyring, keyring->current, on_learnt, keyring);
}

static void answer_waits(struct keyring *keyring)
{
        struct keyring_wait *wait;

        DL_FOREACH (keyring->waits, wait) {
                wait->ready = true;
        }
        if (keyring->waits)
                timer_arm(keyring->timer, 0);
}

/* The end of a refresh. NULL: it failed, and `why` tells the reason. */
static void settle(struct keyring *keyring, struct credentials *credentials, const char *why)
{
        keyring->refreshing = false;
        free(keyring->error);
        keyring->error = why ? xasprintf("no credentials: %s", why) : NULL;
        if (credentials) {
                credentials_ref(credentials);
                credentials_unref(keyring->current);
                keyring->current = credentials;
                keyring->rejected = keyring->mute = false;
                keyring->fetched = loop_monotonic(keyring->loop);
                keyring->patience = 0;
                plan_refresh(keyring);
                learn(keyring);
        } else {
                keyring->patience =
                        loop_monotonic(keyring->loop) + CREDENTIALS_PATIENCE * USEC_PER_SEC;
        }
        keyring->search = search_free(keyring->search);
        keyring->assume = sts_free(keyring->assume);
        keyring->check = sts_free(keyring->check);
        answer_waits(keyring);
}

/* ---- the stages of a refresh: search, take the role, check ---- */

static void on_checked(struct credentials *credentials, const char *why, void *userdata)
{
        struct keyring *keyring = userdata;
        _cleanup_free_ char *refusal = NULL;

        if (!credentials) {
                refusal = xasprintf("expect_account cannot be checked: %s", why);
        } else if (!streq(credentials->account, keyring->expect_account)) {
                refusal =
                        xasprintf("expect_account: %s gives credentials of account %s, not %s, so "
                                  "nothing is done with them",
                                  credentials->source, credentials->account,
                                  keyring->expect_account);
                credentials = NULL;
        }
        settle(keyring, credentials, refusal);
}

/* What a source says about the account is not enough: AWS is asked. */
static void check(struct keyring *keyring, struct credentials *credentials)
{
        if (!keyring->expect_account)
                settle(keyring, credentials, NULL);
        else if (credentials->arn)
                on_checked(credentials, NULL, keyring);
        else
                keyring->check = keyring_identify(keyring, credentials, on_checked, keyring);
}

static void on_found(struct credentials *credentials, const char *why, void *userdata)
{
        struct keyring *keyring = userdata;

        if (credentials)
                check(keyring, credentials);
        else
                settle(keyring, NULL, why);
}

static void start(struct keyring *keyring)
{
        struct sts_options options = sts_options(keyring);

        keyring->refreshing = true;
        if (keyring->base) {
                options.signer = &keyring->base->signer;
                keyring->assume = sts_assume(&options, &keyring->role, on_found, keyring);
        } else {
                keyring->search = search_new(keyring->tools,
                                             &(struct search_options){
                                                     .kind = SEARCH_CHAIN,
                                                     .sources = sources,
                                                     .profile = keyring->profile,
                                                     .endpoint_url = keyring->endpoint_url,
                                             },
                                             on_found, keyring);
        }
}

static void want_refresh(struct keyring *keyring)
{
        if (keyring->refreshing)
                return;
        keyring->wanted = true;
        timer_arm(keyring->timer, 0);
}

/* Starts a refresh or answers one wait: its callback may free everything. */
static void on_timer(void *userdata)
{
        struct keyring *keyring = userdata;
        struct keyring_wait *wait;

        if (keyring->wanted) {
                keyring->wanted = false;
                if (keyring->error && loop_monotonic(keyring->loop) < keyring->patience)
                        answer_waits(keyring); /* the same would come out again */
                else
                        start(keyring);
        }
        DL_FOREACH (keyring->waits, wait) {
                if (wait->ready)
                        break;
        }
        if (!wait)
                return;
        wait->ready = false;
        DL_DELETE(keyring->waits, wait);
        wait->keyring = NULL;
        timer_arm(keyring->timer, 0);
        if (keyring->current && !keyring->rejected)
                wait->done(keyring->current, NULL, wait->userdata);
        else
                wait->done(NULL, keyring->error, wait->userdata);
}

/* ---- for the calls ---- */

static void copy_role(struct keyring *keyring, const struct sts_role *role)
{
        size_t n = 0;

        for (size_t i = 0; i < role->n_tags; i++)
                *append(keyring->tags, n) = (struct sts_tag){ xstrdup(role->tags[i].key),
                                                              xstrdup(role->tags[i].value) };
        keyring->role = (struct sts_role){
                .arn = xstrdup(role->arn),
                .session = xstrdup(role->session),
                .external_id = xstrdup(role->external_id),
                .duration = role->duration,
                .tags = keyring->tags,
                .n_tags = n,
                .source = role->source,
        };
}

static const struct signer_ops signer_ops;

struct keyring *keyring_new(const struct keyring_options *options)
{
        struct keyring *keyring = xnew(struct keyring);

        *keyring = (struct keyring){
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
                copy_role(keyring, options->role);
        keyring->timer = timer_new(keyring->loop, on_timer, keyring);
        return keyring;
}

void keyring_learn(struct keyring *keyring, keyring_learnt_fn *learnt, void *userdata)
{
        keyring->learnt = learnt;
        keyring->learnt_userdata = userdata;
        learn(keyring);
}

struct credentials *keyring_current(struct keyring *keyring)
{
        sec_t now = loop_wall(keyring->loop);
        bool patient = loop_monotonic(keyring->loop) < keyring->patience;

        if (!keyring->current || keyring->rejected)
                return NULL;
        if (now < keyring->refresh || patient)
                return keyring->current;
        want_refresh(keyring);
        return now < keyring->urgent ? keyring->current : NULL;
}

struct keyring_wait *keyring_wait(struct keyring *keyring, keyring_fn *done, void *userdata)
{
        struct keyring_wait *wait = xnew(struct keyring_wait);

        wait->keyring = keyring;
        wait->done = done;
        wait->userdata = userdata;
        DL_APPEND(keyring->waits, wait);
        want_refresh(keyring);
        return wait;
}

struct keyring_wait *keyring_wait_free(struct keyring_wait *wait)
{
        if (!wait)
                return NULL;
        if (wait->keyring)
                DL_DELETE(wait->keyring->waits, wait);
        free(wait);
        return NULL;
}

bool keyring_reject(struct keyring *keyring, const struct credentials *credentials)
{
        usec_t age = loop_monotonic(keyring->loop) - keyring->fetched;

        /* Somebody else's call may have brought a newer set meanwhile. */
        if (credentials != keyring->current)
                return true;
        if (age < CREDENTIALS_REJECT_AGE * USEC_PER_SEC)
                return false;
        keyring->rejected = !MUTANT(keeps_refused_keys);
        return true;
}

struct sts *keyring_identify(struct keyring *keyring, struct credentials *credentials, sts_fn *done,
                             void *userdata)
{
        struct sts_options options = sts_options(keyring);

        options.credentials = credentials;
        return sts_identify(&options, done, userdata);
}

void keyring_set_region(struct keyring *keyring, const char *region)
{
        xreplace(&keyring->region, region);
}

/* ---- as a signer ---- */

static struct keyring *keyring_of(struct signer *signer)
{
        return (struct keyring *)signer;
}

static struct credentials *signer_current(struct signer *signer)
{
        return keyring_current(keyring_of(signer));
}

static void *signer_wait(struct signer *signer, signer_fn *done, void *userdata)
{
        return keyring_wait(keyring_of(signer), done, userdata);
}

static void signer_wait_free(void *wait)
{
        keyring_wait_free(wait);
}

static bool signer_reject(struct signer *signer, const struct credentials *credentials)
{
        return keyring_reject(keyring_of(signer), credentials);
}

static void *signer_identify(struct signer *signer, struct credentials *credentials,
                             signer_fn *done, void *userdata)
{
        return keyring_identify(keyring_of(signer), credentials, done, userdata);
}

static void signer_identify_free(void *identify)
{
        sts_free(identify);
}

/* Once it is known that a set may not ask, it is not asked for any more. */
static void *signer_explain(struct signer *signer, struct credentials *credentials,
                            const char *message, signer_text_fn *done, void *userdata)
{
        struct keyring *keyring = keyring_of(signer);
        struct sts_options options = sts_options(keyring);
        const char *encoded = explain_encoded(message);

        options.credentials = credentials;
        return keyring->mute || !encoded
                       ? NULL
                       : explain_new(&options, encoded, &keyring->mute, done, userdata);
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

struct signer *keyring_signer(struct keyring *keyring)
{
        return &keyring->signer;
}
