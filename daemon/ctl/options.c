/* Parses the command line by the tables of verbs and options, and prints help and manual. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "ctl/verbs.h"

enum { COUNT_MAX = 100000, NAMES_MAX = 64 };

enum value_type { VALUE_NONE, VALUE_TEXT, VALUE_TEXTS, VALUE_COUNT };

static const struct option_row {
        const char *name, *value, *help;
        size_t offset;
        unsigned int option; /* 0: all verbs have the option */
        enum value_type type;
        char letter; /* 0: none */
} options[] = {
        { "config", "FILE", "settings to read (/etc/amid/amid.yaml)", offsetof(struct ctl, file), 0,
          VALUE_TEXT, 'c' },
        { "socket", "PATH", "control socket of the daemon (/run/amid/control)",
          offsetof(struct ctl, socket), 0, VALUE_TEXT, 0 },
        { "json", NULL, "print JSON, one document or one a line; times in UTC",
          offsetof(struct ctl, json), 0, VALUE_NONE, 0 },
        { "help", NULL, "print help, also of a verb", offsetof(struct ctl, help), 0, VALUE_NONE,
          'h' },
        { "version", NULL, "print the release and the commit it was built from",
          offsetof(struct ctl, version), 0, VALUE_NONE, 0 },
        { "timezone", "TZ", "time zone of the expression (UTC)", offsetof(struct ctl, timezone),
          OPTION_TIMEZONE, VALUE_TEXT, 0 },
        { "from", "TIME", "begin after this time: 2027-01-01T00:00:00Z (now)",
          offsetof(struct ctl, from), OPTION_FROM, VALUE_TEXT, 0 },
        { "count", "N", "how many", offsetof(struct ctl, count), OPTION_COUNT, VALUE_COUNT, 'n' },
        { "instance", "ID", "only this target; may be repeated", offsetof(struct ctl, instances),
          OPTION_INSTANCE, VALUE_TEXTS, 0 },
        { "wait", NULL, "follow the run to its end", offsetof(struct ctl, wait), OPTION_WAIT,
          VALUE_NONE, 0 },
        { "dry-run", NULL, "change nothing, explain", offsetof(struct ctl, dry_run), OPTION_DRY_RUN,
          VALUE_NONE, 0 },
        { "days", "N", "show firings so many days ahead (the next 3)", offsetof(struct ctl, days),
          OPTION_DAYS, VALUE_COUNT, 0 },
        { "all", NULL, "leave nothing out", offsetof(struct ctl, all), OPTION_ALL, VALUE_NONE, 0 },
        { "api", NULL, "requests to AWS instead", offsetof(struct ctl, api), OPTION_API, VALUE_NONE,
          0 },
        { "abandon", NULL, "also end following its images", offsetof(struct ctl, abandon),
          OPTION_ABANDON, VALUE_NONE, 0 },
};

/* ---- parsing ---- */

struct parser {
        struct ctl *ctl;
        struct text *error;
        char **rest; /* the arguments that are not parsed yet */
        unsigned int given;
        bool failed;
};

static void __attribute__((format(printf, 2, 3)))
complain(struct parser *parser, const char *format, ...)
{
        va_list arguments;
        _cleanup_free_ char *message = NULL;

        va_start(arguments, format);
        message = xvasprintf(format, arguments);
        va_end(arguments);
        text_clean_replace(&message, CLEAN_LINE_MAX);
        text_printf(parser->error, "amictl: %s\n", message);
        parser->failed = true;
}

static void store_count(struct parser *parser, const struct option_row *row, const char *value)
{
        unsigned long long number;

        if (!parse_number(value, COUNT_MAX, &number) || !number)
                complain(parser, "--%s takes a number from 1 to %d, not \"%s\"", row->name,
                         COUNT_MAX, value);
        else
                *(unsigned int *)((char *)parser->ctl + row->offset) = (unsigned int)number;
}

static void store_value(struct parser *parser, const struct option_row *row, const char *value)
{
        void *member = (char *)parser->ctl + row->offset;

        parser->given |= row->option;
        switch (row->type) {
        case VALUE_NONE:
                *(bool *)member = true;
                break;
        case VALUE_TEXT:
                *(const char **)member = value;
                break;
        case VALUE_TEXTS:
                *append(parser->ctl->instances, parser->ctl->n_instances) = xstrdup(value);
                break;
        case VALUE_COUNT:
                store_count(parser, row, value);
                break;
        }
}

