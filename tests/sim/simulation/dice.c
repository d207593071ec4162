/* The generator, and draws from it. */
#include "sim/simulation/dice.h"

#include <math.h>

/* splitmix64, Sebastiano Vigna, https://prng.di.unimi.it/splitmix64.c */
uint64_t dice_next(struct dice *dice)
{
        uint64_t z = (dice->state += 0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

struct dice dice_new(uint64_t seed, const char *subject)
{
        struct dice dice = { seed };

        for (const char *c = subject; *c; c++)
                dice.state = dice.state * 1099511628211U + (unsigned char)*c;
        dice_next(&dice);
        return dice;
}

size_t dice_below(struct dice *dice, size_t n)
{
        return n ? (size_t)(dice_next(dice) % n) : 0;
}

int64_t dice_between(struct dice *dice, int64_t least, int64_t most)
{
        return least + (int64_t)dice_below(dice, (size_t)(most - least) + 1);
}

/* 53 bits, as many as a double holds. */
static double dice_unit(struct dice *dice)
{
        return (double)(dice_next(dice) >> 11) / 9007199254740992.0;
}

bool dice_chance(struct dice *dice, double probability)
{
        return dice_unit(dice) < probability;
}

usec_t dice_wait(struct dice *dice, usec_t mean)
{
        return (usec_t)(-log(1.0 - dice_unit(dice)) * (double)mean);
}
