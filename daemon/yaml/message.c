/* Errors and warnings about documents: collected with their positions, printed in order. */
#include "yaml/conf.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"

struct position conf_position(const struct conf *conf, const yaml_node_t *node)
{
        return (struct position){
                .file = conf->file,
                .line = node->start_mark.line + 1,
                .column = node->start_mark.column + 1,
        };
}

static void add_message(struct conf *conf, struct position position, bool warning, char *text)
{
        struct conf_message *message;

        if (conf->quiet) {
                free(text);
                return;
        }
        text_clean_replace(&text, CLEAN_LINE_MAX); /* the message quotes text of the file */
        message = append(conf->messages, conf->n_messages);
        *message = (struct conf_message){
                .position = position,
                .warning = warning,
                .order = conf->n_messages,
                .text = text,
        };
}

/* Errors beyond the limit are only counted, to save memory. */
static bool too_many_errors(struct conf *conf)
{
        if (conf->quiet)
                return true;
        return conf->n_errors++ >= CONF_ERRORS_MAX;
}

bool conf_error_at(struct conf *conf, struct position position, const char *format, ...)
{
        va_list arguments;

        if (too_many_errors(conf))
                return false;
        va_start(arguments, format);
        add_message(conf, position, false, xvasprintf(format, arguments));
        va_end(arguments);
        return false;
}

bool conf_error(struct conf *conf, const yaml_node_t *node, const char *format, ...)
{
        va_list arguments;

        if (too_many_errors(conf))
                return false;
        va_start(arguments, format);
        add_message(conf, conf_position(conf, node), false, xvasprintf(format, arguments));
        va_end(arguments);
        return false;
}

void conf_warn_at(struct conf *conf, struct position position, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        add_message(conf, position, true, xvasprintf(format, arguments));
        va_end(arguments);
}

static int compare_sizes(size_t a, size_t b)
{
        return a < b ? -1 : a > b;
}

static int compare_messages(const void *a, const void *b)
{
        const struct conf_message *x = a, *y = b;
        int r = compare_sizes(x->position.file, y->position.file);

        if (r == 0)
                r = compare_sizes(x->position.line, y->position.line);
        if (r == 0)
                r = compare_sizes(x->position.column, y->position.column);
        if (r == 0)
                r = compare_sizes(x->order, y->order);
        return r;
}

/* Whether message `i` repeats an earlier one: a node with several aliases is read several times. */
static bool is_repetition(const struct conf_message *messages, size_t i)
{
        for (size_t k = i; k-- > 0;) {
                if (messages[k].position.file != messages[i].position.file ||
                    messages[k].position.line != messages[i].position.line ||
                    messages[k].position.column != messages[i].position.column)
                        return false;
                if (streq(messages[k].text, messages[i].text))
                        return true;
        }
        return false;
}

static void append_file_name(struct text *text, const char *name)
{
        _cleanup_free_ char *clean = text_clean(name, CLEAN_LINE_MAX);

        text_append(text, clean);
}

void conf_print_messages(struct conf *conf, struct text *text)
{
        if (conf->n_messages)
                qsort(conf->messages, conf->n_messages, sizeof(*conf->messages), compare_messages);
        for (size_t i = 0; i < conf->n_messages; i++) {
                const struct conf_message *message = &conf->messages[i];

                if (is_repetition(conf->messages, i))
                        continue;
                append_file_name(text, conf->files[message->position.file].name);
                if (message->position.line)
                        text_printf(text, ":%zu:%zu", message->position.line,
                                    message->position.column);
                text_printf(text, ": %s%s\n", message->warning ? "warning: " : "", message->text);
        }
        if (conf->n_errors > CONF_ERRORS_MAX) {
                append_file_name(text, conf->files[0].name);
                text_printf(text, ": and %zu more errors\n", conf->n_errors - CONF_ERRORS_MAX);
        }
}

char *conf_quote(const char *text)
{
        enum { LONGEST = 60 };
        size_t n = strlen(text), cut = n;

        if (n > LONGEST) {
                cut = LONGEST;
                while (cut && ((unsigned char)text[cut] & 0xc0) == 0x80)
                        cut--;
        }
        return xasprintf("\"%.*s%s\"", (int)cut, text, cut < n ? "..." : "");
}
