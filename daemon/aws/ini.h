/*
 * The grammar of ~/.aws/config and ~/.aws/credentials. Pure.
 *
 * Sections `[name]` or `[kind "name"]`, `key = value`, comments from `#` or `;` at the start of a
 * line or after white space; a line indented deeper than the key before it goes on with its value
 * (amid needs none of these values and leaves such lines out). Keys are lower-cased.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#pragma once

#include <stddef.h>

enum { INI_SIZE_MAX = 1 << 20 };

/* `section` without quotes and with single spaces: `profile a b`. All strings are borrowed. */
typedef void ini_fn(const char *section, const char *key, const char *value, void *userdata);

/* `text`, of `size` bytes and room for a NUL behind them, is changed while it is read, and wiped.
 * 0, or -EINVAL with *ret_line the line (from 1) that is none of the above. */
int ini_parse(char *text, size_t size, ini_fn *found, void *userdata, unsigned int *ret_line);
