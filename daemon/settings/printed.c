/* Prints the key tables: section KEYS of amid.yaml(5), and the JSON Schema. */
#include "settings/draft.h"

void settings_print_manual(struct text *text)
{
        conf_print_manual(text, root_keys);
}

void settings_print_schema(struct text *text)
{
        static const struct schema_definition definitions[] = {
                { "account", account_keys },
                { "schedule", schedule_keys },
                {},
        };
        static const struct schema schema = {
                .title = "Settings of amid: amid.yaml",
                .root = root_keys,
                .definitions = definitions,
        };

        conf_print_schema(text, &schema);
}
