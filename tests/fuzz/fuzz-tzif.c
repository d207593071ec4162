/*
 * Any bytes as a TZif file: refused; or a zone whose offsets, conversions and transitions agree,
 * and in which the firings of schedules ascend.
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "schedule/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_instant(const struct zone *zone, sec_t utc)
{
        sec_t wall = utc + zone_offset(zone, utc), back, next = zone_next_transition(zone, utc);
        bool exists = zone_from_local(zone, wall, &back);

        assert(abs(zone_offset(zone, utc)) < 27 * 3600);
        assert(next > utc);
        if (next != SEC_NEVER) {
                assert(zone_offset(zone, next - 1) == zone_offset(zone, utc));
                assert(zone_offset(zone, next) != zone_offset(zone, next - 1));
        }
        /* a wall time that is shown now was shown now at the latest, or lies in an earlier gap */
        assert(back <= utc);
        if (exists)
                assert(back + zone_offset(zone, back) == wall);
        else
                assert(zone_offset(zone, back) > zone_offset(zone, back - 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const texts[] = { "cron(30 2 * * ? *)", "cron(* * * * ? *)" };
        _cleanup_(zone_unrefp) struct zone *zone = NULL;
        sec_t time = -((sec_t)1 << 61);

        if (zone_parse("Fuzzed", data, size, &zone) < 0)
                return 0;
        for (int i = 0; i < 1000 && time != SEC_NEVER; i++) {
                check_instant(zone, time);
                time = zone_next_transition(zone, time);
        }
        for (time = 0; time < (sec_t)1 << 40; time = time * 3 + 1000003)
                check_instant(zone, time);
        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                struct schedule schedule = {
                        .zone = zone, .start = SEC_NONE, .end = SEC_NONE, .anchor = SEC_NONE
                };
                char *error;

                assert(expression_parse(texts[i], &schedule.expression, &error));
                time = 1761955200;
                for (int n = 0; n < 10 && time != SEC_NEVER; n++) {
                        sec_t next = schedule_next(&schedule, time);

                        assert(next > time);
                        time = next;
                }
        }
        return 0;
}
