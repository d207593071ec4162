/*
 * Allocation that cannot fail: exhausted memory ends the process with a message. systemd restarts
 * the daemon, which resumes its runs from the store, so callers have no error to handle.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

/* Ends the process with the message, for a library that reports exhausted memory. */
void out_of_memory(void) __attribute__((noreturn));

void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *pointer, size_t n, size_t size) __attribute__((returns_nonnull));
/* Returns NULL for NULL. */
char *xstrdup(const char *string);
char *xstrndup(const char *string, size_t n) __attribute__((returns_nonnull));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *xvasprintf(const char *format, va_list arguments)
        __attribute__((format(printf, 1, 0), returns_nonnull));
void *xmemdup(const void *data, size_t size) __attribute__((returns_nonnull));

/* Frees *pointer and makes it a copy of `value` (or NULL). `value` may be part of the old string.
 */
void xreplace(char **pointer, const char *value);

#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

/* Makes room for a zeroed element with index `n`; see append(). */
void *xgrow(void *array, size_t n, size_t size) __attribute__((returns_nonnull));

/*
 * Appends a zeroed element to `array` of `n` elements (both lvalues). Returns its address:
 *     *append(names, n_names) = xstrdup("x");
 * The size doubles at powers of two, so callers need no field for the capacity.
 */
#define append(array, n) ((array) = xgrow((array), (n), sizeof(*(array))), &(array)[(n)++])
