/*
 * One failure is one line, with fields a machine can select by.
 *
 * Under systemd (stderr is the journal) a line goes out with sd_journal_sendv and carries the
 * fields below as AMID_SCHEDULE= and so on; elsewhere it is printed to stderr as text. No secret
 * and no signed header can get in: no field holds one.
 *
 * A line is one line whatever goes into it, and journalctl never hides it as "blob data": message
 * and fields are cleaned (base/clean.h).
 *
 * Only runs/, control/ and the programs log; other folders return what went wrong.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <syslog.h>

/* What a line is about. NULL fields are left out. */
struct log_about {
        const char *schedule, *run, *instance, *image, *account, *region;
        const char *action, *error, *request_id; /* AWS_ACTION= AWS_ERROR= AWS_REQUEST_ID= */
};

/* A kind of event that people look for: a row of a table, printed into the message catalog. */
struct log_event {
        const char *name;    /* "image-available", stable */
        const char *id;      /* MESSAGE_ID, 32 hex digits, stable */
        int priority;        /* LOG_ERR ... of syslog.h */
        const char *subject; /* catalog: one line */
        const char *help;    /* catalog: what it means and what to do */
};

void log_line(int priority, const struct log_about *about, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* `about` may be NULL. */
void log_event(const struct log_event *event, const struct log_about *about, const char *format,
               ...) __attribute__((format(printf, 3, 4)));

/* Lines above this priority are dropped (LOG_INFO at first). */
void log_set_max_priority(int priority);
/* Chooses between the journal and stderr; called once by the daemon. Without it: stderr. */
void log_open(void);
