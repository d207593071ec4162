/* Histories in rows, with their verdicts; the bounds of periods; explanations. */
#include "retention/retention.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"

enum { CRASH, FREEZE, REBOOT, STOP };
static const char *const levels[] = { "crash", "freeze", "reboot", "stop" };

/*
 * A history has words "CREATED[flags][@FIRING]" in UTC; without @FIRING the firing is at CREATED.
 * Flags: p pending, f failed, h in use, x the task failed, u without a CreationDate; 1 to 3:
 * consistency freeze, reboot, stop; none: crash. The expectation has a letter per image, in the
 * same order: k kept by a rule, g newest, h in use, p pending, n below the required level without a
 * newer one, u without a CreationDate; R removed, W removed as below the required level, F removed
 * as failed.
 */
struct row {
        int line;
        struct retention_policy policy;
        const char *now, *images, *expect;
        unsigned int requested;
        int required; /* a level plus 1; 0: none */
};

static const char outcome_letters[] = {
        [RETENTION_KEEP_RULE] = 'k',     [RETENTION_KEEP_NEWEST] = 'g',
        [RETENTION_KEEP_IN_USE] = 'h',   [RETENTION_KEEP_PENDING] = 'p',
        [RETENTION_KEEP_REQUIRED] = 'n', [RETENTION_REMOVE] = 'R',
        [RETENTION_REMOVE_BELOW] = 'W',  [RETENTION_REMOVE_FAILED] = 'F',
        [RETENTION_KEEP_UNKNOWN] = 'u',
};

