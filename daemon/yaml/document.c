/*
 * Parses bytes into a YAML document. libyaml builds documents of any depth and size, in a time that
 * grows with the square of the number of anchors. So bytes and events of a file are checked before
 * its document is built: for bytes that are no text, deep nesting, and too many nodes or anchors.
 */
#include "yaml/conf.h"

#include <stdint.h>
#include <string.h>

#include "base/alloc.h"

/* Decodes a character of UTF-8; 0 for an invalid byte. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *ret)
{
        static const struct {
                unsigned char mask, lead;
                uint32_t least;
        } forms[] = { { 0x80, 0x00, 0 },
                      { 0xe0, 0xc0, 0x80 },
                      { 0xf0, 0xe0, 0x800 },
                      { 0xf8, 0xf0, 0x10000 } };

        for (size_t n = 0; n < ELEMENTS(forms); n++) {
                uint32_t c = p[0] & (unsigned char)~forms[n].mask;

                if ((p[0] & forms[n].mask) != forms[n].lead)
                        continue;
                if (n >= left)
                        return 0;
                for (size_t i = 1; i <= n; i++) {
                        if ((p[i] & 0xc0) != 0x80)
                                return 0;
                        c = c << 6 | (p[i] & 0x3f);
                }
                *ret = c;
                return c < forms[n].least || c > 0x10ffff || (c & 0xfffff800) == 0xd800 ? 0 : n + 1;
        }
        return 0;
}

/* Whether YAML 1.1 allows the character; without the unusual line breaks. */
static bool is_yaml_character(uint32_t c)
{
        if (c < 0x20)
                return c == '\t' || c == '\n' || c == '\r';
        return c < 0x7f || (c >= 0xa0 && c != 0xfeff && c != 0xfffe && c != 0xffff);
}

static bool bad_byte(struct conf *conf, struct position position, size_t length, uint32_t c)
{
        const char *documents = conf->grammar->documents;

        if (length == 0)
                return conf_error_at(conf, position, "this is not UTF-8; save the file as UTF-8");
        if (c == 0)
                return conf_error_at(conf, position,
                                     "a NUL byte: the file is binary or UTF-16; %s are UTF-8 text",
                                     documents);
        return conf_error_at(conf, position, "a control character; %s are plain UTF-8 text",
                             documents);
}

/* Skips a byte order mark, which YAML allows and Windows editors write. libyaml counts it as a
 * character of the first line, so keys of the first line would not be in the column of the others.
 */
static void skip_byte_order_mark(const char **data, size_t *size)
{
        static const char mark[] = { '\xef', '\xbb', '\xbf' };

        if (*size < sizeof(mark) || memcmp(*data, mark, sizeof(mark)) != 0)
                return;
        *data += sizeof(mark);
        *size -= sizeof(mark);
}

static bool check_bytes(struct conf *conf, const char *data, size_t size)
{
        const unsigned char *p = (const unsigned char *)data, *end = p + size;
        struct position position = { .file = conf->file, .line = 1, .column = 1 };

        while (p < end) {
                uint32_t c = 0;
                size_t length = decode(p, (size_t)(end - p), &c);

                if (length == 0 || !is_yaml_character(c))
                        return bad_byte(conf, position, length, c);
                p += length;
                position.column++;
                if (c == '\n') {
                        position.line++;
                        position.column = 1;
                }
        }
        return true;
}

/* The text of line `line` (from 0), not terminated. */
static const char *find_line(const char *data, size_t size, size_t line, size_t *ret_length)
{
        const char *end = data + size, *stop;

        for (; line; line--) {
                const char *next = memchr(data, '\n', (size_t)(end - data));

                if (!next)
                        break;
                data = next + 1;
        }
        stop = memchr(data, '\n', (size_t)(end - data));
        *ret_length = (size_t)((stop ? stop : end) - data);
        return data;
}

static const struct {
        const char *problem, *remedy;
} remedies[] = {
        { "mapping values are not allowed", "put text with a colon into quotes, or look at the "
                                            "indentation" },
        { "did not find expected", "look at the indentation of this line and the one above, and "
                                   "at brackets and quotes" },
        { "cannot start any token", "put the value into quotes" },
        { "could not find expected ':'", "a key needs a colon and a space after it" },
        { "unexpected end of stream", "a quote or a bracket is not closed" },
        { "unexpected document indicator", "a quote or a bracket is not closed" },
        { "undefined alias", "the anchor must stand above, in this file" },
        { "second occurrence", "give the anchor another name" },
        { "unknown escape", "in double quotes a backslash is special: double it, or use single "
                            "quotes" },
        { "undefined tag", "leave the tag (!...) out" },
};

/* Whether the line has a placeholder: YAML takes `name: {schedule}-{time}` for a map. */
static bool has_placeholder(const char *line, size_t length)
{
        const char *end = line + length, *p = line;

        while ((p = memchr(p, '{', (size_t)(end - p)))) {
                const char *first = ++p;

                while (p < end && *p >= 'a' && *p <= 'z')
                        p++;
                if (p > first && p < end && *p == '}')
                        return true;
        }
        return false;
}

