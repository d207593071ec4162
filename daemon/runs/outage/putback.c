#include "runs/outage/putback.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static const char *const kind_names[] = {
        [PUTBACK_STANDBY] = "standby",
        [PUTBACK_DRAIN] = "drain",
        [PUTBACK_WATCH] = "watch",
};

void putback_add(struct putback *putback, enum putback_kind kind, bool healthy, unsigned int port,
                 const char *name)
{
        *append(putback->lines, putback->n) = (struct putback_line){
                .kind = kind,
                .healthy = healthy,
                .port = port,
                .name = xstrdup(name),
        };
}

/* What follows the word `kind` and a space; or NULL. */
static const char *after_kind(const char *line, enum putback_kind kind)
{
        const char *rest = startswith(line, kind_names[kind]);

        return rest && *rest == ' ' ? rest + 1 : NULL;
}

/* Takes a word off *rest, and the space after it. NULL: there is no such word. Caller frees. */
static char *take_word(const char **rest)
{
        const char *begin = *rest;
        size_t length = strcspn(begin, " ");

        if (!length || !begin[length])
                return NULL;
        *rest = begin + length + 1;
        return xstrndup(begin, length);
}

static void parse_line(const char *line, struct putback *ret)
{
        for (enum putback_kind kind = 0; kind < ELEMENTS(kind_names); kind++) {
                const char *rest = after_kind(line, kind);
                _cleanup_free_ char *how = NULL, *number = NULL;
                unsigned long long port = 0;

                if (!rest || !*rest)
                        continue;
                if (kind != PUTBACK_STANDBY) {
                        how = take_word(&rest);
                        number = how ? take_word(&rest) : NULL;
                        if (!number || !parse_number(number, UINT16_MAX, &port))
                                return;
                }
                putback_add(ret, kind, streq(how, "healthy"), (unsigned int)port, rest);
        }
}

void putback_parse(const char *text, struct putback *ret)
{
        char **lines;
        size_t n;

        *ret = (struct putback){};
        if (!text)
                return;
        lines = strings_split(text, "\n", &n);
        for (size_t i = 0; i < n; i++)
                parse_line(lines[i], ret);
        strings_free(lines, n);
}

char *putback_print(const struct putback *putback)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < putback->n; i++) {
                const struct putback_line *line = &putback->lines[i];

                text_printf(&text, "%s%s ", i ? "\n" : "", kind_names[line->kind]);
                if (line->kind != PUTBACK_STANDBY)
                        text_printf(&text, "%s %u ", line->healthy ? "healthy" : "any", line->port);
                text_append(&text, line->name);
        }
        return putback->n ? text_steal(&text) : NULL;
}

void putback_done(struct putback *putback)
{
        for (size_t i = 0; i < putback->n; i++)
                free(putback->lines[i].name);
        free(putback->lines);
        *putback = (struct putback){};
}

bool putback_takes_out(const char *text)
{
        _cleanup_(putback_done) struct putback putback = {};
        bool takes = false;

        putback_parse(text, &putback);
        for (size_t i = 0; i < putback.n; i++)
                takes |= putback.lines[i].kind != PUTBACK_WATCH;
        return takes;
}

bool putback_awaits_health(const char *text)
{
        _cleanup_(putback_done) struct putback putback = {};
        bool awaits = false;

        putback_parse(text, &putback);
        for (size_t i = 0; i < putback.n; i++)
                awaits |= putback.lines[i].healthy;
        return awaits;
}

void putback_forget_health(char **text)
{
        _cleanup_(putback_done) struct putback putback = {};

        putback_parse(*text, &putback);
        for (size_t i = 0; i < putback.n; i++)
                putback.lines[i].healthy = false;
        free(*text);
        *text = putback_print(&putback);
}

bool putback_has_standby(const char *text, const char *name)
{
        _cleanup_(putback_done) struct putback putback = {};
        bool has = false;

        putback_parse(text, &putback);
        for (size_t i = 0; i < putback.n; i++)
                has |= putback.lines[i].kind == PUTBACK_STANDBY &&
                       streq(putback.lines[i].name, name);
        return has;
}
