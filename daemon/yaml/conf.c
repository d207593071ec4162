/* The walk along key tables: reads maps row by row, and adds errors. */
#include "yaml/conf.h"

#include <assert.h>
#include <string.h>

#include "base/alloc.h"

/* Pairs of a map by the rows of its table: the node of the value, and the node of the key for
 * messages. */
struct pairs {
        const yaml_node_t *key[CONF_KEYS_MAX], *value[CONF_KEYS_MAX];
        uint32_t meant; /* rows that the unknown keys probably mean */
};

const yaml_node_t *conf_node(struct conf *conf, int index)
{
        yaml_document_t *document = &conf->files[conf->file].document;
        const yaml_node_t *node = yaml_document_get_node(document, index);
        unsigned int quiet = conf->quiet;

        if (conf->visits++ < conf->visits_max)
                return node;
        conf->quiet = 0;
        if (conf->visits == conf->visits_max + 1)
                conf_error(conf, node, "aliases make far more of the %s than is written; use fewer",
                           conf->grammar->documents);
        conf->quiet = quiet;
        return NULL;
}

bool conf_is_null(const yaml_node_t *node)
{
        static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
        const char *text = (const char *)node->data.scalar.value;

        if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return false;
        for (size_t i = 0; i < ELEMENTS(nulls); i++)
                if (streq(text, nulls[i]))
                        return true;
        return false;
}

static const char *describe(const yaml_node_t *node)
{
        if (conf_is_null(node))
                return "nothing";
        if (node->type == YAML_MAPPING_NODE)
                return "a map";
        return node->type == YAML_SEQUENCE_NODE ? "a list" : "a single value";
}

bool conf_expect_map(struct conf *conf, const yaml_node_t *node, const struct key *key)
{
        if (node->type == YAML_MAPPING_NODE)
                return true;
        return conf_error(conf, node, "%s needs a map of keys and values, but has %s", key->name,
                          describe(node));
}

static const struct key *find_key(const struct key *table, const char *name)
{
        for (const struct key *key = table; key->name; key++)
                if (streq(key->name, name))
                        return key;
        return NULL;
}

/* The bit of the row that has this name. */
static uint32_t bit_of(const struct key *table, const char *name)
{
        const struct key *key = find_key(table, name);

        assert(key);
        return UINT32_C(1) << (key - table);
}

/* Adds the error about an unknown key. The row that it probably means becomes a bit of `meant`. */
static void unknown_key(struct conf *conf, const yaml_node_t *node, const char *name,
                        const struct key *table, uint32_t *meant)
{
        const char *names[CONF_KEYS_MAX];
        size_t n = 0;
        _cleanup_free_ char *quoted = conf_quote(name);
        const char *close;

        for (const struct key *key = table; key->name; key++)
                if (!key->refused)
                        names[n++] = key->name;
        close = closest(name, names, n);
        if (close)
                *meant |= bit_of(table, close);
        if (streq(name, "<<"))
                conf_error(conf, node, "merge keys (<<) are not read; use %s",
                           conf->grammar->instead_of_merge);
        else if (close)
                conf_error(conf, node, "unknown key %s; did you mean \"%s\"?", quoted, close);
        else
                conf_error(conf, node, "unknown key %s", quoted);
}

bool conf_each_pair(struct conf *conf, const yaml_node_t *node, conf_pair_fn *callback,
                    const struct key *key, void *base)
{
        bool good = true;

        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++) {
                const yaml_node_t *name = conf_node(conf, pair->key);
                const yaml_node_t *value = conf_node(conf, pair->value);

                if (!name || !value)
                        return false;
                good &= callback(conf, name, value, key, base);
        }
        return good;
}

/* Stores a pair at the row of its key. */
static bool take_pair(struct conf *conf, const yaml_node_t *name, const yaml_node_t *value,
                      const struct key *table, void *base)
{
        struct pairs *pairs = base;
        const struct key *key;
        const char *text;
        size_t i;

        if (name->type != YAML_SCALAR_NODE)
                return conf_error(conf, name, "a key must be a word, but is %s", describe(name));
        text = (const char *)name->data.scalar.value;
        key = find_key(table, text);
        if (!key) {
                unknown_key(conf, name, text, table, &pairs->meant);
                return false;
        }
        if (key->refused)
                return conf_error(conf, name, "%s: %s", key->name, key->refused);
        i = (size_t)(key - table);
        if (pairs->key[i])
                return conf_error(conf, name, "%s is given twice (first in line %zu)", key->name,
                                  pairs->key[i]->start_mark.line + 1);
        pairs->key[i] = name;
        pairs->value[i] = value;
        return true;
}

