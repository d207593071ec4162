#include "sim/simulation/network-faults.h"

const char *const fate_names[FATES] = {
        [FATE_ANSWERED] = "answered",
        [FATE_UNSENT] = "no connection",
        [FATE_LOST_BEFORE] = "lost before",
        [FATE_LOST_AFTER] = "lost after",
        [FATE_TRUNCATED] = "truncated",
        [FATE_GARBLED] = "garbled",
        [FATE_HTML] = "html",
        [FATE_HTML_AFTER] = "html after",
        [FATE_500] = "500",
        [FATE_503] = "503",
        [FATE_THROTTLED] = "throttled",
};

bool fate_is_acted_on(enum fate fate)
{
        return fate == FATE_ANSWERED || fate == FATE_LOST_AFTER || fate == FATE_TRUNCATED ||
               fate == FATE_GARBLED || fate == FATE_HTML_AFTER;
}

bool weather_is_fair(const struct weather *weather)
{
        for (enum fate fate = FATE_UNSENT; fate < FATES; fate++)
                if (weather->mishap[fate] > 0)
                        return false;
        return weather->slow <= 0;
}

struct weather weather_draw(struct dice *dice, double much)
{
        struct weather weather = {};

        for (enum fate fate = FATE_UNSENT; fate < FATES; fate++)
                weather.mishap[fate] = dice_chance(dice, 0.4) ? much : 0;
        weather.slow = dice_chance(dice, 0.4) ? much : 0;
        return weather;
}

enum fate weather_fate(const struct weather *weather, struct dice *dice)
{
        for (enum fate fate = FATE_UNSENT; fate < FATES; fate++)
                if (weather->mishap[fate] > 0 && dice_chance(dice, weather->mishap[fate]))
                        return fate;
        return FATE_ANSWERED;
}

usec_t weather_latency(const struct weather *weather, struct dice *dice)
{
        if (weather->slow > 0 && dice_chance(dice, weather->slow))
                return dice_between(dice, 1, 180) * USEC_PER_SEC;
        return dice_between(dice, 10, 300) * USEC_PER_MSEC;
}
