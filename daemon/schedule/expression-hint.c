/* Guesses what was meant by a text that is no expression. */
#include "schedule/expression-hint.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"
#include "schedule/unix-cron.h"

/* The parts of a text that is no expression. */
struct attempt {
        char *word;   /* before the parenthesis, "cron", "rate", ...; or "" */
        char **parts; /* inside the parentheses, split at white space */
        size_t n;
};

static const struct nickname {
        const char *name, *expression;
} nicknames[] = {
        { "@hourly", "cron(0 * * * ? *)" },   { "@daily", "cron(0 0 * * ? *)" },
        { "@midnight", "cron(0 0 * * ? *)" }, { "@weekly", "cron(0 0 ? * SUN *)" },
        { "@monthly", "cron(0 0 1 * ? *)" },  { "@yearly", "cron(0 0 1 1 ? *)" },
        { "@annually", "cron(0 0 1 1 ? *)" },
};

/* Other spellings of the units of rate(). */
static const struct spelling {
        const char *name, *unit;
        unsigned long long times;
} spellings[] = {
        { "m", "minutes", 1 },      { "min", "minutes", 1 },     { "mins", "minutes", 1 },
        { "minute", "minutes", 1 }, { "minutes", "minutes", 1 }, { "h", "hours", 1 },
        { "hr", "hours", 1 },       { "hrs", "hours", 1 },       { "hour", "hours", 1 },
        { "hours", "hours", 1 },    { "d", "days", 1 },          { "day", "days", 1 },
        { "days", "days", 1 },      { "w", "days", 7 },          { "week", "days", 7 },
        { "weeks", "days", 7 },
};

static const char week_remark[] =
        " (days of the week by name: Unix counts them from 0 = SUN, EventBridge from 1 = SUN)";

static void attempt_done(struct attempt *attempt)
{
        strings_free(attempt->parts, attempt->n);
        free(attempt->word);
}

static bool has_word(const struct attempt *attempt, const char *word)
{
        return !*attempt->word || strcasecmp(attempt->word, word) == 0;
}

/* "did you mean X?" when X is an expression. */
static char *propose(const char *expression, const char *remark)
{
        if (!expression_is_valid(expression))
                return NULL;
        return xasprintf("did you mean %s?%s", expression, remark);
}

static char *propose_parts(const char *word, char *const *parts, size_t n, const char *remark)
{
        _cleanup_free_ char *inside = strings_join(parts, n, " ");
        _cleanup_free_ char *expression = xasprintf("%s(%s)", word, inside);

        return propose(expression, remark);
}

static char *hint_nickname(const struct attempt *attempt)
{
        if (attempt->n != 1)
                return NULL;
        for (size_t i = 0; i < ELEMENTS(nicknames); i++)
                if (strcasecmp(attempt->parts[0], nicknames[i].name) == 0)
                        return propose(nicknames[i].expression, "");
        return NULL;
}

/* The same expression in small letters, with its word and parentheses, without white space around.
 */
static char *hint_form(const struct attempt *attempt)
{
        static const char *const words[] = { "cron", "rate", "at" };

        for (size_t i = 0; i < ELEMENTS(words); i++) {
                char *hint;

                if (!has_word(attempt, words[i]))
                        continue;
                hint = propose_parts(words[i], attempt->parts, attempt->n, "");
                if (hint)
                        return hint;
        }
        return NULL;
}

/* Five fields of Unix cron; or six fields, with no day field turned into '?'. */
static char *hint_unix(const struct attempt *attempt)
{
        char *expressions[2] = {}, *hint = NULL;
        bool numbered;
        size_t n;

        if (!has_word(attempt, "cron") || attempt->n != 5)
                return NULL;
        n = unix_cron_translate(attempt->parts, expressions);
        numbered = n && strpbrk(attempt->parts[4], "01234567") &&
                   strpbrk(expressions[n - 1], "NUEDTI");
        if (n == 1)
                hint = propose(expressions[0], numbered ? week_remark : "");
        else if (n == 2 && expression_is_valid(expressions[0]) &&
                 expression_is_valid(expressions[1]))
                hint = xasprintf("did you mean two schedules, %s and %s?%s", expressions[0],
                                 expressions[1], numbered ? week_remark : "");
        free(expressions[0]);
        free(expressions[1]);
        return hint;
}

