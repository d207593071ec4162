/*
 * Properties of all histories, tested with random ones. A failure names its seed; run the program
 * with that number to repeat it alone.
 */
#include "retention/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"
#include "unit/retention/oracle.h"

enum { IMAGES_MAX = 40, HISTORIES = 4000 };

static const char *const levels[] = { "crash", "freeze", "reboot", "stop" };

struct history {
        unsigned int seed;
        struct retention_terms terms;
        struct retention_image images[IMAGES_MAX + 1]; /* one more can be added */
        char ids[IMAGES_MAX + 1][16];
        size_t n;
};

static const char *const series[] = { "prod eu-west-1 i-1", "prod eu-west-1 i-2",
                                      "dr us-east-1 i-1" };
static unsigned int only_seed;

static uint32_t draw(uint64_t *random, uint32_t below)
{
        *random = *random * 6364136223846793005U + 1442695040888963407U;
        return (uint32_t)(*random >> 33) % below;
}

/* Winter +01:00, summer +02:00, with fixed days of change, which have 23 and 25 hours. */
static sec_t offset_at(sec_t time)
{
        sec_t day_of_year = (time / SEC_PER_DAY) % 365;

        return SEC_PER_HOUR * (day_of_year > 90 && day_of_year < 300 ? 2 : 1);
}

/* The error of a wrong wall clock: seconds to decades, ahead or behind. */
static sec_t mistake(uint64_t *random)
{
        static const sec_t scales[] = { 10, SEC_PER_HOUR, 3 * SEC_PER_DAY, 400 * SEC_PER_DAY,
                                        20000 * SEC_PER_DAY };
        sec_t scale = scales[draw(random, ELEMENTS(scales))];
        sec_t by = (sec_t)(draw(random, UINT32_MAX) % (uint64_t)scale);

        return draw(random, 2) ? by : -by;
}

static void set_firing(struct retention_image *image, sec_t firing)
{
        image->firing = firing;
        image->firing_offset = offset_at(firing);
}

static void set_created(struct retention_image *image, sec_t created)
{
        image->created = created;
        image->created_offset = offset_at(created);
}

static struct retention_image make_image(struct history *h, uint64_t *random, sec_t span)
{
        struct retention_image image = { .series = series[draw(random, 3)], .id = h->ids[h->n] };
        uint32_t kind = draw(random, 10);
        sec_t time = h->terms.now - (sec_t)(draw(random, UINT32_MAX) % (uint64_t)span);

        snprintf(h->ids[h->n], sizeof(h->ids[0]), "ami-%05u",
                 draw(random, 1000) * 100 + (unsigned int)h->n);
        if (draw(random, 3) == 0) /* exactly on the edge of a period */
                time -= time % SEC_PER_DAY;
        set_created(&image, time);
        if (draw(random, 3) == 0)
                time += mistake(random);
        set_firing(&image, time);
        if (draw(random, 20) == 0) /* EC2 does not tell */
                image.created = SEC_NONE;
        image.available = kind > 1;
        image.failed = kind == 1;
        image.level = draw(random, ELEMENTS(levels));
        image.succeeded = draw(random, 3) != 0;
        image.in_use = draw(random, 12) == 0 ? "instance i-9" : NULL;
        return image;
}

static void make_terms(struct retention_terms *terms, uint64_t *random, sec_t span)
{
        *terms = (struct retention_terms){
                .now = 1800000000 + (sec_t)draw(random, 400000000),
                .levels = levels,
                .requested = draw(random, ELEMENTS(levels)),
                .firing_lag = 26 * SEC_PER_HOUR,
        };
        terms->required = draw(random, 2);
        terms->full = terms->required ? draw(random, ELEMENTS(levels)) : terms->requested;
        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (draw(random, 3) == 0)
                        terms->policy.keep[rule] = 1 + draw(random, 8);
        if (draw(random, 4) == 0 || retention_policy_is_empty(&terms->policy))
                terms->policy.within = 1 + (sec_t)(draw(random, UINT32_MAX) % (uint64_t)span);
}

static void make_history(struct history *h, unsigned int seed)
{
        static const sec_t spans[] = { 2 * SEC_PER_HOUR, 3 * SEC_PER_DAY, 60 * SEC_PER_DAY,
                                       1500 * SEC_PER_DAY };
        uint64_t random = seed * 2654435761U + 1;
        sec_t span = spans[draw(&random, 4)];

        *h = (struct history){ .seed = seed };
        make_terms(&h->terms, &random, span);
        for (size_t n = draw(&random, IMAGES_MAX + 1); h->n < n; h->n++)
                h->images[h->n] = make_image(h, &random, span);
}

static void decide(const struct history *h, struct retention_verdict *verdicts)
{
        retention_decide(&h->terms, h->images, h->n, verdicts);
}

static bool stays(const struct retention_verdict *verdict)
{
        return retention_stays(verdict);
}

#define hold(h, condition)                                                                         \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        fail_msg("seed %u: %s", (h)->seed, #condition);                            \
        } while (0)

