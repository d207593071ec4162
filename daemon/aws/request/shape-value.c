/* Members of a C struct: store, check, move and free. */
#include "aws/request/shape-value.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"

static size_t *count_of(void *member)
{
        return (size_t *)(void *)((char *)member + sizeof(void *));
}

static void store_number(int *member, const char *text)
{
        bool negative = *text == '-';
        unsigned long long size;

        if (parse_number(text + negative, INT_MAX, &size))
                *member = negative ? -(int)size : (int)size;
}

void shape_store(const struct field *field, void *object, const char *text)
{
        void *member = (char *)object + field->offset;
        unsigned long long count;
        sec_t time;
        int index = 0;

        switch (field->type) {
        case AS_TEXT:
                xreplace(member, text);
                break;
        case AS_WORDS:
                xreplace(member, text);
                text_clean_replace(member, CLEAN_REPLY_MAX);
                break;
        case AS_FLAG:
                *(bool *)member = streq(text, "true");
                break;
        case AS_COUNT:
                if (parse_number(text, (unsigned int)-1, &count))
                        *(unsigned int *)member = (unsigned int)count;
                break;
        case AS_NUMBER:
                store_number(member, text);
                break;
        case AS_TIME:
                if (parse_rfc3339(text, &time))
                        *(sec_t *)member = time;
                break;
        case AS_ENUM:
                while (field->names[index] && !streq(field->names[index], text))
                        index++;
                *(int *)member = index;
                break;
        case AS_TEXTS: {
                char ***texts = member;

                *append(*texts, *count_of(member)) = xstrdup(text);
                break;
        }
        case AS_ROWS:
                break;
        }
}

void *shape_append_row(const struct field *field, void *object)
{
        char **rows = (char **)(void *)((char *)object + field->offset);
        size_t *n = count_of(rows);

        *rows = xgrow(*rows, *n, field->shape->size);
        return *rows + (*n)++ * field->shape->size;
}

static const char *lacking_row(const struct shape *shape, const void *object);

/* The name of the first required field without a value, in `field` or in its rows; or NULL. */
static const char *lacking(const struct field *field, const void *member)
{
        const char *const *text = member, *name = NULL;
        const size_t *n = (const size_t *)(const void *)((const char *)member + sizeof(void *));

        if (field->required && field->type == AS_TIME)
                return *(const sec_t *)member ? NULL : field->name;
        if (field->required)
                return *text && **text ? NULL : field->name;
        for (size_t i = 0; field->type == AS_ROWS && i < *n && !name; i++)
                name = lacking_row(field->shape, *text + i * field->shape->size);
        return name;
}

static const char *lacking_row(const struct shape *shape, const void *object)
{
        const char *name = NULL;

        for (const struct field *field = shape->fields; field->name && !name; field++)
                name = lacking(field, (const char *)object + field->offset);
        return name;
}

int shape_check(const struct shape_node *tree, const struct shape *shape, const void *object,
                char **ret_error)
{
        const char *name = NULL;

        if (shape)
                name = shape_tree_lacks(tree, shape);
        if (shape && !name)
                name = lacking_row(shape, object);
        if (!name)
                return 0;
        *ret_error = xasprintf("a reply without %s", name);
        return -EBADMSG;
}

/* Moves a member: lists are joined, a set member replaces another. */
static void move_member(const struct field *field, void *to, void *from)
{
        size_t size = field->type == AS_ROWS ? field->shape->size : sizeof(char *);
        char **rows = from, **all = to;

        switch (field->type) {
        case AS_TEXT:
        case AS_WORDS:
                if (*rows) {
                        free(*all);
                        *all = steal(*rows);
                }
                break;
        case AS_FLAG:
                *(bool *)to |= *(bool *)from;
                break;
        case AS_COUNT:
        case AS_NUMBER:
        case AS_ENUM:
                if (*(int *)from)
                        *(int *)to = *(int *)from;
                break;
        case AS_TIME:
                if (*(sec_t *)from)
                        *(sec_t *)to = *(sec_t *)from;
                break;
        case AS_TEXTS:
        case AS_ROWS:
                for (size_t i = 0; i < *count_of(from); i++) {
                        *all = xgrow(*all, *count_of(to), size);
                        memcpy(*all + (*count_of(to))++ * size, *rows + i * size, size);
                }
                free(steal(*rows));
                *count_of(from) = 0;
                break;
        }
}

void shape_move(const struct shape *shape, void *to, void *from)
{
        for (const struct field *field = shape->fields; field->name; field++)
                move_member(field, (char *)to + field->offset, (char *)from + field->offset);
}

static void done_member(const struct field *field, void *member)
{
        char **rows = member;

        switch (field->type) {
        case AS_TEXT:
        case AS_WORDS:
                /* Several fields may share a member, so the pointer is cleared. */
                free(steal(*rows));
                break;
        case AS_TEXTS:
                strings_free(*(char ***)member, *count_of(member));
                break;
        case AS_ROWS:
                for (size_t i = 0; i < *count_of(member); i++)
                        shape_done(field->shape, *rows + i * field->shape->size);
                free(*rows);
                break;
        case AS_FLAG:
        case AS_COUNT:
        case AS_NUMBER:
        case AS_TIME:
        case AS_ENUM:
                break;
        }
}

void shape_done(const struct shape *shape, void *object)
{
        for (const struct field *field = shape->fields; field->name; field++)
                done_member(field, (char *)object + field->offset);
        memset(object, 0, shape->size);
}
