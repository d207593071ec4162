/* The kind of an account's regions: names of regions, or the word all. */
#include "settings/draft.h"

#include "base/alloc.h"

/* Parses a list of regions or the word `all`, which schedules do not accept: they use the kind
 * list. */
static bool parse_regions(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          void *base)
{
        struct setting_account *account = base;

        if (!kind_one_or_list.parse(conf, node, key, base))
                return false;
        if (!strings_contain(account->regions, account->n_regions, "all"))
                return true;
        if (account->n_regions > 1)
                return conf_error(conf, node, "%s: all stands alone", key->name);
        strings_free(account->regions, account->n_regions);
        account->regions = NULL;
        account->n_regions = 0;
        account->all_regions = true;
        return true;
}

const struct kind kind_regions = { parse_regions, SHAPE_ONE_OR_LIST, "text",
                                   "{\"type\":\"string\",\"minLength\":1}" };
