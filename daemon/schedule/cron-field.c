/* Parses the fields of cron(). */
#include "schedule/cron-field.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/text.h"

enum { SET_WORDS = (CRON_YEAR_LAST - CRON_YEAR_FIRST) / 64 + 1 };

/* The values of a field as bits; bit 0 is the least value. */
struct set {
        uint64_t words[SET_WORDS];
};

static const char *const month_names[] = { "JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                           "JUL", "AUG", "SEP", "OCT", "NOV", "DEC" };
static const char *const weekday_names[] = { "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT" };
static const char *const month_full_names[] = { "JANUARY",   "FEBRUARY", "MARCH",    "APRIL",
                                                "MAY",       "JUNE",     "JULY",     "AUGUST",
                                                "SEPTEMBER", "OCTOBER",  "NOVEMBER", "DECEMBER" };
static const char *const weekday_full_names[] = { "SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                                  "THURSDAY", "FRIDAY", "SATURDAY" };

static const struct field {
        const char *name;
        int least, most;
        int step_most;
        const char *const *names, *const *full_names; /* of the values, starting with `least` */
        const char *allowed;
} fields[] = {
        [FIELD_MINUTES] = { "minutes", 0, 59, 59, NULL, NULL, "0-59" },
        [FIELD_HOURS] = { "hours", 0, 23, 23, NULL, NULL, "0-23" },
        [FIELD_DAY_OF_MONTH] = { "day-of-month", 1, 31, 31, NULL, NULL,
                                 "1-31, L, L-1 to L-30, LW, 1W to 31W or ?" },
        [FIELD_MONTH] = { "month", 1, 12, 12, month_names, month_full_names, "1-12 or JAN-DEC" },
        [FIELD_DAY_OF_WEEK] = { "day-of-week", 1, 7, 7, weekday_names, weekday_full_names,
                                "1-7 or SUN-SAT with 1 = SUN, L, 1L to 7L, 1#1 to 7#5 or ?" },
        [FIELD_YEAR] = { "year", CRON_YEAR_FIRST, CRON_YEAR_LAST, 9999, NULL, NULL, "1970-2199" },
};

/* A field that is being parsed, with its error message. */
struct reader {
        const struct field *field;
        const char *text; /* the whole field */
        char **error;
};

/* Sets the message "FIELD: 'VALUE' REASON; allowed: RANGE" and returns false. */
__attribute__((format(printf, 3, 4))) static bool refuse(struct reader *reader, const char *value,
                                                         const char *format, ...)
{
        _cleanup_free_ char *reason = NULL;
        va_list arguments;

        va_start(arguments, format);
        reason = xvasprintf(format, arguments);
        va_end(arguments);
        *reader->error = xasprintf("%s: '%s' %s; allowed: %s", reader->field->name, value, reason,
                                   reader->field->allowed);
        return false;
}

const char *cron_field_name(enum cron_field field)
{
        return fields[field].name;
}

static bool find_name(const char *const *names, const struct field *field, const char *text,
                      int *ret)
{
        for (int i = 0; names && i <= field->most - field->least; i++) {
                if (strcasecmp(names[i], text) == 0) {
                        *ret = field->least + i;
                        return true;
                }
        }
        return false;
}

/* A number or a name. */
static bool read_value(struct reader *reader, const char *text, int *ret, bool *ret_named)
{
        const struct field *field = reader->field;
        unsigned long long number;

        *ret_named = find_name(field->names, field, text, ret);
        if (*ret_named)
                return true;
        if (find_name(field->full_names, field, text, ret))
                return refuse(reader, text, "is not one of the short names, write %s",
                              field->names[*ret - field->least]);
        if (!*text)
                return refuse(reader, reader->text, "lacks a value");
        if (strspn(text, "0123456789") != strlen(text))
                return refuse(reader, text, "is not a value of this field");
        if (!parse_number(text, (unsigned long long)field->most, &number) ||
            number < (unsigned long long)field->least)
                return refuse(reader, text, "is out of range");
        *ret = (int)number;
        return true;
}

static bool read_step(struct reader *reader, const char *text, int *ret)
{
        unsigned long long number;

        if (!*text)
                return refuse(reader, reader->text, "lacks a step after '/'");
        if (!parse_number(text, (unsigned long long)reader->field->step_most, &number) || !number)
                return refuse(reader, reader->text, "has the step '%s', a step is 1-%d", text,
                              reader->field->step_most);
        *ret = (int)number;
        return true;
}

/* "a-b"; with b < a the range wraps around at the end of the field, except for years. */
static bool read_range(struct reader *reader, const char *text, const char *dash, int *ret_first,
                       int *ret_last)
{
        _cleanup_free_ char *first = xstrndup(text, (size_t)(dash - text));
        bool first_named, last_named;

        if (!read_value(reader, first, ret_first, &first_named) ||
            !read_value(reader, dash + 1, ret_last, &last_named))
                return false;
        if (first_named != last_named)
                return refuse(reader, text, "mixes a name and a number in one range");
        if (reader->field == &fields[FIELD_YEAR] && *ret_first > *ret_last)
                return refuse(reader, text, "runs backwards");
        return true;
}

/* Adds first, first + step, ... up to last; with last < first it wraps around. */
static void add_range(const struct field *field, struct set *set, int first, int last, int step)
{
        int size = field->most - field->least + 1;
        int reach = last >= first ? last : last + size;

        for (int value = first; value <= reach; value += step) {
                unsigned bit = (unsigned)((value - field->least) % size);

                set->words[bit / 64] |= UINT64_C(1) << (bit % 64);
        }
}

/* Refuses ?, L, W and # of Quartz within a list: only the day fields allow them, and only alone. */
static bool refuse_letters(struct reader *reader, const char *item)
{
        bool of_month = reader->field == &fields[FIELD_DAY_OF_MONTH];
        bool of_week = reader->field == &fields[FIELD_DAY_OF_WEEK];

        if (strchr(item, '?'))
                return refuse(reader, reader->text,
                              "has a '?', which stands alone, in day-of-month or day-of-week");
        if (of_week && strchr(item, '#'))
                return refuse(reader, reader->text, "has a '#', which stands alone, as in 6#3");
        if (of_week && strlen(item) > 1 && strpbrk(item, "Ll"))
                return refuse(reader, reader->text, "has an 'L', which stands alone, as in 6L");
        if (of_month && strpbrk(item, "LlWw"))
                return refuse(reader, reader->text,
                              "has an 'L' or 'W', which stand alone, as in L, L-3, LW or 15W");
        return true;
}

/* A value, a range or "*", each with or without a step. */
static bool read_item(struct reader *reader, char *item, struct set *set)
{
        const struct field *field = reader->field;
        char *slash = strchr(item, '/'), *dash;
        int first = field->least, last = field->most, step = 1;
        bool named;

        if (!*item)
                return refuse(reader, reader->text, "has an empty item");
        if (!refuse_letters(reader, item))
                return false;
        if (slash) {
                *slash = '\0';
                if (!read_step(reader, slash + 1, &step))
                        return false;
        }
        dash = strchr(item, '-');
        if (dash && !read_range(reader, item, dash, &first, &last))
                return false;
        if (!dash && !streq(item, "*")) {
                if (!read_value(reader, item, &first, &named))
                        return false;
                if (!slash)
                        last = first;
        }
        add_range(field, set, first, last, step);
        return true;
}

static bool read_list(struct reader *reader, struct set *ret)
{
        _cleanup_free_ char *copy = xstrdup(reader->text);
        char *rest = copy, *item;

        *ret = (struct set){};
        while ((item = strsep(&rest, ",")))
                if (!read_item(reader, item, ret))
                        return false;
        return true;
}

static bool set_rule(struct cron *cron, enum cron_day_rule rule, int number, int weekday)
{
        cron->day_rule = rule;
        cron->number = number;
        cron->weekday = weekday;
        return true;
}

/* 1 to `most`, the only digits of text[0..n). */
static bool small_number(const char *text, size_t n, int most, int *ret)
{
        _cleanup_free_ char *digits = xstrndup(text, n);
        unsigned long long number;

        if (!parse_number(digits, (unsigned long long)most, &number) || !number)
                return false;
        *ret = (int)number;
        return true;
}

/* L, LW, L-n, nW; *ret_known: the text is one of these. */
static bool read_month_days(struct reader *reader, struct cron *cron, bool *ret_known)
{
        const char *text = reader->text;
        size_t n = strlen(text);
        int number;

        *ret_known = true;
        if (strcasecmp(text, "L") == 0)
                return set_rule(cron, CRON_LAST_DAY, 0, 0);
        if (strcasecmp(text, "LW") == 0)
                return set_rule(cron, CRON_LAST_WORKDAY, 0, 0);
        if (strncasecmp(text, "L-", 2) == 0) {
                if (!small_number(text + 2, n - 2, 30, &number))
                        return refuse(reader, text, "is out of range");
                return set_rule(cron, CRON_LAST_DAY, number, 0);
        }
        if (n > 1 && toupper((unsigned char)text[n - 1]) == 'W' &&
            strspn(text, "0123456789") == n - 1) {
                if (!small_number(text, n - 1, 31, &number))
                        return refuse(reader, text, "is out of range");
                return set_rule(cron, CRON_NEAREST_WORKDAY, number, 0);
        }
        *ret_known = false;
        return true;
}

/* L, dL, d#k, where d is a number or a name. */
static bool read_weekday_rule(struct reader *reader, struct cron *cron, bool *ret_known)
{
        const char *text = reader->text, *hash = strchr(text, '#');
        size_t n = strlen(text);
        bool last = n && toupper((unsigned char)text[n - 1]) == 'L', named;
        size_t day_size = hash ? (size_t)(hash - text) : n - last;
        _cleanup_free_ char *day = xstrndup(text, day_size);
        int weekday = 0, number;

        *ret_known = (hash || last) && !strpbrk(text, ",/");
        if (!*ret_known)
                return true;
        if (last && n == 1) {
                cron->weekdays = 1 << 6; /* the last day of the week, every week */
                return set_rule(cron, CRON_DAYS_OF_WEEK, 0, 0);
        }
        if (strchr(day, '-'))
                return refuse(reader, text, "has an 'L' or '#' after a range");
        if (!read_value(reader, day, &weekday, &named))
                return false;
        if (!hash)
                return set_rule(cron, CRON_LAST_WEEKDAY, 0, weekday - 1);
        if (!small_number(hash + 1, strlen(hash + 1), 5, &number))
                return refuse(reader, text, "asks for a week other than 1-5");
        return set_rule(cron, CRON_NTH_WEEKDAY, number, weekday - 1);
}

static bool read_days(struct reader *reader, enum cron_field field, struct cron *cron)
{
        bool of_month = field == FIELD_DAY_OF_MONTH, known;
        struct set set;

        if (streq(reader->text, "?"))
                return true;
        if (!(of_month ? read_month_days : read_weekday_rule)(reader, cron, &known))
                return false;
        if (known)
                return true;
        if (!read_list(reader, &set))
                return false;
        if (of_month)
                cron->days = (uint32_t)(set.words[0] << 1);
        else
                cron->weekdays = (uint8_t)set.words[0];
        return set_rule(cron, of_month ? CRON_DAYS_OF_MONTH : CRON_DAYS_OF_WEEK, 0, 0);
}

bool cron_field_parse(enum cron_field field, const char *text, struct cron *cron, char **ret_error)
{
        struct reader reader = { &fields[field], text, ret_error };
        struct set set;

        if (field == FIELD_DAY_OF_MONTH || field == FIELD_DAY_OF_WEEK)
                return read_days(&reader, field, cron);
        if (!read_list(&reader, &set))
                return false;
        if (field == FIELD_MINUTES)
                cron->minutes = set.words[0];
        else if (field == FIELD_HOURS)
                cron->hours = (uint32_t)set.words[0];
        else if (field == FIELD_MONTH)
                cron->months = (uint16_t)(set.words[0] << 1);
        else
                memcpy(cron->years, set.words, sizeof(cron->years));
        return true;
}
