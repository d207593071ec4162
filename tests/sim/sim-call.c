/* Reads the parameters of a call, and fails it. */
#include "sim/sim-call.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/sim-service.h"
#include "sim/sim-xml.h"

/* https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html; 400 if not here */
static const struct {
        const char *code;
        int status;
} statuses[] = {
        { "AuthFailure", 401 },
        { "DryRunOperation", 412 },
        { "EC2ThrottledException", 503 },
        { "InsufficientHostCapacity", 500 },
        { "InsufficientInstanceCapacity", 500 },
        { "InternalError", 500 },
        { "InternalFailure", 500 },
        { "InternalServerError", 500 },
        { "InvalidClientTokenId", 403 },
        { "MissingAuthenticationToken", 403 },
        { "OptInRequired", 401 },
        { "AccessDenied", 403 },
        { "RequestLimitExceeded", 503 },
        { "ResourceContention", 500 },
        { "ServerInternal", 500 },
        { "ServiceUnavailable", 503 },
        { "SignatureDoesNotMatch", 403 },
        { "Unavailable", 503 },
        { "UnauthorizedOperation", 403 },
};

int status_of(const char *code)
{
        for (size_t i = 0; i < ELEMENTS(statuses); i++)
                if (streq(statuses[i].code, code))
                        return statuses[i].status;
        return 400;
}

bool fail(struct call *call, const char *code, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        free(call->message);
        call->message = xvasprintf(format, arguments);
        va_end(arguments);
        xreplace(&call->code, service_code(call->service, code));
        call->status = status_of(call->code);
        return false;
}

bool read_bool(struct call *call, const char *name, bool *ret)
{
        const char *value = param(&call->params, "%s", name);

        *ret = streq(value, "true");
        return !value || *ret || streq(value, "false") ||
               fail(call, "InvalidParameterValue",
                    "Value (%s) for parameter %s is invalid. Expected 'true' or 'false'.", value,
                    name);
}

bool read_number(struct call *call, const char *name, size_t min, size_t max, size_t *ret)
{
        const char *value = param(&call->params, "%s", name);
        unsigned long long number;

        if (!value)
                return true;
        if (!parse_number(value, SIZE_MAX, &number))
                return fail(call, "InvalidParameterValue",
                            "Invalid value '%s' for %s. Must be an integer.", value, name);
        if (number < min || number > max)
                return fail(call, "InvalidParameterValue",
                            "Value ( %s ) for parameter %s is invalid. Expecting a value between "
                            "%zu and %zu.",
                            value, name, min, max);
        *ret = (size_t)number;
        return true;
}

/* Characters, not bytes. */
static size_t length(const char *utf8)
{
        size_t n = 0;

        for (; *utf8; utf8++)
                n += ((unsigned char)*utf8 & 0xc0) != 0x80;
        return n;
}

bool check_tag(struct call *call, const char *key, const char *value)
{
        if (!key || !*key || length(key) > TAG_KEY_MAX)
                return fail(call, "InvalidParameterValue",
                            "Tag key must be between 1 and %d characters long.", TAG_KEY_MAX);
        if (strncasecmp(key, "aws:", 4) == 0)
                return fail(call, "InvalidParameterValue",
                            "Tag keys starting with 'aws:' are reserved for internal use");
        return length(value) <= TAG_VALUE_MAX ||
               fail(call, "InvalidParameterValue",
                    "Tag value exceeds the maximum length of %d characters.", TAG_VALUE_MAX);
}

static enum kind kind_of_type(const char *type)
{
        enum kind kind = 0;

        while (kind < KINDS && !streq(kind_infos[kind].type, type))
                kind++;
        return kind;
}

