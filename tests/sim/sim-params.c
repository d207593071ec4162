/* Decodes, sorts and finds parameters. */
#include "sim/sim-params.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/text.h"

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static size_t number(const char **cursor)
{
        size_t n = 0;

        for (; is_digit(**cursor); (*cursor)++)
                n = n < SIZE_MAX / 16 ? n * 10 + (size_t)(**cursor - '0') : n;
        return n;
}

/* Text order, except that numbers count as numbers. */
static int compare_names(const char *a, const char *b)
{
        while (*a && *b) {
                if (is_digit(*a) && is_digit(*b)) {
                        size_t x = number(&a), y = number(&b);

                        if (x != y)
                                return x < y ? -1 : 1;
                } else if (*a != *b) {
                        break;
                } else {
                        a++;
                        b++;
                }
        }
        return (unsigned char)*a - (unsigned char)*b;
}

static int compare_params(const void *a, const void *b)
{
        return compare_names(((const struct param *)a)->name, ((const struct param *)b)->name);
}

/* The byte that two hexadecimal digits write; 0 when they are none, as no text holds a 0. */
static unsigned int byte(const char digits[static 2])
{
        char pair[3] = { digits[0], digits[1] };

        return isxdigit((unsigned char)pair[0]) && isxdigit((unsigned char)pair[1])
                       ? (unsigned int)strtoul(pair, NULL, 16)
                       : 0;
}

/* NULL when `text` holds a broken escape or a 0. */
static char *decode(const char *text, size_t size)
{
        _cleanup_free_ char *decoded = xcalloc(size + 1, 1);
        size_t n = 0;

        for (size_t i = 0; i < size; i++) {
                char c = text[i];

                if (c == '%') {
                        c = size - i < 3 ? '\0' : (char)byte(text + i + 1);
                        i += 2;
                } else if (c == '+') {
                        c = ' ';
                }
                if (!c)
                        return NULL;
                decoded[n++] = c;
        }
        return steal(decoded);
}

void params_done(struct params *params)
{
        for (size_t i = 0; i < params->n; i++) {
                free(params->list[i].name);
                free(params->list[i].value);
        }
        free(params->list);
        *params = (struct params){};
}

static bool parse(struct params *params, const char *body, size_t size)
{
        const char *end = body + size;

        while (body < end) {
                const char *stop = memchr(body, '&', (size_t)(end - body));
                const char *equals;
                struct param *new;

                stop = stop ? stop : end;
                equals = memchr(body, '=', (size_t)(stop - body));
                if (!equals)
                        return false;
                new = append(params->list, params->n);
                new->name = decode(body, (size_t)(equals - body));
                new->value = decode(equals + 1, (size_t)(stop - equals - 1));
                if (!new->name || !new->value || strlen(new->name) > PARAM_NAME_MAX)
                        return false;
                body = stop + (stop < end);
        }
        return true;
}

void params_add(struct params *params, const char *name, const char *value)
{
        *append(params->list, params->n) =
                (struct param){ .name = xstrdup(name), .value = xstrdup(value) };
}

void params_sort(struct params *params)
{
        if (params->n)
                qsort(params->list, params->n, sizeof(*params->list), compare_params);
}

bool params_parse(struct params *params, const char *body, size_t size)
{
        if (!parse(params, body, size)) {
                params_done(params);
                return false;
        }
        params_sort(params);
        return true;
}

/* The index of the first parameter that is not before `name`. */
static size_t lower_bound(const struct params *params, const char *name)
{
        size_t low = 0, high = params->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (compare_names(params->list[middle].name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

const char *param(const struct params *params, const char *format, ...)
{
        char name[PARAM_NAME_MAX + 1];
        va_list arguments;
        size_t at;

        va_start(arguments, format);
        (void)vsnprintf(name, sizeof(name), format, arguments);
        va_end(arguments);
        at = lower_bound(params, name);
        return at < params->n && streq(params->list[at].name, name) ? params->list[at].value : NULL;
}

size_t param_next(const struct params *params, const char *prefix, size_t after)
{
        char name[PARAM_NAME_MAX + 1];
        const char *rest;
        size_t at;

        (void)snprintf(name, sizeof(name), "%s.%zu", prefix, after + 1);
        at = lower_bound(params, name);
        if (at == params->n)
                return 0;
        rest = startswith(params->list[at].name, prefix);
        return rest && rest[0] == '.' && is_digit(rest[1]) ? (rest++, number(&rest)) : 0;
}

const char **param_list(const struct params *params, const char *name, size_t *ret_n)
{
        const char **values = NULL;
        size_t n_values = 0;

        for (size_t n = 0; (n = param_next(params, name, n));) {
                const char *value = param(params, "%s.%zu", name, n);

                if (value)
                        *append(values, n_values) = value;
        }
        *ret_n = n_values;
        return values;
}

bool param_fits(const char *name, const char *pattern)
{
        while (*pattern) {
                if (*pattern == 'N' && (pattern[1] == '.' || !pattern[1]) && pattern[-1] == '.') {
                        if (!is_digit(*name) || *name == '0')
                                return false;
                        (void)number(&name);
                        pattern++;
                } else if (*name++ != *pattern++) {
                        return false;
                }
        }
        return !*name;
}
