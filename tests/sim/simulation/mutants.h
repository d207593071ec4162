/* Deliberately broken engines by name (base/mutant.h). In `sim` there are none, in `sim-mutants`
 * those of base/mutants.def. */
#pragma once

#include <stdbool.h>

/* False: there is no mutant of that name in this build. Holds until the process ends. */
bool mutants_choose(const char *name);
/* A line NAME|OPTIONS|MEANING for each. */
void mutants_print(void);
