/* DescribeInstanceTypes: which types have disks of their own. */
#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "sim/sim-describe.h"
#include "sim/sim-instance.h"
#include "sim/sim-xml.h"

enum { NAMES_MAX = 100, PAGE_MIN = 5 };

/* The types that a list without names has; any name of the right form is a type. */
static const char *const listed[] = {
        "c5.large",  "c5d.large",  "i3.large",   "m1.small", "m5.large",
        "m5d.large", "m6id.large", "r6gd.large", "t3.micro", "t3.small",
};

/* A family is one letter or more, a generation, and letters. A `d` among these stands for local
 * disks, and so do some families. https://docs.aws.amazon.com/ec2/latest/instancetypes/
 * instance-type-names.html */
static bool has_storage(const char *type)
{
        static const char *const families[] = { "d2", "d3", "f1", "h1",  "i2",  "i3",
                                                "i4", "i7", "i8", "im4", "is4", "x1" };
        size_t family = strcspn(type, "."), letters = strcspn(type, "0123456789");
        const char *attributes = type + letters + strspn(type + letters, "0123456789");

        for (size_t i = 0; i < ELEMENTS(families); i++)
                if (startswith(type, families[i]))
                        return true;
        return attributes < type + family &&
               memchr(attributes, 'd', (size_t)(type + family - attributes));
}

static bool is_type(const char *type)
{
        const char *dot = strchr(type, '.');

        return dot && dot > type && dot[1] && isalpha((unsigned char)type[0]) &&
               strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(type);
}

static void print_type(struct call *call, const char *type)
{
        struct text *out = &call->out;

        xml_open(out, "item");
        xml_text(out, "instanceType", type);
        xml_bool(out, "currentGeneration", !startswith(type, "m1."));
        xml_bool(out, "instanceStorageSupported", has_storage(type));
        xml_bool(out, "hibernationSupported", false);
        xml_close(out, "item");
}

/* Whether one of the values of Filter.n fits. */
static bool value_fits(const struct call *call, size_t n, const char *text)
{
        _cleanup_free_ char *list = xasprintf("Filter.%zu.Value", n);
        size_t n_values;
        _cleanup_free_ const char **values = param_list(&call->params, list, &n_values);

        for (size_t i = 0; i < n_values; i++)
                if (pattern_fits(values[i], text))
                        return true;
        return false;
}

static bool is_wanted(const struct call *call, const char *type)
{
        for (size_t n = 0; (n = param_next(&call->params, "Filter", n));) {
                bool by_name = streq(param(&call->params, "Filter.%zu.Name", n), "instance-type");

                if (!value_fits(call, n, by_name ? type : has_storage(type) ? "true" : "false"))
                        return false;
        }
        return true;
}

static bool check_filters(struct call *call)
{
        static const char *const known[] = { "instance-type", "instance-storage-supported" };

        for (size_t n = 0; (n = param_next(&call->params, "Filter", n));) {
                const char *name = param(&call->params, "Filter.%zu.Name", n);

                if (!streq(name, known[0]) && !streq(name, known[1]))
                        return fail(call, "InvalidParameterValue", "The filter '%s' is invalid",
                                    name ? name : "");
        }
        return true;
}

static bool is_listed(const char *type)
{
        for (size_t i = 0; i < ELEMENTS(listed); i++)
                if (streq(listed[i], type))
                        return true;
        return false;
}

/* A filter may name a type that is not listed. */
static void print_all(struct call *call)
{
        for (size_t i = 0; i < ELEMENTS(listed); i++)
                if (is_wanted(call, listed[i]))
                        print_type(call, listed[i]);
        for (size_t n = 0; (n = param_next(&call->params, "Filter", n));) {
                _cleanup_free_ char *list = xasprintf("Filter.%zu.Value", n);
                size_t n_values;
                _cleanup_free_ const char **values = param_list(&call->params, list, &n_values);

                for (size_t i = 0; i < n_values; i++)
                        if (is_type(values[i]) && !is_listed(values[i]) &&
                            is_wanted(call, values[i]))
                                print_type(call, values[i]);
        }
}

bool describe_instance_types(struct call *call)
{
        size_t n, left = NAMES_MAX;
        _cleanup_free_ const char **names = param_list(&call->params, "InstanceType", &n);

        if (!read_number(call, "MaxResults", PAGE_MIN, NAMES_MAX, &left) || !check_filters(call))
                return false;
        if (n > NAMES_MAX)
                return fail(call, "InvalidParameterValue", "At most %d instance types", NAMES_MAX);
        for (size_t i = 0; i < n; i++)
                if (!is_type(names[i]))
                        return fail(call, "InvalidInstanceType",
                                    "The following supplied instance types do not exist: [%s]",
                                    names[i]);
        xml_open(&call->out, "instanceTypeSet");
        for (size_t i = 0; i < n; i++)
                if (is_wanted(call, names[i]))
                        print_type(call, names[i]);
        if (!n)
                print_all(call);
        xml_close(&call->out, "instanceTypeSet");
        return true;
}
