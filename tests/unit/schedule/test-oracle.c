/*
 * Compares schedule_next() with a slow oracle, which takes every minute in turn and decides by its
 * wall time and a list of fields. The oracle and the code only share the calendar of base/time and
 * zone_offset(), which have their own tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/text.h"
#include "schedule/schedule.h"

enum { CASES = 100, DAYS = 400, ITEMS_MAX = 4 };

/* A random list field: ranges with steps. */
struct list {
        bool any;
        struct item {
                int first, last, step;
        } items[ITEMS_MAX];
        int n;
        int least, most;
};

enum days {
        LIST_OF_MONTH,
        LIST_OF_WEEK,
        LAST,
        LAST_WORKDAY,
        NEAREST,
        LAST_OF_WEEK,
        NTH,
        DAY_KINDS
};

struct made {
        struct list minutes, hours, months, days;
        enum days kind;
        int number, weekday; /* 1 = Sunday */
};

static unsigned random_state = 20261122;

/* A number in [least, most], the same at every run. */
static int pick(int least, int most)
{
        random_state = random_state * 1103515245U + 12345U;
        return least + (int)((random_state >> 8) % (unsigned)(most - least + 1));
}

static void write_list(struct list *list, int least, int most, struct text *text)
{
        *list = (struct list){ .least = least, .most = most };
        if (pick(0, 3) == 0) {
                list->any = true;
                text_append(text, "* ");
                return;
        }
        list->n = pick(1, ITEMS_MAX);
        for (int i = 0; i < list->n; i++) {
                struct item *item = &list->items[i];

                *item = (struct item){ pick(least, most), pick(least, most), pick(1, most / 2) };
                if (i)
                        text_append(text, ",");
                switch (pick(0, 3)) {
                case 0:
                        item->last = item->first;
                        text_printf(text, "%d", item->first);
                        break;
                case 1:
                        item->last = most;
                        text_printf(text, "%d/%d", item->first, item->step);
                        break;
                case 2:
                        item->step = 1;
                        text_printf(text, "%d-%d", item->first, item->last);
                        break;
                default:
                        text_printf(text, "%d-%d/%d", item->first, item->last, item->step);
                }
        }
        text_append(text, " ");
}

static bool in_list(const struct list *list, int value)
{
        for (int i = 0; i < list->n; i++) {
                const struct item *item = &list->items[i];
                int at = item->first;

                /* Walks the range step by step. */
                for (int left = item->step, steps = 0; steps <= list->most - list->least; steps++) {
                        if (left == item->step) {
                                left = 0;
                                if (at == value)
                                        return true;
                        }
                        if (at == item->last)
                                break;
                        at = at == list->most ? list->least : at + 1;
                        left++;
                }
        }
        return list->any;
}

static char *make_up(struct made *made)
{
        _cleanup_(text_done) struct text text = {}, days = {};
        _cleanup_(text_done) struct text months = {};

        *made = (struct made){ .kind = (enum days)pick(0, DAY_KINDS - 1), .weekday = pick(1, 7) };
        text_append(&text, "cron(");
        write_list(&made->minutes, 0, 59, &text);
        write_list(&made->hours, 0, 23, &text);
        write_list(&made->months, 1, 12, &months);
        switch (made->kind) {
        case LIST_OF_MONTH:
                write_list(&made->days, 1, 31, &days);
                break;
        case LIST_OF_WEEK:
                write_list(&made->days, 1, 7, &days);
                break;
        case LAST:
                made->number = pick(0, 30);
                if (made->number)
                        text_printf(&days, "L-%d ", made->number);
                else
                        text_append(&days, "L ");
                break;
        case LAST_WORKDAY:
                text_append(&days, "LW ");
                break;
        case NEAREST:
                made->number = pick(1, 31);
                text_printf(&days, "%dW ", made->number);
                break;
        case LAST_OF_WEEK:
                text_printf(&days, "%dL ", made->weekday);
                break;
        case NTH:
                made->number = pick(1, 5);
                text_printf(&days, "%d#%d ", made->weekday, made->number);
                break;
        case DAY_KINDS:
                abort();
        }
        if (made->kind == LIST_OF_WEEK || made->kind == LAST_OF_WEEK || made->kind == NTH)
                text_printf(&text, "? %s%s*)", text_get(&months), text_get(&days));
        else
                text_printf(&text, "%s%s? *)", text_get(&days), text_get(&months));
        return text_steal(&text);
}

static bool is_workday(int64_t days)
{
        int weekday = weekday_of_days(days);

        return weekday != 0 && weekday != 6;
}

