/*
 * What must hold for every history, tried on random ones. A failure names its seed; run the program
 * with that number to see it alone.
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

struct history {
        unsigned int seed;
        struct retention_policy policy;
        sec_t now;
        bool requires; /* some images are worth less than is required */
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

/* Winter +01:00, summer +02:00, turned at fixed days: enough to make days of 23 and 25 hours. */
static sec_t local_of(sec_t time)
{
        sec_t day_of_year = (time / SEC_PER_DAY) % 365;

        return time + SEC_PER_HOUR * (day_of_year > 90 && day_of_year < 300 ? 2 : 1);
}

static struct retention_image make_image(struct history *h, uint64_t *random, sec_t span)
{
        struct retention_image image = { .series = series[draw(random, 3)], .id = h->ids[h->n] };
        uint32_t kind = draw(random, 10);

        snprintf(h->ids[h->n], sizeof(h->ids[0]), "ami-%05u",
                 draw(random, 1000) * 100 + (unsigned int)h->n);
        image.time = h->now - (sec_t)(draw(random, UINT32_MAX) % (uint64_t)span);
        if (draw(random, 3) == 0) /* exactly on the edge of a period */
                image.time -= image.time % SEC_PER_DAY;
        image.local = local_of(image.time);
        image.available = kind > 1;
        image.failed = kind == 1;
        image.weak = image.available && kind < 5 && h->requires;
        image.held_by = draw(random, 12) == 0 ? "instance i-9" : NULL;
        return image;
}

static void make_history(struct history *h, unsigned int seed)
{
        static const sec_t spans[] = { 2 * SEC_PER_HOUR, 3 * SEC_PER_DAY, 60 * SEC_PER_DAY,
                                       1500 * SEC_PER_DAY };
        uint64_t random = seed * 2654435761U + 1;
        sec_t span = spans[draw(&random, 4)];

        *h = (struct history){ .seed = seed, .now = 1800000000 + (sec_t)draw(&random, 400000000) };
        h->requires = draw(&random, 2);
        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                if (draw(&random, 3) == 0)
                        h->policy.keep[rule] = 1 + draw(&random, 8);
        if (draw(&random, 4) == 0 || retention_policy_is_empty(&h->policy))
                h->policy.within = 1 + (sec_t)(draw(&random, UINT32_MAX) % (uint64_t)span);
        for (size_t n = draw(&random, IMAGES_MAX + 1); h->n < n; h->n++)
                h->images[h->n] = make_image(h, &random, span);
}

static void decide(const struct history *h, struct retention_verdict *verdicts)
{
        retention_decide(&h->policy, h->images, h->n, h->now, verdicts);
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
                hold(h,
                     stays(&verdicts[i]) == oracle_stays(&h->policy, h->images, h->n, h->now, i));
                if (!h->images[i].available || h->images[i].weak)
                        continue;
                for (enum retain_rule rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                        hold(h, (verdicts[i].rules >> rule & 1) ==
                                        (h->policy.keep[rule] &&
                                         oracle_rule(&h->policy, h->images, h->n, rule, i)));
        }
}

static void outcome_is_consistent(const struct history *h, const struct retention_verdict *verdicts)
{
        for (size_t i = 0; i < h->n; i++) {
                const struct retention_verdict *v = &verdicts[i];
                char *text = retention_explain(&h->policy, v, &h->images[i]);

                hold(h, startswith(text, stays(v) ? "kept: " : "removed: ") != NULL);
                free(text);
                hold(h, (v->outcome == RETENTION_KEEP_RULE) == (v->rules != 0));
                hold(h, h->images[i].available || v->rules == 0);
                hold(h, v->outcome == RETENTION_REMOVE || v->lost == RETAIN_RULES);
                for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                        if (v->rules >> rule & 1 && !h->images[i].weak)
                                hold(h,
                                     v->place[rule] >= 1 && v->place[rule] <= h->policy.keep[rule]);
        }
}

static void newest_good_stays(const struct history *h, const struct retention_verdict *verdicts)
{
        for (size_t s = 0; s < ELEMENTS(series); s++) {
                size_t best = SIZE_MAX, newest = SIZE_MAX;

                for (size_t i = 0; i < h->n; i++) {
                        const struct retention_image *image = &h->images[i];

                        if (!image->available || image->series != series[s])
                                continue;
                        if (newest == SIZE_MAX || oracle_newer(image, &h->images[newest]))
                                newest = i;
                        if (!image->weak &&
                            (best == SIZE_MAX || oracle_newer(image, &h->images[best])))
                                best = i;
                }
                hold(h, best == SIZE_MAX || stays(&verdicts[best]));
                hold(h, newest == SIZE_MAX || stays(&verdicts[newest]));
        }
}

static void is_a_union(const struct history *h, const struct retention_verdict *verdicts)
{
        bool kept[IMAGES_MAX + 1] = {};

        for (int rule = 0; rule < RETAIN_RULES; rule++) {
                struct history one = *h;
                struct retention_verdict alone[IMAGES_MAX + 1];

                one.policy = (struct retention_policy){};
                one.policy.keep[rule] = h->policy.keep[rule];
                if (rule == RETAIN_WITHIN)
                        one.policy.within = h->policy.within;
                if (retention_policy_is_empty(&one.policy))
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

/* How many that stayed before are removed once `image` is there too. */
static size_t lost_by_adding(const struct history *h, const struct retention_verdict *verdicts,
                             struct retention_image image)
{
        struct history more = *h;
        struct retention_verdict after[IMAGES_MAX + 1];
        size_t lost = 0;

        image.id = "ami-new";
        image.local = local_of(image.time);
        more.images[more.n++] = image;
        decide(&more, after);
        for (size_t i = 0; i < h->n; i++)
                lost += stays(&verdicts[i]) && !stays(&after[i]) && h->images[i].available &&
                        !(h->images[i].weak && !image.weak); /* of those any number goes */
        return lost;
}

static void adding_only_competes(const struct history *h, const struct retention_verdict *verdicts)
{
        struct retention_image image = { .series = series[0], .time = h->now, .available = true };
        size_t rules = 0;

        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++)
                rules += h->policy.keep[rule] > 0;
        /* a newer one takes at most one place of each rule, and the place of the last good one */
        hold(h, lost_by_adding(h, verdicts, image) <= rules + 1);
        image.weak = true; /* one that does not count takes none */
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.weak = false;
        image.time = 1000; /* an older one takes none */
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.time = h->now;
        image.available = false;
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.failed = true;
        hold(h, lost_by_adding(h, verdicts, image) == 0);
        image.available = true;
        image.series = "another";
        hold(h, lost_by_adding(h, verdicts, image) == 0);
}

static void test_properties(void **state)
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
                newest_good_stays(&h, verdicts);
                is_a_union(&h, verdicts);
                order_does_not_matter(&h, verdicts);
                repeats_quietly(&h, verdicts);
                adding_only_competes(&h, verdicts);
        }
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_properties) };
        unsigned long long seed = 0;

        if (argc > 1 && parse_number(argv[1], HISTORIES, &seed))
                only_seed = (unsigned int)seed;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
