/*
 * Answers questions about one zone, for test_zones.py. Lines on stdin:
 *     u SECONDS    offset in force at a UTC instant      -> OFFSET
 *     l SECONDS    a wall time as if it was UTC          -> SECONDS, or "gap SECONDS"
 *     n SECONDS    the next transition after an instant  -> SECONDS, or "never"
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "schedule/zone.h"

static void answer(const struct zone *zone, char question, sec_t time)
{
        sec_t found;

        if (question == 'u') {
                printf("%d\n", zone_offset(zone, time));
        } else if (question == 'l') {
                bool exists = zone_from_local(zone, time, &found);

                printf("%s%" PRId64 "\n", exists ? "" : "gap ", found);
        } else {
                found = zone_next_transition(zone, time);
                if (found == SEC_NEVER)
                        puts("never");
                else
                        printf("%" PRId64 "\n", found);
        }
}

int main(int argc, char **argv)
{
        _cleanup_(zone_unrefp) struct zone *zone = NULL;
        char line[64];
        int r;

        if (argc != 2) {
                fprintf(stderr, "usage: zone-dump ZONE <QUESTIONS\n");
                return 2;
        }
        r = zone_load(argv[1], &zone);
        if (r < 0) {
                fprintf(stderr, "%s: %s\n", argv[1], strerror(-r));
                return 1;
        }
        while (fgets(line, sizeof(line), stdin)) {
                char *end = line + 1;
                long long time = line[0] ? strtoll(line + 1, &end, 10) : 0;

                if (!strchr("uln", line[0]) || end == line + 1 || *end != '\n') {
                        fprintf(stderr, "not a question: %s", line);
                        return 2;
                }
                answer(zone, line[0], time);
        }
        return 0;
}