static bool read_value(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        if (!conf_is_null(node))
                return key->kind->parse(conf, node, key, base);
        if (key->may_be_empty)
                return true;
        return conf_error(conf, node, "%s has no value; give it one, or leave the key out",
                          key->name);
}

/* Parses the fallback of a row like a plain scalar in a file. */
static bool read_fallback(struct conf *conf, const struct key *key, void *base)
{
        _cleanup_free_ char *text = xstrdup(key->fallback);
        const yaml_node_t node = {
                .type = YAML_SCALAR_NODE,
                .data.scalar = { .value = (yaml_char_t *)text,
                                 .length = strlen(text),
                                 .style = YAML_PLAIN_SCALAR_STYLE },
        };

        return key->kind->parse(conf, &node, key, base);
}

static bool read_default(struct conf *conf, size_t file, const yaml_node_t *node,
                         const struct key *key, void *base)
{
        size_t own = conf->file;
        bool good;

        conf->file = file;
        conf->quiet++;
        good = read_value(conf, node, key, base);
        conf->quiet--;
        conf->file = own;
        return good;
}

static bool read_missing(struct conf *conf, const yaml_node_t *map, const struct key *key,
                         void *base)
{
        if (key->refused)
                return true;
        if (key->required)
                return conf_error(conf, map, "%s is missing: %.*s", key->name,
                                  (int)strcspn(key->help, "."), key->help);
        if (key->fallback)
                return read_fallback(conf, key, base);
        if (key->kind == &kind_table)
                return conf_read_table(conf, NULL, key->sub, conf_field(char, base, key), NULL);
        return true;
}

bool conf_read_table_unread(struct conf *conf, const yaml_node_t *node, const struct key *table,
                            void *base, const struct layer *defaults, struct unread *ret)
{
        struct pairs own = {}, theirs = {};
        bool good = !node || conf_each_pair(conf, node, take_pair, table, &own);

        if (defaults && defaults->node) {
                size_t file = conf->file;

                conf->file = defaults->file;
                conf->quiet++;
                conf_each_pair(conf, defaults->node, take_pair, table, &theirs);
                conf->quiet--;
                conf->file = file;
        }
        *ret = (struct unread){ table, own.meant | theirs.meant };
        for (size_t i = 0; table[i].name; i++) {
                bool read;

                if (own.value[i])
                        read = read_value(conf, own.value[i], &table[i], base);
                else if (theirs.value[i])
                        read = read_default(conf, defaults->file, theirs.value[i], &table[i], base);
                else
                        read = read_missing(conf, node, &table[i], base);
                if (!read)
                        ret->rows |= UINT32_C(1) << i;
                good &= read;
        }
        if (conf->visits >= conf->visits_max) /* maps may have been read only in part */
                ret->table = NULL;
        return good;
}

bool conf_read_table(struct conf *conf, const yaml_node_t *node, const struct key *table,
                     void *base, const struct layer *defaults)
{
        struct unread unread;

        return conf_read_table_unread(conf, node, table, base, defaults, &unread);
}

bool conf_were_read(const struct unread *unread, const char *const names[])
{
        for (; *names; names++)
                if (!unread->table || (unread->rows & bit_of(unread->table, *names)))
                        return false;
        return true;
}

bool conf_check_defaults(struct conf *conf, const yaml_node_t *node, const struct key *table,
                         void *base)
{
        struct pairs pairs = {};
        bool good = conf_each_pair(conf, node, take_pair, table, &pairs);

        for (size_t i = 0; table[i].name; i++) {
                if (pairs.value[i])
                        good &= read_value(conf, pairs.value[i], &table[i], base);
                else if (table[i].is_context)
                        good &= read_fallback(conf, &table[i], base);
        }
        return good;
}

struct position conf_position_of(struct conf *conf, const struct layer *layer, const char *name,
                                 struct position otherwise)
{
        size_t file = conf->file;
        yaml_document_t *document = &conf->files[layer->file].document;

        if (!layer->node)
                return otherwise;
        for (const yaml_node_pair_t *pair = layer->node->data.mapping.pairs.start;
             pair < layer->node->data.mapping.pairs.top; pair++) {
                const yaml_node_t *key = yaml_document_get_node(document, pair->key);

                if (key->type != YAML_SCALAR_NODE ||
                    !streq((const char *)key->data.scalar.value, name))
                        continue;
                conf->file = layer->file;
                otherwise = conf_position(conf, yaml_document_get_node(document, pair->value));
                conf->file = file;
                break;
        }
        return otherwise;
}

static bool parse_map(struct conf *conf, const yaml_node_t *node, const struct key *key, void *base)
{
        return conf_expect_map(conf, node, key) &&
               conf_read_table(conf, node, key->sub, conf_field(char, base, key), NULL);
}

const struct kind kind_table = { parse_map, SHAPE_TABLE, "map", NULL };
