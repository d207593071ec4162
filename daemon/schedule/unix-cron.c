/* Translates Unix cron into cron(). */
#include "schedule/unix-cron.h"

#include <ctype.h>

#include "base/alloc.h"
#include "base/text.h"

/* Replaces numbers by names of weekdays, except after '/', where they are steps. NULL for a day
 * > 7. */
static char *name_weekdays(const char *field)
{
        static const char *const names[] = {
                "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"
        };
        _cleanup_(text_done) struct text text = {};
        char before = '\0';

        if (streq(field, "0-7") || streq(field, "1-7") || streq(field, "0-6"))
                return xstrdup("*");
        for (; *field; before = *field++) {
                if (!isdigit((unsigned char)*field) || before == '/' || isdigit(before)) {
                        text_printf(&text, "%c", *field);
                        continue;
                }
                if (*field > '7' || isdigit((unsigned char)field[1]))
                        return NULL;
                text_append(&text, names[*field - '0']);
        }
        return text_steal(&text);
}

size_t unix_cron_translate(char *const fields[static 5], char *ret[static 2])
{
        _cleanup_free_ char *weekdays = name_weekdays(fields[4]);
        size_t n = 0;

        if (!weekdays)
                return 0;
        if (!streq(fields[2], "*") || streq(weekdays, "*"))
                ret[n++] = xasprintf("cron(%s %s %s %s ? *)", fields[0], fields[1], fields[2],
                                     fields[3]);
        if (!streq(weekdays, "*"))
                ret[n++] = xasprintf("cron(%s %s ? %s %s *)", fields[0], fields[1], fields[3],
                                     weekdays);
        return n;
}
