/*
 * An oracle for retention: the sentences of the manual as slow code, with periods as text, so that
 * it shares nothing with retention/. Tests compare both.
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
        return a->created != b->created ? a->created > b->created : strcmp(a->id, b->id) > 0;
}

static inline unsigned int oracle_worth(const struct retention_image *image, unsigned int most)
{
        return image->level < most ? image->level : most;
}

/* Whether `a` has at least the rank of `b`, with levels up to `most`. */
static inline bool oracle_as_strong(const struct retention_image *a,
                                    const struct retention_image *b, unsigned int most)
{
        if (oracle_worth(a, most) != oracle_worth(b, most))
                return oracle_worth(a, most) > oracle_worth(b, most);
        return a->succeeded || !b->succeeded;
}

/* Whether `other` can replace `image`: it is available, of the same series, newer by EC2's clock,
 * and has at least the same rank. */
static inline bool oracle_replaces(const struct retention_image *other,
                                   const struct retention_image *image, unsigned int most)
{
        return other->available && other->created != SEC_NONE &&
               streq(other->series, image->series) && oracle_newer(other, image) &&
               oracle_as_strong(other, image, most);
}

static inline void oracle_period(const struct retention_terms *terms, enum retain_rule rule,
                                 const struct retention_image *image,
                                 char name[static ORACLE_PERIOD])
{
        static const char *const formats[RETAIN_RULES] = { [RETAIN_HOURLY] = "%Y-%m-%d %H",
                                                           [RETAIN_DAILY] = "%Y-%m-%d",
                                                           [RETAIN_WEEKLY] = "%G-W%V",
                                                           [RETAIN_MONTHLY] = "%Y-%m",
                                                           [RETAIN_YEARLY] = "%Y" };
        bool late = image->firing > image->created + 300;
        bool early = image->firing < image->created - terms->firing_lag;
        time_t local = late || early ? image->created + image->created_offset
                                     : image->firing + image->firing_offset;
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

/* Whether `rule` keeps image `i`: no image that can replace it is of its period, and all images
 * that can replace it are of fewer than N periods. */
static inline bool oracle_rule(const struct retention_terms *terms,
                               const struct retention_image *images, size_t n,
                               enum retain_rule rule, size_t i)
{
        char(*seen)[ORACLE_PERIOD] = xcalloc(n, ORACLE_PERIOD), mine[ORACLE_PERIOD];
        size_t n_seen = 0;
        bool first = true;

        oracle_period(terms, rule, &images[i], mine);
        for (size_t k = 0; k < n && first; k++) {
                char other[ORACLE_PERIOD];
                bool known = false;

                if (!oracle_replaces(&images[k], &images[i], terms->full))
                        continue;
                oracle_period(terms, rule, &images[k], other);
                first = !streq(other, mine);
                for (size_t s = 0; s < n_seen; s++)
                        known = known || streq(seen[s], other);
                if (!known)
                        memcpy(seen[n_seen++], other, ORACLE_PERIOD);
        }
        free(seen);
        return first && n_seen < terms->policy.keep[rule];
}

/* Whether any image can replace image `i`, with levels up to `most`. */
static inline bool oracle_is_replaced(const struct retention_image *images, size_t n, size_t i,
                                      unsigned int most)
{
        bool replaced = false;

        for (size_t k = 0; k < n; k++)
                replaced = replaced || oracle_replaces(&images[k], &images[i], most);
        return replaced;
}

/* Whether image `i` is below the required level. */
static inline bool oracle_is_weak(const struct retention_terms *terms,
                                  const struct retention_image *image)
{
        return terms->required && image->level < terms->full;
}

/* Whether image `i` stays. */
static inline bool oracle_stays(const struct retention_terms *terms,
                                const struct retention_image *images, size_t n, size_t i)
{
        const struct retention_image *image = &images[i];
        bool followed = false, met = false;

        assert(i < n);
        for (size_t k = 0; k < n; k++) {
                bool newer = images[k].available && images[k].created != SEC_NONE &&
                             streq(images[k].series, image->series) &&
                             oracle_newer(&images[k], image);

                followed = followed || newer;
                met = met || (newer && images[k].level >= terms->full);
        }
        if (image->created == SEC_NONE)
                return true;
        if (!image->available)
                return !image->failed || !followed || image->in_use;
        if (image->in_use)
                return true;
        if (terms->policy.within && terms->now - image->created < terms->policy.within)
                return true;
        if (!oracle_is_replaced(images, n, i, terms->requested))
                return true;
        if (oracle_is_weak(terms, image))
                return !met;
        if (!oracle_is_replaced(images, n, i, terms->full))
                return true;
        for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (terms->policy.keep[rule] && oracle_rule(terms, images, n, rule, i))
                        return true;
        return false;
}

/* The best consistency of a series, with levels up to `most`; 0 also for no image. `kept`: only
 * images with true in this array count; NULL: all count. */
static inline unsigned int oracle_best(const struct retention_image *images, size_t n,
                                       const char *series, const bool *kept, unsigned int most)
{
        unsigned int best = 0;

        for (size_t i = 0; i < n; i++)
                if (images[i].available && streq(images[i].series, series) && (!kept || kept[i]) &&
                    oracle_worth(&images[i], most) > best)
                        best = oracle_worth(&images[i], most);
        return best;
}
