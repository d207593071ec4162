/* A JSON document as parameters: what a form writes as Filters.1.Values.2 is the second element of
 * "Values" in the first of "Filters". */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-params.h"

static bool add(struct params *params, const char *name, const char *value)
{
        if (strlen(name) > PARAM_NAME_MAX)
                return false;
        params_add(params, name, value);
        return true;
}

static bool add_item(struct params *params, const char *name, const cJSON *item)
{
        const cJSON *member;
        char number[32];
        bool good = true;
        size_t n = 0;

        if (cJSON_IsString(item))
                return add(params, name, item->valuestring);
        if (cJSON_IsBool(item))
                return add(params, name, cJSON_IsTrue(item) ? "true" : "false");
        if (cJSON_IsNumber(item)) {
                (void)snprintf(number, sizeof(number), "%.17g", item->valuedouble);
                return add(params, name, number);
        }
        cJSON_ArrayForEach (member, item) {
                const char *key = member->string;
                _cleanup_free_ char *inner =
                        key ? xasprintf("%s.%s", name, key) : xasprintf("%s.%zu", name, ++n);

                good = good && add_item(params, inner, member);
        }
        return good;
}

bool params_parse_json(struct params *params, const char *body, size_t size)
{
        cJSON *document = cJSON_ParseWithLength(body, size);
        bool good = cJSON_IsObject(document);
        const cJSON *member;

        if (good)
                cJSON_ArrayForEach (member, document)
                        good = good && add_item(params, member->string, member);
        cJSON_Delete(document);
        if (good)
                params_sort(params);
        else
                params_done(params);
        return good;
}
