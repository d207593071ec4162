/*
 * Invariants of a wrong clock: while the clock is more than 5 minutes off, nothing is removed, and
 * no firing that is claimed makes an image. A firing may be claimed while AWS cannot be asked for
 * the time, but then its run makes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/simulation/checker-private.h"
#include "sim/simulation/coverage.h"

/* The daemon's tolerance, and a second of rounding on each side. */
#define TOLERANCE ((5 * SEC_PER_MIN + 2) * USEC_PER_SEC)
/* A request that left before the clock was set may arrive until then. */
#define UNDER_WAY (4 * SEC_PER_MIN * USEC_PER_SEC)

static bool is_off(const struct virtual_clock *clock)
{
        return clock->skew > TOLERANCE || -clock->skew > TOLERANCE;
}

/* A run that waited for another run was claimed earlier than it started. */
void clock_note_claim(struct checker *checker, const char *run)
{
        const struct simulation *simulation = checker->simulation;

        if (run && is_off(&simulation->clock) && coverage_claims_now(run))
                *append(checker->claims, checker->n_claims) = xstrdup(run);
}

/* After a restart the daemon knows only the wall clock of the claim. Nobody can tell then
 * whether a claim under a clock that was behind was wrong, and it does no harm, because its firing
 * was due. A claim of a firing in the future stays forbidden. */
void clock_note_start(struct checker *checker)
{
        char now[TIME_TEXT_MAX];
        size_t kept = 0;

        format_compact(virtual_true_time(&checker->simulation->clock) / USEC_PER_SEC, now);
        for (size_t i = 0; i < checker->n_claims; i++) {
                const char *firing = strrchr(checker->claims[i], '.');

                if (firing && strcmp(firing + 1, now) > 0)
                        checker->claims[kept++] = checker->claims[i];
                else
                        free(checker->claims[i]);
        }
        checker->n_claims = kept;
}

void clock_judge_image(struct checker *checker, char *run)
{
        _cleanup_free_ char *id = run;

        if (id && strings_contain(checker->claims, checker->n_claims, id))
                simulation_fail(checker->simulation, "a clock that is wrong makes no image",
                                "%s was claimed while the clock was off, and has made one", id);
}

void clock_judge_removal(struct checker *checker, const char *action)
{
        const struct virtual_clock *clock = &checker->simulation->clock;

        if (is_off(clock) && clock->now - clock->set > UNDER_WAY)
                simulation_fail(checker->simulation, "a clock that is wrong removes nothing",
                                "%s, and the clock is off by %+lld s", action,
                                (long long)(clock->skew / USEC_PER_SEC));
}
