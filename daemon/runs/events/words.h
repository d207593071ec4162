/*
 * Steps and phases in words for people. Their names are for the state and for JSON; amictl shows
 * these words on a terminal. Steps that are the same to a person who waits have the same words.
 */
#pragma once

#include <stdbool.h>

/* "waiting for its turn"; NULL for a name that is not known. */
const char *step_words(const char *step);
/* "looking for instances"; NULL for a name that is not known, and for none. `dry`: of a run that
 * changes nothing. */
const char *phase_words(const char *phase, bool dry);
