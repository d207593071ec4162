/* Parser of the shared files, line by line. */
#include "aws/config/ini.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Trims in place. */
static char *strip(char *text)
{
        char *end;

        while (isspace((unsigned char)*text))
                text++;
        end = text + strlen(text);
        while (end > text && isspace((unsigned char)end[-1]))
                end--;
        *end = '\0';
        return text;
}

/* A `#` or `;` behind white space starts a comment. */
static void cut_comment(char *text)
{
        for (char *p = text; *p; p++)
                if ((*p == '#' || *p == ';') && (p == text || isspace((unsigned char)p[-1]))) {
                        *p = '\0';
                        return;
                }
}

/* Removes quotes and folds white space: `profile "a b"` becomes `profile a b`. */
static void unquote(char *section)
{
        char *to = section;

        for (const char *from = section; *from; from++) {
                if (*from == '"' || *from == '\'')
                        continue;
                if (isspace((unsigned char)*from)) {
                        if (to > section && to[-1] != ' ')
                                *to++ = ' ';
                } else {
                        *to++ = *from;
                }
        }
        *to = '\0';
}

/* The name in `[name]`, which only a comment may follow; NULL for any other line. */
static char *section_of(char *line)
{
        char *end = strchr(line, ']'), *name;

        if (!end)
                return NULL;
        *end = '\0';
        cut_comment(end + 1);
        if (*strip(end + 1))
                return NULL;
        unquote(line + 1);
        name = strip(line + 1);
        return *name ? name : NULL;
}

struct position {
        ini_fn *found;
        void *userdata;
        char *section;
        char *key;       /* the last key of this section, or NULL */
        bool key_is_map; /* `key` has an empty value: deeper lines are its map */
        size_t indent;   /* of `key`: deeper lines continue its value */
};

/* The key of `key = value`, with *ret_value set; NULL for any other line. */
static char *split_pair(char *line, char **ret_value)
{
        char *equals = strchr(line, '=');
        char *key;

        if (!equals)
                return NULL;
        *equals = '\0';
        key = strip(line);
        if (!*key)
                return NULL;
        for (char *p = key; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        cut_comment(equals + 1);
        *ret_value = strip(equals + 1);
        return key;
}

static void report(const struct position *position, const char *sub, const char *value)
{
        position->found(
                &(struct ini_pair){
                        .section = position->section,
                        .key = position->key,
                        .sub = sub,
                        .value = value,
                },
                position->userdata);
}

static void parse_deeper(const struct position *position, char *line)
{
        char *value, *sub = position->key_is_map ? split_pair(line, &value) : NULL;

        if (sub)
                report(position, sub, value);
}

static bool parse_section(struct position *position, char *line)
{
        position->section = section_of(line);
        position->key = NULL;
        if (position->section)
                report(position, NULL, NULL);
        return position->section;
}

static bool parse_line(char *line, struct position *position)
{
        char *content = strip(line), *value;
        size_t indent = (size_t)(content - line);

        if (!*content || *content == '#' || *content == ';')
                return true;
        if (position->key && indent > position->indent) {
                parse_deeper(position, content);
                return true;
        }
        if (*content == '[')
                return parse_section(position, content);
        position->key = position->section ? split_pair(content, &value) : NULL;
        if (!position->key)
                return false;
        position->indent = indent;
        position->key_is_map = !*value;
        report(position, NULL, value);
        return true;
}

int ini_parse(char *text, size_t size, ini_fn *found, void *userdata, unsigned int *ret_line)
{
        static const char byte_order_mark[] = "\xef\xbb\xbf";
        struct position position = { .found = found, .userdata = userdata };
        char *line = text, *end = text + size;
        int r = 0;

        if (size >= 3 && memcmp(text, byte_order_mark, 3) == 0)
                line += 3;
        for (unsigned int number = 1; line < end; number++) {
                char *newline = memchr(line, '\n', (size_t)(end - line));
                char *stop = newline ? newline : end;

                *stop = '\0';
                if (strlen(line) != (size_t)(stop - line) || !parse_line(line, &position)) {
                        *ret_line = number;
                        r = -EINVAL;
                        break;
                }
                line = stop + 1;
        }
        explicit_bzero(text, size);
        return r;
}
