/*
 * The canonical form of a request, the part of SigV4 that is all about details: which bytes are
 * encoded, in which order they stand. Pure. See sign.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Every byte of the path but A-Z a-z 0-9 - . _ ~ / is encoded, also the '%' of what already was.
 * Dot segments and double slashes go away unless `keep`. */
void canonical_path(struct text *text, const char *path, size_t size, bool keep);

/* Names and values are decoded, encoded again and sorted. */
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
/* To be called once after the last one was added. */
void canonical_headers_sort(struct canonical_headers *headers);
/* `name:value` lines; values of equal names are joined by commas. */
void canonical_headers_write(const struct canonical_headers *headers, struct text *text);
/* `content-type;host;x-amz-date`. */
void canonical_headers_write_names(const struct canonical_headers *headers, struct text *text);
/* Wipes the values: one may be a session token. */
void canonical_headers_done(struct canonical_headers *headers);
