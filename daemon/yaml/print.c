/* A key table as nested lists of a manual page, in mdoc(7). */
#include "yaml/conf.h"

#include <string.h>

#include "base/alloc.h"

enum { WIDTH = 78 };

/* Prints each sentence on a line of its own, by the rules of mdoc. */
static void print_prose(struct text *text, const char *prose)
{
        size_t column = 0;

        while (*(prose += strspn(prose, " "))) {
                size_t n = strcspn(prose, " ");

                if (column && column + 1 + n > WIDTH) {
                        text_append(text, "\n");
                        column = 0;
                }
                if (column)
                        text_append(text, " ");
                else if (*prose == '.' || *prose == '\'')
                        text_append(text, "\\&");
                text_write(text, prose, n);
                column += n + 1;
                if (prose[n - 1] == '.' && prose[n]) {
                        text_append(text, "\n");
                        column = 0;
                }
                prose += n;
        }
        if (column)
                text_append(text, "\n");
}

static void print_words(struct text *text, const struct key *key)
{
        const char *separator = "";

        for (const struct word *word = key->words; word->name; word++) {
                if (word->refused)
                        continue;
                text_printf(text, "%s%s", separator, word->name);
                separator = " | ";
        }
}

static void print_one(struct text *text, const struct key *key)
{
        if (key->form)
                text_append(text, key->form->name);
        else if (key->words)
                print_words(text, key);
        else
                text_append(text, key->kind->noun);
        if (key->kind == &kind_number)
                text_printf(text, " from %u to %u", key->min, key->max);
}

static void print_shape(struct text *text, const struct key *key)
{
        switch (key->kind->shape) {
        case SHAPE_ONE:
        case SHAPE_TABLE:
                print_one(text, key);
                return;
        case SHAPE_TABLES:
                text_append(text, key->kind->noun); /* the row's form is the form of the names */
                return;
        case SHAPE_LIST:
                text_append(text, "list of ");
                print_one(text, key);
                return;
        case SHAPE_ONE_OR_LIST:
                print_one(text, key);
                text_append(text, ", or a list");
                return;
        }
}

static void print_key(struct text *text, const struct key *key)
{
        text_printf(text, ".It Ic %s : Ar ", key->name);
        print_shape(text, key);
        text_append(text, "\n");
        print_prose(text, key->help);
        if (key->required)
                text_append(text, "Required.\n");
        if (key->fallback)
                text_printf(text, "Default:\n.Ql %s .\n", key->fallback);
        if (key->sub && !key->sub_is_elsewhere)
                conf_print_manual(text, key->sub);
}

void conf_print_manual(struct text *text, const struct key *table)
{
        text_append(text, ".Bl -tag -width Ds\n");
        for (const struct key *key = table; key->name; key++)
                if (!key->refused)
                        print_key(text, key);
        text_append(text, ".El\n");
}
