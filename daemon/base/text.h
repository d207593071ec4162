/*
 * Text: a growing string on open_memstream, and small helpers on C strings.
 *
 *     _cleanup_(text_done) struct text text = {};
 *     text_printf(&text, "%s=%d", name, n);
 *     return text_steal(&text);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"

struct text {
        FILE *stream;
        char *data;
        size_t size;
};

void text_done(struct text *text);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append(struct text *text, const char *string);
void text_write(struct text *text, const void *data, size_t size);
/* The text, NUL-terminated and never NULL; valid until the next call. */
const char *text_get(struct text *text);
size_t text_size(struct text *text);
/* Hands the string over (never NULL) and makes the text empty again. */
char *text_steal(struct text *text);

/* Whether the strings are equal; NULL is only equal to NULL. */
bool streq(const char *a, const char *b);
/* The rest of the string after the prefix; NULL: it does not begin with the prefix. */
const char *startswith(const char *string, const char *prefix);
bool endswith(const char *string, const char *suffix);
/* Parses the whole string as a decimal number in [0, max]. */
bool parse_number(const char *string, unsigned long long max, unsigned long long *ret);

/* The entry of `names` closest to `word`, in any case of letters; NULL: none is close enough for a
 * typing error. The maximum distance, in insertions, deletions and replacements of bytes, is a
 * third of the word's length plus 1. */
const char *closest(const char *word, const char *const *names, size_t n);

/* RFC 3986 percent-encoding of all bytes but A-Z a-z 0-9 - . _ ~ and, with `keep_slash`, '/'. */
void text_percent_encode(struct text *text, const void *data, size_t size, bool keep_slash);

/* Whether the string is well-formed UTF-8 without control characters other than tab. */
bool is_printable_utf8(const char *string);

/* Frees a list of owned strings, made with append() of base/alloc.h. */
void strings_free(char **strings, size_t n);
bool strings_contain(char *const *strings, size_t n, const char *string);

/* The line after `line`, or NULL; and whether a line of `lines` (may be NULL) equals the n
 * characters at `line`. */
const char *lines_next(const char *line);
bool lines_contain(const char *lines, const char *line, size_t n);
/* Splits at any of `separators`, without empty parts. */
char **strings_split(const char *string, const char *separators, size_t *ret_n);
char *strings_join(char *const *strings, size_t n, const char *separator);
