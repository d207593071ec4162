/* Decides about images, series by series, and in a series rank by rank. */
#include "retention/retention.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/mutant.h"
#include "retention/contest.h"

/* The rank of an image whose level counts up to `cap`. */
static unsigned int rank_of(const struct retention_image *image, unsigned int cap)
{
        if (MUTANT(lets_the_weak_displace))
                return 0;
        return (image->level < cap ? image->level : cap) * 2 + image->succeeded;
}

/* The order by series, then newest first. */
static int compare_images(const void *a, const void *b)
{
        const struct retention_image *x = ((const struct entry *)a)->image;
        const struct retention_image *y = ((const struct entry *)b)->image;
        int r = strcmp(x->series, y->series);

        if (r)
                return r;
        if (x->created != y->created)
                return x->created < y->created ? 1 : -1;
        return strcmp(y->id, x->id);
}

bool retention_replaces(const struct retention_terms *terms, const struct retention_image *newer,
                        const struct retention_image *older)
{
        const struct entry a = { .image = newer }, b = { .image = older };

        return newer->created != SEC_NONE && older->created != SEC_NONE &&
               compare_images(&a, &b) < 0 &&
               (older->failed ||
                rank_of(newer, terms->requested) >= rank_of(older, terms->requested));
}

bool retention_stays(const struct retention_verdict *verdict)
{
        switch (verdict->outcome) {
        case RETENTION_KEEP_RULE:
        case RETENTION_KEEP_NEWEST:
        case RETENTION_KEEP_IN_USE:
        case RETENTION_KEEP_PENDING:
        case RETENTION_KEEP_UNKNOWN:
        case RETENTION_KEEP_REQUIRED:
                return true;
        case RETENTION_REMOVE:
        case RETENTION_REMOVE_BELOW:
        case RETENTION_REMOVE_FAILED:
                break;
        }
        return false;
}

/* Decides an image that no rule keeps. `first`: no image of the contest is newer. */
static void decide_rest(const struct contest *contest, const struct entry *entry, bool first)
{
        if (first && !MUTANT(removes_the_last_good)) {
                entry->verdict->outcome = RETENTION_KEEP_NEWEST;
        } else if (entry->image->in_use) {
                entry->verdict->outcome = RETENTION_KEEP_IN_USE;
        } else {
                entry->verdict->outcome = RETENTION_REMOVE;
                entry->verdict->lost = contest_find_lost(contest, entry->verdict);
        }
}

/* Decides an image below the required level that no rule keeps. `enough`: the newest image with the
 * required level, or NULL. */
static void decide_below(const struct entry *entry, const struct entry *enough)
{
        if (!enough || compare_images(entry, enough) < 0)
                entry->verdict->outcome = RETENTION_KEEP_REQUIRED;
        else
                entry->verdict->outcome =
                        entry->image->in_use ? RETENTION_KEEP_IN_USE : RETENTION_REMOVE_BELOW;
}

/* Decides the images of `rank`, in a contest with all images of `available` (newest first) of at
 * least that rank. */
static void decide_rank(const struct retention_terms *terms, const struct entry *available,
                        size_t n, unsigned int rank)
{
        _cleanup_free_ struct entry *entries = xcalloc(n, sizeof(*entries));
        struct contest contest = { .terms = terms, .entries = entries };
        bool below = terms->required && rank < terms->full * 2;
        const struct entry *enough = NULL;
        size_t n_decided = 0;

        for (size_t i = 0; i < n; i++) {
                if (available[i].rank < rank)
                        continue;
                if (!enough && available[i].rank >= terms->full * 2)
                        enough = &available[i];
                entries[contest.n] = available[i];
                entries[contest.n].order = contest.n;
                entries[contest.n].decided = available[i].rank == rank;
                n_decided += available[i].rank == rank;
                contest.n++;
        }
        if (!n_decided)
                return;
        if (below)
                contest_apply_within(&contest);
        else
                contest_apply_rules(&contest);
        for (size_t i = 0; i < contest.n; i++) {
                if (!entries[i].decided || entries[i].verdict->rules)
                        continue;
                if (below)
                        decide_below(&entries[i], enough);
                else
                        decide_rest(&contest, &entries[i], i == 0);
        }
}

/* The ranks of the contests count levels only up to terms->full. When the schedule requests a
 * higher level, an image with a higher level stays until a newer image has at least the same level.
 */
static void keep_strongest(const struct retention_terms *terms, const struct entry *available,
                           size_t n)
{
        unsigned int newer = 0; /* the highest rank of the newer images, plus 1 */

        for (size_t i = 0; i < n; i++) {
                unsigned int rank = rank_of(available[i].image, terms->requested);

                if (rank < newer)
                        continue;
                if (!retention_stays(available[i].verdict) && !MUTANT(removes_the_last_good)) {
                        available[i].verdict->outcome = RETENTION_KEEP_NEWEST;
                        available[i].verdict->lost = RETAIN_RULES;
                }
                newer = rank + 1;
        }
}

/* Whether the image takes part in contests. */
static bool counts(const struct retention_image *image)
{
        return image->available && image->created != SEC_NONE;
}

/* Decides an image that does not count. `good`: the newest image of the series that counts. */
static enum retention_outcome decide_uncounted(const struct entry *entry, const struct entry *good)
{
        if (entry->image->created == SEC_NONE)
                return RETENTION_KEEP_UNKNOWN;
        if (!entry->image->failed || !good || compare_images(entry, good) < 0)
                return RETENTION_KEEP_PENDING;
        return entry->image->in_use ? RETENTION_KEEP_IN_USE : RETENTION_REMOVE_FAILED;
}

/* Decides the `n` images of a series, newest first. */
static void decide_series(const struct retention_terms *terms, const struct entry *entries,
                          size_t n)
{
        _cleanup_free_ struct entry *available = xcalloc(n, sizeof(*available));
        size_t n_available = 0;

        for (size_t i = 0; i < n; i++)
                if (counts(entries[i].image))
                        available[n_available++] = entries[i];
        for (size_t i = 0; i < n; i++)
                if (!counts(entries[i].image))
                        entries[i].verdict->outcome =
                                decide_uncounted(&entries[i], n_available ? available : NULL);
        if (!n_available)
                return;
        for (unsigned int rank = 0; rank <= terms->full * 2 + 1; rank++)
                decide_rank(terms, available, n_available, rank);
        keep_strongest(terms, available, n_available);
}

void retention_decide(const struct retention_terms *terms, const struct retention_image *images,
                      size_t n, struct retention_verdict *verdicts)
{
        _cleanup_free_ struct entry *entries = xcalloc(n + 1, sizeof(*entries));
        size_t first = 0;

        for (size_t i = 0; i < n; i++) {
                verdicts[i] = (struct retention_verdict){ .lost = RETAIN_RULES };
                entries[i] = (struct entry){ .image = &images[i],
                                             .verdict = &verdicts[i],
                                             .rank = rank_of(&images[i], terms->full) };
        }
        if (retention_policy_is_empty(&terms->policy))
                return;
        qsort(entries, n, sizeof(*entries), compare_images);
        for (size_t i = 0; i < n; i++) {
                if (i + 1 < n &&
                    strcmp(entries[i + 1].image->series, entries[i].image->series) == 0)
                        continue;
                decide_series(terms, entries + first, i + 1 - first);
                first = i + 1;
        }
}