/* ---- properties ------------------------------------------------------------------------------ */

static void agrees_with_oracle(const struct history *h, const struct retention_verdict *verdicts)
{
        for (size_t i = 0; i < h->n; i++) {
                hold(h, stays(&verdicts[i]) == oracle_stays(&h->terms, h->images, h->n, i));
                if (!h->images[i].available || h->images[i].created == SEC_NONE ||
                    oracle_is_weak(&h->terms, &h->images[i]))
                        continue;
                for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                        hold(h, (verdicts[i].rules >> rule & 1) ==
                                        (h->terms.policy.keep[rule] &&
                                         oracle_rule(&h->terms, h->images, h->n, rule, i)));
        }
}

static void outcome_is_consistent(const struct history *h, const struct retention_verdict *verdicts)
{
        for (size_t i = 0; i < h->n; i++) {
                const struct retention_verdict *v = &verdicts[i];
                char *text = retention_explain(&h->terms, v, &h->images[i]);

                hold(h, startswith(text, stays(v) ? "kept: " : "removed: ") != NULL);
                hold(h, (strstr(text, "cannot be right") == NULL) ==
                                retention_is_plausible(&h->terms, &h->images[i]));
                free(text);
                hold(h, (v->outcome == RETENTION_KEEP_RULE) == (v->rules != 0));
                hold(h, h->images[i].available || v->rules == 0);
                hold(h, v->outcome == RETENTION_REMOVE || v->lost == RETAIN_RULES);
                for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                        if (v->rules >> rule & 1)
                                hold(h, v->position[rule] >= 1 &&
                                                v->position[rule] <= h->terms.policy.keep[rule]);
        }
}

/* No removal lowers the best available consistency of an instance, with levels up to the requested
 * one. */
static void best_stays(const struct history *h, const struct retention_verdict *verdicts)
{
        bool kept[IMAGES_MAX + 1];

        for (size_t i = 0; i < h->n; i++)
                kept[i] = stays(&verdicts[i]);
        for (size_t s = 0; s < ELEMENTS(series); s++)
                hold(h, oracle_best(h->images, h->n, series[s], NULL, h->terms.requested) ==
                                oracle_best(h->images, h->n, series[s], kept, h->terms.requested));
}

/* For each removed image an image stays that is newer by EC2's clock and has at least its rank,
 * with levels up to the requested one and up to `full`. */
static void replaced_by_better(const struct history *h, const struct retention_verdict *verdicts)
{
        const unsigned int caps[] = { h->terms.requested, h->terms.full };

        for (size_t c = 0; c < ELEMENTS(caps); c++)
                for (size_t i = 0; i < h->n; i++) {
                        bool replaced = stays(&verdicts[i]) || !h->images[i].available;

                        for (size_t k = 0; k < h->n; k++)
                                replaced = replaced ||
                                           (stays(&verdicts[k]) &&
                                            oracle_replaces(&h->images[k], &h->images[i], caps[c]));
                        hold(h, replaced);
                }
}

static void is_a_union(const struct history *h, const struct retention_verdict *verdicts)
{
        bool kept[IMAGES_MAX + 1] = {};

        for (int rule = 0; rule < RETAIN_RULES; rule++) {
                struct history one = *h;
                struct retention_verdict alone[IMAGES_MAX + 1];

                one.terms.policy = (struct retention_policy){};
                one.terms.policy.keep[rule] = h->terms.policy.keep[rule];
                if (rule == RETAIN_WITHIN)
                        one.terms.policy.within = h->terms.policy.within;
                if (retention_policy_is_empty(&one.terms.policy))
                        continue;
                decide(&one, alone);
                for (size_t i = 0; i < h->n; i++)
                        kept[i] = kept[i] || stays(&alone[i]);
        }
        for (size_t i = 0; i < h->n; i++)
                hold(h, stays(&verdicts[i]) == kept[i]);
}

static void order_does_not_matter(const struct history *h, const struct retention_verdict *verdicts)
{
        struct history shuffled = *h;
        struct retention_verdict others[IMAGES_MAX + 1];
        size_t from[IMAGES_MAX + 1];
        uint64_t random = h->seed;

        for (size_t i = 0; i < h->n; i++)
                from[i] = i;
        for (size_t i = h->n; i > 1; i--) {
                size_t k = draw(&random, (uint32_t)i), keep = from[i - 1];

                from[i - 1] = from[k];
                from[k] = keep;
        }
        for (size_t i = 0; i < h->n; i++)
                shuffled.images[i] = h->images[from[i]];
        decide(&shuffled, others);
        for (size_t i = 0; i < h->n; i++) {
                hold(h, others[i].outcome == verdicts[from[i]].outcome);
                hold(h, others[i].rules == verdicts[from[i]].rules);
                hold(h, others[i].lost == verdicts[from[i]].lost);
        }
}

