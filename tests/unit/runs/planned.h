/* Worlds with one schedule s whose firings are told as text. Include it in one file of a program.
 */
#pragma once

#include "world.h"

#define HEAD "version: 1\naccounts:\n  default: {regions: [eu-west-1]}\nschedules:\n"
#define TAIL                                                                                       \
        "    targets: {tags: {A: b}, expect: {min: 0}}\n"                                          \
        "    consistency: crash\n"
#define SCHEDULE(name, keys) "  " name ":\n" keys TAIL

static inline char *yaml(const char *keys)
{
        return xasprintf("%s  s:\n%s%s", HEAD, keys, TAIL);
}

static inline void setup(struct world *world, const char *keys)
{
        _cleanup_free_ char *text = yaml(keys);

        world_init(world);
        world_apply(world, text);
}

static inline void reload(struct world *world, const char *keys)
{
        _cleanup_free_ char *text = yaml(keys);

        world_apply(world, text);
}

/* The firings of all backup runs, in the order in which they were added, as "HH:MM", those skipped
 * in brackets, with the trigger when it is not "schedule". */
static inline char *firings(struct world *world)
{
        _cleanup_(text_done) struct text text = {};
        struct store_run *runs;
        size_t n;

        assert_int_equal(store_load_runs(world->store, NULL, false, 0, &runs, &n), 0);
        for (size_t i = n; i-- > 0;) {
                struct civil civil = civil_from_sec(runs[i].firing);
                bool skipped = runs[i].outcome == OUTCOME_SKIPPED;

                text_printf(&text, "%s%s%02d:%02d%s%s%s", i + 1 < n ? " " : "", skipped ? "[" : "",
                            civil.hour, civil.minute, streq(runs[i].trigger, "schedule") ? "" : "/",
                            streq(runs[i].trigger, "schedule") ? "" : runs[i].trigger,
                            skipped ? "]" : "");
        }
        store_runs_free(runs, n);
        return text_steal(&text);
}

static inline void expect_firings(struct world *world, const char *expected, int line)
{
        _cleanup_free_ char *found = firings(world);

        if (!streq(found, expected))
                fail_msg("line %d: fired %s, expected %s", line, found, expected);
}
#define EXPECT(world, expected) expect_firings(&(world), (expected), __LINE__)
