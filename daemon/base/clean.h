/*
 * Cleaning of text from outside: replies of AWS, output of commands, tags, names in settings and on
 * the command line.
 *
 * Text is cleaned twice: on arrival, and again when a line is printed (log.h, amictl, errors of the
 * control socket, messages about settings). Clean text stays unchanged.
 *
 * A character that is not safe to print is replaced by an escape of printable ASCII:
 *
 *     line feed, carriage return, tab             \n \r \t
 *     other control characters, C0 and DEL        \x1b
 *     bytes that are not well-formed UTF-8,       \xe9
 *     so also C1 controls as single bytes
 *     C1 controls, line and paragraph separators, \u009b \u2028
 *     direction marks and overrides, characters   \u202e \ufeff
 *     without width, other format characters,
 *     fillers, tag characters, noncharacters      \U000e0041
 *
 * A backslash stays a single backslash, since it would double with each cleaning. So text from
 * outside may have looked like an escape before, but an unsafe character is never printed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
        CLEAN_REPLY_MAX = 8192, /* bytes of a message of AWS or of a command */
        CLEAN_LINE_MAX = 16384, /* bytes of a printed line */
};

/* The length of the UTF-8 character at `string`, with its code in *ret; 0 for an invalid character.
 * `string` is not empty. */
size_t utf8_decode(const char *string, uint32_t *ret);

/* Whether terminals and logs print the character as it is, and on the same line. */
bool is_safe_character(uint32_t character);

/* The cleaned text. A text of more than `max` bytes gets "[...]" instead of its middle, because the
 * reason in a message is at its beginning or end. NULL gives NULL. Caller frees. */
char *text_clean(const char *string, size_t max);
/* Replaces an owned string, which may be NULL, by the cleaned text. */
void text_clean_replace(char **string, size_t max);

/* The text with each line cleaned; line feeds stay. Caller frees. */
char *text_clean_lines(const char *string);

/* JSON of cJSON with unsafe characters as \uXXXX, which is the same document. Line feeds and tabs
 * stay: cJSON prints them only between values. Bytes that are no UTF-8 become \ufffd. Caller frees.
 */
char *text_clean_json(const char *json);
