/* Reads filters, and tries them on resources. */
#include "sim/sim-filter.h"

#include <string.h>

#include "base/alloc.h"

bool pattern_fits(const char *pattern, const char *text)
{
        const char *star = NULL, *resume = NULL;

        /* On a mismatch the last star takes one character more; earlier ones need no other try. */
        for (;;) {
                if (*pattern == '*') {
                        star = ++pattern;
                        resume = text;
                        continue;
                }
                if (*text && *pattern == '?') {
                        pattern++;
                        text++;
                        while (((unsigned char)*text & 0xc0) == 0x80)
                                text++;
                        continue;
                }
                if (!*text && !*pattern)
                        return true;
                if (*text) {
                        const char *literal = pattern + (*pattern == '\\' && pattern[1]);

                        if (*literal == *text) {
                                pattern = literal + 1;
                                text++;
                                continue;
                        }
                }
                if (!star || !*resume)
                        return false;
                pattern = star;
                text = ++resume;
        }
}

static const char *tag_key(const struct call *call, const struct resource *resource, size_t index)
{
        (void)call;
        return index < resource->tags.n ? resource->tags.list[index].key : NULL;
}

static const char *tag_value(const struct call *call, const struct resource *resource, size_t index)
{
        (void)call;
        return index < resource->tags.n ? resource->tags.list[index].value : NULL;
}

static const struct filter_key tag_filters[] = {
        { "tag-key", .value = tag_key },
        { "tag-value", .value = tag_value },
        {},
};

static const struct filter_key *find_key(const struct filter_key *keys, const char *name)
{
        for (; keys->name; keys++)
                if (streq(keys->name, name))
                        return keys;
        return NULL;
}

static bool read_filter(struct call *call, const struct filter_key *keys, size_t n,
                        struct filter *filter)
{
        _cleanup_free_ char *list = xasprintf("Filter.%zu.Value", n);
        const char *name = param(&call->params, "Filter.%zu.Name", n);

        if (!name)
                return fail(call, "InvalidParameterValue", "The filter 'null' is invalid");
        filter->tag = startswith(name, "tag:");
        filter->key = find_key(tag_filters, name);
        if (!filter->key)
                filter->key = find_key(keys, name);
        if (!filter->key && !filter->tag)
                return fail(call, "InvalidParameterValue", "The filter '%s' is invalid", name);
        filter->values = param_list(&call->params, list, &filter->n_values);
        if (!filter->n_values)
                return fail(call, "InvalidParameterValue", "The filter '%s' has no value", name);
        return filter->n_values <= FILTER_VALUES_MAX ||
               fail(call, "FilterLimitExceeded",
                    "The maximum number of filter values specified on a single call is %d",
                    FILTER_VALUES_MAX);
}

bool filters_read(struct call *call, const struct filter_key *keys, struct filters *ret)
{
        for (size_t n = 0; (n = param_next(&call->params, "Filter", n));)
                if (!read_filter(call, keys, n, append(ret->list, ret->n)))
                        return false;
        return ret->n <= FILTERS_MAX ||
               fail(call, "FilterLimitExceeded",
                    "The maximum number of filters on a single call is %d", FILTERS_MAX);
}

void filters_done(struct filters *filters)
{
        for (size_t i = 0; i < filters->n; i++)
                free(filters->list[i].values);
        free(filters->list);
        *filters = (struct filters){};
}

static bool any_fits(const struct filter *filter, const char *text)
{
        for (size_t i = 0; text && i < filter->n_values; i++)
                if (pattern_fits(filter->values[i], text))
                        return true;
        return false;
}

static bool filter_fits(const struct filter *filter, const struct call *call,
                        const struct resource *resource)
{
        const char *value;

        if (filter->tag)
                return any_fits(filter, tags_get(&resource->tags, filter->tag));
        if (!filter->key->value) {
                const char *const *field =
                        (const void *)((const char *)resource + filter->key->offset);

                return any_fits(filter, *field);
        }
        for (size_t i = 0; (value = filter->key->value(call, resource, i)); i++)
                if (any_fits(filter, value))
                        return true;
        return false;
}

bool filters_fit(const struct filters *filters, const struct call *call,
                 const struct resource *resource)
{
        for (size_t i = 0; i < filters->n; i++)
                if (!filter_fits(&filters->list[i], call, resource))
                        return false;
        return true;
}

static bool has_pattern(const struct filter *filter)
{
        for (size_t i = 0; i < filter->n_values; i++)
                if (strpbrk(filter->values[i], "*?\\"))
                        return true;
        return false;
}

const struct filter *filters_by_id(const struct filters *filters)
{
        for (size_t i = 0; i < filters->n; i++) {
                const struct filter *filter = &filters->list[i];

                if (filter->key && !filter->key->value &&
                    filter->key->offset == offsetof(struct resource, id) && !has_pattern(filter))
                        return filter;
        }
        return NULL;
}
