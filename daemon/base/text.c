/* Growing strings, and helpers on C strings. */
#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"

/* Only one thread uses the stream, so writes take no locks. */
static FILE *text_stream(struct text *text)
{
        if (!text->stream) {
                text->stream = open_memstream(&text->data, &text->size);
                if (!text->stream)
                        out_of_memory();
        }
        return text->stream;
}

/* Ends the process after a failed write: the lost text would be missing from a request, unnoticed.
 */
static void flush(struct text *text)
{
        if (fflush(text_stream(text)) != 0 || ferror(text->stream))
                out_of_memory();
}

void text_done(struct text *text)
{
        if (text->stream)
                fclose(text->stream);
        free(text->data);
        *text = (struct text){};
}

void text_printf(struct text *text, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vfprintf(text_stream(text), format, arguments);
        va_end(arguments);
}

void text_append(struct text *text, const char *string)
{
        fputs_unlocked(string, text_stream(text));
}

void text_write(struct text *text, const void *data, size_t size)
{
        if (size)
                fwrite_unlocked(data, 1, size, text_stream(text));
}

const char *text_get(struct text *text)
{
        flush(text);
        return text->data;
}

size_t text_size(struct text *text)
{
        flush(text);
        return text->size;
}

char *text_steal(struct text *text)
{
        char *data;

        flush(text);
        fclose(text->stream);
        text->stream = NULL;
        data = steal(text->data);
        text_done(text);
        return data;
}

bool streq(const char *a, const char *b)
{
        return a == b || (a && b && strcmp(a, b) == 0);
}

const char *startswith(const char *string, const char *prefix)
{
        size_t n = strlen(prefix);

        return strncmp(string, prefix, n) == 0 ? string + n : NULL;
}

bool endswith(const char *string, const char *suffix)
{
        size_t n = strlen(string), m = strlen(suffix);

        return n >= m && strcmp(string + n - m, suffix) == 0;
}

bool parse_number(const char *string, unsigned long long max, unsigned long long *ret)
{
        unsigned long long value;
        char *end;

        if (!isdigit((unsigned char)string[0]))
                return false;
        errno = 0;
        value = strtoull(string, &end, 10);
        if (errno || *end || value > max)
                return false;
        *ret = value;
        return true;
}

static int fold(char c)
{
        return tolower((unsigned char)c);
}

/* Levenshtein distance with two rows; words longer than all keys are not compared. */
static size_t distance(const char *a, const char *b)
{
        enum { LONGEST = 64 };
        size_t n = strlen(a), m = strlen(b);
        size_t rows[2][LONGEST + 1];

        if (n > LONGEST || m > LONGEST)
                return LONGEST;
        for (size_t j = 0; j <= m; j++)
                rows[0][j] = j;
        for (size_t i = 1; i <= n; i++) {
                const size_t *above = rows[(i - 1) % 2];
                size_t *row = rows[i % 2];

                row[0] = i;
                for (size_t j = 1; j <= m; j++) {
                        size_t best = above[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));

                        if (above[j] + 1 < best)
                                best = above[j] + 1;
                        if (row[j - 1] + 1 < best)
                                best = row[j - 1] + 1;
                        row[j] = best;
                }
        }
        return rows[n % 2][m];
}

const char *closest(const char *word, const char *const *names, size_t n)
{
        const char *best = NULL;
        size_t limit = strlen(word) / 3 + 1;

        for (size_t i = 0; i < n; i++) {
                size_t d = distance(word, names[i]);

                if (d <= limit && d < strlen(names[i])) {
                        best = names[i];
                        limit = d ? d - 1 : 0;
                        if (d == 0)
                                break;
                }
        }
        return best;
}

void text_percent_encode(struct text *text, const void *data, size_t size, bool keep_slash)
{
        static const char hex[] = "0123456789ABCDEF";
        const unsigned char *bytes = data;
        FILE *stream = text_stream(text);

        for (size_t i = 0; i < size; i++) {
                unsigned char c = bytes[i];

                if ((c < 0x80 && isalnum(c)) || (c && strchr("-._~", c)) ||
                    (keep_slash && c == '/')) {
                        putc_unlocked(c, stream);
                } else {
                        putc_unlocked('%', stream);
                        putc_unlocked(hex[c >> 4], stream);
                        putc_unlocked(hex[c & 15], stream);
                }
        }
}

bool is_printable_utf8(const char *string)
{
        uint32_t c;

        for (size_t n; *string; string += n) {
                n = utf8_decode(string, &c);
                if (n == 0 || (c < 0x20 && c != '\t') || (c >= 0x7f && c < 0xa0))
                        return false;
        }
        return true;
}

void strings_free(char **strings, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(strings[i]);
        free(strings);
}

bool strings_contain(char *const *strings, size_t n, const char *string)
{
        for (size_t i = 0; i < n; i++)
                if (streq(strings[i], string))
                        return true;
        return false;
}

const char *lines_next(const char *line)
{
        line += strcspn(line, "\n");
        return *line ? line + 1 : NULL;
}

bool lines_contain(const char *lines, const char *line, size_t n)
{
        for (; lines; lines = lines_next(lines))
                if (strcspn(lines, "\n") == n && memcmp(lines, line, n) == 0)
                        return true;
        return false;
}

char **strings_split(const char *string, const char *separators, size_t *ret_n)
{
        char **parts = NULL;
        size_t n = 0;

        while (*(string += strspn(string, separators))) {
                size_t length = strcspn(string, separators);

                *append(parts, n) = xstrndup(string, length);
                string += length;
        }
        *ret_n = n;
        return parts;
}

char *strings_join(char *const *strings, size_t n, const char *separator)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < n; i++) {
                if (i)
                        text_append(&text, separator);
                text_append(&text, strings[i]);
        }
        return text_steal(&text);
}
