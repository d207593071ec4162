/* The output of a program: its width, and whether it can have colours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_DIM, STYLE_BOLD };

struct terminal {
        FILE *stream;
        bool redraws; /* a terminal: may be redrawn */
        bool colours; /* a terminal, and NO_COLOR is not set (https://no-color.org) */
        size_t width; /* columns; 80 when it is no terminal */
        size_t height;
};

void terminal_init(struct terminal *terminal, FILE *stream);

/* The width of `text` (UTF-8) in columns. */
size_t text_columns(const char *text);
/* Prints `text`, cut to `width` columns with an ellipsis; with `pad` padded to `width`. */
void terminal_print(const struct terminal *terminal, enum style style, const char *text,
                    size_t width, bool pad);
/* Prints text in indented lines, broken at spaces. */
void terminal_wrap(const struct terminal *terminal, const char *text, size_t indent);
void terminal_wrap_styled(const struct terminal *terminal, enum style style, const char *text,
                          size_t indent);
