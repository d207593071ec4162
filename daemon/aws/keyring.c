#include <assert.h>
#include <utlist.h>

#include "aws/credentials.h"
#include "aws/imds-credentials.h"
#include "aws/source.h"
#include "base/alloc.h"
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
        struct loop *loop;
        struct imds *imds;
        char *profile;
        struct timer *timer; /* starts a refresh, answers waits */

        struct credentials *current;
        bool rejected;         /* AWS refused `current` */
        usec_t fetched;        /* monotonic */
        sec_t refresh, urgent; /* wall clock: when to fetch the next set, and to wait for it */
        usec_t patience;       /* monotonic: no refresh before, after one failed */

        bool refreshing;
        bool wanted; /* a refresh has to start */
        const struct source *source;
        struct imds_credentials *asked;
        struct text tried; /* why each source had nothing */
        char *error;       /* of the last refresh */
        struct keyring_wait *waits;
};

struct keyring *keyring_free(struct keyring *keyring)
{
        if (!keyring)
                return NULL;
        assert(!keyring->waits);
        timer_free(keyring->timer);
        imds_credentials_free(keyring->asked);
        credentials_unref(keyring->current);
        text_done(&keyring->tried);
        free(keyring->error);
        free(keyring->profile);
        free(keyring);
        return NULL;
}

/* ---- refreshing ---- */

static void plan_refresh(struct keyring *keyring)
{
        sec_t now = loop_wall(keyring->loop), expires = keyring->current->expires;

        keyring->refresh = keyring->urgent = SEC_NEVER;
        if (expires == SEC_NEVER)
                return;
        keyring->refresh = expires - CREDENTIALS_ADVISORY;
        keyring->urgent = expires - CREDENTIALS_MANDATORY;
        if (keyring->refresh <= now) {
                keyring->refresh = now + STABILITY_WAIT + STABILITY_JITTER_LEAST +
                                   (sec_t)(loop_random(keyring->loop) % STABILITY_JITTER);
                keyring->urgent = keyring->refresh + CREDENTIALS_ADVISORY - CREDENTIALS_MANDATORY;
        }
}

/* The end of a refresh; takes the reference. NULL: it failed, and `tried` tells why. */
static void settle(struct keyring *keyring, struct credentials *credentials)
{
        struct keyring_wait *wait;

        keyring->refreshing = false;
        if (credentials) {
                credentials_unref(keyring->current);
                keyring->current = credentials;
                keyring->rejected = false;
                keyring->fetched = loop_monotonic(keyring->loop);
                keyring->patience = 0;
                plan_refresh(keyring);
        } else {
                keyring->patience =
                        loop_monotonic(keyring->loop) + CREDENTIALS_PATIENCE * USEC_PER_SEC;
        }
        free(keyring->error);
        keyring->error = xasprintf("no credentials: %s", text_get(&keyring->tried));
        text_done(&keyring->tried);
        DL_FOREACH (keyring->waits, wait) {
                wait->ready = true;
        }
        if (keyring->waits)
                timer_arm(keyring->timer, 0);
}

static void note(struct keyring *keyring, const char *why)
{
        text_printf(&keyring->tried, "%s%s: %s", keyring->source > sources ? "; " : "",
                    keyring->source->name, why);
}

static void on_imds(struct credentials *credentials, const char *why, void *userdata);

/* Goes through the sources from the present one on. */
static void look_on(struct keyring *keyring)
{
        for (; keyring->source < sources + n_sources; keyring->source++) {
                struct credentials *credentials = NULL;
                _cleanup_free_ char *why = NULL;

                switch (keyring->source->look(keyring->profile, &credentials, &why)) {
                case SOURCE_FOUND:
                        settle(keyring, credentials);
                        return;
                case SOURCE_NOTHING:
                        note(keyring, why);
                        break;
                case SOURCE_BROKEN:
                        note(keyring, why);
                        settle(keyring, NULL);
                        return;
                case SOURCE_ASK_IMDS:
                        imds_credentials_free(keyring->asked);
                        keyring->asked = imds_credentials_get(keyring->imds, on_imds, keyring);
                        return;
                }
        }
        settle(keyring, NULL);
}

static void on_imds(struct credentials *credentials, const char *why, void *userdata)
{
        struct keyring *keyring = userdata;

        if (credentials) {
                settle(keyring, credentials_ref(credentials));
        } else {
                note(keyring, why);
                keyring->source++;
                look_on(keyring);
        }
        keyring->asked =
                keyring->refreshing ? keyring->asked : imds_credentials_free(keyring->asked);
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
                keyring->refreshing = true;
                keyring->source = sources;
                look_on(keyring);
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

struct keyring *keyring_new(struct loop *loop, struct imds *imds, const char *profile)
{
        struct keyring *keyring = xnew(struct keyring);

        keyring->loop = loop;
        keyring->imds = imds;
        keyring->profile = xstrdup(profile);
        keyring->timer = timer_new(loop, on_timer, keyring);
        return keyring;
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
        keyring->rejected = true;
        return true;
}
