/* The key version: its kind, and the check that a file is a settings file. */
#include "settings/draft.h"

#include "base/alloc.h"

static bool parse_version(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          void *base)
{
        const char *text = conf_scalar(conf, node, key);
        _cleanup_free_ char *quoted = NULL;

        (void)base;
        if (!text)
                return false;
        if (conf_is_plain(node) && streq(text, "1"))
                return true;
        quoted = conf_quote(text);
        if (streq(text, "1"))
                return conf_error(conf, node, "version needs 1 without quotes");
        return conf_error(conf, node, "version %s is not known to this amid, which reads version 1",
                          quoted);
}

static bool has_version(struct conf *conf, const yaml_node_t *root)
{
        for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
             pair < root->data.mapping.pairs.top; pair++) {
                const yaml_node_t *name = conf_node(conf, pair->key);

                if (name && name->type == YAML_SCALAR_NODE &&
                    streq((const char *)name->data.scalar.value, "version"))
                        return true;
        }
        return false;
}

bool draft_check_version(struct conf *conf, const yaml_node_t *root)
{
        return has_version(conf, root) ||
               conf_error(conf, root,
                          "version is missing; a settings file of amid has \"version: 1\"");
}

const struct kind kind_version = { parse_version, SHAPE_ONE, "number", "{\"const\":1}" };
