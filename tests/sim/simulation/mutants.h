/* Mutants: deliberately broken engines by name (base/mutant.h). `sim` has none, `sim-mutants`
 * has those of base/mutants.def. */
#pragma once

#include <stdbool.h>

/* False: this build has no mutant of that name. The choice holds until the process ends. */
bool mutants_choose(const char *name);
/* Prints a line NAME|OPTIONS|MEANING for each mutant. */
void mutants_print(void);
