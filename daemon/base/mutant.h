/*
 * Mutants: guarantees that are broken on purpose, to test that the simulation notices.
 *
 * `MUTANT(name)` is true only in build/.../sim-mutants (-DAMID_MUTANTS), for the mutant of
 * --mutant. In every other build it is the constant false, so that no code and no symbol is left.
 * base/mutants.def is the list; a name that is not in the list does not compile in any build.
 *
 *         if (tokens < 1 && !MUTANT(takes_all_tokens))
 *                 return false;
 */
#pragma once

#include <stdbool.h>

#define MUTANT_ROW(name, options, meaning) MUTANT_##name,
enum mutant {
        MUTANT_NONE,
#include "base/mutants.def"
};
#undef MUTANT_ROW

#ifdef AMID_MUTANTS
extern enum mutant mutant_chosen;
#        define MUTANT(name) (mutant_chosen == MUTANT_##name)
#else
#        define MUTANT(name) (MUTANT_##name == MUTANT_NONE)
#endif
