/* Draws network faults, and the outcome of each request under them. */
#include "sim/simulation/network-faults.h"

const char *const network_outcome_names[NETWORK_OUTCOMES] = {
        [NETWORK_ANSWERED] = "answered",
        [NETWORK_UNSENT] = "no connection",
        [NETWORK_LOST_BEFORE] = "lost before",
        [NETWORK_LOST_AFTER] = "lost after",
        [NETWORK_TRUNCATED] = "truncated",
        [NETWORK_GARBLED] = "garbled",
        [NETWORK_HTML] = "html",
        [NETWORK_HTML_AFTER] = "html after",
        [NETWORK_500] = "500",
        [NETWORK_503] = "503",
        [NETWORK_THROTTLED] = "throttled",
};

bool network_outcome_is_acted_on(enum network_outcome outcome)
{
        return outcome == NETWORK_ANSWERED || outcome == NETWORK_LOST_AFTER ||
               outcome == NETWORK_TRUNCATED || outcome == NETWORK_GARBLED ||
               outcome == NETWORK_HTML_AFTER;
}

bool network_is_fault_free(const struct network_faults *faults)
{
        for (enum network_outcome outcome = NETWORK_UNSENT; outcome < NETWORK_OUTCOMES; outcome++)
                if (faults->chance[outcome] > 0)
                        return false;
        return faults->slow <= 0;
}

struct network_faults network_faults_draw(struct dice *dice, double much)
{
        struct network_faults faults = {};

        for (enum network_outcome outcome = NETWORK_UNSENT; outcome < NETWORK_OUTCOMES; outcome++)
                faults.chance[outcome] = dice_chance(dice, 0.4) ? much : 0;
        faults.slow = dice_chance(dice, 0.4) ? much : 0;
        return faults;
}

enum network_outcome network_draw_outcome(const struct network_faults *faults, struct dice *dice)
{
        for (enum network_outcome outcome = NETWORK_UNSENT; outcome < NETWORK_OUTCOMES; outcome++)
                if (faults->chance[outcome] > 0 && dice_chance(dice, faults->chance[outcome]))
                        return outcome;
        return NETWORK_ANSWERED;
}

usec_t network_draw_latency(const struct network_faults *faults, struct dice *dice)
{
        if (faults->slow > 0 && dice_chance(dice, faults->slow))
                return dice_between(dice, 1, 180) * USEC_PER_SEC;
        return dice_between(dice, 10, 300) * USEC_PER_MSEC;
}