static bool read_specification(struct call *call, const char *prefix, struct tags *ret)
{
        _cleanup_free_ char *list = xasprintf("%s.Tag", prefix);

        for (size_t n = 0; (n = param_next(&call->params, list, n));) {
                const char *key = param(&call->params, "%s.%zu.Key", list, n);
                const char *value = param(&call->params, "%s.%zu.Value", list, n);

                if (!check_tag(call, key, value ? value : ""))
                        return false;
                if (tags_get(ret, key))
                        return fail(call, "InvalidParameterValue",
                                    "Duplicate tag key '%s' specified.", key);
                tags_set(ret, key, value ? value : "");
        }
        return ret->n <= TAGS_MAX ||
               fail(call, "TagLimitExceeded", "The maximum number of tags per resource is %d.",
                    TAGS_MAX);
}

bool read_tag_specification(struct call *call, unsigned int allowed, enum kind kind,
                            struct tags *ret)
{
        for (size_t n = 0; (n = param_next(&call->params, "TagSpecification", n));) {
                _cleanup_free_ char *prefix = xasprintf("TagSpecification.%zu", n);
                const char *type = param(&call->params, "%s.ResourceType", prefix);
                enum kind its = kind_of_type(type);

                if (!type)
                        return fail(call, "InvalidParameterValue",
                                    "Tag specification resource type must have a value");
                if (its == KINDS || !(allowed >> its & 1))
                        return fail(call, "InvalidParameterValue",
                                    "'%s' is not a valid taggable resource type for this "
                                    "operation.",
                                    type);
                if (its == kind && !read_specification(call, prefix, ret))
                        return false;
        }
        return true;
}

bool check_id(struct call *call, enum kind kind, const char *id)
{
        const struct kind_info *info = &kind_infos[kind];
        const char *digits = startswith(id, info->prefix);
        size_t n = digits ? strspn(digits, "0123456789abcdef") : 0;

        if (digits && !digits[n] && (n == 8 || n == 17))
                return true;
        return fail(call, info->malformed, "Invalid id: \"%s\" (expecting \"%s...\")", id,
                    info->prefix);
}

bool fail_not_found(struct call *call, enum kind kind, const char *ids, size_t n)
{
        const struct kind_info *info = &kind_infos[kind];

        return fail(call, info->not_found, "%s%s%s", n > 1 ? info->many : info->one, ids,
                    info->rest);
}

void *read_resource(struct call *call, enum kind kind, const char *name)
{
        const char *id = param(&call->params, "%s", name);
        struct resource *resource;

        if (!check_id(call, kind, id))
                return NULL;
        resource = resource_find(call->location, kind, id);
        if (resource && resource_is_there(resource, call->now))
                return resource;
        (void)fail_not_found(call, kind, id, 1);
        return NULL;
}

struct resource **read_resources(struct call *call, enum kind kind, const char *name, size_t *ret_n)
{
        size_t n_ids, n_unknown = 0;
        _cleanup_free_ const char **ids = param_list(&call->params, name, &n_ids);
        _cleanup_free_ struct resource **found = xcalloc(n_ids + 1, sizeof(struct resource *));
        _cleanup_(text_done) struct text unknown = {};

        *ret_n = 0;
        for (size_t i = 0; i < n_ids; i++) {
                if (!check_id(call, kind, ids[i]))
                        return NULL;
                found[i] = resource_find(call->location, kind, ids[i]);
                if (!found[i] || !resource_is_there(found[i], call->now))
                        text_printf(&unknown, "%s%s", n_unknown++ ? ", " : "", ids[i]);
        }
        if (n_unknown) {
                (void)fail_not_found(call, kind, text_get(&unknown), n_unknown);
                return NULL;
        }
        *ret_n = n_ids;
        return steal(found);
}

void print_tags(struct call *call, const struct tags *tags)
{
        if (!tags->n)
                return;
        xml_open(&call->out, "tagSet");
        for (size_t i = 0; i < tags->n; i++) {
                xml_open(&call->out, "item");
                xml_text(&call->out, "key", tags->list[i].key);
                xml_text(&call->out, "value", tags->list[i].value);
                xml_close(&call->out, "item");
        }
        xml_close(&call->out, "tagSet");
}

bool answer_true(struct call *call)
{
        xml_bool(&call->out, "return", true);
        return true;
}