static void repeats_quietly(const struct history *h, const struct retention_verdict *verdicts)
{
        struct history rest = *h;
        struct retention_verdict again[IMAGES_MAX + 1];

        rest.n = 0;
        for (size_t i = 0; i < h->n; i++)
                if (stays(&verdicts[i]))
                        rest.images[rest.n++] = h->images[i];
        decide(&rest, again);
        for (size_t i = 0; i < rest.n; i++)
                hold(h, stays(&again[i]));
}

/* The number of images that stayed before and are removed after `image` is added. None of them is
 * newer or has a higher rank. */
static size_t lost_by_adding(const struct history *h, const struct retention_verdict *verdicts,
                             struct retention_image image)
{
        struct history more = *h;
        struct retention_verdict after[IMAGES_MAX + 1];
        size_t lost = 0;

        image.id = "ami-new";
        if (image.created != SEC_NONE)
                image.created_offset = offset_at(image.created);
        image.firing_offset = offset_at(image.firing);
        more.images[more.n++] = image;
        decide(&more, after);
        for (size_t i = 0; i < h->n; i++) {
                if (!stays(&verdicts[i]) || stays(&after[i]) || !h->images[i].available)
                        continue;
                lost += !oracle_is_weak(&h->terms, &h->images[i]); /* weak ones do not count */
                hold(h, oracle_replaces(&image, &h->images[i], h->terms.full) ||
                                oracle_replaces(&image, &h->images[i], h->terms.requested));
        }
        return lost;
}

static void adding_only_competes(const struct history *h, const struct retention_verdict *verdicts)
{
        uint64_t random = h->seed + 77;
        struct history drawn = *h;
        struct retention_image image = { .series = series[0],
                                         .created = h->terms.now,
                                         .firing = h->terms.now,
                                         .level = ELEMENTS(levels) - 1,
                                         .succeeded = true,
                                         .available = true };
        size_t rules = 0, ranks = 2 * ELEMENTS(levels);

        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                rules += h->terms.policy.keep[rule] > 0;
        /* The newest image takes at most one position of each rule in the contest of each rank, and
         * the position of the newest image, with levels up to the required and to the requested
         * one. */
        hold(h, lost_by_adding(h, verdicts, image) <= ranks * (rules + 2));
        image.created = 1000; /* an older image takes no position, with any firing */
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.firing = 1000;
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.created = image.firing = h->terms.now;
        image.available = false;
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.failed = true;
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.available = true;
        image.series = "another";
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        for (int i = 0; i < 4; i++)
                lost_by_adding(h, verdicts, make_image(&drawn, &random, 60 * SEC_PER_DAY));
}

/* The firings are by a wrong wall clock; EC2's clock is right. */
static void wrong_clock_changes_nothing(const struct history *h)
{
        struct history right = *h, wrong = *h;
        struct retention_verdict before[IMAGES_MAX + 1], after[IMAGES_MAX + 1];
        uint64_t random = h->seed + 99;

        for (size_t i = 0; i < h->n; i++) {
                sec_t created = h->images[i].created;

                if (draw(&random, 2) || created == SEC_NONE)
                        continue; /* this one stays as it is */
                set_firing(&wrong.images[i], created + mistake(&random));
                set_firing(&right.images[i], retention_is_plausible(&h->terms, &wrong.images[i])
                                                     ? wrong.images[i].firing
                                                     : created);
        }
        decide(&right, before);
        decide(&wrong, after);
        for (size_t i = 0; i < h->n; i++)
                hold(h, memcmp(&before[i], &after[i], sizeof(before[i])) == 0);
        /* Rules without periods do not use firings. */
        for (int rule = RETAIN_HOURLY; rule < RETAIN_RULES; rule++)
                right.terms.policy.keep[rule] = wrong.terms.policy.keep[rule] = 0;
        for (size_t i = 0; i < h->n; i++)
                if (right.images[i].created != SEC_NONE)
                        set_firing(&right.images[i], right.images[i].created);
        decide(&right, before);
        decide(&wrong, after);
        for (size_t i = 0; i < h->n; i++)
                hold(h, memcmp(&before[i], &after[i], sizeof(before[i])) == 0);
}

static void random_histories_hold_the_properties(void **state)
{
        (void)state;
        for (unsigned int seed = 1; seed <= HISTORIES; seed++) {
                struct history h;
                struct retention_verdict verdicts[IMAGES_MAX + 1];

                if (only_seed && seed != only_seed)
                        continue;
                make_history(&h, seed);
                decide(&h, verdicts);
                agrees_with_oracle(&h, verdicts);
                outcome_is_consistent(&h, verdicts);
                best_stays(&h, verdicts);
                replaced_by_better(&h, verdicts);
                is_a_union(&h, verdicts);
                order_does_not_matter(&h, verdicts);
                repeats_quietly(&h, verdicts);
                adding_only_competes(&h, verdicts);
                wrong_clock_changes_nothing(&h);
        }
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(
                random_histories_hold_the_properties) };
        unsigned long long seed = 0;

        if (argc > 1 && parse_number(argv[1], HISTORIES, &seed))
                only_seed = (unsigned int)seed;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
