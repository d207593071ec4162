/* Canonical path, query and headers of SigV4. */
#include "aws/request/canonical.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* ---- path ---- */

struct segment {
        const char *start;
        size_t size;
};

void canonical_path(struct text *text, const char *path, size_t size, bool keep)
{
        _cleanup_free_ struct segment *segments = NULL;
        const char *end = path + size;
        size_t n = 0;

        if (keep || size == 0) {
                text_percent_encode(text, size ? path : "/", size ? size : 1, true);
                return;
        }
        for (const char *p = path; p < end;) {
                const char *slash = memchr(p, '/', (size_t)(end - p));
                struct segment segment = { p, (size_t)((slash ? slash : end) - p) };

                p = slash ? slash + 1 : end;
                if (segment.size == 0 || (segment.size == 1 && segment.start[0] == '.'))
                        continue;
                if (segment.size == 2 && memcmp(segment.start, "..", 2) == 0)
                        n -= n > 0;
                else
                        *append(segments, n) = segment;
        }
        for (size_t i = 0; i < n; i++) {
                text_append(text, "/");
                text_percent_encode(text, segments[i].start, segments[i].size, false);
        }
        if (n == 0 || end[-1] == '/')
                text_append(text, "/");
}

/* ---- query ---- */

struct parameter {
        char *name, *value; /* encoded */
};

/* Parses the two digits of %XX. */
static bool parse_hex(const char *digits, char *ret)
{
        static const char hex[] = "0123456789abcdef";
        unsigned int value = 0;

        for (size_t i = 0; i < 2; i++) {
                const char *digit =
                        digits[i] ? strchr(hex, tolower((unsigned char)digits[i])) : NULL;

                if (!digit)
                        return false;
                value = value << 4 | (unsigned int)(digit - hex);
        }
        *ret = (char)value;
        return true;
}

/* Decodes and encodes again; a % without two hexadecimal digits is literal. */
static char *encode_again(const char *string, size_t size)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < size; i++) {
                char c = string[i];

                if (c == '%' && i + 2 < size && parse_hex(string + i + 1, &c))
                        i += 2;
                text_percent_encode(&text, &c, 1, false);
        }
        text_append(&text, "");
        return text_steal(&text);
}

static int compare_parameters(const void *a, const void *b)
{
        const struct parameter *x = a, *y = b;
        int order = strcmp(x->name, y->name);

        return order ? order : strcmp(x->value, y->value);
}

void canonical_query(struct text *text, const char *query)
{
        struct parameter *parameters = NULL;
        size_t n = 0;

        while (*(query += strspn(query, "&"))) {
                size_t size = strcspn(query, "&"), name_size = strcspn(query, "=&");
                size_t value_start = name_size < size ? name_size + 1 : size;

                *append(parameters, n) = (struct parameter){
                        .name = encode_again(query, name_size),
                        .value = encode_again(query + value_start, size - value_start),
                };
                query += size;
        }
        if (n > 1)
                qsort(parameters, n, sizeof(*parameters), compare_parameters);
        for (size_t i = 0; i < n; i++) {
                text_printf(text, "%s%s=%s", i ? "&" : "", parameters[i].name, parameters[i].value);
                free(parameters[i].name);
                free(parameters[i].value);
        }
        free(parameters);
}

/* ---- headers ---- */

static char *fold_white_space(const char *value)
{
        char *folded = xcalloc(strlen(value) + 1, 1), *to = folded;

        for (; *value; value++) {
                if (!isspace((unsigned char)*value)) {
                        *to++ = *value;
                } else if (to > folded && to[-1] != ' ') {
                        *to++ = ' ';
                }
        }
        if (to > folded && to[-1] == ' ')
                to--;
        *to = '\0';
        return folded;
}

void canonical_headers_add(struct canonical_headers *headers, const char *name, const char *value)
{
        struct canonical_header *header = append(headers->headers, headers->n);

        header->name = xstrdup(name);
        for (char *p = header->name; *p; p++)
                *p = (char)tolower((unsigned char)*p);
        header->value = fold_white_space(value);
        header->order = headers->n;
}

static int compare_headers(const void *a, const void *b)
{
        const struct canonical_header *x = a, *y = b;
        int order = strcmp(x->name, y->name);

        return order ? order : (x->order > y->order) - (x->order < y->order);
}

void canonical_headers_sort(struct canonical_headers *headers)
{
        if (headers->n > 1)
                qsort(headers->headers, headers->n, sizeof(*headers->headers), compare_headers);
}

static bool repeats(const struct canonical_headers *headers, size_t i)
{
        return i > 0 && streq(headers->headers[i].name, headers->headers[i - 1].name);
}

void canonical_headers_write(const struct canonical_headers *headers, struct text *text)
{
        for (size_t i = 0; i < headers->n; i++) {
                const struct canonical_header *header = &headers->headers[i];

                if (repeats(headers, i))
                        text_printf(text, ",%s", header->value);
                else
                        text_printf(text, "%s%s:%s", i ? "\n" : "", header->name, header->value);
        }
        text_append(text, "\n");
}

void canonical_headers_write_names(const struct canonical_headers *headers, struct text *text)
{
        for (size_t i = 0; i < headers->n; i++)
                if (!repeats(headers, i))
                        text_printf(text, "%s%s", i ? ";" : "", headers->headers[i].name);
}

void canonical_headers_done(struct canonical_headers *headers)
{
        for (size_t i = 0; i < headers->n; i++) {
                free(headers->headers[i].name);
                explicit_bzero(headers->headers[i].value, strlen(headers->headers[i].value));
                free(headers->headers[i].value);
        }
        free(headers->headers);
        *headers = (struct canonical_headers){};
}
