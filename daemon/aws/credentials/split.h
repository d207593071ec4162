/* Splits a command line into words like a POSIX shell, but without any expansion. Pure. */
#pragma once

#include <stddef.h>

/*
 * Quotes and backslashes have their meaning of a shell. Every other character is literal: $x, *, ;
 * and | reach the program. 0 with the words, NULL-terminated for exec and freed by strings_free();
 * or -EINVAL with *ret_why (literal): an open quote, a backslash at the end, or no word.
 */
int split_words(const char *line, char ***ret, size_t *ret_n, const char **ret_why);
