/* The filters of a Describe request: Filter.N.Name with Filter.N.Value.M. Values of one filter are
 * alternatives, filters must all fit. */
#pragma once

#include "sim/sim-describe.h"

enum { FILTERS_MAX = 50, FILTER_VALUES_MAX = 200 };

struct filter {
        const struct filter_key *key;
        const char *tag; /* of tag:KEY; else NULL */
        const char **values;
        size_t n_values;
};
struct filters {
        struct filter *list;
        size_t n;
};

/* False after having failed the call: a name that is not in `keys`, no value, too many. */
bool filters_read(struct call *call, const struct filter_key *keys, struct filters *ret);
void filters_done(struct filters *filters);
bool filters_fit(const struct filters *filters, const struct call *call,
                 const struct resource *resource);
/* A filter that names ids, without a pattern among them; NULL: there is none. */
const struct filter *filters_by_id(const struct filters *filters);
