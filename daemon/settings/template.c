/* Kinds of texts with placeholders: the templates of an image's name and description; and the
 * tag:KEY of group_by. */
#include "settings/draft.h"

#include <string.h>

#include "base/alloc.h"

/*
 * The characters that EC2 allows in the name of an image:
 * https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateImage.html
 */
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789()[] ./-'@_"

static const char *const placeholders[] = { "schedule", "instance", "time" };

/* The text after a known placeholder at `p`, and the placeholder's name; NULL: there is none at
 * `p`. */
static const char *match_placeholder(const char *p, const char **ret_name)
{
        for (size_t i = 0; *p == '{' && i < ELEMENTS(placeholders); i++) {
                const char *rest = startswith(p + 1, placeholders[i]);

                if (rest && *rest == '}') {
                        *ret_name = placeholders[i];
                        return rest + 1;
                }
        }
        return NULL;
}

char *setting_expand(const char *template, const char *schedule, const char *instance, sec_t time)
{
        _cleanup_(text_done) struct text text = {};
        char buffer[TIME_TEXT_MAX];

        while (*template) {
                const char *name, *rest = match_placeholder(template, &name);

                if (!rest) {
                        text_write(&text, template ++, 1);
                        continue;
                }
                text_append(&text, streq(name, "schedule")   ? schedule
                                   : streq(name, "instance") ? instance
                                                             : format_compact(time, buffer));
                template = rest;
        }
        return text_steal(&text);
}

static bool bad_placeholder(struct conf *conf, const yaml_node_t *node, const char *p)
{
        size_t length = strcspn(p + 1, "{}");
        _cleanup_free_ char *word = xstrndup(p + 1, length);
        _cleanup_free_ char *shown = xstrndup(p, length + 1 + (p[1 + length] == '}'));
        _cleanup_free_ char *quoted = conf_quote(shown);
        const char *close = closest(word, placeholders, ELEMENTS(placeholders));

        if (close)
                return conf_error(conf, node, "unknown placeholder %s; did you mean {%s}?", quoted,
                                  close);
        return conf_error(conf, node,
                          "unknown placeholder %s; there are {schedule}, {instance} and {time}",
                          quoted);
}

static bool check_placeholders(struct conf *conf, const yaml_node_t *node, const char *text)
{
        for (const char *p = text; (p = strchr(p, '{'));) {
                const char *name, *rest = match_placeholder(p, &name);

                if (!rest)
                        return bad_placeholder(conf, node, p);
                p = rest;
        }
        return true;
}

static bool bad_name_character(struct conf *conf, const yaml_node_t *node, const char *p)
{
        _cleanup_free_ char *one = NULL, *quoted = NULL;
        size_t length = 1;

        while (((unsigned char)p[length] & 0xc0) == 0x80)
                length++;
        one = xstrndup(p, length);
        quoted = conf_quote(one);
        return conf_error(conf, node,
                          "%s cannot be in an image's name; EC2 takes letters, digits, spaces and "
                          "()[]./-'@_",
                          quoted);
}

static bool check_name_characters(struct conf *conf, const yaml_node_t *node, const char *text)
{
        for (const char *p = text; *p;) {
                const char *name, *rest = match_placeholder(p, &name);

                if (!rest && !strchr(NAME_CHARACTERS, *p))
                        return bad_name_character(conf, node, p);
                p = rest ? rest : p + 1;
        }
        return true;
}

static bool parse_name(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        const char *text = conf_scalar(conf, node, key);

        if (!text || !check_placeholders(conf, node, text) ||
            !check_name_characters(conf, node, text))
                return false;
        if (!strstr(text, "{instance}") || !strstr(text, "{time}"))
                return conf_error(conf, node,
                                  "%s must have {instance} and {time} in it, or two images would "
                                  "have one name",
                                  key->name);
        if (text[0] == ' ' || endswith(text, " "))
                return conf_error(conf, node, "%s begins or ends with a space", key->name);
        xreplace(conf_field(char *, base, key), text);
        return true;
}

static bool parse_description(struct conf *conf, const yaml_node_t *node, const struct key *key,
                              void *base)
{
        const char *text = conf_scalar(conf, node, key);

        if (!text || !check_placeholders(conf, node, text))
                return false;
        xreplace(conf_field(char *, base, key), text);
        return true;
}

static const struct word group_words[] = { { "availability-zone", GROUP_ZONE, NULL },
                                           { "auto-scaling-group", GROUP_AUTO_SCALING, NULL },
                                           { "target-group", GROUP_TARGET_GROUP, NULL },
                                           { "all", GROUP_ALL, NULL },
                                           {} };

#define GROUP_WORDS "tag:KEY, availability-zone, auto-scaling-group, target-group or all"

static bool parse_group_by(struct conf *conf, const yaml_node_t *node, const struct key *key,
                           void *base)
{
        struct setting_reboot *reboot = base;
        const char *text = conf_scalar(conf, node, key), *tag;
        _cleanup_free_ char *quoted = NULL;

        if (!text)
                return false;
        tag = startswith(text, "tag:");
        if (tag && *tag && conf_length(tag) <= 128) {
                reboot->group_by = GROUP_TAG;
                xreplace(&reboot->group_tag, tag);
                return true;
        }
        for (const struct word *word = group_words; word->name; word++) {
                if (!streq(text, word->name))
                        continue;
                reboot->group_by = word->value;
                return true;
        }
        quoted = conf_quote(text);
        return conf_error(conf, node, "%s needs " GROUP_WORDS ", not %s", key->name, quoted);
}

const struct kind kind_name_template = {
        parse_name, SHAPE_ONE, "template",
        "{\"type\":\"string\",\"maxLength\":128,\"allOf\":[{\"pattern\":\"[{]instance[}]\"},"
        "{\"pattern\":\"[{]time[}]\"},"
        "{\"pattern\":\"^([A-Za-z0-9()\\\\[\\\\] ./'@_-]|[{](schedule|instance|time)[}])+$\"}]}"
};
const struct kind kind_text_template = { parse_description, SHAPE_ONE, "template",
                                         "{\"type\":\"string\",\"minLength\":1}" };
const struct kind kind_group_by = {
        parse_group_by, SHAPE_ONE,
        "tag:KEY | availability-zone | auto-scaling-group | target-group | all",
        "{\"type\":\"string\","
        "\"pattern\":\"^(tag:.+|availability-zone|auto-scaling-group|target-group|all)$\"}"
};
