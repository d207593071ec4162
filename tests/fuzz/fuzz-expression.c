/*
 * Any text as an expression: refused with a message, or parsed. Its firings match the masks, ascend
 * strictly, and schedule_latest() finds them again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "schedule/cron-search.h"
#include "schedule/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FIRINGS = 20 };

static void check_cron(const struct cron *cron, sec_t wall)
{
        struct civil c = civil_from_sec(wall);
        int year = (int)c.year - CRON_YEAR_FIRST;

        assert(c.year >= CRON_YEAR_FIRST && c.year <= CRON_YEAR_LAST && c.second == 0);
        assert(cron->years[year / 64] >> year % 64 & 1);
        assert(cron->months >> c.month & 1);
        assert(cron_month_days(cron, c.year, c.month) >> c.day & 1);
        assert(cron->hours >> c.hour & 1);
        assert(cron->minutes >> c.minute & 1);
        assert(!cron->never);
}

static void check_firings(const struct expression *expression, struct zone *zone)
{
        struct schedule schedule = { *expression, zone, SEC_NONE, SEC_NONE, 1764000000 };
        sec_t from = 1761955200, before = from; /* 2025-11-01 00:00 UTC, a day before New York's */

        for (int i = 0; i < FIRINGS; i++) {
                sec_t next = schedule_next(&schedule, before);

                assert(next > before);
                if (next == SEC_NEVER)
                        break;
                if (expression->kind == EXPRESSION_CRON)
                        check_cron(&expression->cron, next + zone_offset(zone, next));
                assert(schedule_latest(&schedule, from, next) == next);
                assert(schedule_latest(&schedule, from, next - 1) == (i ? before : SEC_NONE));
                before = next;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[] = { "UTC", "America/New_York", "Australia/Lord_Howe" };
        _cleanup_free_ char *text = xstrndup((const char *)data, size), *error = NULL;
        struct expression expression;

        if (!expression_parse(text, &expression, &error)) {
                assert(error && *error);
                return 0;
        }
        assert(!error);
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                _cleanup_(zone_unrefp) struct zone *zone = NULL;

                if (zone_load(names[i], &zone) == 0)
                        check_firings(&expression, zone);
        }
        return 0;
}