/* Sets the option. `inline_value` is the value in the same argument, or NULL. */
static void take_option(struct parser *parser, const struct option_row *row,
                        const char *inline_value)
{
        if (row->type == VALUE_NONE && inline_value)
                complain(parser, "--%s takes no value", row->name);
        else if (row->type == VALUE_NONE || inline_value)
                store_value(parser, row, inline_value);
        else if (!*parser->rest)
                complain(parser, "--%s needs a value: %s", row->name, row->value);
        else
                store_value(parser, row, *parser->rest++);
}

/* The verb, at any position of the line; NULL: there is no known verb. */
static const struct verb *find_verb(const struct parser *parser)
{
        const struct verb *verb = parser->ctl->n_words ? verb_find(parser->ctl->words[0]) : NULL;

        for (char **rest = parser->rest; !verb && !parser->ctl->n_words && *rest; rest++)
                verb = verb_find(*rest);
        return verb;
}

/* Adds the error about an unknown option, with the closest option of the verb. */
static void unknown_option(struct parser *parser, const char *name)
{
        const struct verb *verb = find_verb(parser);
        const char *names[ELEMENTS(options)], *near;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(options); i++)
                if (!verb || !options[i].option || (verb->options & options[i].option))
                        names[n++] = options[i].name;
        near = closest(name, names, n);
        complain(parser, "unknown option --%s%s%s%s", name, near ? "; did you mean --" : "",
                 near ? near : "", near ? "?" : "");
}

static void take_long(struct parser *parser, const char *word)
{
        _cleanup_free_ char *name = xstrndup(word, strcspn(word, "="));
        const char *value = strchr(word, '=');

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                if (streq(options[i].name, name)) {
                        take_option(parser, &options[i], value ? value + 1 : NULL);
                        return;
                }
        }
        unknown_option(parser, name);
}

static void take_letters(struct parser *parser, const char *letters)
{
        for (; *letters; letters++) {
                const struct option_row *row = NULL;

                for (size_t i = 0; i < ELEMENTS(options); i++)
                        if (options[i].letter == *letters)
                                row = &options[i];
                if (!row) {
                        complain(parser, "unknown option -%c", isprint(*letters) ? *letters : '?');
                        return;
                }
                if (row->type != VALUE_NONE) { /* the rest is the value: -n5 */
                        take_option(parser, row, letters[1] ? letters + 1 : NULL);
                        return;
                }
                take_option(parser, row, NULL);
        }
}

static void check_words(struct parser *parser, const struct verb *verb)
{
        size_t n = parser->ctl->n_words - 1;

        if (n < verb->min || n > verb->max)
                complain(parser, "usage: amictl %s%s%s", verb->name, *verb->arguments ? " " : "",
                         verb->arguments);
        for (size_t i = 0; i < ELEMENTS(options); i++)
                if ((parser->given & options[i].option) && !(verb->options & options[i].option))
                        complain(parser, "%s takes no --%s", verb->name, options[i].name);
}

static void check_verb(struct parser *parser)
{
        const char *names[NAMES_MAX], *near, *word;
        size_t n = 0;

        if (!parser->ctl->n_words) {
                complain(parser, "what to do? See amictl --help");
                return;
        }
        word = parser->ctl->words[0];
        for (const struct verb *verb = verbs; verb->name && n < NAMES_MAX; verb++) {
                names[n++] = verb->name;
                if (streq(verb->name, word)) {
                        check_words(parser, verb);
                        return;
                }
        }
        near = closest(word, names, n);
        complain(parser, "unknown verb \"%s\"%s%s%s", word, near ? "; did you mean " : "",
                 near ? near : "; see amictl --help", near ? "?" : "");
}

bool ctl_parse(struct ctl *ctl, int argc, char **argv, struct text *error)
{
        struct parser parser = { .ctl = ctl, .error = error, .rest = argv + (argc > 0) };
        bool words_only = false;

        while (*parser.rest && !parser.failed) {
                const char *word = *parser.rest++;

                if (words_only || word[0] != '-' || !word[1])
                        *append(ctl->words, ctl->n_words) = xstrdup(word);
                else if (streq(word, "--"))
                        words_only = true;
                else if (word[1] == '-')
                        take_long(&parser, word + 2);
                else
                        take_letters(&parser, word + 1);
        }
        if (!parser.failed && !ctl->help && !ctl->version)
                check_verb(&parser);
        return !parser.failed;
}

