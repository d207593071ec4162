/* Kinds of maps: maps with an own check or field, and the maps of accounts and schedules by name.
 */
#include "settings/draft.h"

#include "base/alloc.h"

static bool parse_targets(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          void *base)
{
        struct setting_targets *targets = conf_field(struct setting_targets, base, key);

        if (!conf_expect_map(conf, node, key) ||
            !conf_read_table(conf, node, key->sub, targets, NULL))
                return false;
        if (!targets->n_tags && !targets->n_instance_ids)
                return conf_error(conf, node,
                                  "targets choose nothing: tags or instance_ids must be there");
        if (targets->expect_max && targets->expect_min > targets->expect_max)
                return conf_error(conf, node, "expect: min %u is more than max %u",
                                  targets->expect_min, targets->expect_max);
        return true;
}

static bool parse_retain(struct conf *conf, const yaml_node_t *node, const struct key *key,
                         void *base)
{
        struct setting_schedule *schedule = base;

        if (!conf_expect_map(conf, node, key) ||
            !conf_read_table(conf, node, key->sub, schedule, NULL))
                return false;
        if (retention_policy_is_empty(&schedule->retain))
                return conf_error(conf, node,
                                  "retain has no rule that keeps anything; leave it out to keep "
                                  "every image");
        schedule->has_retain = true;
        return true;
}

static bool parse_freeze(struct conf *conf, const yaml_node_t *node, const struct key *key,
                         void *base)
{
        struct setting_schedule *schedule = base;

        schedule->has_freeze = true;
        return conf_expect_map(conf, node, key) &&
               conf_read_table(conf, node, key->sub, &schedule->freeze, NULL);
}

/* ---- maps by name ---------------------------------------------------------------------------- */

typedef bool entry_parser(struct conf *conf, const yaml_node_t *name, const yaml_node_t *value,
                          const struct key *key);

/* Adds the entries of a map. check.c finds duplicate names, because they may be in several files.
 */
static bool parse_entries(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          entry_parser *parse)
{
        bool good = conf_expect_map(conf, node, key);

        if (!good)
                return false;
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             pair < node->data.mapping.pairs.top; pair++) {
                const yaml_node_t *name = conf_node(conf, pair->key);
                const yaml_node_t *value = conf_node(conf, pair->value);
                const char *text;

                if (!name || !value)
                        return false;
                text = conf_scalar(conf, name, key);
                if (!text) {
                        good = false;
                        continue;
                }
                /* After a wrong name the entry is still read, for its errors. */
                good &= conf_check_form(conf, name, key->form, text);
                good &= parse(conf, name, value, key);
        }
        return good;
}

/* The keys about a role need role_arn. */
static bool check_role(struct conf *conf, const yaml_node_t *node,
                       const struct setting_account *account, const struct unread *unread)
{
        const struct {
                const char *name;
                bool given;
        } keys[] = {
                { "external_id", account->external_id },
                { "session_name", account->session_name },
                { "session_tags", account->n_session_tags },
                { "duration", account->duration },
        };

        if (!CONF_WERE_READ(unread, "role_arn"))
                return true;
        for (size_t i = 0; i < ELEMENTS(keys) && !account->role_arn; i++)
                if (keys[i].given)
                        return conf_error(conf, node, "%s is for a role, but there is no role_arn",
                                          keys[i].name);
        return true;
}

static bool parse_account(struct conf *conf, const yaml_node_t *name, const yaml_node_t *value,
                          const struct key *key)
{
        struct draft *draft = draft_of(conf);
        struct draft_account *entry = append(draft->accounts, draft->n_accounts);
        const struct key named = { .name = (const char *)name->data.scalar.value };
        struct unread unread;
        bool good;

        entry->account.name = xstrdup(named.name);
        entry->position = conf_position(conf, name);
        /* `name:` without a map is an account with the daemon's own credentials and region. */
        if (conf_is_null(value))
                return true;
        if (!conf_expect_map(conf, value, &named))
                return false;
        good = conf_read_table_unread(conf, value, key->sub, &entry->account, NULL, &unread);
        return check_role(conf, value, &entry->account, &unread) && good;
}

static bool parse_accounts(struct conf *conf, const yaml_node_t *node, const struct key *key,
                           void *base)
{
        (void)base;
        return parse_entries(conf, node, key, parse_account);
}

static struct setting_schedule empty_schedule(void)
{
        return (struct setting_schedule){
                .schedule = { .start = SEC_NONE, .end = SEC_NONE, .anchor = SEC_NONE },
        };
}

static bool parse_schedule(struct conf *conf, const yaml_node_t *name, const yaml_node_t *value,
                           const struct key *key)
{
        struct draft *draft = draft_of(conf);
        struct draft_schedule *entry = append(draft->schedules, draft->n_schedules);
        const struct key named = { .name = (const char *)name->data.scalar.value };

        entry->schedule = empty_schedule();
        entry->schedule.name = xstrdup(named.name);
        entry->position = conf_position(conf, name);
        if (!conf_expect_map(conf, value, &named))
                return false;
        entry->own = (struct layer){ conf->file, value };
        return conf_read_table_unread(conf, value, key->sub, &entry->schedule, &draft->defaults,
                                      &entry->unread);
}

static bool parse_schedules(struct conf *conf, const yaml_node_t *node, const struct key *key,
                            void *base)
{
        (void)base;
        return parse_entries(conf, node, key, parse_schedule);
}

/* Reads `defaults` only for its errors; the values are read again for each schedule. */
static bool parse_defaults(struct conf *conf, const yaml_node_t *node, const struct key *key,
                           void *base)
{
        _cleanup_(setting_schedule_done) struct setting_schedule scratch = empty_schedule();

        (void)base;
        if (!conf_expect_map(conf, node, key))
                return false;
        draft_of(conf)->defaults = (struct layer){ conf->file, node };
        return conf_check_defaults(conf, node, key->sub, &scratch);
}

const struct kind kind_targets = { parse_targets, SHAPE_TABLE, "map", NULL };
const struct kind kind_retain = { parse_retain, SHAPE_TABLE, "map", NULL };
const struct kind kind_freeze = { parse_freeze, SHAPE_TABLE, "map", NULL };
const struct kind kind_accounts = { parse_accounts, SHAPE_TABLES, "map of accounts", NULL };
const struct kind kind_schedules = { parse_schedules, SHAPE_TABLES, "map of schedules", NULL };
const struct kind kind_defaults = { parse_defaults, SHAPE_TABLE, "map", NULL };
