/*
 * The parameters of a request: what was sent as Name=Value&..., decoded and in an order in which
 * Filter.2 comes before Filter.10, so that a list is a run of neighbours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct param {
        char *name, *value;
};
struct params {
        struct param *list;
        size_t n;
};

enum {
        PARAM_NAME_MAX = 256, /* a longer one is none of EC2's */
};

/* False when the body is not form-encoded text. */
bool params_parse(struct params *params, const char *body, size_t size);
/* The same for a JSON object: its members, and theirs, under the names a form would give them. */
bool params_parse_json(struct params *params, const char *body, size_t size);
/* What the two are made of. Copies; to be sorted before anything is looked up. */
void params_add(struct params *params, const char *name, const char *value);
void params_sort(struct params *params);
void params_done(struct params *params);

/* The value of a name as printf() gives it, or NULL. */
const char *param(const struct params *params, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* The smallest index above `after` that occurs as PREFIX.index, or 0:
 *     for (size_t n = 0; (n = param_next(params, "Filter", n));) */
size_t param_next(const struct params *params, const char *prefix, size_t after);
/* The values of NAME.1, NAME.2, ... in order; the array is the caller's, the strings are not. */
const char **param_list(const struct params *params, const char *name, size_t *ret_n);
/* Whether `name` is of the form `pattern`, in which a component N stands for an index. */
bool param_fits(const char *name, const char *pattern);
