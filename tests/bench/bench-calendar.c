/*
 * The time for the next firing of a mix of expressions, in UTC and in a named zone, beside
 * systemd's calendar_spec_next_usec() (of libsystemd-shared, if installed) for expressions that
 * systemd has. Parsing is not measured. Exits with 1 when the whole mix takes more than 1/3 of
 * systemd's time in UTC, or 1/100 in the zone.
 */
#include <dlfcn.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/text.h"
#include "schedule/schedule.h"

enum {
        OURS = 20000,          /* calls measured of each */
        THEIRS_IN_UTC = 2000,  /* 0.4 to 50 us each */
        THEIRS_IN_A_ZONE = 20, /* it forks a child for each: about half a millisecond */
        ROUNDS = 5,            /* the best of these counts */
        FROM = 1795365201,     /* 2026-11-22T16:33:21Z */
};

static const struct row {
        const char *name, *expression;
        const char *calendar; /* the same for systemd, or NULL */
} rows[] = {
        { "every minute", "cron(* * * * ? *)", "*-*-* *:*:00" },
        { "every 5 minutes", "cron(0/5 * * * ? *)", "*-*-* *:00/5:00" },
        { "every hour", "cron(0 * * * ? *)", "*-*-* *:00:00" },
        { "every night", "cron(0 3 * * ? *)", "*-*-* 03:00:00" },
        { "several hours", "cron(15,45 8-18/2 * * ? *)", "*-*-* 08..18/2:15,45:00" },
        { "MON-FRI 18:00", "cron(0 18 ? * MON-FRI *)", "Mon..Fri *-*-* 18:00:00" },
        { "SUN 04:00", "cron(0 4 ? * SUN *)", "Sun *-*-* 04:00:00" },
        { "1st 08:00", "cron(0 8 1 * ? *)", "*-*-01 08:00:00" },
        { "1st, 15th", "cron(0 0 1,15 * ? *)", "*-*-01,15 00:00:00" },
        { "31st", "cron(0 0 31 * ? *)", "*-*-31 00:00:00" },
        { "quarterly", "cron(0 0 1 1/3 ? *)", "*-01/3-01 00:00:00" },
        { "yearly", "cron(0 0 1 1 ? *)", "*-01-01 00:00:00" },
        { "last day", "cron(0 0 L * ? *)", "*-*~01 00:00:00" },
        { "3rd FRI", "cron(0 0 ? * 6#3 *)", "Fri *-*-15..21 00:00:00" },
        { "last FRI", "cron(0 0 ? * 6L *)", "Fri *-*~07/1 00:00:00" },
        { "15W", "cron(0 0 15W * ? *)", NULL },
        { "29 FEB", "cron(0 0 29 2 ? *)", "*-02-29 00:00:00" },
        { "1#5 in FEB", "cron(0 0 ? 2 1#5 *)", "Sun *-02-29 00:00:00" },
        { "year 2099", "cron(0 0 1 1 ? 2099)", "2099-01-01 00:00:00" },
        { "never (30 FEB)", "cron(0 0 30 2 ? *)", "*-02-30 00:00:00" },
};

/* systemd's functions, by their declarations in src/shared/calendarspec.h. */
struct systemd {
        int (*parse)(const char *text, void **ret);
        int (*next)(const void *spec, uint64_t usec, uint64_t *ret);
        void *(*free)(void *spec);
};

