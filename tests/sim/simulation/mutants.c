/* The mutants by name, in the build that has them. */
#include "sim/simulation/mutants.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mutant.h"
#include "base/text.h"

#ifdef AMID_MUTANTS
enum mutant mutant_chosen;

static const struct {
        const char *name, *options, *meaning;
} mutants[] = {
#        define MUTANT_ROW(name, options, meaning) { #        name, options, meaning },
#        include "base/mutants.def"
#        undef MUTANT_ROW
};

bool mutants_choose(const char *name)
{
        for (size_t i = 0; i < ELEMENTS(mutants); i++)
                if (streq(mutants[i].name, name)) {
                        mutant_chosen = (enum mutant)(i + 1);
                        return true;
                }
        return false;
}

void mutants_print(void)
{
        for (size_t i = 0; i < ELEMENTS(mutants); i++)
                printf("%s|%s|%s\n", mutants[i].name, mutants[i].options, mutants[i].meaning);
}
#else
bool mutants_choose(const char *name)
{
        (void)name;
        return false;
}

void mutants_print(void)
{
}
#endif
