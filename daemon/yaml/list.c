/* Kinds of lists: texts of one form, and sets of words. */
#include "yaml/conf.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool check_list(struct conf *conf, const yaml_node_t *node, const struct key *key)
{
        size_t n;

        if (node->type != YAML_SEQUENCE_NODE)
                return conf_error(conf, node,
                                  "%s needs %sa list: [a, b], or a line \"- a\" for each",
                                  key->name,
                                  key->kind->shape == SHAPE_ONE_OR_LIST ? "one value or " : "");
        n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        if (key->max && n > key->max)
                return conf_error(conf, node, "%s has %zu elements; at most %u are taken",
                                  key->name, n, key->max);
        return true;
}

static bool add_item(struct conf *conf, const yaml_node_t *node, const struct key *key, void *base)
{
        char ***list = conf_field(char **, base, key);
        size_t *n = conf_count_field(base, key);
        const char *text = conf_scalar(conf, node, key);

        if (!text || !conf_check_form(conf, node, key->form, text))
                return false;
        *append(*list, *n) = xstrdup(text);
        return true;
}

static int compare_texts(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool check_unique(struct conf *conf, const yaml_node_t *node, const struct key *key,
                         char *const *list, size_t n)
{
        _cleanup_free_ char **sorted = xcalloc(n + 1, sizeof(char *));
        bool good = true;

        for (size_t i = 0; i < n; i++)
                sorted[i] = list[i];
        qsort(sorted, n, sizeof(char *), compare_texts);
        for (size_t i = 1; i < n; i++) {
                _cleanup_free_ char *quoted = NULL;

                if (!streq(sorted[i], sorted[i - 1]))
                        continue;
                quoted = conf_quote(sorted[i]);
                good = conf_error(conf, node, "%s has %s twice", key->name, quoted);
        }
        return good;
}

static bool parse_list(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        bool good = true;

        if (!check_list(conf, node, key))
                return false;
        for (const yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++) {
                const yaml_node_t *value = conf_node(conf, *item);

                if (!value)
                        return false;
                good &= add_item(conf, value, key, base);
        }
        if (key->min && node->data.sequence.items.start == node->data.sequence.items.top)
                return conf_error(conf, node, "%s is an empty list; leave the key out", key->name);
        good &= check_unique(conf, node, key, *conf_field(char **, base, key),
                             *conf_count_field(base, key));
        return good;
}

static bool parse_one_or_list(struct conf *conf, const yaml_node_t *node, const struct key *key,
                              void *base)
{
        return node->type == YAML_SCALAR_NODE ? add_item(conf, node, key, base)
                                              : parse_list(conf, node, key, base);
}

/* A set of words, as bits. */
static bool parse_set(struct conf *conf, const yaml_node_t *node, const struct key *key, void *base)
{
        unsigned int *field = conf_field(unsigned int, base, key), word = 0;
        bool good = true;

        if (node->type == YAML_SCALAR_NODE)
                return conf_find_word(conf, node, key, field);
        if (!check_list(conf, node, key))
                return false;
        for (const yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++) {
                const yaml_node_t *value = conf_node(conf, *item);

                if (!value || !conf_find_word(conf, value, key, &word))
                        good = false;
                else
                        *field |= word;
        }
        if (good && !*field)
                return conf_error(conf, node, "%s is an empty list; leave the key out", key->name);
        return good;
}

#define STRING "{\"type\":\"string\",\"minLength\":1}"

const struct kind kind_list = { parse_list, SHAPE_LIST, "text", STRING };
const struct kind kind_one_or_list = { parse_one_or_list, SHAPE_ONE_OR_LIST, "text", STRING };
const struct kind kind_words = { parse_set, SHAPE_ONE_OR_LIST, "word", "{\"type\":\"string\"}" };
