/* Parses the head of an HTTP request. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/http-server.h"

enum { HEADERS_MAX = 100 };

const char *http_header(const struct http_request *request, const char *name)
{
        for (size_t i = 0; i < request->n_headers; i++)
                if (streq(request->headers[i].name, name))
                        return request->headers[i].value;
        return NULL;
}

void http_request_done(struct http_request *request)
{
        for (size_t i = 0; i < request->n_headers; i++) {
                free(request->headers[i].name);
                free(request->headers[i].value);
        }
        free(request->headers);
        free(request->method);
        free(request->path);
        free(request->query);
        *request = (struct http_request){};
}

/* METHOD TARGET HTTP/1.1 */
static int parse_request_line(const char *line, size_t size, struct http_request *request)
{
        const char *end = line + size;
        const char *target = memchr(line, ' ', size);
        const char *version, *question;

        if (!target)
                return 400;
        request->method = xstrndup(line, (size_t)(target++ - line));
        version = memchr(target, ' ', (size_t)(end - target));
        if (!version || version == target || *target != '/')
                return 400;
        question = memchr(target, '?', (size_t)(version - target));
        request->path = xstrndup(target, (size_t)((question ? question : version) - target));
        request->query =
                question ? xstrndup(question + 1, (size_t)(version - question - 1)) : xstrdup("");
        version++;
        if ((size_t)(end - version) != strlen("HTTP/1.1") ||
            memcmp(version, "HTTP/1.", strlen("HTTP/1.")) != 0)
                return 505;
        return 0;
}

static int parse_header(const char *line, size_t size, struct http_request *request)
{
        const char *colon = memchr(line, ':', size), *end = line + size;
        struct http_header *header;

        if (!colon || colon == line || isspace((unsigned char)*line))
                return 400;
        if (request->n_headers == HEADERS_MAX)
                return 431;
        header = append(request->headers, request->n_headers);
        header->name = xstrndup(line, (size_t)(colon - line));
        for (char *c = header->name; *c; c++)
                *c = (char)tolower((unsigned char)*c);
        do
                colon++;
        while (colon < end && isspace((unsigned char)*colon));
        while (end > colon && isspace((unsigned char)end[-1]))
                end--;
        header->value = xstrndup(colon, (size_t)(end - colon));
        return 0;
}

int http_parse_head(const char *head, size_t size, struct http_request *ret)
{
        const char *end = head + size;
        bool first = true;

        if (memchr(head, '\0', size))
                return 400;
        while (head < end) {
                const char *newline = memchr(head, '\n', (size_t)(end - head));
                size_t length = (size_t)(newline - head);
                int refused;

                if (length && head[length - 1] == '\r')
                        length--;
                if (!length)
                        return first ? 400 : 0;
                refused = first ? parse_request_line(head, length, ret)
                                : parse_header(head, length, ret);
                if (refused)
                        return refused;
                first = false;
                head = newline + 1;
        }
        return 400;
}

int http_body_size(const struct http_request *request, size_t *ret)
{
        const char *length = http_header(request, "content-length");
        unsigned long long size = 0;

        if (http_header(request, "transfer-encoding"))
                return 501;
        if (length && !parse_number(length, SIZE_MAX, &size))
                return 400;
        if (size > HTTP_BODY_MAX)
                return 413;
        *ret = (size_t)size;
        return 0;
}
