/* Restore plans as text and as a list. */
#include "runs/outage/restore-plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

static const char *const kind_names[] = {
        [RESTORE_STANDBY] = "standby",
        [RESTORE_DRAIN] = "drain",
        [RESTORE_WATCH] = "watch",
};

void restore_plan_add(struct restore_plan *plan, enum restore_kind kind, bool healthy,
                      unsigned int port, const char *name)
{
        *append(plan->lines, plan->n) = (struct restore_line){
                .kind = kind,
                .healthy = healthy,
                .port = port,
                .name = xstrdup(name),
        };
}

/* The rest of a line that begins with the word `kind`; or NULL. */
static const char *after_kind(const char *line, enum restore_kind kind)
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

static void parse_line(const char *line, struct restore_plan *ret)
{
        for (enum restore_kind kind = 0; kind < ELEMENTS(kind_names); kind++) {
                const char *rest = after_kind(line, kind);
                _cleanup_free_ char *how = NULL, *number = NULL;
                unsigned long long port = 0;

                if (!rest || !*rest)
                        continue;
                if (kind != RESTORE_STANDBY) {
                        how = take_word(&rest);
                        number = how ? take_word(&rest) : NULL;
                        if (!number || !parse_number(number, UINT16_MAX, &port))
                                return;
                }
                restore_plan_add(ret, kind, streq(how, "healthy"), (unsigned int)port, rest);
        }
}

void restore_plan_parse(const char *text, struct restore_plan *ret)
{
        char **lines;
        size_t n;

        *ret = (struct restore_plan){};
        if (!text)
                return;
        lines = strings_split(text, "\n", &n);
        for (size_t i = 0; i < n; i++)
                parse_line(lines[i], ret);
        strings_free(lines, n);
}

char *restore_plan_print(const struct restore_plan *plan)
{
        _cleanup_(text_done) struct text text = {};

        for (size_t i = 0; i < plan->n; i++) {
                const struct restore_line *line = &plan->lines[i];

                text_printf(&text, "%s%s ", i ? "\n" : "", kind_names[line->kind]);
                if (line->kind != RESTORE_STANDBY)
                        text_printf(&text, "%s %u ", line->healthy ? "healthy" : "any", line->port);
                text_append(&text, line->name);
        }
        return plan->n ? text_steal(&text) : NULL;
}

void restore_plan_done(struct restore_plan *plan)
{
        for (size_t i = 0; i < plan->n; i++)
                free(plan->lines[i].name);
        free(plan->lines);
        *plan = (struct restore_plan){};
}

bool restore_plan_takes_out(const char *text)
{
        _cleanup_(restore_plan_done) struct restore_plan plan = {};
        bool takes = false;

        restore_plan_parse(text, &plan);
        for (size_t i = 0; i < plan.n; i++)
                takes |= plan.lines[i].kind != RESTORE_WATCH;
        return takes;
}

bool restore_plan_awaits_health(const char *text)
{
        _cleanup_(restore_plan_done) struct restore_plan plan = {};
        bool awaits = false;

        restore_plan_parse(text, &plan);
        for (size_t i = 0; i < plan.n; i++)
                awaits |= plan.lines[i].healthy;
        return awaits;
}

void restore_plan_forget_health(char **text)
{
        _cleanup_(restore_plan_done) struct restore_plan plan = {};

        restore_plan_parse(*text, &plan);
        for (size_t i = 0; i < plan.n; i++)
                plan.lines[i].healthy = false;
        free(*text);
        *text = restore_plan_print(&plan);
}

bool restore_plan_has_standby(const char *text, const char *name)
{
        _cleanup_(restore_plan_done) struct restore_plan plan = {};
        bool has = false;

        restore_plan_parse(text, &plan);
        for (size_t i = 0; i < plan.n; i++)
                has |= plan.lines[i].kind == RESTORE_STANDBY && streq(plan.lines[i].name, name);
        return has;
}