static char *find_remedy(const struct grammar *grammar, const char *problem, const char *line,
                         size_t length, size_t column)
{
        if (memchr(line, '\t', column < length ? column + 1 : length))
                return xstrdup("YAML is indented with spaces, not with tabs");
        if (has_placeholder(line, length))
                return xstrdup("put a value that begins with { into quotes");
        for (size_t i = 0; i < ELEMENTS(remedies); i++)
                if (strstr(problem, remedies[i].problem))
                        return xstrdup(remedies[i].remedy);
        if (strstr(problem, "exceeded maximum nesting"))
                return xasprintf("%s are not that deep", grammar->documents);
        return xasprintf("see %s", grammar->manual);
}

static bool syntax_error(struct conf *conf, const yaml_parser_t *parser, const char *data,
                         size_t size)
{
        const char *problem = parser->problem ? parser->problem : "unreadable";
        const yaml_mark_t *mark = &parser->problem_mark;
        const struct position position = { conf->file, mark->line + 1, mark->column + 1 };
        size_t length;
        const char *line = find_line(data, size, mark->line, &length);
        _cleanup_free_ char *remedy = NULL;

        if (parser->error == YAML_MEMORY_ERROR)
                out_of_memory();
        remedy = find_remedy(conf->grammar, problem, line, length, mark->column);
        return conf_error_at(conf, position, "not YAML: %s; %s", problem, remedy);
}

struct tally {
        size_t nodes, depth, anchors, documents;
};

static bool count_event(struct conf *conf, const yaml_event_t *event, struct tally *tally)
{
        const struct position position = { conf->file, event->start_mark.line + 1,
                                           event->start_mark.column + 1 };
        bool anchored = false;

        if (event->type == YAML_DOCUMENT_START_EVENT && tally->documents++)
                return conf_error_at(conf, position,
                                     "a second document (---); %s are one document a file",
                                     conf->grammar->documents);
        if (event->type == YAML_SCALAR_EVENT)
                anchored = event->data.scalar.anchor;
        if (event->type == YAML_SEQUENCE_START_EVENT)
                anchored = event->data.sequence_start.anchor;
        if (event->type == YAML_MAPPING_START_EVENT)
                anchored = event->data.mapping_start.anchor;
        if (event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT)
                tally->depth++;
        if (event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT)
                tally->depth--;
        tally->nodes++;
        tally->anchors += anchored;
        if (tally->depth > CONF_DEPTH_MAX)
                return conf_error_at(conf, position, "nested deeper than %d levels",
                                     CONF_DEPTH_MAX);
        if (tally->nodes > CONF_NODES_MAX)
                return conf_error_at(conf, position,
                                     "more than %d values; spread them over files in conf.d",
                                     CONF_NODES_MAX);
        if (tally->anchors > CONF_ANCHORS_MAX)
                return conf_error_at(conf, position, "more than %d anchors (&name)",
                                     CONF_ANCHORS_MAX);
        return true;
}

static void start_parser(yaml_parser_t *parser, const char *data, size_t size)
{
        if (!yaml_parser_initialize(parser))
                out_of_memory();
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(parser, (const unsigned char *)data, size);
}

/* Reads all events once, only to count nodes, levels and anchors. */
static bool check_events(struct conf *conf, const char *data, size_t size)
{
        struct tally tally = {};
        yaml_parser_t parser;
        bool good = true, end = false;

        start_parser(&parser, data, size);
        while (good && !end) {
                yaml_event_t event;

                if (!yaml_parser_parse(&parser, &event)) {
                        good = syntax_error(conf, &parser, data, size);
                        break;
                }
                good = count_event(conf, &event, &tally);
                end = event.type == YAML_STREAM_END_EVENT;
                yaml_event_delete(&event);
        }
        yaml_parser_delete(&parser);
        conf->visits_max += tally.nodes * CONF_VISITS_PER_NODE;
        return good;
}

void conf_init(struct conf *conf, const struct grammar *grammar)
{
        *conf = (struct conf){ .grammar = grammar, .visits_max = CONF_VISITS_FREE };
}

void conf_done(struct conf *conf)
{
        for (size_t i = 0; i < conf->n_files; i++) {
                free(conf->files[i].name);
                if (conf->files[i].loaded)
                        yaml_document_delete(&conf->files[i].document);
        }
        free(conf->files);
        for (size_t i = 0; i < conf->n_messages; i++)
                free(conf->messages[i].text);
        free(conf->messages);
        for (size_t i = 0; i < conf->n_forms; i++)
                regfree(&conf->forms[i]);
}

bool conf_load_data(struct conf *conf, const char *name, bool in_conf_d, const char *data,
                    size_t size)
{
        struct conf_file *file = append(conf->files, conf->n_files);
        yaml_parser_t parser;

        file->name = xstrdup(name);
        file->in_conf_d = in_conf_d;
        conf->file = conf->n_files - 1;
        if (size > conf->grammar->file_max)
                return conf_error_at(conf, (struct position){ .file = conf->file },
                                     "larger than %zu bytes; spread the %s over files in conf.d",
                                     conf->grammar->file_max, conf->grammar->entries);
        skip_byte_order_mark(&data, &size);
        if (!check_bytes(conf, data, size) || !check_events(conf, data, size))
                return false;
        start_parser(&parser, data, size);
        file->loaded = yaml_parser_load(&parser, &file->document);
        if (!file->loaded)
                syntax_error(conf, &parser, data, size);
        yaml_parser_delete(&parser);
        return file->loaded;
}

const yaml_node_t *conf_root(struct conf *conf, size_t file)
{
        return conf->files[file].loaded ? yaml_document_get_root_node(&conf->files[file].document)
                                        : NULL;
}
