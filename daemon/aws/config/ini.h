/*
 * The grammar of ~/.aws/config and ~/.aws/credentials. Pure.
 *
 * Sections `[name]` or `[kind "name"]`, `key = value`, comments from `#` or `;` at the start of a
 * line or after white space; a line indented deeper than the key before it goes on with its value.
 * Where that value is empty such lines are a map of one level, `sub = value`; where it is not, they
 * are left out, for no value amid reads takes a second line. Keys are lower-cased.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#pragma once

#include <stddef.h>

enum { INI_SIZE_MAX = 1 << 20 };

struct ini_pair {
        const char *section; /* without quotes and with single spaces: `profile a b` */
        const char *key;     /* NULL: the section begins */
        const char *sub;     /* a key of the map that `key` is, or NULL */
        const char *value;
};
/* All strings are borrowed. */
typedef void ini_fn(const struct ini_pair *pair, void *userdata);

/* `text`, of `size` bytes and room for a NUL behind them, is changed while it is read, and wiped.
 * 0, or -EINVAL with *ret_line the line (from 1) that is none of the above. */
int ini_parse(char *text, size_t size, ini_fn *found, void *userdata, unsigned int *ret_line);
