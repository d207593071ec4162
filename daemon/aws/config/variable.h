/* Environment variables, with the rules of AWS tools. */
#pragma once

#include <stdbool.h>

/* The value; NULL for an unset and for an empty variable. */
const char *variable_get(const char *name);
/* Whether the value is "true" in any case of letters. */
bool variable_is_true(const char *name);
