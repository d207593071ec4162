/* The kind of shell scripts: a list of commands, each of which may have several lines. */
#include "settings/draft.h"

#include <string.h>

#include "base/alloc.h"

/* Any printable text with line breaks. */
static const char *read_script(struct conf *conf, const yaml_node_t *node, const struct key *key)
{
        const char *text = (const char *)node->data.scalar.value;
        _cleanup_free_ char *flat = NULL;

        if (node->type != YAML_SCALAR_NODE) {
                conf_error(conf, node,
                           "%s needs shell commands, each a text; after \"- |\" one may have "
                           "several lines",
                           key->name);
                return NULL;
        }
        if (conf_is_null(node) || !text[strspn(text, " \t\n")]) {
                conf_error(conf, node, "%s has an empty command", key->name);
                return NULL;
        }
        flat = xstrdup(text);
        for (char *p = flat; *p; p++)
                if (*p == '\n')
                        *p = ' ';
        if (strlen(text) != node->data.scalar.length || !is_printable_utf8(flat)) {
                conf_error(conf, node, "%s has a control character in it", key->name);
                return NULL;
        }
        return text;
}

static bool add_script(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        const char *script = node ? read_script(conf, node, key) : NULL;

        if (!script)
                return false;
        *append(*conf_field(char **, base, key), *conf_count_field(base, key)) = xstrdup(script);
        return true;
}

static bool check_length(struct conf *conf, const yaml_node_t *node, const struct key *key,
                         char *const *scripts, size_t n)
{
        size_t length = 0;

        for (size_t i = 0; i < n; i++)
                length += strlen(scripts[i]);
        if (length <= SETTINGS_SCRIPT_MAX)
                return true;
        return conf_error(
                conf, node,
                "%s has %zu bytes; at most %d are taken: put a script on the instance and "
                "call it",
                key->name, length, SETTINGS_SCRIPT_MAX);
}

static bool parse_scripts(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          void *base)
{
        const yaml_node_item_t *item = node->data.sequence.items.start;
        bool good = true;

        if (node->type != YAML_SEQUENCE_NODE)
                good = add_script(conf, node, key, base);
        else if (item == node->data.sequence.items.top)
                return conf_error(conf, node, "%s is an empty list", key->name);
        else if (node->data.sequence.items.top - item > (ptrdiff_t)key->max)
                return conf_error(conf, node, "%s has more than %u commands", key->name, key->max);
        else
                for (; item < node->data.sequence.items.top; item++)
                        good &= add_script(conf, conf_node(conf, *item), key, base);
        return good && check_length(conf, node, key, *conf_field(char **, base, key),
                                    *conf_count_field(base, key));
}

const struct kind kind_scripts = { parse_scripts, SHAPE_ONE_OR_LIST, "shell command",
                                   "{\"type\":\"string\",\"minLength\":1}" };