/* Tries days of the month by growing distance; the first workday is the nearest. */
static int nearest(const struct civil *c, int number)
{
        int64_t first = days_from_civil(c->year, c->month, 1);
        int last = days_in_month(c->year, c->month);

        if (number > last)
                return 0;
        for (int distance = 0; distance < 3; distance++)
                for (int sign = -1; sign <= 1; sign += 2) {
                        int day = number + sign * distance;

                        if (day >= 1 && day <= last && is_workday(first + day - 1))
                                return day;
                }
        return 0;
}

static bool day_matches(const struct made *made, const struct civil *c)
{
        int last = days_in_month(c->year, c->month);
        int weekday = 1 + weekday_of_days(days_from_civil(c->year, c->month, c->day));

        switch (made->kind) {
        case LIST_OF_MONTH:
                return in_list(&made->days, c->day);
        case LIST_OF_WEEK:
                return in_list(&made->days, weekday);
        case LAST:
                return c->day == last - made->number;
        case LAST_WORKDAY:
                return c->day == nearest(c, last);
        case NEAREST:
                return c->day == nearest(c, made->number);
        case LAST_OF_WEEK:
                return weekday == made->weekday && c->day + 7 > last;
        case NTH:
                return weekday == made->weekday && (c->day + 6) / 7 == made->number;
        case DAY_KINDS:
                break;
        }
        abort();
}

/* Walks DAYS days by the minute; a wall minute counts only when the wall clock reaches it first. */
static void compare(const struct made *made, const char *text, struct zone *zone, sec_t from)
{
        struct schedule schedule = { .zone = zone, .start = SEC_NONE, .end = SEC_NONE };
        sec_t until = from + DAYS * SEC_PER_DAY, farthest = 0, last = SEC_NONE, expected;
        bool minutes[60], hours[24];
        char *error;

        if (!expression_parse(text, &schedule.expression, &error))
                fail_msg("%s: %s", text, error);
        for (int i = 0; i < 60; i++)
                minutes[i] = in_list(&made->minutes, i);
        for (int i = 0; i < 24; i++)
                hours[i] = in_list(&made->hours, i);
        expected = schedule_next(&schedule, from - 1);
        for (sec_t utc = from - 2 * SEC_PER_DAY; utc < until; utc += SEC_PER_MIN) {
                sec_t wall = utc + zone_offset(zone, utc);
                struct civil c;

                if (farthest && wall <= farthest)
                        continue;
                farthest = wall;
                if (utc < from)
                        continue;
                if (!minutes[wall / 60 % 60] || !hours[wall / 3600 % 24])
                        continue;
                c = civil_from_sec(wall);
                if (!in_list(&made->months, c.month) || !day_matches(made, &c))
                        continue;
                if (expected != utc)
                        fail_msg("%s in %s: %lld, not %lld", text, zone_name(zone),
                                 (long long)expected, (long long)utc);
                last = utc;
                expected = schedule_next(&schedule, utc);
        }
        if (expected < until)
                fail_msg("%s in %s: %lld is too much", text, zone_name(zone), (long long)expected);
        assert_int_equal(schedule_latest(&schedule, from - 1, until - 1), last);
}

static void the_search_agrees_with_every_minute(void **state)
{
        static const struct {
                const char *zone;
                sec_t from; /* whole minutes of the zone's clock */
        } places[] = {
                { "UTC", 1456704000 },                 /* 2016-02-29 */
                { "America/New_York", 1772323200 },    /* 2026-03-01 */
                { "Australia/Lord_Howe", 1790812800 }, /* 2026-10-01 */
                { "Antarctica/Troll", 1772323200 },
                { "Africa/Casablanca", 1769904000 }, /* 2026-02-01 */
                { "Pacific/Apia", 1322697600 },      /* 2011-12-01 */
                { "Asia/Pyongyang", 1522540800 },    /* 2018-04-01 */
                { "America/St_Johns", 1267401600 },  /* 2010-03-01 */
                { "America/Sao_Paulo", 1533081600 }, /* 2018-08-01 */
                { "Europe/Dublin", 4107542400 },     /* 2100-03-01 */
        };

        (void)state;
        for (int i = 0; i < CASES; i++) {
                size_t place = (size_t)i % ELEMENTS(places);
                _cleanup_(zone_unrefp) struct zone *zone = NULL;
                _cleanup_free_ char *text = NULL;
                struct made made;

                assert_int_equal(zone_load(places[place].zone, &zone), 0);
                text = make_up(&made);
                compare(&made, text, zone, places[place].from);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(the_search_agrees_with_every_minute) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
