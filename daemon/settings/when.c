/* Kinds about time: zone, expression, start and end. The key table reads the zone first. */
#include "settings/draft.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"

/* The zone with the name, loaded once per draft: schedules share few zones. */
static struct zone *find_zone(struct draft *draft, const char *name, int *ret_error)
{
        struct zone *zone = NULL;

        for (size_t i = draft->n_zones; i-- > 0;)
                if (streq(zone_name(draft->zones[i]), name))
                        return zone_ref(draft->zones[i]);
        *ret_error = zone_load(name, &zone);
        if (*ret_error < 0)
                return NULL;
        *append(draft->zones, draft->n_zones) = zone;
        return zone_ref(zone);
}

static bool unknown_zone(struct conf *conf, const yaml_node_t *node, const char *name, int error)
{
        _cleanup_free_ char *quoted = conf_quote(name), *close = NULL;

        if (error == -EOPNOTSUPP)
                return conf_error(
                        conf, node,
                        "time zone %s counts leap seconds; take the one without \"right/\"",
                        quoted);
        if (error != -ENOENT && error != -EINVAL && error != -EISDIR)
                return conf_error(
                        conf, node,
                        "time zone %s cannot be read: %s; install the package tzdata anew", quoted,
                        strerror(-error));
        close = error == -EINVAL ? NULL : zone_closest(name);
        if (close)
                return conf_error(conf, node, "unknown time zone %s; did you mean %s?", quoted,
                                  close);
        return conf_error(conf, node,
                          "unknown time zone %s; it takes a name such as Europe/Berlin, and the "
                          "package tzdata",
                          quoted);
}

static bool parse_timezone(struct conf *conf, const yaml_node_t *node, const struct key *key,
                           void *base)
{
        struct setting_schedule *schedule = base;
        const char *name = conf_scalar(conf, node, key);
        int error = 0;

        if (!name)
                return false;
        schedule->zone = find_zone(draft_of(conf), name, &error);
        if (!schedule->zone)
                return unknown_zone(conf, node, name, error);
        schedule->schedule.zone = schedule->zone;
        xreplace(&schedule->timezone, name);
        return true;
}

/* False with an error for a wall-clock time that the zone skips. */
static bool check_wall(struct conf *conf, const yaml_node_t *node, const struct zone *zone,
                       const struct civil *civil, sec_t *ret)
{
        sec_t local = sec_from_civil(civil);
        _cleanup_free_ char *skipped = zone_skipped(zone, local);

        if (skipped)
                return conf_error(conf, node, "%s", skipped);
        return zone_from_local(zone, local, ret);
}

static bool parse_expression(struct conf *conf, const yaml_node_t *node, const struct key *key,
                             void *base)
{
        struct setting_schedule *schedule = base;
        struct expression *expression = &schedule->schedule.expression;
        const char *text = conf_scalar(conf, node, key);
        _cleanup_free_ char *error = NULL;
        sec_t ignored;

        if (!text)
                return false;
        if (!expression_parse(text, expression, &error))
                return conf_error(conf, node, "%s", error);
        xreplace(&schedule->expression_text, text);
        if (expression->kind != EXPRESSION_AT || !schedule->zone)
                return true;
        return check_wall(conf, node, schedule->zone, &expression->at, &ignored);
}

/* Parses a time: an instant with an offset, or a wall-clock time of the schedule's zone. */
static bool parse_instant(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          void *base)
{
        const struct setting_schedule *schedule = base;
        const char *text = conf_scalar(conf, node, key);
        sec_t *field = conf_field(sec_t, base, key);
        _cleanup_free_ char *quoted = NULL;
        struct civil civil;

        if (!text)
                return false;
        if (parse_rfc3339(text, field))
                return true;
        if (parse_civil(text, &civil))
                return !schedule->zone || check_wall(conf, node, schedule->zone, &civil, field);
        *field = SEC_NONE;
        quoted = conf_quote(text);
        return conf_error(conf, node,
                          "%s needs a time such as 2026-12-01T00:00:00 (of the schedule's zone) or "
                          "2026-12-01T00:00:00Z, not %s",
                          key->name, quoted);
}

const struct kind kind_timezone = { parse_timezone, SHAPE_ONE, "zone",
                                    "{\"type\":\"string\",\"minLength\":1}" };
const struct kind kind_expression = { parse_expression, SHAPE_ONE, "expression",
                                      "{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024}" };
const struct kind kind_instant = {
        parse_instant, SHAPE_ONE, "time",
        "{\"type\":\"string\",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt "
        "][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?$\"}"
};
