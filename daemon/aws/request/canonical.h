/*
 * The canonical form of a request in SigV4: the encoding of bytes, and the order of parameters and
 * headers. Pure. See sign.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Encodes every byte of the path but A-Z a-z 0-9 - . _ ~ /, also the '%' of a path that is encoded
 * already. Removes dot segments and double slashes unless `keep`. */
void canonical_path(struct text *text, const char *path, size_t size, bool keep);

/* Decodes names and values, encodes them again, and sorts them. */
void canonical_query(struct text *text, const char *query);

struct canonical_headers {
        struct canonical_header {
                char *name, *value;
                size_t order;
        } * headers;
        size_t n;
};

/* Lower-cases the name, trims the value and folds white space inside it. */
void canonical_headers_add(struct canonical_headers *headers, const char *name, const char *value);
/* Call once, after the last canonical_headers_add(). */
void canonical_headers_sort(struct canonical_headers *headers);
/* `name:value` lines; values of equal names are joined by commas. */
void canonical_headers_write(const struct canonical_headers *headers, struct text *text);
/* `content-type;host;x-amz-date`. */
void canonical_headers_write_names(const struct canonical_headers *headers, struct text *text);
/* Wipes the values, because one may be a session token. */
void canonical_headers_done(struct canonical_headers *headers);
