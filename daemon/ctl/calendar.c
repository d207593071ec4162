#include "ctl/calendar.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "base/text.h"

void calendar_done(struct calendar *calendar)
{
        zone_unref(calendar->schedule.zone);
        *calendar = (struct calendar){};
}

bool calendar_read_time(const char *text, const struct zone *zone, sec_t *ret)
{
        struct civil civil;

        if (parse_rfc3339(text, ret))
                return true;
        if (!parse_civil(text, &civil))
                return false;
        zone_from_local(zone, sec_from_civil(&civil), ret); /* in a gap: the end of it */
        return true;
}

static char *zone_problem(const char *name, int r)
{
        _cleanup_free_ char *near = r == -ENOENT ? zone_closest(name) : NULL;

        if (r == -ENOENT || r == -EINVAL)
                return xasprintf("unknown time zone \"%s\"%s%s%s", name,
                                 near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
        return xasprintf("time zone \"%s\" cannot be read: %s", name, strerror(-r));
}

bool calendar_read(const char *expression, const char *timezone, const char *from, sec_t now,
                   struct calendar *ret, char **ret_error)
{
        _cleanup_(calendar_done) struct calendar calendar = { .from = now };
        int r;

        if (!timezone || !*timezone)
                timezone = "UTC";
        if (!expression_parse(expression, &calendar.schedule.expression, ret_error))
                return false;
        r = zone_load(timezone, &calendar.schedule.zone);
        if (r < 0) {
                *ret_error = zone_problem(timezone, r);
                return false;
        }
        if (from && *from && !calendar_read_time(from, calendar.schedule.zone, &calendar.from)) {
                *ret_error = xasprintf("\"%s\" is no time of the form 2027-01-01T00:00:00Z", from);
                return false;
        }
        calendar.schedule.start = calendar.schedule.end = SEC_NONE;
        calendar.schedule.anchor = calendar.from;
        *ret = calendar;
        (void)steal(calendar.schedule.zone);
        return true;
}

sec_t calendar_next(struct calendar *calendar)
{
        sec_t next = calendar->from == SEC_NEVER
                             ? SEC_NEVER
                             : schedule_next(&calendar->schedule, calendar->from);

        calendar->from = next;
        return next;
}

/* ---- batches ---- */

static void print_invalid(FILE *output, const char *message)
{
        _cleanup_free_ char *clean = text_clean(message, CLEAN_LINE_MAX);

        fprintf(output, "invalid: %s\n", clean);
}

static void answer_line(char *line, FILE *output, const char *timezone, const char *from, sec_t now,
                        unsigned int count)
{
        _cleanup_(calendar_done) struct calendar calendar = {};
        _cleanup_free_ char *error = NULL;
        char *rest = line, buffer[TIME_TEXT_MAX];
        const char *expression = strsep(&rest, "\t");
        const char *zone = rest ? strsep(&rest, "\t") : NULL;
        const char *time = rest ? strsep(&rest, "\t") : NULL;
        sec_t next;

        if (rest)
                error = xstrdup("more than three fields");
        if (error || !calendar_read(expression, zone && *zone ? zone : timezone,
                                    time && *time ? time : from, now, &calendar, &error)) {
                print_invalid(output, error);
                return;
        }
        next = calendar_next(&calendar);
        fputs(next == SEC_NEVER ? "never" : format_rfc3339(next, buffer), output);
        for (unsigned int i = 1; i < count && next != SEC_NEVER; i++) {
                next = calendar_next(&calendar);
                if (next != SEC_NEVER)
                        fprintf(output, "\t%s", format_rfc3339(next, buffer));
        }
        fputc('\n', output);
}

/* Reads a line without its end into `buffer`. Longer ones are read over and told by *ret_long. */
static bool read_line(FILE *input, char buffer[static CALENDAR_LINE_MAX + 1], bool *ret_bad)
{
        size_t n = 0;
        int c = getc_unlocked(input);

        if (c == EOF)
                return false;
        *ret_bad = false;
        for (; c != EOF && c != '\n'; c = getc_unlocked(input)) {
                if (n == CALENDAR_LINE_MAX || !c)
                        *ret_bad = true;
                else
                        buffer[n++] = (char)c;
        }
        if (n && buffer[n - 1] == '\r')
                n--;
        buffer[n] = '\0';
        return true;
}

bool calendar_batch(FILE *input, FILE *output, const char *timezone, const char *from, sec_t now,
                    unsigned int count)
{
        _cleanup_free_ char *line = xcalloc(1, CALENDAR_LINE_MAX + 1);
        bool bad;

        while (read_line(input, line, &bad)) {
                if (bad)
                        fprintf(output, "invalid: a line has at most %d bytes, none of them NUL\n",
                                CALENDAR_LINE_MAX);
                else
                        answer_line(line, output, timezone, from, now, count);
        }
        return !ferror(input) && fflush(output) == 0 && !ferror(output);
}
