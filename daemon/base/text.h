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
/* The text so far, NUL-terminated, valid until the next call; "" when nothing was written. */
const char *text_get(struct text *text);
size_t text_size(struct text *text);
/* Hands the string over (never NULL) and makes the text empty again. */
char *text_steal(struct text *text);

/* NULL equals NULL only. */
bool streq(const char *a, const char *b);
/* What follows the prefix, or NULL. */
const char *startswith(const char *string, const char *prefix);
bool endswith(const char *string, const char *suffix);
/* The whole string as a decimal number in [0, max]; false otherwise. */
bool parse_number(const char *string, unsigned long long max, unsigned long long *ret);

/* The entry of `names` closest to `word`, capitals or not, or NULL when none is close enough to be
 * a typing error: at most a third of the word's length and one more, in insertions, deletions and
 * replacements of bytes. */
const char *closest(const char *word, const char *const *names, size_t n);

/* RFC 3986 percent-encoding: everything but A-Z a-z 0-9 - . _ ~ ; with `keep_slash` also not '/'.
 */
void text_percent_encode(struct text *text, const void *data, size_t size, bool keep_slash);

/* Whether all of `string` is well-formed UTF-8 without control characters other than tab. */
bool is_printable_utf8(const char *string);

/* A list of owned strings, grown with append() of base/alloc.h. */
void strings_free(char **strings, size_t n);
bool strings_contain(char *const *strings, size_t n, const char *string);

/* Of a text of lines (NULL: none): the line after the one at `line`, or NULL; and whether one of
 * them is the n characters at `line`. */
const char *lines_next(const char *line);
bool lines_contain(const char *lines, const char *line, size_t n);
/* Splits at any of `separators`, leaving out empty parts. */
char **strings_split(const char *string, const char *separators, size_t *ret_n);
char *strings_join(char *const *strings, size_t n, const char *separator);
