/*
 * The log: a line for each failure, with fields to select lines by.
 *
 * Under systemd (stderr is the journal) a line is sent with sd_journal_sendv and has the fields
 * below, AMID_SCHEDULE= and so on; elsewhere it is printed to stderr. No field has a secret or a
 * signed header.
 *
 * Message and fields are cleaned (base/clean.h), so text from outside cannot add lines, and
 * journalctl does not hide a line as "blob data".
 *
 * Only runs/, control/ and the programs log; other folders return errors.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <syslog.h>

/* The fields of a line. NULL fields are left out. */
struct log_about {
        const char *schedule, *run, *instance, *image, *account, *region;
        const char *action, *error, *request_id; /* AWS_ACTION= AWS_ERROR= AWS_REQUEST_ID= */
};

/* A kind of event: a row of a table, which is printed into the message catalog. */
struct log_event {
        const char *name;    /* "image-available", stable */
        const char *id;      /* MESSAGE_ID, 32 hex digits, stable */
        int priority;        /* LOG_ERR ... of syslog.h */
        const char *subject; /* catalog: one line */
        const char *help;    /* catalog: meaning and remedy */
};

void log_line(int priority, const struct log_about *about, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* `about` may be NULL. */
void log_event(const struct log_event *event, const struct log_about *about, const char *format,
               ...) __attribute__((format(printf, 3, 4)));

/* Lines above this priority are dropped. The default is LOG_INFO. */
void log_set_max_priority(int priority);
/* Chooses the journal when stderr is connected to it. Called once by the daemon; without this call
 * lines go to stderr. */
void log_open(void);
