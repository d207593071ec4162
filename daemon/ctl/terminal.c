/* Width, colours and line breaks of the output. */
#include "ctl/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"

enum { PLAIN_WIDTH = 80, PLAIN_HEIGHT = 24 };

void terminal_init(struct terminal *terminal, FILE *stream)
{
        const char *no_color = getenv("NO_COLOR"), *kind = getenv("TERM");
        struct winsize size = {};

        *terminal = (struct terminal){
                .stream = stream,
                .redraws = isatty(fileno(stream)) && kind && !streq(kind, "dumb"),
                .width = PLAIN_WIDTH,
                .height = PLAIN_HEIGHT,
        };
        terminal->colours = terminal->redraws && !(no_color && *no_color);
        if (terminal->redraws && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0) {
                if (size.ws_col >= PLAIN_WIDTH / 2)
                        terminal->width = size.ws_col;
                if (size.ws_row >= 4)
                        terminal->height = size.ws_row;
        }
}

/* The number of bytes of the character at `text`; *ret_columns is its width. */
static size_t character(const char *text, size_t *ret_columns)
{
        wchar_t wide;
        mbstate_t state = {};
        size_t n = mbrtowc(&wide, text, strlen(text), &state);
        int columns;

        if (n == 0 || n == (size_t)-1 || n == (size_t)-2) {
                *ret_columns = 1;
                return 1;
        }
        columns = wcwidth(wide);
        *ret_columns = columns < 0 ? 1 : (size_t)columns;
        return n;
}

size_t text_columns(const char *text)
{
        size_t columns, total = 0;

        for (; *text; total += columns)
                text += character(text, &columns);
        return total;
}

/* The number of bytes that fit into `width` columns; *ret_columns is their width. */
static size_t fitting(const char *text, size_t width, size_t *ret_columns)
{
        size_t bytes = 0, columns, total = 0;

        while (text[bytes]) {
                size_t n = character(text + bytes, &columns);

                if (total + columns > width)
                        break;
                bytes += n;
                total += columns;
        }
        *ret_columns = total;
        return bytes;
}

static const char *const codes[] = {
        [STYLE_PLAIN] = "",       [STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m",
        [STYLE_BAD] = "\033[31m", [STYLE_DIM] = "\033[2m",   [STYLE_BOLD] = "\033[1m",
};

void terminal_print(const struct terminal *terminal, enum style style, const char *text,
                    size_t width, bool pad)
{
        static const char cut[] = "..";
        bool coloured = terminal->colours && style != STYLE_PLAIN;
        size_t columns, bytes = fitting(text, width, &columns);
        bool shortened = text[bytes] != '\0';

        if (shortened && width > strlen(cut))
                bytes = fitting(text, width - strlen(cut), &columns);
        if (coloured)
                fputs(codes[style], terminal->stream);
        fwrite(text, 1, bytes, terminal->stream);
        if (shortened && width > strlen(cut)) {
                fputs(cut, terminal->stream);
                columns += strlen(cut);
        }
        if (coloured)
                fputs("\033[0m", terminal->stream);
        if (pad && columns < width)
                fprintf(terminal->stream, "%*s", (int)(width - columns), "");
}

void terminal_wrap(const struct terminal *terminal, const char *text, size_t indent)
{
        size_t used = 0;

        while (*(text += strspn(text, " \n"))) {
                size_t length = strcspn(text, " \n");

                if (used && used + 1 + length > terminal->width) {
                        fputc('\n', terminal->stream);
                        used = 0;
                }
                if (used)
                        fputc(' ', terminal->stream);
                else
                        fprintf(terminal->stream, "%*s", (int)indent, "");
                used += (used ? 1 : indent) + length;
                fwrite(text, 1, length, terminal->stream);
                text += length;
        }
        if (used)
                fputc('\n', terminal->stream);
}

void terminal_wrap_styled(const struct terminal *terminal, enum style style, const char *text,
                          size_t indent)
{
        bool coloured = terminal->colours && style != STYLE_PLAIN;

        if (coloured)
                fputs(codes[style], terminal->stream);
        terminal_wrap(terminal, text, indent);
        if (coloured)
                fputs("\033[0m", terminal->stream);
}