/* Six fields with both day fields set: a '*' becomes '?'. */
static char *hint_question_mark(const struct attempt *attempt)
{
        static char question_mark[] = "?";
        char *parts[6];

        if (!has_word(attempt, "cron") || attempt->n != 6)
                return NULL;
        memcpy(parts, attempt->parts, sizeof(parts));
        if (streq(parts[4], "*"))
                parts[4] = question_mark;
        else if (streq(parts[2], "*"))
                parts[2] = question_mark;
        return propose_parts("cron", parts, 6, "");
}

/* Quartz and Spring put seconds in front. */
static char *hint_seconds(const struct attempt *attempt)
{
        char *const *parts = attempt->parts;

        if (!has_word(attempt, "cron") || attempt->n < 6 || attempt->n > 7 || !streq(parts[0], "0"))
                return NULL;
        if (attempt->n == 6 && !streq(parts[5], "?") && !streq(parts[3], "?"))
                return NULL;
        return propose_parts("cron", parts + 1, attempt->n - 1, " (there is no field for seconds)");
}

/* "5m", "10 min", "every 2 weeks", "10 minutess". */
static char *hint_rate(const struct attempt *attempt)
{
        static const char *const units[] = { "minutes", "hours", "days" };
        size_t skip = attempt->n && (strcasecmp(attempt->parts[0], "every") == 0 ||
                                     strcasecmp(attempt->parts[0], "@every") == 0);
        _cleanup_free_ char *text = strings_join(attempt->parts + skip, attempt->n - skip, "");
        size_t digits = strspn(text, "0123456789");
        const struct spelling *spelling = NULL;
        _cleanup_free_ char *number = xstrndup(text, digits), *expression = NULL;
        const char *unit = text + digits, *near;
        unsigned long long value;

        if (!has_word(attempt, "rate") || !*unit || !parse_number(number, 1000000000, &value))
                return NULL;
        for (size_t i = 0; i < ELEMENTS(spellings); i++)
                if (strcasecmp(unit, spellings[i].name) == 0)
                        spelling = &spellings[i];
        near = closest(unit, units, ELEMENTS(units));
        if (!spelling && !near)
                return NULL;
        expression = xasprintf("rate(%llu %s)", value * (spelling ? spelling->times : 1),
                               spelling ? spelling->unit : near);
        return propose(expression, "");
}

/* A date alone, a time without seconds, a space for the T, a zone behind. */
static char *hint_at(const struct attempt *attempt)
{
        static const char whole[] = "yyyy-mm-ddThh:mm:ss";
        _cleanup_free_ char *text = strings_join(attempt->parts, attempt->n, "T");
        _cleanup_free_ char *expression = NULL;
        size_t n = strlen(text);

        if (!has_word(attempt, "at"))
                return NULL;
        if (n == strlen("yyyy-mm-dd"))
                expression = xasprintf("at(%sT00:00:00)", text);
        else if (n == strlen("yyyy-mm-ddThh:mm"))
                expression = xasprintf("at(%s:00)", text);
        else
                expression = xasprintf("at(%.*s)", (int)strlen(whole), text);
        return propose(expression,
                       n > strlen(whole) ? " (wall time of the schedule's timezone)" : "");
}

/* All hints, in the order in which they are tried. */
static char *(*const hints[])(const struct attempt *) = {
        hint_nickname, hint_form, hint_unix, hint_question_mark, hint_seconds, hint_rate, hint_at,
};

char *expression_hint(const char *text)
{
        _cleanup_(attempt_done) struct attempt attempt = {};
        const char *start = text + strspn(text, " \t"), *inside = strchr(start, '(');
        _cleanup_free_ char *copy = NULL;
        char *hint = NULL;

        attempt.word = xstrndup(start, inside ? strcspn(start, " \t(") : 0);
        copy = xstrdup(inside ? inside + 1 : start);
        if (inside && strrchr(copy, ')'))
                *strrchr(copy, ')') = '\0';
        attempt.parts = strings_split(copy, " \t", &attempt.n);
        for (size_t i = 0; attempt.n && !hint && i < ELEMENTS(hints); i++)
                hint = hints[i](&attempt);
        return hint;
}
