/* Writes lines to the journal or to stderr. */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clean.h"
#include "base/cleanup.h"

static bool to_journal;
static int max_priority = LOG_INFO;

void log_set_max_priority(int priority)
{
        max_priority = priority;
}

void log_open(void)
{
        /* systemd.exec(5): $JOURNAL_STREAM has device and inode of the journal's stream. */
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;

        to_journal = stream &&
                     sscanf(stream, "%llu:%llu", &device, &inode) == 2 && /* NOLINT(cert-err34-c) */
                     fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static void send_journal(int priority, const char *id, const struct log_about *about,
                         const char *message)
{
        const struct {
                const char *name, *value;
        } fields[] = {
                { "MESSAGE", message },
                { "MESSAGE_ID", id },
                { "AMID_SCHEDULE", about->schedule },
                { "AMID_RUN", about->run },
                { "AMID_INSTANCE", about->instance },
                { "AMID_IMAGE", about->image },
                { "AMID_ACCOUNT", about->account },
                { "AMID_REGION", about->region },
                { "AWS_ACTION", about->action },
                { "AWS_ERROR", about->error },
                { "AWS_REQUEST_ID", about->request_id },
        };
        struct iovec parts[ELEMENTS(fields) + 2];
        int n = 0;

        for (size_t i = 0; i < ELEMENTS(fields); i++) {
                _cleanup_free_ char *value = NULL;

                if (!fields[i].value || !*fields[i].value)
                        continue;
                value = text_clean(fields[i].value, CLEAN_REPLY_MAX);
                parts[n].iov_base = xasprintf("%s=%s", fields[i].name, value);
                parts[n].iov_len = strlen(parts[n].iov_base);
                n++;
        }
        parts[n].iov_base = xasprintf("PRIORITY=%d", priority);
        parts[n].iov_len = strlen(parts[n].iov_base);
        n++;
        parts[n].iov_base = xstrdup("SYSLOG_IDENTIFIER=amid");
        parts[n].iov_len = strlen(parts[n].iov_base);
        n++;
        sd_journal_sendv(parts, n);
        for (int i = 0; i < n; i++)
                free(parts[i].iov_base);
}

__attribute__((format(printf, 4, 0))) static void log_message(int priority, const char *id,
                                                              const struct log_about *about,
                                                              const char *format, va_list arguments)
{
        static const struct log_about nothing;
        _cleanup_free_ char *message = NULL;

        if (priority > max_priority)
                return;
        message = xvasprintf(format, arguments);
        text_clean_replace(&message, CLEAN_LINE_MAX);
        if (to_journal)
                send_journal(priority, id, about ? about : &nothing, message);
        else
                fprintf(stderr, "amid: %s\n", message);
}

void log_line(int priority, const struct log_about *about, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        log_message(priority, NULL, about, format, arguments);
        va_end(arguments);
}

void log_event(const struct log_event *event, const struct log_about *about, const char *format,
               ...)
{
        va_list arguments;

        va_start(arguments, format);
        log_message(event->priority, event->id, about, format, arguments);
        va_end(arguments);
}
