/* What output goes to: its width, and whether it may have colours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_DIM, STYLE_BOLD };

struct terminal {
        FILE *stream;
        bool live;    /* a terminal: may be redrawn */
        bool colours; /* a terminal, and NO_COLOR is not set (https://no-color.org) */
        size_t width; /* columns; 80 when it is no terminal */
        size_t height;
};

void terminal_init(struct terminal *terminal, FILE *stream);

/* How many columns `text` (UTF-8) takes. */
size_t text_columns(const char *text);
/* Prints at most `width` columns of it, with an ellipsis where it was cut, padded to `width` when
 * `pad`. */
void terminal_print(const struct terminal *terminal, enum style style, const char *text,
                    size_t width, bool pad);
/* Prints text broken at spaces into lines, all of them indented. */
void terminal_wrap(const struct terminal *terminal, const char *text, size_t indent);
void terminal_wrap_styled(const struct terminal *terminal, enum style style, const char *text,
                          size_t indent);
