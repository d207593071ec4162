/* The key tables as a JSON Schema, for editors. https://json-schema.org/draft/2020-12 */
#include "settings/conf.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "base/alloc.h"

static cJSON *parse(const char *json)
{
        cJSON *object = cJSON_Parse(json);

        if (!object)
                abort(); /* a kind's schema is a constant */
        return object;
}

static void add_words(cJSON *schema, const struct word *words)
{
        cJSON *names = cJSON_AddArrayToObject(schema, "enum");

        for (const struct word *word = words; word->name; word++)
                if (!word->refused)
                        cJSON_AddItemToArray(names, cJSON_CreateString(word->name));
}

static cJSON *table_schema(const struct key *table);

/* One value, whatever it is wrapped in. */
static cJSON *one_schema(const struct key *key)
{
        cJSON *schema = parse(key->kind->schema);

        if (key->form) {
                cJSON_AddStringToObject(schema, "pattern", key->form->pattern);
                cJSON_AddNumberToObject(schema, "maxLength", (double)key->form->max);
        }
        if (key->words && key->kind != &kind_group_by)
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

static cJSON *reference(const struct key *table)
{
        return parse(table == schedule_keys ? "{\"$ref\":\"#/$defs/schedule\"}"
                                            : "{\"$ref\":\"#/$defs/account\"}");
}

static cJSON *or_null(cJSON *schema)
{
        cJSON *either = cJSON_CreateObject(), *any = cJSON_AddArrayToObject(either, "anyOf");

        cJSON_AddItemToArray(any, schema);
        cJSON_AddItemToArray(any, parse("{\"type\":\"null\"}"));
        return either;
}

static bool is_shared(const struct key *table)
{
        return table == schedule_keys || table == account_keys;
}

/* A map of tables by name; it and an account may also be empty. */
static cJSON *tables_schema(const struct key *key)
{
        cJSON *schema = parse("{\"type\":[\"object\",\"null\"]}"), *names, *values;

        names = cJSON_AddObjectToObject(schema, "propertyNames");
        cJSON_AddStringToObject(names, "pattern", form_name.pattern);
        cJSON_AddNumberToObject(names, "maxLength", (double)form_name.max);
        values = reference(key->sub);
        if (key->kind == &kind_accounts)
                values = or_null(values);
        cJSON_AddItemToObject(schema, "additionalProperties", values);
        return schema;
}

static cJSON *shape_schema(const struct key *key)
{
        switch (key->kind->shape) {
        case SHAPE_ONE:
                return one_schema(key);
        case SHAPE_LIST:
                return list_schema(key);
        case SHAPE_ONE_OR_LIST:
                return one_or_list_schema(key);
        case SHAPE_TABLE:
                return is_shared(key->sub) ? or_null(reference(key->sub)) : table_schema(key->sub);
        case SHAPE_TABLES:
                return tables_schema(key);
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

/* What a schedule requires may come from defaults, so the schema requires nothing of it. */
static cJSON *table_schema(const struct key *table)
{
        cJSON *schema = parse("{\"type\":\"object\",\"additionalProperties\":false}");
        cJSON *properties = cJSON_AddObjectToObject(schema, "properties"), *required;

        for (const struct key *key = table; key->name; key++) {
                cJSON *property;

                if (key->refused)
                        continue;
                property = shape_schema(key);
                cJSON_AddStringToObject(property, "description", key->help);
                add_default(property, key);
                cJSON_AddItemToObject(properties, key->name, property);
        }
        if (table == root_keys) {
                required = cJSON_AddArrayToObject(schema, "required");
                cJSON_AddItemToArray(required, cJSON_CreateString("version"));
        }
        return schema;
}

void settings_print_schema(struct text *text)
{
        cJSON *schema = cJSON_CreateObject(), *rest = table_schema(root_keys), *shared, *item;
        char *printed;

        cJSON_AddStringToObject(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
        cJSON_AddStringToObject(schema, "title", "Settings of amid: amid.yaml");
        while ((item = rest->child)) {
                cJSON_DetachItemViaPointer(rest, item);
                cJSON_AddItemToObject(schema, item->string, item);
        }
        cJSON_Delete(rest);
        shared = cJSON_AddObjectToObject(schema, "$defs");
        cJSON_AddItemToObject(shared, "account", table_schema(account_keys));
        cJSON_AddItemToObject(shared, "schedule", table_schema(schedule_keys));
        printed = cJSON_Print(schema);
        text_append(text, printed);
        text_append(text, "\n");
        cJSON_free(printed);
        cJSON_Delete(schema);
}
