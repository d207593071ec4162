/* Allocation that ends the process when memory is exhausted. */
#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

void out_of_memory(void)
{
        fputs("amid: out of memory\n", stderr);
        abort();
}

static void *check(void *pointer)
{
        if (!pointer)
                out_of_memory();
        return pointer;
}

void *xcalloc(size_t n, size_t size)
{
        return check(calloc(n ? n : 1, size ? size : 1));
}

void *xrealloc(void *pointer, size_t n, size_t size)
{
        return check(reallocarray(pointer, n ? n : 1, size ? size : 1));
}

void *xgrow(void *array, size_t n, size_t size)
{
        if ((n & (n - 1)) == 0)
                array = xrealloc(array, n ? 2 * n : 1, size);
        memset((char *)array + n * size, 0, size);
        return array;
}

char *xstrdup(const char *string)
{
        return string ? check(strdup(string)) : NULL;
}

char *xstrndup(const char *string, size_t n)
{
        return check(strndup(string, n));
}

char *xvasprintf(const char *format, va_list arguments)
{
        char *string;

        return check(vasprintf(&string, format, arguments) < 0 ? NULL : string);
}

char *xasprintf(const char *format, ...)
{
        va_list arguments;
        char *string;

        va_start(arguments, format);
        string = xvasprintf(format, arguments);
        va_end(arguments);
        return string;
}

void *xmemdup(const void *data, size_t size)
{
        void *copy = xcalloc(1, size);

        if (size)
                memcpy(copy, data, size);
        return copy;
}

void xreplace(char **pointer, const char *value)
{
        char *copy = xstrdup(value);

        free(*pointer);
        *pointer = copy;
}
