/* Histories in rows: what a policy keeps, why, and where periods begin and end. */
#include "retention/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

/*
 * A history is words "TIME[flags]": local time of the schedule, UTC offset in `offset` hours.
 * Flags: p pending, f failed, h held. The expectation has one letter per image, in the same order:
 * k rule, g last good, h held, p pending, R removed, F failed and removed.
 */
struct row {
        int line;
        struct retention_policy policy;
        const char *now, *images, *expect;
};

static const char outcome_letters[] = {
        [RETENTION_KEEP_RULE] = 'k', [RETENTION_KEEP_LAST_GOOD] = 'g',
        [RETENTION_KEEP_HELD] = 'h', [RETENTION_KEEP_PENDING] = 'p',
        [RETENTION_REMOVE] = 'R',    [RETENTION_REMOVE_FAILED] = 'F',
};

/* clang-format off */
static const struct row rows[] = {
        /* last */
        { __LINE__, { .keep = { [RETAIN_LAST] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T03:00:00Z 2026-03-02T03:00:00Z 2026-03-03T03:00:00Z", "Rkk" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z", "2026-03-01T03:00:00Z", "k" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 5 } }, "2026-03-10T00:00:00Z",
          "2026-03-03T03:00:00Z 2026-03-01T03:00:00Z", "kk" },
        /* the newest of a day stands for it, and days without an image do not count */
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T03:00:00Z 2026-03-01T23:59:59Z 2026-03-07T00:00:00Z 2026-03-07T00:00:01Z", "RkRk" },
        { __LINE__, { .keep = { [RETAIN_HOURLY] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T03:00:00Z 2026-03-01T03:59:59Z 2026-03-01T04:00:00Z", "Rkk" },
        /* ISO weeks: Sunday ends one, Monday begins the next, also over the turn of the year */
        { __LINE__, { .keep = { [RETAIN_WEEKLY] = 5 } }, "2026-03-10T00:00:00Z",
          "2026-03-02T00:00:00Z 2026-03-08T23:59:59Z 2026-03-09T00:00:00Z", "Rkk" },
        { __LINE__, { .keep = { [RETAIN_WEEKLY] = 5 } }, "2027-03-10T00:00:00Z",
          "2026-12-28T00:00:00Z 2027-01-03T12:00:00Z 2027-01-04T00:00:00Z", "Rkk" },
        /* before 1970, where division rounds the other way */
        { __LINE__, { .keep = { [RETAIN_WEEKLY] = 5 } }, "2027-03-10T00:00:00Z",
          "1969-12-28T23:59:59Z 1969-12-29T00:00:00Z 1970-01-04T23:59:59Z", "kRk" },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 5, [RETAIN_HOURLY] = 1 } }, "2027-03-10T00:00:00Z",
          "1969-12-30T23:59:59Z 1969-12-31T00:00:00Z 1969-12-31T23:59:59Z 1970-01-01T00:00:00Z", "kRkk" },
        /* months and years */
        { __LINE__, { .keep = { [RETAIN_MONTHLY] = 3 } }, "2026-03-10T00:00:00Z",
          "2025-12-31T23:00:00Z 2026-01-01T00:00:00Z 2026-01-31T00:00:00Z 2026-02-01T00:00:00Z", "kRkk" },
        { __LINE__, { .keep = { [RETAIN_YEARLY] = 2 } }, "2026-03-10T00:00:00Z",
          "2024-12-31T23:00:00Z 2025-01-01T00:00:00Z 2025-12-31T23:59:59Z 2026-01-01T00:00:00Z", "RRkk" },
        /* within: younger than, so exactly as old goes; the future is young */
        { __LINE__, { .within = 2 * SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-03-07T23:59:59Z 2026-03-08T00:00:00Z 2026-03-08T00:00:01Z 2026-03-11T00:00:00Z", "RRkk" },
        /* a union: each of the rules is enough */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1, [RETAIN_DAILY] = 2, [RETAIN_MONTHLY] = 2 } },
          "2026-03-10T00:00:00Z",
          "2026-02-01T03:00:00Z 2026-02-28T03:00:00Z 2026-03-07T03:00:00Z 2026-03-08T03:00:00Z", "Rkkk" },
        /* nothing in reach: the newest good one stays all the same */
        { __LINE__, { .within = SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Z 2026-01-02T00:00:00Z", "Rg" },
        { __LINE__, { .within = SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Z 2026-01-02T00:00:00Zh 2026-01-03T00:00:00Zf", "Rgp" },
        /* held ones stay, and still take their place */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Zh 2026-01-02T00:00:00Z 2026-01-03T00:00:00Zh", "hRk" },
        /* what is not available never counts: pending stays, failed goes once it is replaced */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Zp 2026-01-02T00:00:00Zf 2026-01-03T00:00:00Z 2026-01-04T00:00:00Zf "
          "2026-01-05T00:00:00Zp", "pFkpp" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-02T00:00:00Zf 2026-01-03T00:00:00Zf", "pp" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-02T00:00:00Zfh 2026-01-03T00:00:00Z", "hk" },
        /* no policy: nothing goes */
        { __LINE__, {}, "2026-03-10T00:00:00Z", "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z", "kk" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z", "", "" },
};
/* clang-format on */

struct history {
        struct retention_image *images;
        struct retention_verdict *verdicts;
        size_t n;
        char **ids;
};

static struct retention_image read_image(const char *word, const char *id)
{
        char time[TIME_TEXT_MAX];
        const char *flags = word + 20;
        struct retention_image image = { .series = "i-1", .id = id };

        snprintf(time, sizeof(time), "%.20s", word);
        assert_true(parse_rfc3339(time, &image.time));
        image.local = image.time;
        image.failed = strchr(flags, 'f') != NULL;
        image.available = !image.failed && !strchr(flags, 'p');
        image.weak = strchr(flags, 'w') != NULL;
        image.held_by = strchr(flags, 'h') ? "instance i-9" : NULL;
        return image;
}

static struct history history_read(const char *text)
{
        struct history h = {};
        size_t n;
        char **words = strings_split(text, " ", &n);

        for (size_t i = 0; i < n; i++) {
                size_t n_ids = i;

                *append(h.ids, n_ids) = xasprintf("ami-%03zu", i);
                *append(h.images, h.n) = read_image(words[i], h.ids[i]);
        }
        strings_free(words, n);
        h.verdicts = xcalloc(n + 1, sizeof(*h.verdicts));
        return h;
}

static void history_done(struct history *h)
{
        strings_free(h->ids, h->n);
        free(h->images);
        free(h->verdicts);
}

static sec_t at(const char *text)
{
        sec_t sec;

        assert_true(parse_rfc3339(text, &sec));
        return sec;
}

static void test_rows(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const struct row *row = &rows[i];
                struct history h = history_read(row->images);

                retention_decide(&row->policy, h.images, h.n, at(row->now), h.verdicts);
                for (size_t k = 0; k < h.n; k++)
                        if (outcome_letters[h.verdicts[k].outcome] != row->expect[k])
                                fail_msg("row of line %d, image %zu: %c, not %c", row->line, k,
                                         outcome_letters[h.verdicts[k].outcome], row->expect[k]);
                assert_int_equal(h.n, strlen(row->expect));
                history_done(&h);
        }
}

/* Local days decide: two images of one UTC day, at 23:30 and 00:30 in Seoul. */
static void test_zone(void **state)
{
        (void)state;
        const struct retention_policy policy = { .keep = { [RETAIN_DAILY] = 2 } };
        struct retention_verdict verdicts[2];
        struct retention_image images[] = {
                { "s", "a", at("2026-03-01T14:30:00Z"), at("2026-03-01T23:30:00Z"), true, false,
                  false, NULL },
                { "s", "b", at("2026-03-01T15:30:00Z"), at("2026-03-02T00:30:00Z"), true, false,
                  false, NULL },
        };

        retention_decide(&policy, images, 2, at("2026-03-05T00:00:00Z"), verdicts);
        assert_int_equal(verdicts[0].place[RETAIN_DAILY], 2);
        assert_int_equal(verdicts[0].outcome, RETENTION_KEEP_RULE);
        images[0].local = images[0].time;
        images[1].local = images[1].time;
        retention_decide(&policy, images, 2, at("2026-03-05T00:00:00Z"), verdicts);
        assert_int_equal(verdicts[0].place[RETAIN_DAILY], 0);
        assert_int_equal(verdicts[0].outcome, RETENTION_REMOVE);
}

/* A clock that goes back two hours (Troll station) lives through 01 and 02 twice: still two hours,
 * and each is stood for by its newest image. */
static void test_clock_goes_back(void **state)
{
        (void)state;
        const struct retention_policy policy = { .keep = { [RETAIN_HOURLY] = 3 } };
        const sec_t begin = at("2026-10-24T23:00:00Z"); /* 01:00 at +02:00 */
        static const bool kept[] = { false, false, true, true, true };
        struct retention_image images[5];
        struct retention_verdict verdicts[5];
        static const char *const ids[] = { "0", "1", "2", "3", "4" };

        for (int i = 0; i < 5; i++) {
                sec_t time = begin + i * SEC_PER_HOUR;

                images[i] = (struct retention_image){
                        .series = "s",
                        .id = ids[i],
                        .time = time,
                        .local = time + (i < 2 ? 2 * SEC_PER_HOUR : 0),
                        .available = true,
                };
        }
        retention_decide(&policy, images, 5, begin + SEC_PER_DAY, verdicts);
        for (int i = 0; i < 5; i++)
                assert_int_equal(verdicts[i].outcome == RETENTION_KEEP_RULE, kept[i]);
        assert_int_equal(verdicts[4].place[RETAIN_HOURLY], 1);
        assert_int_equal(verdicts[2].place[RETAIN_HOURLY], 3);
}

static void test_series_and_ties(void **state)
{
        (void)state;
        const struct retention_policy policy = { .keep = { [RETAIN_LAST] = 1 } };
        const sec_t t = at("2026-03-01T00:00:00Z");
        const struct retention_image images[] = {
                { "b", "1", t, t, true, false, false, NULL },
                { "a", "3", t - 5, t - 5, true, false, false, NULL },
                { "b", "2", t, t, true, false, false, NULL },
                { "a", "4", t - 9, t - 9, true, false, false, NULL },
        };
        struct retention_verdict verdicts[4];

        retention_decide(&policy, images, 4, t, verdicts);
        assert_int_equal(verdicts[0].outcome, RETENTION_REMOVE); /* the greater id is newer */
        assert_int_equal(verdicts[1].outcome, RETENTION_KEEP_RULE);
        assert_int_equal(verdicts[2].outcome, RETENTION_KEEP_RULE);
        assert_int_equal(verdicts[3].outcome, RETENTION_REMOVE);
}

static void test_policy_is_empty(void **state)
{
        (void)state;
        struct retention_policy policy = {};

        assert_true(retention_policy_is_empty(&policy));
        policy.within = 1;
        assert_false(retention_policy_is_empty(&policy));
        for (int rule = RETAIN_LAST; rule < RETAIN_RULES; rule++) {
                policy = (struct retention_policy){};
                policy.keep[rule] = 1;
                assert_false(retention_policy_is_empty(&policy));
        }
}

/* clang-format off */
static const struct {
        int line;
        struct retention_policy policy;
        const char *images, *expect; /* of the first image; now is 2026-03-10 */
} explained[] = {
        { __LINE__, { .keep = { [RETAIN_DAILY] = 7, [RETAIN_WEEKLY] = 4 } },
          "2026-03-01T00:00:00Z 2026-03-09T00:00:00Z", "kept: daily #2, weekly #2" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 }, .within = 2 * SEC_PER_DAY }, "2026-03-09T00:00:00Z",
          "kept: last #1, within 2d" },
        { __LINE__, { .within = 2 * SEC_PER_DAY }, "2026-03-09T00:00:00Z", "kept: within 2d" },
        { __LINE__, {}, "2026-03-09T00:00:00Z", "kept: there is no retain policy" },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Z", "kept: the newest good image always stays" },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Zh 2026-01-02T00:00:00Z", "kept: in use (instance i-9)" },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Zp 2026-01-02T00:00:00Z", "kept: not available yet" },
        { __LINE__, { .within = 60 }, "2026-01-03T00:00:00Zf 2026-01-02T00:00:00Z",
          "kept: it failed, but no newer image replaces it" },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Zf 2026-01-02T00:00:00Z",
          "removed: it failed, and a newer image is available" },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 1 } }, "2026-01-01T00:00:00Z 2026-01-02T00:00:00Z",
          "removed: daily 1 no longer keeps it" },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 1 } }, "2026-01-01T00:00:00Z 2026-01-01T00:00:01Z",
          "removed: under every rule a newer image stands for its period" },
        { __LINE__, { .within = 120 }, "2026-01-01T00:00:00Z 2026-01-01T00:00:01Z",
          "removed: within 2m no longer keeps it" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-03T00:00:00Zw 2026-01-02T00:00:00Z",
          "kept: worth less than is required, but nothing newer is worth more" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 9 } }, "2026-01-01T00:00:00Zw 2026-01-02T00:00:00Z",
          "removed: worth less than is required, and a newer image is not" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Z 2026-01-02T00:00:00Zw",
          "kept: last #1" },
        { __LINE__, { .within = 90 * SEC_PER_DAY }, "2026-01-01T00:00:00Zw 2026-01-02T00:00:00Z",
          "kept: within 90d" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Zwh 2026-01-02T00:00:00Z",
          "kept: in use (instance i-9)" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Zf 2026-01-02T00:00:00Zw",
          "removed: it failed, and a newer image is available" },
        /* the rule that reaches furthest back, which need not be the one of the longest period */
        { __LINE__, { .keep = { [RETAIN_DAILY] = 3, [RETAIN_MONTHLY] = 1 } },
          "2026-01-01T00:00:00Z 2026-02-02T00:00:00Z 2026-02-03T00:00:00Z 2026-03-04T00:00:00Z",
          "removed: daily 3 no longer keeps it" },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2, [RETAIN_MONTHLY] = 2 } },
          "2026-01-01T00:00:00Z 2026-02-02T00:00:00Z 2026-03-03T00:00:00Z 2026-03-04T00:00:00Z",
          "removed: monthly 2 no longer keeps it" },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 }, .within = 60 * SEC_PER_DAY },
          "2026-01-01T00:00:00Z 2026-02-02T00:00:00Z", "removed: within 60d no longer keeps it" },
};
/* clang-format on */

static void test_explain(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(explained); i++) {
                struct history h = history_read(explained[i].images);
                char *text;

                retention_decide(&explained[i].policy, h.images, h.n, at("2026-03-10T00:00:00Z"),
                                 h.verdicts);
                text = retention_explain(&explained[i].policy, &h.verdicts[0], &h.images[0]);
                if (!streq(text, explained[i].expect))
                        fail_msg("row of line %d: \"%s\"", explained[i].line, text);
                free(text);
                history_done(&h);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rows),
                cmocka_unit_test(test_zone),
                cmocka_unit_test(test_clock_goes_back),
                cmocka_unit_test(test_series_and_ties),
                cmocka_unit_test(test_policy_is_empty),
                cmocka_unit_test(test_explain),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
