/*
 * Scope-bound cleanup, as in systemd and dbus-broker.
 *
 *     _cleanup_(text_done) struct text text = {};
 *     _cleanup_free_ char *name = xstrdup("x");
 *     return steal(name);                      // hands the value over, leaves NULL behind
 *
 * Destructors accept NULL and half-built objects.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function)                                                                        \
        __attribute__((cleanup(function))) /* NOLINT(bugprone-macro-parentheses) */

/* Takes the value out of a variable and leaves NULL. */
#define steal(pointer)                                                                             \
        ({                                                                                         \
                __typeof__(pointer) *_from = &(pointer);                                           \
                __typeof__(pointer) _value = *_from;                                               \
                *_from = NULL;                                                                     \
                _value;                                                                            \
        })

/* Defines `freep`-style cleanup for `type *x_free(type *)` or `void x_free(type *)`. */
#define DEFINE_CLEANUP(type, function)                                                             \
        static inline void function##p(type **pointer) /* NOLINT(bugprone-macro-parentheses) */    \
        {                                                                                          \
                if (*pointer)                                                                      \
                        function(*pointer);                                                        \
        }                                                                                          \
        struct _semicolon_

static inline void freep(void *pointer)
{
        free(*(void **)pointer);
}
#define _cleanup_free_ _cleanup_(freep)

static inline void closep(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}
#define _cleanup_close_ _cleanup_(closep)

static inline void fclosep(FILE **file)
{
        if (*file)
                fclose(*file);
}
#define _cleanup_fclose_ _cleanup_(fclosep)

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
