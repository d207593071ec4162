/* The environment, as AWS tools read it. */
#pragma once

#include <stdbool.h>

/* NULL when it is empty, too. */
const char *variable_get(const char *name);
/* Whether it says "true", capitals or not. */
bool variable_is_true(const char *name);
