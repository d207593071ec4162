/* Replaces unsafe characters of text from outside by escapes. */
#include "base/clean.h"

#include <string.h>

#include "base/alloc.h"

size_t utf8_decode(const char *string, uint32_t *ret)
{
        static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 }; /* by continuation bytes */
        const unsigned char *p = (const unsigned char *)string;
        uint32_t c = *p;
        size_t follow = 0;

        if (c >= 0xf0 && c < 0xf8)
                follow = 3, c &= 0x07;
        else if (c >= 0xe0 && c < 0xf0)
                follow = 2, c &= 0x0f;
        else if (c >= 0xc0 && c < 0xe0)
                follow = 1, c &= 0x1f;
        else if (c >= 0x80)
                return 0;
        for (size_t i = 1; i <= follow; i++) {
                if ((p[i] & 0xc0) != 0x80) /* also true for the NUL at the end */
                        return 0;
                c = c << 6 | (p[i] & 0x3fU);
        }
        if (c < least[follow] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
                return 0;
        *ret = c;
        return follow + 1;
}

bool is_safe_character(uint32_t c)
{
        /* Unicode 15: categories Cc, Cf, Zl and Zp; Default_Ignorable_Code_Point, which have no
         * glyph, without the variation selectors of emoji; noncharacters. */
        static const struct {
                uint32_t first, last;
        } unsafe[] = {
                { 0x0000, 0x001f },   { 0x007f, 0x009f },   { 0x00ad, 0x00ad },
                { 0x034f, 0x034f },   { 0x0600, 0x0605 },   { 0x061c, 0x061c },
                { 0x06dd, 0x06dd },   { 0x070f, 0x070f },   { 0x0890, 0x0891 },
                { 0x08e2, 0x08e2 },   { 0x115f, 0x1160 },   { 0x17b4, 0x17b5 },
                { 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x2028, 0x202e },
                { 0x2060, 0x206f },   { 0x3164, 0x3164 },   { 0xfdd0, 0xfdef },
                { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },   { 0xfff0, 0xfffb },
                { 0xfffe, 0xffff },   { 0x110bd, 0x110bd }, { 0x110cd, 0x110cd },
                { 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
                { 0xe0000, 0xe0fff },
        };

        if (c < 0x7f)
                return c >= 0x20;
        for (size_t i = 0; i < ELEMENTS(unsafe); i++)
                if (c >= unsafe[i].first && c <= unsafe[i].last)
                        return false;
        return (c & 0xfffe) != 0xfffe;
}

static void escape(struct text *text, uint32_t c)
{
        static const struct {
                uint32_t c;
                const char *escape;
        } letters[] = { { '\n', "\\n" }, { '\r', "\\r" }, { '\t', "\\t" } };

        for (size_t i = 0; i < ELEMENTS(letters); i++)
                if (letters[i].c == c) {
                        text_append(text, letters[i].escape);
                        return;
                }
        text_printf(text, c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

static void escape_json(struct text *text, uint32_t c)
{
        if (c < 0x10000)
                text_printf(text, "\\u%04x", c);
        else
                text_printf(text, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
                            0xdc00 + (c & 0x3ff));
}

static void write_clean(struct text *text, const char *string, bool json)
{
        uint32_t c;

        while (*string) {
                size_t n = utf8_decode(string, &c);

                if (n && (is_safe_character(c) || (json && (c == '\n' || c == '\t'))))
                        text_write(text, string, n);
                else if (json)
                        escape_json(text, n ? c : 0xfffd);
                else if (n)
                        escape(text, c);
                else
                        text_printf(text, "\\x%02x", (unsigned char)*string);
                string += n ? n : 1;
        }
}

static bool begins_character(char byte)
{
        return ((unsigned char)byte & 0xc0) != 0x80;
}

/* Leaves out the middle of a clean text. */
static char *shorten(const char *text, size_t size, size_t max)
{
        size_t head = max / 2, tail = size - max / 2;

        while (head && !begins_character(text[head]))
                head--;
        while (tail < size && !begins_character(text[tail]))
                tail++;
        return xasprintf("%.*s[...]%s", (int)head, text, text + tail);
}

char *text_clean(const char *string, size_t max)
{
        _cleanup_(text_done) struct text text = {};

        if (!string)
                return NULL;
        write_clean(&text, string, false);
        return text_size(&text) > max ? shorten(text_get(&text), text_size(&text), max)
                                      : text_steal(&text);
}

void text_clean_replace(char **string, size_t max)
{
        char *clean = text_clean(*string, max);

        free(*string);
        *string = clean;
}

char *text_clean_lines(const char *string)
{
        _cleanup_(text_done) struct text text = {};

        while (*string) {
                size_t length = strcspn(string, "\n");
                _cleanup_free_ char *line = xstrndup(string, length);

                text_clean_replace(&line, CLEAN_LINE_MAX);
                text_append(&text, line);
                string += length;
                if (*string)
                        text_write(&text, string++, 1);
        }
        return text_steal(&text);
}

char *text_clean_json(const char *json)
{
        _cleanup_(text_done) struct text text = {};

        write_clean(&text, json, true);
        return text_steal(&text);
}
