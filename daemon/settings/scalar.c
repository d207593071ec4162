/* Kinds of single values, lists of them, and maps along a table. */
#include "settings/conf.h"

#include <string.h>

#include "base/alloc.h"

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

/* What a message says stands there: quotes would look like text where they were in the file. */
static bool is_plain(const yaml_node_t *node)
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
        if (is_plain(node) && (streq(text, "true") || streq(text, "false"))) {
                *field = streq(text, "true");
                return true;
        }
        for (size_t i = 0; i < ELEMENTS(others); i++)
                if (strcasecmp(text, others[i].word) == 0)
                        hint = others[i].meant;
        return wrong_value(conf, node, key,
                           is_plain(node) ? "true or false" : "true or false without quotes", text,
                           hint);
}

static bool parse_whole(struct conf *conf, const yaml_node_t *node, const struct key *key,
                        void *base)
{
        const char *text = conf_scalar(conf, node, key);
        _cleanup_free_ char *wanted = NULL;
        unsigned long long value;

        if (!text)
                return false;
        if (is_plain(node) && parse_number(text, key->max, &value) && value >= key->min &&
            (text[0] != '0' || !text[1])) {
                *conf_field(unsigned int, base, key) = (unsigned int)value;
                return true;
        }
        wanted = xasprintf("a whole number from %u to %u%s", key->min, key->max,
                           is_plain(node) ? "" : " without quotes");
        return wrong_value(conf, node, key, wanted, text, "");
}

static bool parse_version(struct conf *conf, const yaml_node_t *node, const struct key *key,
                          void *base)
{
        const char *text = conf_scalar(conf, node, key);
        _cleanup_free_ char *quoted = NULL;

        (void)base;
        if (!text)
                return false;
        if (is_plain(node) && streq(text, "1"))
                return true;
        quoted = conf_quote(text);
        if (streq(text, "1"))
                return conf_error(conf, node, "version needs 1 without quotes");
        return conf_error(conf, node, "version %s is not known to this amid, which reads version 1",
                          quoted);
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
        *conf_field(sec_t, base, key) = value;
        return true;
}

static bool find_word(struct conf *conf, const yaml_node_t *node, const struct key *key,
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

/* The fields of words are enums, which gcc and clang store as unsigned int. */
static bool parse_word(struct conf *conf, const yaml_node_t *node, const struct key *key,
                       void *base)
{
        return find_word(conf, node, key, conf_field(unsigned int, base, key));
}

static bool parse_map(struct conf *conf, const yaml_node_t *node, const struct key *key, void *base)
{
        return conf_expect_map(conf, node, key) &&
               conf_read_table(conf, node, key->sub, conf_field(char, base, key), NULL);
}

/* ---- lists ----------------------------------------------------------------------------------- */

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
                return find_word(conf, node, key, field);
        if (!check_list(conf, node, key))
                return false;
        for (const yaml_node_item_t *item = node->data.sequence.items.start;
             item < node->data.sequence.items.top; item++) {
                const yaml_node_t *value = conf_node(conf, *item);

                if (!value || !find_word(conf, value, key, &word))
                        good = false;
                else
                        *field |= word;
        }
        if (good && !*field)
                return conf_error(conf, node, "%s is an empty list; leave the key out", key->name);
        return good;
}

#define STRING "{\"type\":\"string\",\"minLength\":1}"
#define SPAN   "{\"type\":\"string\",\"pattern\":\"^0*[1-9][0-9]*[smhdw]$\"}"

const struct kind kind_version = { parse_version, SHAPE_ONE, "number", "{\"const\":1}" };
const struct kind kind_text = { parse_text, SHAPE_ONE, "text", STRING };
const struct kind kind_formed = { parse_formed, SHAPE_ONE, "text", STRING };
const struct kind kind_boolean = { parse_boolean, SHAPE_ONE, "true | false",
                                   "{\"type\":\"boolean\"}" };
const struct kind kind_number = { parse_whole, SHAPE_ONE, "number", "{\"type\":\"integer\"}" };
const struct kind kind_duration = { parse_span, SHAPE_ONE, "duration", SPAN };
const struct kind kind_word = { parse_word, SHAPE_ONE, "word", "{\"type\":\"string\"}" };
const struct kind kind_table = { parse_map, SHAPE_TABLE, "map", NULL };
const struct kind kind_list = { parse_list, SHAPE_LIST, "text", STRING };
const struct kind kind_one_or_list = { parse_one_or_list, SHAPE_ONE_OR_LIST, "text", STRING };
const struct kind kind_states = { parse_set, SHAPE_ONE_OR_LIST, "word", "{\"type\":\"string\"}" };
