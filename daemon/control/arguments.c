/* Reads the parameters of a call by the table of its method. */
#include <math.h>

#include "base/alloc.h"
#include "base/text.h"
#include "control/call.h"

enum { COUNT_MAX = 1000000 };

/* Whether the value is a printable text: it will be part of log lines and messages. */
static bool is_text(const cJSON *value)
{
        return cJSON_IsString(value) && is_printable_utf8(value->valuestring);
}

static bool read_texts(const cJSON *value, struct arguments *arguments)
{
        const cJSON *item;

        if (!cJSON_IsArray(value))
                return false;
        cJSON_ArrayForEach (item, value) {
                if (!is_text(item))
                        return false;
                *append(arguments->instances, arguments->n_instances) = xstrdup(item->valuestring);
        }
        return true;
}

static bool read_argument(const struct argument *argument, const cJSON *value,
                          struct arguments *arguments)
{
        void *member = (char *)arguments + argument->offset;
        double number = value->valuedouble;

        switch (argument->type) {
        case ARGUMENT_TEXT:
                if (!is_text(value))
                        return false;
                *(const char **)member = value->valuestring;
                return true;
        case ARGUMENT_TEXTS:
                return read_texts(value, arguments);
        case ARGUMENT_FLAG:
                *(bool *)member = cJSON_IsTrue(value);
                return cJSON_IsBool(value);
        case ARGUMENT_COUNT:
                if (!cJSON_IsNumber(value) || !(number >= 0 && number <= COUNT_MAX) ||
                    number != floor(number))
                        return false;
                *(unsigned int *)member = (unsigned int)number;
                return true;
        }
        abort();
}

static const struct argument *argument_find(const struct method *method, const char *name)
{
        for (size_t i = 0; i < ARGUMENTS_MAX && method->arguments[i].name; i++)
                if (streq(method->arguments[i].name, name))
                        return &method->arguments[i];
        return NULL;
}

const char *arguments_read(const struct method *method, const cJSON *parameters,
                           struct arguments *ret)
{
        const cJSON *value;

        if (parameters && !cJSON_IsObject(parameters))
                return "parameters";
        cJSON_ArrayForEach (value, parameters) {
                const struct argument *argument = argument_find(method, value->string);

                if (!argument)
                        return value->string;
                /* null means absent; of a duplicate name only the first value counts. */
                if (cJSON_IsNull(value) ||
                    cJSON_GetObjectItemCaseSensitive(parameters, value->string) != value)
                        continue;
                if (!read_argument(argument, value, ret))
                        return argument->name;
        }
        for (size_t i = 0; i < ARGUMENTS_MAX && method->arguments[i].name; i++) {
                const struct argument *argument = &method->arguments[i];

                value = cJSON_GetObjectItemCaseSensitive(parameters, argument->name);
                if (argument->required && (!value || cJSON_IsNull(value)))
                        return argument->name;
        }
        return NULL;
}

void arguments_done(struct arguments *arguments)
{
        strings_free(arguments->instances, arguments->n_instances);
        *arguments = (struct arguments){};
}
