/* The pages of a Describe action. */
#include "sim/sim-describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim-filter.h"
#include "sim/sim-xml.h"

/* A page token names the last resource that was looked at instead of a position, so that
 * resources which come or go meanwhile move nothing. A token belongs to the request that it was
 * given for. */
struct page {
        uint64_t after; /* serial */
        size_t left;    /* to be shown */
        size_t looks;   /* to be looked at, whether they are in the reply or not */
        uint64_t question;
};

static uint64_t hash(uint64_t seed, const char *text)
{
        for (; *text; text++)
                seed = (seed ^ (unsigned char)*text) * UINT64_C(0x100000001b3); /* FNV-1a */
        return seed * UINT64_C(0x100000001b3);
}

static uint64_t question(const struct call *call)
{
        uint64_t digest = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < call->params.n; i++) {
                const struct param *one = &call->params.list[i];

                if (streq(one->name, "NextToken") || streq(one->name, "MaxResults"))
                        continue;
                digest = hash(hash(digest, one->name), one->value);
        }
        return digest;
}

/* Sixteen hexadecimal digits. */
static bool parse_half(const char *token, uint64_t *ret)
{
        char half[17] = {};

        memcpy(half, token, sizeof(half) - 1);
        if (strspn(half, "0123456789abcdef") != sizeof(half) - 1)
                return false;
        *ret = strtoull(half, NULL, 16);
        return true;
}

static bool parse_token(const char *token, struct page *page)
{
        uint64_t asked;

        if (strlen(token) != 32 || !parse_half(token, &page->after) ||
            !parse_half(token + 16, &asked) || asked != page->question)
                return false;
        page->after ^= page->question;
        return true;
}

static bool read_page(struct call *call, const struct describe *what, struct page *ret)
{
        const char *token = param(&call->params, "NextToken");

        ret->left = ret->looks = SIZE_MAX;
        ret->question = question(call);
        if (!read_number(call, "MaxResults", what->page_min, what->page_max, &ret->left))
                return false;
        if (ret->left != SIZE_MAX && param_next(&call->params, what->ids, 0))
                return fail(call, "InvalidParameterCombination",
                            "The parameter %s cannot be used with the parameter maxResults",
                            what->ids);
        if (token && !parse_token(token, ret))
                return fail(call, "InvalidNextToken", "The token '%s' is invalid", token);
        if (call->sim->page_max && ret->left != SIZE_MAX)
                ret->looks = 1 + sim_random(call->sim) % call->sim->page_max;
        return true;
}

static bool is_wanted(struct call *call, const struct describe *what, const struct filters *filters,
                      struct resource *resource)
{
        if (!resource_is_there(resource, call->now))
                return false;
        if (what->settle)
                what->settle(call, resource);
        return filters_fit(filters, call, resource) &&
               (!what->is_listed || what->is_listed(call, resource));
}

struct listing {
        const struct describe *what;
        const struct filters *filters;
        struct page page;
        const struct resource *last; /* printed */
        uint64_t looked_at;          /* serial of the last one */
        bool more;
};

static void list_one(struct call *call, struct listing *listing, struct resource *resource)
{
        const struct describe *what = listing->what;

        if (listing->more || resource->serial <= listing->page.after)
                return;
        if (!listing->page.looks) {
                listing->more = true;
                return;
        }
        listing->page.looks--;
        if (is_wanted(call, what, listing->filters, resource)) {
                if (!listing->page.left) {
                        listing->more = true;
                        return;
                }
                if (what->between)
                        what->between(call, listing->last, resource);
                what->print(call, resource);
                listing->last = resource;
                listing->page.left--;
        }
        listing->looked_at = resource->serial;
}

static bool list_ids(struct call *call, struct listing *listing)
{
        const struct describe *what = listing->what;
        size_t n;
        _cleanup_free_ struct resource **named = read_resources(call, what->kind, what->ids, &n);

        if (!named)
                return false;
        if (n > what->ids_max)
                return fail(call, "InvalidParameterValue",
                            "The maximum number of ids in a single call is %zu", what->ids_max);
        for (size_t i = 0; i < n; i++)
                list_one(call, listing, named[i]);
        return true;
}

static int compare_serials(const void *a, const void *b)
{
        const struct resource *x = *(struct resource *const *)a, *y = *(struct resource *const *)b;

        return (x->serial > y->serial) - (x->serial < y->serial);
}

/* The resources that a filter by id names, in the order of all: the reply is the same, and no
 * other resource is looked at. */
static void list_few(struct call *call, struct listing *listing, const struct filter *ids)
{
        struct resource *found[FILTER_VALUES_MAX];
        size_t n = 0;

        for (size_t i = 0; i < ids->n_values; i++) {
                found[n] = resource_find(call->location, listing->what->kind, ids->values[i]);
                n += found[n] != NULL;
        }
        qsort(found, n, sizeof(*found), compare_serials);
        for (size_t i = 0; i < n; i++)
                if (i == 0 || found[i] != found[i - 1])
                        list_one(call, listing, found[i]);
}

static void list_all(struct call *call, struct listing *listing)
{
        const struct filter *ids = filters_by_id(listing->filters);

        if (ids) {
                list_few(call, listing, ids);
                return;
        }
        FOREACH_RESOURCE(resource, call->location, listing->what->kind)
        list_one(call, listing, resource);
}

bool describe(struct call *call, const struct describe *what)
{
        _cleanup_(filters_done) struct filters filters = {};
        struct listing listing = { .what = what, .filters = &filters };

        if (!read_page(call, what, &listing.page) || !filters_read(call, what->filters, &filters))
                return false;
        xml_open(&call->out, what->set);
        if (param_next(&call->params, what->ids, 0)) {
                if (!list_ids(call, &listing))
                        return false;
        } else {
                list_all(call, &listing);
        }
        if (what->between && listing.last)
                what->between(call, listing.last, NULL);
        xml_close(&call->out, what->set);
        if (listing.more)
                text_printf(&call->out, "<nextToken>%016" PRIx64 "%016" PRIx64 "</nextToken>",
                            listing.looked_at ^ listing.page.question, listing.page.question);
        return true;
}
