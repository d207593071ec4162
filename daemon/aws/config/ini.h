/*
 * The grammar of ~/.aws/config and ~/.aws/credentials. Pure.
 *
 * A file has sections `[name]` or `[kind "name"]` with lines `key = value`. A comment begins with
 * `#` or `;` at the start of a line or after white space. A line indented deeper than the key
 * before it continues the value of that key: after an empty value such lines are a map of one
 * level, `sub = value`; after any other value they are skipped, because amid reads no value of
 * several lines. Keys are lower-cased.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#pragma once

#include <stddef.h>

enum { INI_SIZE_MAX = 1 << 20 };

struct ini_pair {
        const char *section; /* without quotes and with single spaces: `profile a b` */
        const char *key;     /* NULL: the section begins */
        const char *sub;     /* key in the map below `key`, or NULL */
        const char *value;
};
/* All strings are borrowed. */
typedef void ini_fn(const struct ini_pair *pair, void *userdata);

/* Calls `found` for each section and each pair. `text` has `size` bytes and room for a NUL behind
 * them; it is changed while it is parsed, and wiped. 0, or -EINVAL with *ret_line the number (from
 * 1) of the line that cannot be parsed. */
int ini_parse(char *text, size_t size, ini_fn *found, void *userdata, unsigned int *ret_line);
