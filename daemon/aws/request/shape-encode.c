/* Encodes the members of a C struct as query parameters. */
#include <string.h>

#include "aws/request/shape.h"
#include "base/alloc.h"

/* Room for a list index in a parameter name. */
enum { INDEX_MAX = 24 };

/* The beginning of a name: "Filter.2." for the members of the second filter. */
struct prefix {
        const struct prefix *outer;
        const char *name;
        size_t index; /* in a list, from 1; 0: not in a list */
};

static void write_prefix(struct text *query, const struct prefix *prefix)
{
        if (!prefix)
                return;
        write_prefix(query, prefix->outer);
        text_printf(query, "%s.%zu.", prefix->name, prefix->index);
}

/* Encodes like an HTML form, as the content type declares: a space becomes a plus. EC2 accepts %20,
 * too, but a server that encodes the form again to check the signature would get another body. */
static void write_value(struct text *query, const char *value)
{
        for (;;) {
                size_t length = strcspn(value, " ");

                text_percent_encode(query, value, length, false);
                if (!value[length])
                        return;
                text_append(query, "+");
                value += length + 1;
        }
}

static void write_parameter(struct text *query, const struct prefix *prefix, const char *name,
                            size_t index, const char *value)
{
        char suffix[INDEX_MAX] = "";

        if (index)
                snprintf(suffix, sizeof(suffix), ".%zu", index);
        text_append(query, "&");
        write_prefix(query, prefix);
        text_printf(query, "%s%s=", name, suffix);
        write_value(query, value);
}

static void encode(const struct shape *shape, const void *object, const struct prefix *prefix,
                   struct text *query);

static void encode_rows(const struct field *field, const void *member, const struct prefix *prefix,
                        struct text *query)
{
        const char *rows = *(const char *const *)member;
        size_t n = *(const size_t *)((const char *)member + sizeof(rows));

        for (size_t i = 0; i < n; i++) {
                struct prefix inner = { .outer = prefix, .name = field->name, .index = i + 1 };

                encode(field->shape, rows + i * field->shape->size, &inner, query);
        }
}

static void encode_texts(const struct field *field, const void *member, const struct prefix *prefix,
                         struct text *query)
{
        const char *const *texts = *(const char *const *const *)member;
        size_t n = *(const size_t *)((const char *)member + sizeof(texts));

        for (size_t i = 0; i < n; i++)
                write_parameter(query, prefix, field->name, i + 1, texts[i]);
}

/* The value of a member that is a single parameter, or NULL for an unset member. */
static const char *scalar(const struct field *field, const void *member,
                          char buffer[static TIME_TEXT_MAX])
{
        switch (field->type) {
        case AS_TEXT:
        case AS_WORDS:
                return *(const char *const *)member;
        case AS_FLAG:
                return *(const bool *)member ? "true" : NULL;
        case AS_COUNT:
                snprintf(buffer, TIME_TEXT_MAX, "%u", *(const unsigned int *)member);
                return *(const unsigned int *)member ? buffer : NULL;
        case AS_NUMBER:
                snprintf(buffer, TIME_TEXT_MAX, "%d", *(const int *)member);
                return *(const int *)member ? buffer : NULL;
        case AS_TIME:
                return *(const sec_t *)member ? format_rfc3339(*(const sec_t *)member, buffer)
                                              : NULL;
        case AS_ENUM:
                return field->names[*(const int *)member];
        case AS_TEXTS:
        case AS_ROWS:
                break;
        }
        return NULL;
}

static void encode(const struct shape *shape, const void *object, const struct prefix *prefix,
                   struct text *query)
{
        for (const struct field *field = shape->fields; field->name; field++) {
                const void *member = (const char *)object + field->offset;
                char buffer[TIME_TEXT_MAX];
                const char *value = scalar(field, member, buffer);

                if (value)
                        write_parameter(query, prefix, field->name, 0, value);
                else if (field->type == AS_ROWS)
                        encode_rows(field, member, prefix, query);
                else if (field->type == AS_TEXTS)
                        encode_texts(field, member, prefix, query);
        }
}

void shape_encode(const struct shape *shape, const void *object, struct text *query)
{
        encode(shape, object, NULL, query);
}

bool shape_lists(const struct shape *shape, const void *object, const char *name)
{
        for (const struct field *field = shape->fields; field->name; field++) {
                const char *member = (const char *)object + field->offset;

                if (field->type == AS_TEXTS && streq(field->name, name))
                        return *(const size_t *)(const void *)(member + sizeof(void *)) > 0;
        }
        return false;
}
