/* Parses cron(), rate() and at(). */
#include "schedule/expression.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"
#include "schedule/cron-field.h"
#include "schedule/cron-search.h"
#include "schedule/expression-hint.h"

/* Exactly one of the two day fields is "?". */
static bool check_days(char *const *fields, char **ret_error)
{
        const char *of_month = fields[FIELD_DAY_OF_MONTH];
        const char *of_week = fields[FIELD_DAY_OF_WEEK];
        bool none_of_month = streq(of_month, "?"), none_of_week = streq(of_week, "?");

        if (none_of_month != none_of_week)
                return true;
        if (none_of_month)
                *ret_error = xstrdup("day-of-month and day-of-week are both '?'; allowed: '?' in "
                                     "exactly one of them");
        else
                *ret_error = xasprintf("day-of-month '%s' and day-of-week '%s' are both set; "
                                       "allowed: '?' in exactly one of them",
                                       of_month, of_week);
        return false;
}

static bool parse_cron(char *text, struct expression *ret, char **ret_error)
{
        static char every_year[] = "*";
        char *fields[CRON_FIELDS] = { [FIELD_YEAR] = every_year }, *rest = text, *field;
        int64_t first;
        size_t n = 0;

        for (; (field = strsep(&rest, " ")); n++) {
                if (!*field || strchr(field, '\t')) {
                        *ret_error = xstrdup("cron() takes one space between its fields and none "
                                             "around them");
                        return false;
                }
                if (n < CRON_FIELDS)
                        fields[n] = field;
        }
        if (n != CRON_FIELDS && n != CRON_FIELDS - 1) {
                *ret_error = xasprintf("cron() has %zu field%s; allowed: six (minutes hours "
                                       "day-of-month month day-of-week year), or five without "
                                       "the year",
                                       n, n == 1 ? "" : "s");
                return false;
        }
        for (int i = 0; i < CRON_FIELDS; i++)
                if (!cron_field_parse((enum cron_field)i, fields[i], &ret->cron, ret_error))
                        return false;
        if (!check_days(fields, ret_error))
                return false;
        ret->cron.never = !cron_search(&ret->cron, 0, &first);
        return true;
}

static const struct unit {
        const char *one, *many;
        sec_t seconds;
        unsigned long long most; /* a hundred years */
} units[] = {
        { "minute", "minutes", SEC_PER_MIN, 52596000 },
        { "hour", "hours", SEC_PER_HOUR, 876600 },
        { "day", "days", SEC_PER_DAY, 36525 },
};

static bool parse_rate(char *text, struct expression *ret, char **ret_error)
{
        char *space = strchr(text, ' '), *value = text, *unit;
        unsigned long long number;

        if (!space || space == text || !space[1] || space[1] == ' ') {
                *ret_error = xasprintf("rate: '%s' is not a value and a unit; allowed: rate(VALUE "
                                       "UNIT) with one space",
                                       text);
                return false;
        }
        *space = '\0';
        unit = space + 1;
        for (size_t i = 0; i < ELEMENTS(units); i++) {
                /* EventBridge accepts "minute" and "minutes" with any value, in any case of
                 * letters. */
                if (strcasecmp(unit, units[i].one) != 0 && strcasecmp(unit, units[i].many) != 0)
                        continue;
                if (!parse_number(value, units[i].most, &number) || !number) {
                        *ret_error = xasprintf(
                                "rate value: '%s' is not a number in range; allowed: 1-%llu", value,
                                units[i].most);
                        return false;
                }
                ret->interval = (sec_t)number * units[i].seconds;
                return true;
        }
        *ret_error =
                xasprintf("rate unit: '%s' is unknown; allowed: minute(s), hour(s), day(s)", unit);
        return false;
}

/* Whether `text` is written like `shape`, where 0 stands for any digit. */
static bool has_shape(const char *text, const char *shape)
{
        for (; *shape; shape++, text++)
                if (*shape == '0' ? !isdigit((unsigned char)*text) : *text != *shape)
                        return false;
        return !*text;
}

static bool parse_at(char *text, struct expression *ret, char **ret_error)
{
        if (parse_civil(text, &ret->at))
                return true;
        if (has_shape(text, "0000-00-00T00:00:00"))
                *ret_error = xasprintf("at: '%s' is not in the calendar or not a time of day; "
                                       "allowed: 0000-01-01T00:00:00 to 9999-12-31T23:59:59",
                                       text);
        else
                *ret_error = xasprintf("at: '%s' is not a date and time; allowed: "
                                       "at(yyyy-mm-ddThh:mm:ss), without a zone",
                                       text);
        return false;
}

static const struct form {
        const char *opening;
        enum expression_kind kind;
        bool (*parse)(char *text, struct expression *ret, char **ret_error);
} forms[] = {
        { "cron(", EXPRESSION_CRON, parse_cron },
        { "rate(", EXPRESSION_RATE, parse_rate },
        { "at(", EXPRESSION_AT, parse_at },
};

/* Parses an expression; the message has no hint. */
static bool parse(const char *text, struct expression *ret, char **ret_error)
{
        if (strlen(text) > EXPRESSION_TEXT_MAX) {
                *ret_error = xasprintf("the expression is longer than %d bytes",
                                       (int)EXPRESSION_TEXT_MAX);
                return false;
        }
        if (!is_printable_utf8(text)) {
                *ret_error = xstrdup("the expression is not printable UTF-8");
                return false;
        }
        for (size_t i = 0; i < ELEMENTS(forms); i++) {
                const char *inside = startswith(text, forms[i].opening);
                struct expression expression = { .kind = forms[i].kind };
                _cleanup_free_ char *copy = NULL;

                if (!inside || !endswith(inside, ")"))
                        continue;
                copy = xstrndup(inside, strlen(inside) - 1);
                if (!forms[i].parse(copy, &expression, ret_error))
                        return false;
                *ret = expression;
                return true;
        }
        *ret_error = xasprintf("'%s' is not an expression; allowed: cron(...), rate(...), at(...)",
                               text);
        return false;
}

bool expression_is_valid(const char *text)
{
        _cleanup_free_ char *error = NULL;
        struct expression expression;

        return parse(text, &expression, &error);
}

bool expression_parse(const char *text, struct expression *ret, char **ret_error)
{
        _cleanup_free_ char *error = NULL, *hint = NULL;

        if (parse(text, ret, &error))
                return true;
        if (strlen(text) <= EXPRESSION_TEXT_MAX && is_printable_utf8(text))
                hint = expression_hint(text);
        *ret_error = hint ? xasprintf("%s; %s", error, hint) : steal(error);
        return false;
}
