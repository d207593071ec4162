/* Kinds of single values: text, boolean, number, duration, word. */
#include "yaml/conf.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/time.h"

const char *conf_scalar(struct conf *conf, const yaml_node_t *node, const struct key *key)
{
        const char *text;

        if (node->type != YAML_SCALAR_NODE) {
                conf_error(conf, node, "%s needs a single value, but has a %s", key->name,
                           node->type == YAML_MAPPING_NODE ? "map" : "list");
                return NULL;
        }
        text = (const char *)node->data.scalar.value;
        if (node->tag && !streq((const char *)node->tag, YAML_STR_TAG)) {
                conf_error(conf, node, "tags (!...) are not read; leave it out");
                return NULL;
        }
        if (conf_is_null(node) || !*text) {
                conf_error(conf, node, "%s has an empty value", key->name);
                return NULL;
        }
        if (strlen(text) != node->data.scalar.length || !is_printable_utf8(text) ||
            strchr(text, '\t')) {
                conf_error(conf, node, "%s has a line break, a tab or a control character in it",
                           key->name);
                return NULL;
        }
        return text;
}

bool conf_is_plain(const yaml_node_t *node)
{
        return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool wrong_value(struct conf *conf, const yaml_node_t *node, const struct key *key,
                        const char *wanted, const char *text, const char *hint)
{
        _cleanup_free_ char *quoted = conf_quote(text);

        return conf_error(conf, node, "%s needs %s, not %s%s", key->name, wanted, quoted, hint);
}

static bool parse_text(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        const char *text = conf_scalar(conf, node, key);

        if (!text)
                return false;
        xreplace(conf_field(char *, base, key), text);
        return true;
}

static bool parse_formed(struct conf *conf, const yaml_node_t *node, const struct key *key,
                         void *base)
{
        const char *text = conf_scalar(conf, node, key);

        if (!text || !conf_check_form(conf, node, key->form, text))
                return false;
        xreplace(conf_field(char *, base, key), text);
        return true;
}

static bool parse_boolean(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          void *base)
{
        static const struct {
                const char *word, *meant;
        } others[] = {
                { "yes", "; write true" },    { "on", "; write true" },  { "y", "; write true" },
                { "1", "; write true" },      { "no", "; write false" }, { "off", "; write false" },
                { "n", "; write false" },     { "0", "; write false" },  { "true", "; write true" },
                { "false", "; write false" },
        };
        const char *text = conf_scalar(conf, node, key), *hint = "";
        bool *field = conf_field(bool, base, key);

        if (!text)
                return false;
        if (conf_is_plain(node) && (streq(text, "true") || streq(text, "false"))) {
                *field = streq(text, "true");
                return true;
        }
        for (size_t i = 0; i < ELEMENTS(others); i++)
                if (strcasecmp(text, others[i].word) == 0)
                        hint = others[i].meant;
        return wrong_value(conf, node, key,
                           conf_is_plain(node) ? "true or false" : "true or false without quotes",
                           text, hint);
}

static bool parse_whole(struct conf *conf, const yaml_node_t *node, const struct key *key,
                        void *base)
{
        const char *text = conf_scalar(conf, node, key);
        _cleanup_free_ char *wanted = NULL;
        unsigned long long value;

        if (!text)
                return false;
        if (conf_is_plain(node) && parse_number(text, key->max, &value) && value >= key->min &&
            (text[0] != '0' || !text[1])) {
                *conf_field(unsigned int, base, key) = (unsigned int)value;
                return true;
        }
        wanted = xasprintf("a whole number from %u to %u%s", key->min, key->max,
                           conf_is_plain(node) ? "" : " without quotes");
        return wrong_value(conf, node, key, wanted, text, "");
}

static bool parse_span(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        const char *text = conf_scalar(conf, node, key);
        unsigned long long number;
        char buffer[TIME_TEXT_MAX];
        sec_t value;

        if (!text)
                return false;
        if (!parse_duration(text, &value))
                return wrong_value(conf, node, key, "a duration such as 90s, 15m, 6h, 30d or 2w",
                                   text,
                                   parse_number(text, UINT32_MAX, &number) && number
                                           ? "; add the unit: s, m, h, d or w"
                                           : "");
        if (key->max && value > (sec_t)key->max)
                return conf_error(conf, node, "%s is at most %s", key->name,
                                  format_duration(key->max, buffer));
        if (value < (sec_t)key->min)
                return conf_error(conf, node, "%s is at least %s", key->name,
                                  format_duration(key->min, buffer));
        *conf_field(sec_t, base, key) = value;
        return true;
}

bool conf_find_word(struct conf *conf, const yaml_node_t *node, const struct key *key,
                    unsigned int *ret)
{
        const char *text = conf_scalar(conf, node, key), *close;
        _cleanup_(text_done) struct text wanted = {};
        _cleanup_free_ char *hint = NULL;
        const char *names[CONF_KEYS_MAX];
        size_t n = 0;

        if (!text)
                return false;
        for (const struct word *word = key->words; word->name; word++) {
                if (streq(text, word->name) && word->refused)
                        return conf_error(conf, node, "%s: %s: %s", key->name, word->name,
                                          word->refused);
                if (streq(text, word->name)) {
                        *ret = word->value;
                        return true;
                }
                if (word->refused)
                        continue;
                text_printf(&wanted, "%s%s",
                            n ? word[1].name && !word[1].refused ? ", " : " or " : "", word->name);
                names[n++] = word->name;
        }
        close = closest(text, names, n);
        hint = close ? xasprintf("; did you mean \"%s\"?", close) : xstrdup("");
        return wrong_value(conf, node, key, text_get(&wanted), text, hint);
}

/* Stores a word as an enum, which is an unsigned int for gcc and clang. */
static bool parse_word(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        return conf_find_word(conf, node, key, conf_field(unsigned int, base, key));
}

#define STRING "{\"type\":\"string\",\"minLength\":1}"
#define SPAN   "{\"type\":\"string\",\"pattern\":\"^0*[1-9][0-9]*[smhdw]$\"}"

const struct kind kind_text = { parse_text, SHAPE_ONE, "text", STRING };
const struct kind kind_formed = { parse_formed, SHAPE_ONE, "text", STRING };
const struct kind kind_boolean = { parse_boolean, SHAPE_ONE, "true | false",
                                   "{\"type\":\"boolean\"}" };
const struct kind kind_number = { parse_whole, SHAPE_ONE, "number", "{\"type\":\"integer\"}" };
const struct kind kind_duration = { parse_span, SHAPE_ONE, "duration", SPAN };
const struct kind kind_word = { parse_word, SHAPE_ONE, "word", "{\"type\":\"string\"}" };
