/*
 * Allocation that cannot fail: out of memory ends the process with a message. systemd restarts the
 * daemon and the runs go on from the store, so nothing outside this file tests for it.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

/* Says so and ends the process. For what others allocate: a library that reports it. */
void out_of_memory(void) __attribute__((noreturn));

void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *pointer, size_t n, size_t size) __attribute__((returns_nonnull));
/* NULL gives NULL. */
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

/* Makes room for element number `n` (from 0) and zeroes it; see append(). */
void *xgrow(void *array, size_t n, size_t size) __attribute__((returns_nonnull));

/*
 * Appends one zeroed element to `array` of `n` elements (both lvalues) and gives its address:
 *     *append(names, n_names) = xstrdup("x");
 * Grows by doubling at powers of two, so that no capacity has to be kept.
 */
#define append(array, n) ((array) = xgrow((array), (n), sizeof(*(array))), &(array)[(n)++])
