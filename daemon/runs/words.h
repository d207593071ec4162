/*
 * Steps and phases in words for people. Their names are stored, and told in JSON; what an operator
 * reads on a screen are these. Several steps may have the same words: to those who wait for an
 * instance it is one thing that goes on.
 */
#pragma once

/* "waiting for its turn"; NULL for a name that is not known. */
const char *step_words(const char *step);
/* "looking for instances"; NULL for a name that is not known, and for none. */
const char *phase_words(const char *phase);