static bool find_systemd(struct systemd *ret)
{
        static const char *const patterns[] = { "/usr/lib/*/systemd/libsystemd-shared-*.so",
                                                "/usr/lib/systemd/libsystemd-shared-*.so",
                                                "/usr/lib64/systemd/libsystemd-shared-*.so" };
        glob_t found = {};
        void *library = NULL;

        for (size_t i = 0; i < ELEMENTS(patterns); i++)
                glob(patterns[i], i ? GLOB_APPEND : 0, NULL, &found);
        for (size_t i = 0; i < found.gl_pathc && !library; i++)
                library = dlopen(found.gl_pathv[i], RTLD_NOW | RTLD_LOCAL);
        globfree(&found);
        if (!library)
                return false;
        ret->parse = (int (*)(const char *, void **))dlsym(library, "calendar_spec_from_string");
        ret->next = (int (*)(const void *, uint64_t, uint64_t *))dlsym(library,
                                                                       "calendar_spec_next_usec");
        ret->free = (void *(*)(void *))dlsym(library, "calendar_spec_free");
        return ret->parse && ret->next && ret->free;
}

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds per call; *ret is the firing. */
static double measure_ours(const char *text, struct zone *zone, sec_t *ret)
{
        struct schedule schedule = {
                .zone = zone, .start = SEC_NONE, .end = SEC_NONE, .anchor = SEC_NONE
        };
        double best = 0;
        char *error;

        if (!expression_parse(text, &schedule.expression, &error)) {
                fprintf(stderr, "%s: %s\n", text, error);
                exit(2);
        }
        for (int round = 0; round < ROUNDS; round++) {
                double start = now(), each;
                volatile sec_t from = FROM;

                for (int i = 0; i < OURS; i++)
                        *ret = schedule_next(&schedule, from);
                each = (now() - start) / OURS;
                if (!round || each < best)
                        best = each;
        }
        return best;
}

static double measure_theirs(const struct systemd *systemd, const char *calendar, const char *zone,
                             int n, sec_t *ret)
{
        _cleanup_free_ char *text = xasprintf("%s %s", calendar, zone);
        double best = 0;
        void *spec;

        if (systemd->parse(text, &spec) < 0) {
                fprintf(stderr, "systemd does not take %s\n", text);
                exit(2);
        }
        for (int round = 0; round < ROUNDS; round++) {
                double start = now(), each;
                uint64_t found;

                for (int i = 0; i < n; i++) {
                        bool none = systemd->next(spec, (uint64_t)FROM * 1000000, &found) < 0;

                        *ret = none ? SEC_NEVER : (sec_t)(found / 1000000);
                }
                each = (now() - start) / n;
                if (!round || each < best)
                        best = each;
        }
        systemd->free(spec);
        return best;
}

/* Prints a table; false when the mix takes more than 1/`least` of systemd's time. */
static bool bench(const struct systemd *systemd, const char *name, int n, double least)
{
        _cleanup_(zone_unrefp) struct zone *zone = NULL;
        double ours_all = 0, theirs_all = 0, ours_living = 0, theirs_living = 0;
        bool agree = true;

        if (zone_load(name, &zone) < 0) {
                fprintf(stderr, "no zone %s\n", name);
                exit(2);
        }
        printf("%-16s %10s %12s %8s   %s\n", name, "amid ns", "systemd ns", "ratio", "next");
        for (size_t i = 0; i < ELEMENTS(rows); i++) {
                char text[TIME_TEXT_MAX];
                sec_t ours_found, theirs_found;
                double theirs, ours = measure_ours(rows[i].expression, zone, &ours_found);
                const char *shown =
                        ours_found == SEC_NEVER ? "never" : format_rfc3339(ours_found, text);

                if (!systemd || !rows[i].calendar) {
                        printf("%-16s %10.0f %12s %8s   %s\n", rows[i].name, ours, "-", "-", shown);
                        continue;
                }
                theirs = measure_theirs(systemd, rows[i].calendar, name, n, &theirs_found);
                printf("%-16s %10.0f %12.0f %8.1f   %s%s\n", rows[i].name, ours, theirs,
                       theirs / ours, shown, theirs_found == ours_found ? "" : "  SYSTEMD DIFFERS");
                agree = agree && theirs_found == ours_found;
                ours_all += ours;
                theirs_all += theirs;
                if (ours_found != SEC_NEVER) {
                        ours_living += ours;
                        theirs_living += theirs;
                }
        }
        if (!systemd)
                return true;
        printf("%-16s %10.0f %12.0f %8.1f   (without never: %.1f; wanted: %.0f)\n\n", "whole mix",
               ours_all, theirs_all, theirs_all / ours_all, theirs_living / ours_living, least);
        return agree && theirs_living / ours_living >= least;
}

int main(void)
{
        struct systemd functions, *systemd = find_systemd(&functions) ? &functions : NULL;
        bool fast;

        if (!systemd)
                puts("no libsystemd-shared here: amid alone");
        fast = bench(systemd, "UTC", THEIRS_IN_UTC, 3);
        return bench(systemd, "America/New_York", THEIRS_IN_A_ZONE, 100) && fast ? 0 : 1;
}
