/* The lines of a history, and base/log.h on top of them. */
#include "sim/simulation/trace.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/time.h"

enum { KEPT = 512, LINE_ROOM = 400 };

struct line {
        usec_t time;
        char text[LINE_ROOM];
};

struct trace {
        const struct virtual_clock *clock;
        FILE *print;
        trace_journal_fn *journal;
        void *userdata;
        bool mute;
        uint64_t hash, n;
        struct line lines[KEPT]; /* a ring */
};

/* The trace that gets the journal: base/log.h has no handle. */
static struct trace *listening;

struct trace *trace_new(const struct virtual_clock *clock, FILE *print)
{
        struct trace *trace = xnew(struct trace);

        assert(!listening);
        trace->clock = clock;
        trace->print = print;
        trace->hash = 14695981039346656037U;
        listening = trace;
        return trace;
}

struct trace *trace_free(struct trace *trace)
{
        if (listening == trace)
                listening = NULL;
        free(trace);
        return NULL;
}

void trace_on_journal(struct trace *trace, trace_journal_fn *callback, void *userdata)
{
        trace->journal = callback;
        trace->userdata = userdata;
}

void trace_mute(struct trace *trace, bool mute)
{
        trace->mute = mute;
}

static void print_line(FILE *file, const struct line *line)
{
        char time[TIME_TEXT_MAX];

        fprintf(file, "%s.%03d %s\n", format_rfc3339(line->time / USEC_PER_SEC, time),
                (int)(line->time / USEC_PER_MSEC % 1000), line->text);
}

/* FNV-1a. */
static void stir(struct trace *trace, const void *data, size_t size)
{
        const unsigned char *bytes = data;

        for (size_t i = 0; i < size; i++)
                trace->hash = (trace->hash ^ bytes[i]) * 1099511628211U;
}

static void add_line(struct trace *trace, const char *prefix, const char *format, va_list arguments)
{
        struct line *line = &trace->lines[trace->n++ % KEPT];
        size_t length = strlen(prefix);

        line->time = virtual_true_time(trace->clock);
        memcpy(line->text, prefix, length);
        (void)vsnprintf(line->text + length, sizeof(line->text) - length, format, arguments);
        stir(trace, &line->time, sizeof(line->time));
        stir(trace, line->text, strlen(line->text));
        if (trace->print)
                print_line(trace->print, line);
}

void trace_line(struct trace *trace, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        add_line(trace, "", format, arguments);
        va_end(arguments);
}

uint64_t trace_hash(const struct trace *trace)
{
        return trace->hash;
}

uint64_t trace_lines(const struct trace *trace)
{
        return trace->n;
}

void trace_print_last(const struct trace *trace, FILE *file, unsigned int n)
{
        uint64_t from = trace->n > KEPT ? trace->n - KEPT : 0;

        if (n < trace->n - from)
                from = trace->n - n;
        for (; from < trace->n; from++)
                print_line(file, &trace->lines[from % KEPT]);
}

/* ---- base/log.h ---- */

static const char *prefix_of(const struct log_event *event, int priority)
{
        static const char *const prefixes[] = { "  0 ", "  1 ", "  2 ", "  E ",
                                                "  W ", "  N ", "  i ", "  d " };

        return prefixes[event ? event->priority : priority];
}

static void to_journal(const struct log_event *event, int priority, const struct log_about *about,
                       const char *format, va_list arguments)
{
        struct trace *trace = listening;
        const char *prefix = prefix_of(event, priority);

        if (!trace || trace->mute)
                return;
        add_line(trace, prefix, format, arguments);
        if (trace->journal && (event || priority < LOG_INFO))
                trace->journal(event, about,
                               trace->lines[(trace->n - 1) % KEPT].text + strlen(prefix),
                               trace->userdata);
}

void log_line(int priority, const struct log_about *about, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        to_journal(NULL, priority, about, format, arguments);
        va_end(arguments);
}

void log_event(const struct log_event *event, const struct log_about *about, const char *format,
               ...)
{
        va_list arguments;

        va_start(arguments, format);
        to_journal(event, event->priority, about, format, arguments);
        va_end(arguments);
}

void log_set_max_priority(int priority)
{
        (void)priority;
}

void log_open(void)
{
}
