/* Firings of an expression, single and in batches. */
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

/* The reason why an at() has no time in the zone, or NULL. */
static char *skipped_time(const struct schedule *schedule)
{
        if (schedule->expression.kind != EXPRESSION_AT)
                return NULL;
        return zone_skipped(schedule->zone, sec_from_civil(&schedule->expression.at));
}

bool calendar_read_time(const char *text, const struct zone *zone, sec_t *ret)
{
        struct civil civil;

        if (parse_rfc3339(text, ret))
                return true;
        if (!parse_civil(text, &civil))
                return false;
        zone_from_local(zone, sec_from_civil(&civil), ret); /* in a gap: its end */
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
        *ret_error = skipped_time(&calendar.schedule);
        if (*ret_error)
                return false;
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

cJSON *calendar_describe(struct calendar *calendar, const char *expression, unsigned int count)
{
        cJSON *document = cJSON_CreateObject();
        cJSON *firings;
        char buffer[TIME_TEXT_MAX];
        sec_t next;

        cJSON_AddStringToObject(document, "expression", expression);
        cJSON_AddStringToObject(document, "timezone", zone_name(calendar->schedule.zone));
        firings = cJSON_AddArrayToObject(document, "firings");
        for (unsigned int i = 0; i < count && (next = calendar_next(calendar)) != SEC_NEVER; i++)
                cJSON_AddItemToArray(firings, cJSON_CreateString(format_rfc3339(next, buffer)));
        return document;
}

/* ---- batches ---- */

/* Prints a document and frees it. */
static void print_document(const struct calendar_batch *batch, cJSON *document)
{
        char *text = cJSON_PrintUnformatted(document);
        _cleanup_free_ char *safe = text_clean_json(text);

        fprintf(batch->output, "%s\n", safe);
        cJSON_free(text);
        cJSON_Delete(document);
}

/* `expression` NULL: the line has no readable expression. */
static void print_invalid(const struct calendar_batch *batch, const char *expression,
                          const char *message)
{
        _cleanup_free_ char *clean = text_clean(message, CLEAN_LINE_MAX);
        cJSON *document;

        if (!batch->json) {
                fprintf(batch->output, "invalid: %s\n", clean);
                return;
        }
        document = cJSON_CreateObject();
        if (expression)
                cJSON_AddStringToObject(document, "expression", expression);
        cJSON_AddStringToObject(document, "error", clean);
        print_document(batch, document);
}

static void print_firings(const struct calendar_batch *batch, struct calendar *calendar)
{
        sec_t next = calendar_next(calendar);
        char buffer[TIME_TEXT_MAX];

        fputs(next == SEC_NEVER ? "never" : format_rfc3339(next, buffer), batch->output);
        for (unsigned int i = 1; i < batch->count && next != SEC_NEVER; i++) {
                next = calendar_next(calendar);
                if (next != SEC_NEVER)
                        fprintf(batch->output, "\t%s", format_rfc3339(next, buffer));
        }
        fputc('\n', batch->output);
}

static void answer_line(const struct calendar_batch *batch, char *line)
{
        _cleanup_(calendar_done) struct calendar calendar = {};
        _cleanup_free_ char *error = NULL;
        char *rest = line;
        const char *expression = strsep(&rest, "\t");
        const char *zone = rest ? strsep(&rest, "\t") : NULL;
        const char *time = rest ? strsep(&rest, "\t") : NULL;

        if (rest)
                error = xstrdup("more than three fields");
        if (error ||
            !calendar_read(expression, zone && *zone ? zone : batch->timezone,
                           time && *time ? time : batch->from, batch->now, &calendar, &error))
                print_invalid(batch, expression, error);
        else if (batch->json)
                print_document(batch, calendar_describe(&calendar, expression, batch->count));
        else
                print_firings(batch, &calendar);
}

/* Reads a line without its end into `buffer`. A longer line is skipped, with *ret_bad set. */
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

bool calendar_batch(const struct calendar_batch *batch)
{
        _cleanup_free_ char *line = xcalloc(1, CALENDAR_LINE_MAX + 1);
        _cleanup_free_ char *too_long =
                xasprintf("a line has at most %d bytes, none of them NUL", CALENDAR_LINE_MAX);
        bool bad;

        while (read_line(batch->input, line, &bad)) {
                if (bad)
                        print_invalid(batch, NULL, too_long);
                else
                        answer_line(batch, line);
        }
        return !ferror(batch->input) && fflush(batch->output) == 0 && !ferror(batch->output);
}