void ctl_done(struct ctl *ctl)
{
        strings_free(ctl->instances, ctl->n_instances);
        strings_free(ctl->words, ctl->n_words);
        loop_free(ctl->loop);
        *ctl = (struct ctl){};
}

/* ---- printing ---- */

static void print_options(unsigned int wanted, bool general, FILE *stream)
{
        for (size_t i = 0; i < ELEMENTS(options); i++) {
                const struct option_row *row = &options[i];
                _cleanup_free_ char *left = NULL;
                char letter[5] = "    ";

                if (general ? row->option : !(row->option & wanted))
                        continue;
                if (row->letter)
                        snprintf(letter, sizeof(letter), "-%c, ", row->letter);
                left = xasprintf("%s--%s%s%s", letter, row->name, row->value ? " " : "",
                                 row->value ? row->value : "");
                fprintf(stream, "  %-20s  %s\n", left, row->help);
        }
}

void ctl_print_help(const struct verb *verb, FILE *stream)
{
        if (verb) {
                struct terminal terminal;

                terminal_init(&terminal, stream);
                fprintf(stream, "Usage: amictl %s%s%s%s\n\n", verb->name,
                        verb->options ? " [OPTION]..." : "", *verb->arguments ? " " : "",
                        verb->arguments);
                terminal_wrap(&terminal, verb->text, 0);
                if (verb->options)
                        fputc('\n', stream);
                print_options(verb->options, false, stream);
                return;
        }
        fputs("Usage: amictl [OPTION]... VERB [ARGUMENT]...\n\nTalks to amid(8), which keeps "
              "images of EC2 instances.\n\n",
              stream);
        for (verb = verbs; verb->name; verb++) {
                _cleanup_free_ char *left = xasprintf("%s %s", verb->name, verb->arguments);

                fprintf(stream, "  %-23s  %s\n", left, verb->help);
        }
        fputs("\n", stream);
        print_options(0, true, stream);
        fputs("\n`amictl VERB --help` has the options of a verb.\n"
              "Exit status: 0 done, 1 failed, 2 wrong usage, 3 the daemon cannot be reached.\n",
              stream);
}

/* Prints each sentence on a line of its own, by the rules of mdoc. The texts have no macros of
 * mdoc. */
static void manual_text(struct text *text, const char *paragraph)
{
        const char *end;

        while ((end = strstr(paragraph, ". "))) {
                text_write(text, paragraph, (size_t)(end - paragraph) + 1);
                text_append(text, "\n");
                paragraph = end + 2;
        }
        text_printf(text, "%s\n", paragraph);
}

/* "[FILE]" is an optional argument, "FILE" a required one. */
static void manual_arguments(struct text *text, const char *arguments)
{
        size_t n;
        char **words = strings_split(arguments, " ", &n);

        for (size_t i = 0; i < n; i++) {
                if (words[i][0] == '[')
                        text_printf(text, " Oo Ar %.*s Oc", (int)strlen(words[i]) - 2,
                                    words[i] + 1);
                else
                        text_printf(text, " %s%s", streq(words[i], "|") ? "" : "Ar ", words[i]);
        }
        strings_free(words, n);
}

static void manual_options(struct text *text, unsigned int wanted, bool general)
{
        bool any = false;

        for (size_t i = 0; i < ELEMENTS(options); i++) {
                const struct option_row *row = &options[i];

                if (general ? row->option : !(row->option & wanted))
                        continue;
                if (!any)
                        text_append(text, ".Bl -tag -width Ds\n");
                any = true;
                text_append(text, ".It");
                if (row->letter)
                        text_printf(text, " Fl %c%s%s ,", row->letter, row->value ? " Ar " : "",
                                    row->value ? row->value : "");
                text_printf(text, " Fl -%s%s%s\n%c%s.\n", row->name, row->value ? " Ar " : "",
                            row->value ? row->value : "", toupper(row->help[0]), row->help + 1);
        }
        if (any)
                text_append(text, ".El\n");
}

void ctl_print_manual(struct text *text)
{
        text_append(text, ".Sh OPTIONS\n");
        manual_options(text, 0, true);
        text_append(text, ".Sh VERBS\nThose marked * need the daemon.\n.Bl -tag -width Ds\n");
        for (const struct verb *verb = verbs; verb->name; verb++) {
                text_printf(text, ".It Cm %s", verb->name);
                manual_arguments(text, verb->arguments);
                text_append(text, verb->daemon ? " No *\n" : "\n");
                manual_text(text, verb->text);
                manual_options(text, verb->options, false);
        }
        text_append(text, ".El\n");
}