/* clang-format off */
static const struct row rows[] = {
        /* last */
        { __LINE__, { .keep = { [RETAIN_LAST] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T03:00:00Z 2026-03-02T03:00:00Z 2026-03-03T03:00:00Z", "Rkk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z", "2026-03-01T03:00:00Z", "k", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 5 } }, "2026-03-10T00:00:00Z",
          "2026-03-03T03:00:00Z 2026-03-01T03:00:00Z", "kk", CRASH, 0 },
        /* the newest image of a day is kept, and days without an image do not count */
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T03:00:00Z 2026-03-01T23:59:59Z 2026-03-07T00:00:00Z 2026-03-07T00:00:01Z", "RkRk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_HOURLY] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T03:00:00Z 2026-03-01T03:59:59Z 2026-03-01T04:00:00Z", "Rkk", CRASH, 0 },
        /* ISO weeks: Sunday ends one, Monday begins the next, also over the turn of the year */
        { __LINE__, { .keep = { [RETAIN_WEEKLY] = 5 } }, "2026-03-10T00:00:00Z",
          "2026-03-02T00:00:00Z 2026-03-08T23:59:59Z 2026-03-09T00:00:00Z", "Rkk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_WEEKLY] = 5 } }, "2027-03-10T00:00:00Z",
          "2026-12-28T00:00:00Z 2027-01-03T12:00:00Z 2027-01-04T00:00:00Z", "Rkk", CRASH, 0 },
        /* before 1970, where division rounds the other way */
        { __LINE__, { .keep = { [RETAIN_WEEKLY] = 5 } }, "2027-03-10T00:00:00Z",
          "1969-12-28T23:59:59Z 1969-12-29T00:00:00Z 1970-01-04T23:59:59Z", "kRk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 5, [RETAIN_HOURLY] = 1 } }, "2027-03-10T00:00:00Z",
          "1969-12-30T23:59:59Z 1969-12-31T00:00:00Z 1969-12-31T23:59:59Z 1970-01-01T00:00:00Z", "kRkk", CRASH, 0 },
        /* months and years */
        { __LINE__, { .keep = { [RETAIN_MONTHLY] = 3 } }, "2026-03-10T00:00:00Z",
          "2025-12-31T23:00:00Z 2026-01-01T00:00:00Z 2026-01-31T00:00:00Z 2026-02-01T00:00:00Z", "kRkk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_YEARLY] = 2 } }, "2026-03-10T00:00:00Z",
          "2024-12-31T23:00:00Z 2025-01-01T00:00:00Z 2025-12-31T23:59:59Z 2026-01-01T00:00:00Z", "RRkk", CRASH, 0 },
        /* within: an image of exactly that age is removed; an image of the future stays */
        { __LINE__, { .within = 2 * SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-03-07T23:59:59Z 2026-03-08T00:00:00Z 2026-03-08T00:00:01Z 2026-03-11T00:00:00Z", "RRkk", CRASH, 0 },
        /* several rules: one of them is enough */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1, [RETAIN_DAILY] = 2, [RETAIN_MONTHLY] = 2 } },
          "2026-03-10T00:00:00Z",
          "2026-02-01T03:00:00Z 2026-02-28T03:00:00Z 2026-03-07T03:00:00Z 2026-03-08T03:00:00Z", "Rkkk", CRASH, 0 },
        /* no rule keeps an image: the newest good image stays */
        { __LINE__, { .within = SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Z 2026-01-02T00:00:00Z", "Rg", CRASH, 0 },
        { __LINE__, { .within = SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Z 2026-01-02T00:00:00Zh 2026-01-03T00:00:00Zf", "Rgp", CRASH, 0 },
        /* images in use stay, and take their positions */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Zh 2026-01-02T00:00:00Z 2026-01-03T00:00:00Zh", "hRk", CRASH, 0 },
        /* images that are not available do not count: pending ones stay, failed ones go when replaced */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Zp 2026-01-02T00:00:00Zf 2026-01-03T00:00:00Z 2026-01-04T00:00:00Zf "
          "2026-01-05T00:00:00Zp", "pFkpp", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-02T00:00:00Zf 2026-01-03T00:00:00Zf", "pp", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-01-02T00:00:00Zfh 2026-01-03T00:00:00Z", "hk", CRASH, 0 },
        /* an image takes no position of an image of a higher rank */
        { __LINE__, { .keep = { [RETAIN_LAST] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z2 2026-03-02T00:00:00Zx 2026-03-03T00:00:00Zx 2026-03-04T00:00:00Zx",
          "kRkk", REBOOT, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2, [RETAIN_WEEKLY] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z2 2026-03-06T00:00:00Z1 2026-03-07T00:00:00Z 2026-03-08T00:00:00Z",
          "kkkk", REBOOT, 0 },
        /* an image displaces images of lower ranks */
        { __LINE__, { .keep = { [RETAIN_LAST] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z 2026-03-02T00:00:00Z1 2026-03-03T00:00:00Z2 2026-03-04T00:00:00Z3",
          "RRkk", REBOOT, 0 },
        /* at the same level an image with a failed task does not displace one with a successful task */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z2 2026-03-02T00:00:00Z2 2026-03-03T00:00:00Z2x 2026-03-04T00:00:00Z2x",
          "RkRk", REBOOT, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-03T00:00:00Zx 2026-03-04T00:00:00Z", "Rk", CRASH, 0 },
        /* levels above the requested one make no difference */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-03T00:00:00Z3 2026-03-04T00:00:00Z", "Rk", CRASH, 0 },
        /* the newest image of each rank stays without a rule */
        { __LINE__, { .within = SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-01-01T00:00:00Z2 2026-01-02T00:00:00Z2 2026-01-03T00:00:00Z 2026-01-04T00:00:00Z",
          "RgRg", REBOOT, 0 },
        /* below the required level only `within` keeps an image, and a newer one with that level removes it */
        { __LINE__, { .keep = { [RETAIN_LAST] = 5 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z 2026-03-02T00:00:00Z1 2026-03-03T00:00:00Z 2026-03-04T00:00:00Z",
          "Wknn", REBOOT, FREEZE + 1 },
        { __LINE__, { .within = 7 * SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z 2026-03-03T12:00:00Z 2026-03-04T00:00:00Z2", "Wkk", REBOOT, REBOOT + 1 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z 2026-03-02T00:00:00Zh 2026-03-04T00:00:00Z2", "Whk", REBOOT, REBOOT + 1 },
        /* the required level is below the requested one: both count the same, but the best image stays */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z2 2026-03-02T00:00:00Z2 2026-03-03T00:00:00Z 2026-03-04T00:00:00Z",
          "RgRk", REBOOT, CRASH + 1 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z2 2026-03-02T00:00:00Z1 2026-03-04T00:00:00Z2x 2026-03-05T00:00:00Z",
          "gRgk", REBOOT, CRASH + 1 },
        /* the order is by EC2's clock, with any firing by the machine's clock */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z@2042-01-01T00:00:00Z 2026-03-02T00:00:00Z 2026-03-03T00:00:00Z@2010-01-01T00:00:00Z",
          "RRk", CRASH, 0 },
        { __LINE__, { .within = 3 * SEC_PER_DAY }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z@2042-01-01T00:00:00Z 2026-03-08T00:00:00Z@1970-01-02T00:00:00Z 2026-03-09T00:00:00Z",
          "Rkk", CRASH, 0 },
        /* a plausible firing gives the period: up to 5 minutes after CreationDate, 26 hours before it */
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-03T12:00:00Z 2026-03-04T01:59:59Z@2026-03-02T23:59:59Z 2026-03-04T02:00:00Z@2026-03-02T23:59:59Z "
          "2026-03-04T12:00:00Z", "RkRk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-03T23:54:00Z 2026-03-03T23:55:00Z@2026-03-04T00:00:00Z", "kk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2 } }, "2026-03-10T00:00:00Z",
          "2026-03-03T23:54:00Z 2026-03-03T23:54:59Z@2026-03-04T00:00:00Z", "Rk", CRASH, 0 },
        /* an image without a CreationDate stays, and does not count */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z",
          "2026-03-01T00:00:00Z 2026-03-02T00:00:00Zu 2026-03-03T00:00:00Zfu", "kuu", CRASH, 0 },
        /* no policy: all images stay */
        { __LINE__, {}, "2026-03-10T00:00:00Z", "2026-01-02T00:00:00Z 2026-01-03T00:00:00Z", "kk", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-03-10T00:00:00Z", "", "", CRASH, 0 },
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
        const char *flags = word + 20, *firing = strchr(word, '@');
        struct retention_image image = { .series = "i-1", .id = id };

        snprintf(time, sizeof(time), "%.20s", word);
        assert_true(parse_rfc3339(time, &image.created));
        image.firing = image.created;
        if (firing)
                assert_true(parse_rfc3339(firing + 1, &image.firing));
        for (; *flags && *flags != '@'; flags++) {
                if (*flags >= '1' && *flags <= '3')
                        image.level = (unsigned int)(*flags - '0');
                image.failed |= *flags == 'f';
                image.available |= *flags == 'p'; /* inverted below */
                image.succeeded |= *flags == 'x';
                if (*flags == 'u')
                        image.created = SEC_NONE;
                if (*flags == 'h')
                        image.in_use = "in use (instance i-9)";
        }
        image.available = !image.failed && !image.available;
        image.succeeded = !image.succeeded;
        return image;
}

static struct retention_terms terms_of(struct retention_policy policy, sec_t now,
                                       unsigned int asked, int required)
{
        return (struct retention_terms){
                .policy = policy,
                .requested = asked,
                .full = required ? (unsigned int)required - 1 : asked,
                .required = required,
                .levels = levels,
                .firing_lag = 26 * SEC_PER_HOUR,
                .now = now,
        };
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

static void each_history_has_its_verdicts(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                const struct row *row = &rows[i];
                struct history h = history_read(row->images);
                struct retention_terms terms =
                        terms_of(row->policy, at(row->now), row->requested, row->required);

                retention_decide(&terms, h.images, h.n, h.verdicts);
                for (size_t k = 0; k < h.n; k++)
                        if (outcome_letters[h.verdicts[k].outcome] != row->expect[k])
                                fail_msg("row of line %d, image %zu: %c, not %c", row->line, k,
                                         outcome_letters[h.verdicts[k].outcome], row->expect[k]);
                assert_int_equal(h.n, strlen(row->expect));
                history_done(&h);
        }
}

/* Two images of one day in UTC, at 23:30 and 00:30 in Seoul. */
static void days_are_those_of_the_schedules_zone(void **state)
{
        (void)state;
        const struct retention_terms terms =
                terms_of((struct retention_policy){ .keep = { [RETAIN_DAILY] = 2 } },
                         at("2026-03-05T00:00:00Z"), CRASH, 0);
        struct retention_verdict verdicts[2];
        struct retention_image images[] = {
                { .series = "s",
                  .id = "a",
                  .created = at("2026-03-01T14:30:00Z"),
                  .available = true },
                { .series = "s",
                  .id = "b",
                  .created = at("2026-03-01T15:30:00Z"),
                  .available = true },
        };

        for (int i = 0; i < 2; i++)
                images[i].firing = images[i].created;
        images[0].firing_offset = images[1].firing_offset = 9 * SEC_PER_HOUR;
        retention_decide(&terms, images, 2, verdicts);
        assert_int_equal(verdicts[0].position[RETAIN_DAILY], 2);
        assert_int_equal(verdicts[0].outcome, RETENTION_KEEP_RULE);
        images[0].firing_offset = images[1].firing_offset = 0;
        retention_decide(&terms, images, 2, verdicts);
        assert_int_equal(verdicts[0].position[RETAIN_DAILY], 0);
        assert_int_equal(verdicts[0].outcome, RETENTION_REMOVE);
        /* The same with the day by CreationDate. */
        images[0].firing = images[1].firing = at("2042-01-01T00:00:00Z");
        images[0].created_offset = images[1].created_offset = 9 * SEC_PER_HOUR;
        retention_decide(&terms, images, 2, verdicts);
        assert_int_equal(verdicts[0].position[RETAIN_DAILY], 2);
}

/* A clock that goes back two hours (Troll station) has the hours 01 and 02 twice: two periods,
 * whose newest images are kept. */
static void repeated_hours_are_one_period(void **state)
{
        (void)state;
        const sec_t begin = at("2026-10-24T23:00:00Z"); /* 01:00 at +02:00 */
        const struct retention_terms terms =
                terms_of((struct retention_policy){ .keep = { [RETAIN_HOURLY] = 3 } },
                         begin + SEC_PER_DAY, CRASH, 0);
        static const bool kept[] = { false, false, true, true, true };
        struct retention_image images[5];
        struct retention_verdict verdicts[5];
        static const char *const ids[] = { "0", "1", "2", "3", "4" };

        for (int i = 0; i < 5; i++) {
                sec_t time = begin + i * SEC_PER_HOUR;

                images[i] = (struct retention_image){
                        .series = "s",
                        .id = ids[i],
                        .created = time,
                        .firing = time,
                        .firing_offset = i < 2 ? 2 * SEC_PER_HOUR : 0,
                        .available = true,
                };
        }
        retention_decide(&terms, images, 5, verdicts);
        for (int i = 0; i < 5; i++)
                assert_int_equal(verdicts[i].outcome == RETENTION_KEEP_RULE, kept[i]);
        assert_int_equal(verdicts[4].position[RETAIN_HOURLY], 1);
        assert_int_equal(verdicts[2].position[RETAIN_HOURLY], 3);
}

static void series_do_not_compete_and_ids_break_ties(void **state)
{
        (void)state;
        const sec_t t = at("2026-03-01T00:00:00Z");
        const struct retention_terms terms =
                terms_of((struct retention_policy){ .keep = { [RETAIN_LAST] = 1 } }, t, CRASH, 0);
        const struct retention_image images[] = {
                { .series = "b", .id = "1", .created = t, .firing = t, .available = true },
                { .series = "a", .id = "3", .created = t - 5, .firing = t, .available = true },
                { .series = "b", .id = "2", .created = t, .firing = t - 1, .available = true },
                { .series = "a", .id = "4", .created = t - 9, .firing = t, .available = true },
        };
        struct retention_verdict verdicts[4];

        retention_decide(&terms, images, 4, verdicts);
        assert_int_equal(verdicts[0].outcome, RETENTION_REMOVE); /* the greater id is newer */
        assert_int_equal(verdicts[1].outcome, RETENTION_KEEP_RULE);
        assert_int_equal(verdicts[2].outcome, RETENTION_KEEP_RULE);
        assert_int_equal(verdicts[3].outcome, RETENTION_REMOVE);
}

static void a_policy_without_rules_is_empty(void **state)
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
        unsigned int requested;
        int required;
} explained[] = {
        { __LINE__, { .keep = { [RETAIN_DAILY] = 7, [RETAIN_WEEKLY] = 4 } },
          "2026-03-01T00:00:00Z 2026-03-09T00:00:00Z", "kept: daily #2, weekly #2", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 }, .within = 2 * SEC_PER_DAY }, "2026-03-09T00:00:00Z",
          "kept: last #1, within 2d", CRASH, 0 },
        { __LINE__, { .within = 2 * SEC_PER_DAY }, "2026-03-09T00:00:00Z", "kept: within 2d", CRASH, 0 },
        { __LINE__, {}, "2026-03-09T00:00:00Z", "kept: there is no retain policy", CRASH, 0 },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Z", "kept: the newest image always stays", CRASH, 0 },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Zh 2026-01-02T00:00:00Z", "kept: in use (instance i-9)", CRASH, 0 },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Zp 2026-01-02T00:00:00Z", "kept: not available yet", CRASH, 0 },
        { __LINE__, { .within = 60 }, "2026-01-03T00:00:00Zf 2026-01-02T00:00:00Z",
          "kept: it failed, but no newer image replaces it", CRASH, 0 },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Zf 2026-01-02T00:00:00Z",
          "removed: it failed, and a newer image is available", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 1 } }, "2026-01-01T00:00:00Z 2026-01-02T00:00:00Z",
          "removed: daily 1 no longer keeps it", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 1 } }, "2026-01-01T00:00:00Z 2026-01-01T00:00:01Z",
          "removed: under every rule a newer image stands for its period", CRASH, 0 },
        { __LINE__, { .within = 120 }, "2026-01-01T00:00:00Z 2026-01-01T00:00:01Z",
          "removed: within 2m no longer keeps it", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-03T00:00:00Z 2026-01-02T00:00:00Z2",
          "kept: worth less than reboot, which is required, but nothing newer is worth that", REBOOT, REBOOT + 1 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 9 } }, "2026-01-01T00:00:00Z 2026-01-02T00:00:00Z2",
          "removed: worth less than reboot, which is required, and a newer image is worth that", REBOOT, REBOOT + 1 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Z2 2026-01-02T00:00:00Z",
          "kept: last #1 of those worth reboot", REBOOT, REBOOT + 1 },
        { __LINE__, { .within = 90 * SEC_PER_DAY }, "2026-01-01T00:00:00Z 2026-01-02T00:00:00Z2",
          "kept: within 90d", REBOOT, REBOOT + 1 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Zh 2026-01-02T00:00:00Z2",
          "kept: in use (instance i-9)", REBOOT, REBOOT + 1 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Zf 2026-01-02T00:00:00Z",
          "removed: it failed, and a newer image is available", REBOOT, REBOOT + 1 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Zu 2026-01-02T00:00:00Z",
          "kept: EC2 does not tell when it was created", CRASH, 0 },
        /* the rule, and the images that compete */
        { __LINE__, { .keep = { [RETAIN_LAST] = 2 } }, "2026-01-01T00:00:00Z2 2026-01-02T00:00:00Zx 2026-01-03T00:00:00Zx",
          "kept: last #1 of those worth reboot", REBOOT, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 2 } }, "2026-01-02T00:00:00Zx 2026-01-01T00:00:00Z2 2026-01-03T00:00:00Zx",
          "kept: last #2 of those worth crash or more, failed tasks included", REBOOT, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Z2 2026-01-02T00:00:00Z2",
          "removed: last 1 of those worth reboot no longer keeps it", REBOOT, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Z1 2026-01-02T00:00:00Z3",
          "removed: last 1 of those worth freeze or more no longer keeps it", REBOOT, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Zx 2026-01-02T00:00:00Z",
          "removed: last 1, failed tasks included, no longer keeps it", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 1 } }, "2026-01-01T00:00:00Z2 2026-01-01T00:00:01Z2",
          "removed: under every rule a newer image of those worth reboot stands for its period", REBOOT, 0 },
        { __LINE__, { .within = 60 }, "2026-01-01T00:00:00Z2 2026-01-02T00:00:00Z",
          "kept: the newest image of those worth reboot always stays", REBOOT, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Z2 2026-01-02T00:00:00Z",
          "kept: the newest image of those worth reboot always stays", REBOOT, CRASH + 1 },
        /* an implausible firing is named */
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Z@2042-01-01T00:00:00Z",
          "kept: last #1 (its time, 2042-01-01T00:00:00Z, cannot be right: EC2 created it at "
          "2026-01-01T00:00:00Z, which counts)", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-01T00:00:00Z@2010-01-01T00:00:00Z 2026-01-02T00:00:00Z",
          "removed: last 1 no longer keeps it (its time, 2010-01-01T00:00:00Z, cannot be right: EC2 created it at "
          "2026-01-01T00:00:00Z, which counts)", CRASH, 0 },
        /* the rule that reaches furthest back, which may not have the longest period */
        { __LINE__, { .keep = { [RETAIN_DAILY] = 3, [RETAIN_MONTHLY] = 1 } },
          "2026-01-01T00:00:00Z 2026-02-02T00:00:00Z 2026-02-03T00:00:00Z 2026-03-04T00:00:00Z",
          "removed: daily 3 no longer keeps it", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_DAILY] = 2, [RETAIN_MONTHLY] = 2 } },
          "2026-01-01T00:00:00Z 2026-02-02T00:00:00Z 2026-03-03T00:00:00Z 2026-03-04T00:00:00Z",
          "removed: monthly 2 no longer keeps it", CRASH, 0 },
        { __LINE__, { .keep = { [RETAIN_LAST] = 1 }, .within = 60 * SEC_PER_DAY },
          "2026-01-01T00:00:00Z 2026-02-02T00:00:00Z", "removed: within 60d no longer keeps it", CRASH, 0 },
};
/* clang-format on */

static void each_verdict_is_explained(void **state)
{
        (void)state;
        for (size_t i = 0; i < ELEMENTS(explained); i++) {
                struct history h = history_read(explained[i].images);
                struct retention_terms terms =
                        terms_of(explained[i].policy, at("2026-03-10T00:00:00Z"),
                                 explained[i].requested, explained[i].required);
                char *text;

                retention_decide(&terms, h.images, h.n, h.verdicts);
                text = retention_explain(&terms, &h.verdicts[0], &h.images[0]);
                if (!streq(text, explained[i].expect))
                        fail_msg("row of line %d: \"%s\"", explained[i].line, text);
                free(text);
                history_done(&h);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_history_has_its_verdicts),
                cmocka_unit_test(days_are_those_of_the_schedules_zone),
                cmocka_unit_test(repeated_hours_are_one_period),
                cmocka_unit_test(series_do_not_compete_and_ids_break_ties),
                cmocka_unit_test(a_policy_without_rules_is_empty),
                cmocka_unit_test(each_verdict_is_explained),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
