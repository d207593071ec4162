/*
 * What the manual says of retention, sentence by sentence: slow, and with periods as text, so that
 * it shares nothing with retention/. For tests that hold the real one beside it.
 */
#pragma once

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/text.h"
#include "retention/retention.h"

enum { ORACLE_PERIOD = 40 };

static inline bool oracle_newer(const struct retention_image *a, const struct retention_image *b)
{
        return a->time != b->time ? a->time > b->time : strcmp(a->id, b->id) > 0;
}

/* Whether `other` counts, competes with `image`, and is newer. */
static inline bool oracle_competes(const struct retention_image *other,
                                   const struct retention_image *image)
{
        return other->available && !other->weak && streq(other->series, image->series) &&
               oracle_newer(other, image);
}

static inline void oracle_period(enum retain_rule rule, const struct retention_image *image,
                                 char name[static ORACLE_PERIOD])
{
        static const char *const formats[RETAIN_RULES] = { [RETAIN_HOURLY] = "%Y-%m-%d %H",
                                                           [RETAIN_DAILY] = "%Y-%m-%d",
                                                           [RETAIN_WEEKLY] = "%G-W%V",
                                                           [RETAIN_MONTHLY] = "%Y-%m",
                                                           [RETAIN_YEARLY] = "%Y" };
        time_t local = image->local;
        struct tm tm;

        gmtime_r(&local, &tm);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        if (formats[rule])
                strftime(name, ORACLE_PERIOD, formats[rule], &tm);
        else
                (void)snprintf(name, ORACLE_PERIOD, "%s", image->id);
#pragma GCC diagnostic pop
}

/* Whether `rule` keeps image number `i`: no newer one in its period, and fewer than N periods with
 * an image after it. */
static inline bool oracle_rule(const struct retention_policy *policy,
                               const struct retention_image *images, size_t n,
                               enum retain_rule rule, size_t i)
{
        char(*seen)[ORACLE_PERIOD] = xcalloc(n, ORACLE_PERIOD), mine[ORACLE_PERIOD];
        size_t n_seen = 0;
        bool first = true;

        oracle_period(rule, &images[i], mine);
        for (size_t k = 0; k < n && first; k++) {
                char other[ORACLE_PERIOD];
                bool known = false;

                if (!oracle_competes(&images[k], &images[i]))
                        continue;
                oracle_period(rule, &images[k], other);
                first = !streq(other, mine);
                for (size_t s = 0; s < n_seen; s++)
                        known = known || streq(seen[s], other);
                if (!known)
                        memcpy(seen[n_seen++], other, ORACLE_PERIOD);
        }
        free(seen);
        return first && n_seen < policy->keep[rule];
}

/* Whether image number `i` stays. */
static inline bool oracle_stays(const struct retention_policy *policy,
                                const struct retention_image *images, size_t n, sec_t now, size_t i)
{
        const struct retention_image *image = &images[i];
        bool replaced = false, followed = false;

        assert(i < n);
        for (size_t k = 0; k < n; k++) {
                replaced = replaced || oracle_competes(&images[k], image);
                followed = followed || (images[k].available &&
                                        streq(images[k].series, image->series) &&
                                        oracle_newer(&images[k], image));
        }
        if (!image->available)
                return !image->failed || !followed || image->held_by;
        if (!replaced || image->held_by)
                return true;
        if (policy->within && now - image->time < policy->within)
                return true;
        if (image->weak)
                return false;
        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (policy->keep[rule] && oracle_rule(policy, images, n, rule, i))
                        return true;
        return false;
}
