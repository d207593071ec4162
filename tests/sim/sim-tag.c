/* What CreateTags, DeleteTags and DescribeTags do. */
#include "sim/sim-tag.h"

#include <string.h>

#include "base/alloc.h"
#include "sim/sim-describe.h"
#include "sim/sim-xml.h"

enum { RESOURCES_MAX = 1000 };

static enum kind kind_of_id(const char *id)
{
        enum kind kind = 0;

        while (kind < KINDS && !startswith(id, kind_infos[kind].prefix))
                kind++;
        return kind;
}

/* ResourceId.N, all of which must exist; NULL after having failed the call. */
static struct resource **read_tagged(struct call *call, size_t *ret_n)
{
        size_t n;
        _cleanup_free_ const char **ids = param_list(&call->params, "ResourceId", &n);
        _cleanup_free_ struct resource **found = xcalloc(n + 1, sizeof(struct resource *));

        for (size_t i = 0; i < n; i++) {
                enum kind kind = kind_of_id(ids[i]);

                if (kind == KINDS) {
                        (void)fail(call, "InvalidID", "The ID '%s' is not valid", ids[i]);
                        return NULL;
                }
                if (!check_id(call, kind, ids[i]))
                        return NULL;
                found[i] = resource_find(call->location, kind, ids[i]);
                if (!found[i] || !resource_is_there(found[i], call->now)) {
                        (void)fail_not_found(call, kind, ids[i], 1);
                        return NULL;
                }
        }
        if (n > RESOURCES_MAX) {
                (void)fail(call, "InvalidParameterValue",
                           "The maximum number of resources in a single call is %d", RESOURCES_MAX);
                return NULL;
        }
        *ret_n = n;
        return steal(found);
}

static bool read_tags(struct call *call, struct tags *ret)
{
        for (size_t n = 0; (n = param_next(&call->params, "Tag", n));) {
                const char *key = param(&call->params, "Tag.%zu.Key", n);
                const char *value = param(&call->params, "Tag.%zu.Value", n);

                if (!check_tag(call, key, value ? value : ""))
                        return false;
                tags_set(ret, key, value ? value : "");
        }
        return ret->n ||
               fail(call, "MissingParameter", "The request must contain the parameter Tag");
}

static size_t count_new(const struct tags *there, const struct tags *added)
{
        size_t n = 0;

        for (size_t i = 0; i < added->n; i++)
                n += !tags_get(there, added->list[i].key);
        return n;
}

bool create_tags(struct call *call)
{
        size_t n;
        _cleanup_free_ struct resource **resources = read_tagged(call, &n);
        _cleanup_(tags_done) struct tags tags = {};

        if (!resources || !read_tags(call, &tags))
                return false;
        for (size_t i = 0; i < n; i++)
                if (resources[i]->tags.n + count_new(&resources[i]->tags, &tags) > TAGS_MAX)
                        return fail(call, "TagLimitExceeded",
                                    "The maximum number of tags per resource is %d.", TAGS_MAX);
        for (size_t i = 0; i < n; i++)
                tags_copy(&resources[i]->tags, &tags);
        return answer_true(call);
}

/* A key alone removes the tag whatever its value; no Tag.N at all removes every tag of the user:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html */
static void untag(const struct call *call, struct resource *resource)
{
        if (!param_next(&call->params, "Tag", 0))
                tags_done(&resource->tags);
        for (size_t n = 0; (n = param_next(&call->params, "Tag", n));) {
                const char *key = param(&call->params, "Tag.%zu.Key", n);

                if (key)
                        (void)tags_unset(&resource->tags, key,
                                         param(&call->params, "Tag.%zu.Value", n));
        }
}

bool delete_tags(struct call *call)
{
        size_t n;
        _cleanup_free_ struct resource **resources = read_tagged(call, &n);

        if (!resources)
                return false;
        for (size_t i = 0; i < n; i++)
                untag(call, resources[i]);
        return answer_true(call);
}

/* ---- DescribeTags: a row per tag, not per resource ---- */

static bool filter_fits(const struct call *call, size_t n, const char *text)
{
        _cleanup_free_ char *list = xasprintf("Filter.%zu.Value", n);

        for (size_t i = 0; (i = param_next(&call->params, list, i));)
                if (pattern_fits(param(&call->params, "%s.%zu", list, i), text))
                        return true;
        return false;
}

static bool is_wanted(struct call *call, const struct resource *resource, const struct tag *tag,
                      bool *ret)
{
        const struct {
                const char *name, *value;
        } rows[] = {
                { "key", tag->key },
                { "value", tag->value },
                { "resource-id", resource->id },
                { "resource-type", kind_infos[resource->kind].type },
        };

        *ret = true;
        for (size_t n = 0; (n = param_next(&call->params, "Filter", n));) {
                const char *name = param(&call->params, "Filter.%zu.Name", n);
                size_t row = 0;

                while (row < ELEMENTS(rows) && !streq(rows[row].name, name))
                        row++;
                if (row == ELEMENTS(rows))
                        return fail(call, "InvalidParameterValue", "The filter '%s' is invalid",
                                    name ? name : "null");
                *ret = *ret && filter_fits(call, n, rows[row].value);
        }
        return true;
}

static void print_tag(struct call *call, const struct resource *resource, const struct tag *tag)
{
        xml_open(&call->out, "item");
        xml_text(&call->out, "resourceId", resource->id);
        xml_text(&call->out, "resourceType", kind_infos[resource->kind].type);
        xml_text(&call->out, "key", tag->key);
        xml_text(&call->out, "value", tag->value);
        xml_close(&call->out, "item");
}

static bool list_tags(struct call *call, const struct resource *resource)
{
        for (size_t i = 0; i < resource->tags.n; i++) {
                bool wanted;

                if (!is_wanted(call, resource, &resource->tags.list[i], &wanted))
                        return false;
                if (wanted)
                        print_tag(call, resource, &resource->tags.list[i]);
        }
        return true;
}

/* All in one page: MaxResults and NextToken are not among its parameters. */
bool describe_tags(struct call *call)
{
        static char nothing[] = "";
        const struct resource nobody = { .id = nothing };
        const struct tag blank = { nothing, nothing };
        bool wanted;

        /* A wrong filter is an error also when there is no tag to try it on. */
        if (!is_wanted(call, &nobody, &blank, &wanted))
                return false;
        xml_open(&call->out, "tagSet");
        for (size_t kind = 0; kind < KINDS; kind++)
                FOREACH_RESOURCE(resource, call->location, kind)
        if (resource_is_there(resource, call->now) && !list_tags(call, resource))
                return false;
        xml_close(&call->out, "tagSet");
        return true;
}
