/* A command line into words, as a POSIX shell would, with no expansion of any kind. Pure. */
#pragma once

#include <stddef.h>

/*
 * Quotes and backslashes mean what they do in a shell; every other character stands for itself, so
 * that $x, *, ; and | reach the program as they are. 0 with the words (strings_free(); a NULL
 * stands behind them, for exec), or -EINVAL with *ret_why (literal): an open quote, a backslash at
 * the end, no word at all.
 */
int split_words(const char *line, char ***ret, size_t *ret_n, const char **ret_why);
