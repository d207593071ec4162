/* Kinds of tags: tags for images, and tags that select instances. The limits are EC2's:
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
#include "settings/draft.h"

#include <string.h>

#include "base/alloc.h"

enum {
        TAG_KEY_MAX = 128,    /* characters */
        TAG_VALUE_MAX = 256,  /* characters */
        TAG_MATCHES_MAX = 50, /* the maximum of tags of an instance */
        /* the maximum of values in a filter of DescribeInstances */
        TAG_VALUES_MAX = 200,
};

static const char *read_tag_key(struct conf *conf, const yaml_node_t *node, const struct key *key)
{
        const char *text = conf_scalar(conf, node, key);

        if (text && conf_length(text) > TAG_KEY_MAX) {
                conf_error(conf, node, "a tag's key has at most %d characters", TAG_KEY_MAX);
                return NULL;
        }
        return text;
}

/* The text of any scalar: 5, true and off are texts, too. NULL for a key without a value; "" is an
 * empty value. */
static const char *read_tag_value(struct conf *conf, const yaml_node_t *node, const struct key *key)
{
        const char *text;

        if (node->type == YAML_SCALAR_NODE && !*node->data.scalar.value &&
            node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
                return "";
        if (conf_is_null(node)) {
                conf_error(conf, node, "a tag without a value; write \"\" for an empty one");
                return NULL;
        }
        text = conf_scalar(conf, node, key);
        if (text && conf_length(text) > TAG_VALUE_MAX) {
                conf_error(conf, node, "a tag's value has at most %d characters", TAG_VALUE_MAX);
                return NULL;
        }
        return text;
}

static size_t count_pairs(const yaml_node_t *node)
{
        return (size_t)(node->data.mapping.pairs.top - node->data.mapping.pairs.start);
}

/* ---- tags for images ------------------------------------------------------------------------- */

static bool is_reserved(const char *name)
{
        return strncasecmp(name, "aws:", 4) == 0 || startswith(name, "amid:");
}

static bool add_tag(struct conf *conf, const yaml_node_t *name_node, const yaml_node_t *value_node,
                    const struct key *key, void *base)
{
        struct setting_tag **tags = conf_field(struct setting_tag *, base, key), *tag;
        size_t *n = conf_count_field(base, key);
        const char *name = read_tag_key(conf, name_node, key);
        const char *value = read_tag_value(conf, value_node, key);

        if (!name || !value)
                return false;
        if (is_reserved(name))
                return conf_error(
                        conf, name_node,
                        "tags that begin with aws: are AWS's, those with amid: are set by "
                        "amid itself");
        for (size_t i = 0; i < *n; i++)
                if (streq((*tags)[i].key, name))
                        return conf_error(conf, name_node, "this tag is given twice");
        tag = append(*tags, *n);
        tag->key = xstrdup(name);
        tag->value = xstrdup(value);
        return true;
}

static bool parse_tags(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        if (!conf_expect_map(conf, node, key))
                return false;
        if (count_pairs(node) > SETTINGS_TAGS_MAX)
                return conf_error(conf, node,
                                  "%zu tags; at most %d, because EC2 allows 50 and the rest is for "
                                  "amid's own",
                                  count_pairs(node), SETTINGS_TAGS_MAX);
        return conf_each_pair(conf, node, add_tag, key, base);
}

/* ---- tags that select instances -------------------------------------------------------------- */

static bool add_value(struct conf *conf, const yaml_node_t *node, const struct key *key,
                      struct setting_tag_match *match)
{
        const char *value = node ? read_tag_value(conf, node, key) : NULL;
        _cleanup_free_ char *quoted = NULL;

        if (!value)
                return false;
        if (strings_contain(match->values, match->n_values, value)) {
                quoted = conf_quote(value);
                return conf_error(conf, node, "%s has the value %s twice", key->name, quoted);
        }
        *append(match->values, match->n_values) = xstrdup(value);
        return true;
}

static bool add_values(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       struct setting_tag_match *match)
{
        bool good = true;
        size_t n;

        if (node->type != YAML_SEQUENCE_NODE)
                return add_value(conf, node, key, match);
        n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
        if (n == 0)
                return conf_error(conf, node, "no value of %s can match an empty list", match->key);
        if (n > TAG_VALUES_MAX)
                return conf_error(conf, node, "%zu values of one tag; EC2 takes at most %d", n,
                                  TAG_VALUES_MAX);
        for (size_t i = 0; i < n; i++)
                good &= add_value(conf, conf_node(conf, node->data.sequence.items.start[i]), key,
                                  match);
        return good;
}

static bool add_match(struct conf *conf, const yaml_node_t *name_node,
                      const yaml_node_t *value_node, const struct key *key, void *base)
{
        struct setting_tag_match **matches = conf_field(struct setting_tag_match *, base, key);
        size_t *n = conf_count_field(base, key);
        const char *name = read_tag_key(conf, name_node, key);

        if (!name)
                return false;
        for (size_t i = 0; i < *n; i++)
                if (streq((*matches)[i].key, name))
                        return conf_error(conf, name_node,
                                          "this tag is given twice; put its values into a list");
        append(*matches, *n)->key = xstrdup(name);
        return add_values(conf, value_node, key, &(*matches)[*n - 1]);
}

static bool parse_tag_match(struct conf *conf, const yaml_node_t *node, const struct key *key,
                            void *base)
{
        if (!conf_expect_map(conf, node, key))
                return false;
        if (count_pairs(node) > TAG_MATCHES_MAX)
                return conf_error(conf, node, "%zu tags; no instance has more than %d",
                                  count_pairs(node), TAG_MATCHES_MAX);
        return conf_each_pair(conf, node, add_match, key, base);
}

#define SCALAR "{\"type\":[\"string\",\"number\",\"boolean\"]}"

const struct kind kind_tags = { parse_tags, SHAPE_ONE, "map of tags",
                                "{\"type\":\"object\",\"maxProperties\":40,"
                                "\"propertyNames\":{\"maxLength\":128,"
                                "\"not\":{\"pattern\":\"^([Aa][Ww][Ss]|amid):\"}},"
                                "\"additionalProperties\":" SCALAR "}" };
const struct kind kind_tag_match = {
        parse_tag_match, SHAPE_ONE, "map of tags",
        "{\"type\":\"object\",\"maxProperties\":50,\"propertyNames\":{\"maxLength\":128},"
        "\"additionalProperties\":{\"anyOf\":[" SCALAR ",{\"type\":\"array\",\"minItems\":1,"
        "\"maxItems\":200,\"items\":" SCALAR "}]}}"
};
