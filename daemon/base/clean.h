/*
 * Cleaning of text that comes from outside: answers of AWS, output of commands, tags, names in
 * settings and on the command line.
 *
 * It is cleaned twice: where it comes in, and again where a line is printed (log.h, amictl, errors
 * of the control socket, messages about settings). What is clean already stays as it is, so once
 * more does no harm.
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
 * A backslash stays a backslash: it would else double each time. So the text of an escape may have
 * been there before; what it stands for never was printed raw.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum {
        CLEAN_REPLY_MAX = 8192, /* bytes kept of one message of AWS or of a command */
        CLEAN_LINE_MAX = 16384, /* bytes of one line printed */
};

/* The well-formed character of UTF-8 at `string`, which does not end there: its length, and its
 * code in *ret. 0 when there is none. */
size_t utf8_decode(const char *string, uint32_t *ret);

/* Whether a terminal and a log show the character as itself, on the line it is on. */
bool is_safe_character(uint32_t character);

/* The text with its escapes. Beyond `max` bytes its middle is left out, which "[...]" shows: a
 * reason stands at the begin or at the end. NULL gives NULL. Caller frees. */
char *text_clean(const char *string, size_t max);
/* The same in place of an owned string, which may be NULL. */
void text_clean_replace(char **string, size_t max);

/* A text of lines: its line feeds stay, each line is cleaned. Caller frees. */
char *text_clean_lines(const char *string);

/* JSON as cJSON prints it, with the characters that are not safe as \uXXXX: the same document, of
 * the same values. Line feeds and tabs, which stand between values only, stay. Bytes that are no
 * UTF-8, which JSON has not, become \ufffd. Caller frees. */
char *text_clean_json(const char *json);
