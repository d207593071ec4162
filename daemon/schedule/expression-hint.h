/*
 * Corrections of a text that is no expression: five fields of Unix cron, "@daily", an expression
 * without its word, other spellings. Private to expression.
 */
#pragma once

#include <stdbool.h>

/*
 * A sentence with the corrected text, which is always a valid expression ("did you mean cron(0 3 *
 * * ? *)?"), or NULL when there is none. Caller frees.
 */
char *expression_hint(const char *text);

/* Whether the text is an expression. Defined in expression.c. */
bool expression_is_valid(const char *text);
