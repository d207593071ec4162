/*
 * The common part of the Describe actions: ids, filters, pages. An action gives a description of
 * its resources, and describe() does the rest.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "sim/sim-call.h"

/* Value number `index` of a property, NULL beyond the last. */
typedef const char *filter_value_fn(const struct call *call, const struct resource *resource,
                                    size_t index);

struct filter_key {
        const char *name;
        size_t offset; /* of a `char *` in the resource's struct, when there is no `value` */
        filter_value_fn *value;
};

struct describe {
        enum kind kind;
        const char *ids; /* "ImageId" */
        const char *set; /* "imagesSet" */
        size_t ids_max, page_min, page_max;
        const struct filter_key *filters; /* ended by {}; without those of tags, which all have */
        /* Brings a resource up to date before it is looked at; NULL: nothing to do. */
        void (*settle)(struct call *call, struct resource *resource);
        /* Whether a resource that exists and fits the filters is listed; NULL: always. */
        bool (*is_listed)(struct call *call, struct resource *resource);
        void (*print)(struct call *call, const struct resource *resource);
        /* Called between neighbours in a page, with NULL for its ends; NULL for nothing to do. */
        void (*between)(struct call *call, const struct resource *last,
                        const struct resource *next);
};

bool describe(struct call *call, const struct describe *what);

/* `*` is any text, `?` any character, `\` takes the next one as it is. */
bool pattern_fits(const char *pattern, const char *text);
