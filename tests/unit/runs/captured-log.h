/*
 * Log lines kept instead of printed: everything of base/log.h. Include it in one file of a program.
 * With $SHOW_LOG they are printed, too.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"

struct captured_line {
        const struct log_event *event; /* NULL: a plain line */
        int priority;
        char *message;
};

static struct {
        struct captured_line *lines;
        size_t n;
} captured;

static inline void capture(const struct log_event *event, int priority, const char *format,
                           va_list arguments)
{
        char *message = xvasprintf(format, arguments);

        if (getenv("SHOW_LOG")) /* NOLINT(concurrency-mt-unsafe) */
                fprintf(stderr, "%d: %s\n", priority, message);
        if (priority > LOG_INFO)
                free(message);
        else
                *append(captured.lines, captured.n) =
                        (struct captured_line){ event, priority, message };
}

void log_line(int priority, const struct log_about *about, const char *format, ...)
{
        va_list arguments;

        (void)about;
        va_start(arguments, format);
        capture(NULL, priority, format, arguments);
        va_end(arguments);
}

void log_event(const struct log_event *event, const struct log_about *about, const char *format,
               ...)
{
        va_list arguments;

        (void)about;
        va_start(arguments, format);
        capture(event, event->priority, format, arguments);
        va_end(arguments);
}

void log_set_max_priority(int priority)
{
        (void)priority;
}

void log_open(void)
{
}

static inline void captured_clear(void)
{
        for (size_t i = 0; i < captured.n; i++)
                free(captured.lines[i].message);
        free(captured.lines);
        captured.lines = NULL;
        captured.n = 0;
}

/* Lines of this kind of event. */
static inline size_t captured_events(const struct log_event *event)
{
        size_t n = 0;

        for (size_t i = 0; i < captured.n; i++)
                n += captured.lines[i].event == event;
        return n;
}

/* Lines that contain this text. */
static inline size_t captured_words(const char *words)
{
        size_t n = 0;

        for (size_t i = 0; i < captured.n; i++)
                n += strstr(captured.lines[i].message, words) != NULL;
        return n;
}

/* How many lines are more urgent than `priority`. */
static inline size_t captured_above(int priority)
{
        size_t n = 0;

        for (size_t i = 0; i < captured.n; i++)
                n += captured.lines[i].priority < priority;
        return n;
}
