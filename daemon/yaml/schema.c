/* Prints key tables as a JSON Schema, for editors. https://json-schema.org/draft/2020-12 */
#include "yaml/conf.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "base/alloc.h"

static cJSON *parse(const char *json)
{
        cJSON *object = cJSON_Parse(json);

        if (!object)
                abort(); /* the schema of a kind is a valid constant */
        return object;
}

static void add_words(cJSON *schema, const struct word *words)
{
        cJSON *names = cJSON_AddArrayToObject(schema, "enum");

        for (const struct word *word = words; word->name; word++)
                if (!word->refused)
                        cJSON_AddItemToArray(names, cJSON_CreateString(word->name));
}

static cJSON *table_schema(const struct schema *schema, const struct key *table);

/* The schema of a single value, without the list around it. */
static cJSON *one_schema(const struct key *key)
{
        cJSON *schema = parse(key->kind->schema);

        if (key->form) {
                cJSON_AddStringToObject(schema, "pattern", key->form->pattern);
                cJSON_AddNumberToObject(schema, "maxLength", (double)key->form->max);
        }
        if (key->words)
                add_words(schema, key->words);
        if (key->kind == &kind_number) {
                cJSON_AddNumberToObject(schema, "minimum", key->min);
                cJSON_AddNumberToObject(schema, "maximum", key->max);
        }
        return schema;
}

static cJSON *list_schema(const struct key *key)
{
        cJSON *schema = parse("{\"type\":\"array\",\"uniqueItems\":true}");

        cJSON_AddItemToObject(schema, "items", one_schema(key));
        if (key->min)
                cJSON_AddNumberToObject(schema, "minItems", key->min);
        if (key->max)
                cJSON_AddNumberToObject(schema, "maxItems", key->max);
        return schema;
}

static cJSON *one_or_list_schema(const struct key *key)
{
        cJSON *schema = cJSON_CreateObject(), *any = cJSON_AddArrayToObject(schema, "anyOf");

        cJSON_AddItemToArray(any, one_schema(key));
        cJSON_AddItemToArray(any, list_schema(key));
        return schema;
}

/* A reference to the table if it is a definition, else NULL. */
static cJSON *find_reference(const struct schema *schema, const struct key *table)
{
        for (const struct schema_definition *definition = schema->definitions; definition->name;
             definition++) {
                _cleanup_free_ char *path = NULL;
                cJSON *object;

                if (definition->table != table)
                        continue;
                path = xasprintf("#/$defs/%s", definition->name);
                object = cJSON_CreateObject();
                cJSON_AddStringToObject(object, "$ref", path);
                return object;
        }
        return NULL;
}

static cJSON *referred_schema(const struct schema *schema, const struct key *table)
{
        cJSON *reference = find_reference(schema, table);

        return reference ? reference : table_schema(schema, table);
}

static cJSON *or_null(cJSON *schema)
{
        cJSON *either = cJSON_CreateObject(), *any = cJSON_AddArrayToObject(either, "anyOf");

        cJSON_AddItemToArray(any, schema);
        cJSON_AddItemToArray(any, parse("{\"type\":\"null\"}"));
        return either;
}

/* A map of tables, whose names have the form of the row. */
static cJSON *tables_schema(const struct schema *schema, const struct key *key)
{
        cJSON *map = parse("{\"type\":[\"object\",\"null\"]}"), *names, *values;

        names = cJSON_AddObjectToObject(map, "propertyNames");
        cJSON_AddStringToObject(names, "pattern", key->form->pattern);
        cJSON_AddNumberToObject(names, "maxLength", (double)key->form->max);
        values = referred_schema(schema, key->sub);
        if (key->entry_may_be_empty)
                values = or_null(values);
        cJSON_AddItemToObject(map, "additionalProperties", values);
        return map;
}

static cJSON *map_schema(const struct schema *schema, const struct key *key)
{
        cJSON *map = referred_schema(schema, key->sub);

        return key->may_be_empty ? or_null(map) : map;
}

static cJSON *shape_schema(const struct schema *schema, const struct key *key)
{
        switch (key->kind->shape) {
        case SHAPE_ONE:
                return one_schema(key);
        case SHAPE_LIST:
                return list_schema(key);
        case SHAPE_ONE_OR_LIST:
                return one_or_list_schema(key);
        case SHAPE_TABLE:
                return map_schema(schema, key);
        case SHAPE_TABLES:
                return tables_schema(schema, key);
        }
        abort();
}

static void add_default(cJSON *schema, const struct key *key)
{
        cJSON *value = NULL;

        if (!key->fallback)
                return;
        if (key->kind == &kind_number || key->kind == &kind_boolean)
                value = parse(key->fallback);
        else
                value = cJSON_CreateString(key->fallback);
        cJSON_AddItemToObject(schema, "default", value);
}

static cJSON *table_schema(const struct schema *schema, const struct key *table)
{
        cJSON *object = parse("{\"type\":\"object\",\"additionalProperties\":false}");
        cJSON *properties = cJSON_AddObjectToObject(object, "properties");

        for (const struct key *key = table; key->name; key++) {
                cJSON *property;

                if (key->refused)
                        continue;
                property = shape_schema(schema, key);
                cJSON_AddStringToObject(property, "description", key->help);
                add_default(property, key);
                cJSON_AddItemToObject(properties, key->name, property);
        }
        return object;
}

/* Adds the required keys of the root. Tables below get none, because their required keys may come
 * from `defaults`. */
static void add_required(cJSON *object, const struct key *root)
{
        cJSON *required = cJSON_AddArrayToObject(object, "required");

        for (const struct key *key = root; key->name; key++)
                if (key->required)
                        cJSON_AddItemToArray(required, cJSON_CreateString(key->name));
}

void conf_print_schema(struct text *text, const struct schema *schema)
{
        cJSON *whole = cJSON_CreateObject(), *rest = table_schema(schema, schema->root), *shared,
              *item;
        char *printed;

        cJSON_AddStringToObject(whole, "$schema", "https://json-schema.org/draft/2020-12/schema");
        cJSON_AddStringToObject(whole, "title", schema->title);
        while ((item = rest->child)) {
                cJSON_DetachItemViaPointer(rest, item);
                cJSON_AddItemToObject(whole, item->string, item);
        }
        cJSON_Delete(rest);
        add_required(whole, schema->root);
        shared = cJSON_AddObjectToObject(whole, "$defs");
        for (const struct schema_definition *definition = schema->definitions; definition->name;
             definition++)
                cJSON_AddItemToObject(shared, definition->name,
                                      table_schema(schema, definition->table));
        printed = cJSON_Print(whole);
        text_append(text, printed);
        text_append(text, "\n");
        cJSON_free(printed);
        cJSON_Delete(whole);
}
