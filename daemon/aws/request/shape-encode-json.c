/* Encodes the members of a C struct as a JSON document. */
#include <cjson/cJSON.h>
#include <string.h>

#include "aws/request/shape.h"
#include "base/alloc.h"

/* cJSON returns NULL when memory is exhausted, which ends the process. */
static cJSON *made(cJSON *item)
{
        if (!item)
                out_of_memory();
        return item;
}

/* The object for the last key of `path`; *path becomes that key. */
static cJSON *holder_of(cJSON *document, const char **path)
{
        const char *slash;

        while ((slash = strchr(*path, '/'))) {
                _cleanup_free_ char *key = xstrndup(*path, (size_t)(slash - *path));
                cJSON *inner = cJSON_GetObjectItemCaseSensitive(document, key);

                if (!inner)
                        inner = made(cJSON_AddObjectToObject(document, key));
                document = inner;
                *path = slash + 1;
        }
        return document;
}

static cJSON *rows_of(const struct field *field, const void *member)
{
        const char *rows = *(const char *const *)member;
        size_t n = *(const size_t *)((const char *)member + sizeof(rows));
        cJSON *array = n ? made(cJSON_CreateArray()) : NULL;

        for (size_t i = 0; i < n; i++) {
                cJSON *row = made(cJSON_CreateObject());

                shape_encode_json(field->shape, rows + i * field->shape->size, row);
                cJSON_AddItemToArray(array, row);
        }
        return array;
}

static cJSON *texts_of(const void *member)
{
        const char *const *texts = *(const char *const *const *)member;
        size_t n = *(const size_t *)((const char *)member + sizeof(texts));

        return n ? made(cJSON_CreateStringArray(texts, (int)n)) : NULL;
}

/* The value of a member, or NULL when it is not set. */
static cJSON *value_of(const struct field *field, const void *member)
{
        const char *text;
        double number = 0;

        switch (field->type) {
        case AS_TEXT:
        case AS_WORDS:
                text = *(const char *const *)member;
                return text ? made(cJSON_CreateString(text)) : NULL;
        case AS_ENUM:
                text = field->names[*(const int *)member];
                return text ? made(cJSON_CreateString(text)) : NULL;
        case AS_FLAG:
                return *(const bool *)member ? made(cJSON_CreateTrue()) : NULL;
        case AS_COUNT:
                number = *(const unsigned int *)member;
                break;
        case AS_NUMBER:
                number = *(const int *)member;
                break;
        case AS_TIME:
                number = (double)*(const sec_t *)member;
                break;
        case AS_TEXTS:
                return texts_of(member);
        case AS_ROWS:
                return rows_of(field, member);
        }
        return number != 0 ? made(cJSON_CreateNumber(number)) : NULL;
}

void shape_encode_json(const struct shape *shape, const void *object, cJSON *document)
{
        for (const struct field *field = shape->fields; field->name; field++) {
                cJSON *value = value_of(field, (const char *)object + field->offset);
                const char *key = field->name;
                cJSON *holder;

                if (!value)
                        continue;
                holder = holder_of(document, &key);
                if (!cJSON_AddItemToObject(holder, key, value))
                        out_of_memory();
        }
}
