/* amid: the daemon. Arguments, construction, exit status; everything else is in the folders. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "aws/client/aws.h"
#include "aws/config/configured.h"
#include "base/alloc.h"
#include "base/clean.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "control/control.h"
#include "http/http.h"
#include "loop/loop.h"
#include "runs/events/events.h"
#include "runs/manager/manager.h"
#include "settings/settings.h"
#include "store/store.h"

#define SETTINGS_FILE "/etc/amid/amid.yaml"

struct daemon {
        const char *file;
        struct loop *loop;
        struct manager *manager;
        struct control *control;
        bool stopping;
};

static void print_messages(struct text *messages, int priority)
{
        _cleanup_free_ char *copy = xstrdup(text_get(messages));
        char *rest = copy;

        for (char *line; (line = strsep(&rest, "\n"));)
                if (*line)
                        log_line(priority, NULL, "%s", line);
}

static int check(const char *file)
{
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(text_done) struct text messages = {};
        int r;

        r = settings_load(file, &settings, &messages);
        fputs(text_get(&messages), r < 0 ? stderr : stdout);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* New settings beside the old ones; swapped only when they are whole. */
static int reload(struct text *messages, void *userdata)
{
        struct daemon *daemon = userdata;
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        int r;

        loop_notify(daemon->loop, "RELOADING=1\nMONOTONIC_USEC=%lld",
                    (long long)loop_monotonic(daemon->loop));
        control_reload(daemon->control);
        r = settings_load(daemon->file, &settings, messages);
        if (r < 0) {
                log_event(&events[EVENT_RELOAD_FAILED], NULL,
                          "The settings in %s were refused; the old ones stay in force.",
                          daemon->file);
                print_messages(messages, LOG_ERR);
        } else {
                manager_apply(daemon->manager, settings);
                print_messages(messages, LOG_WARNING);
                log_event(&events[EVENT_RELOADED], NULL,
                          "The settings in %s are in force: %zu schedule%s.", daemon->file,
                          settings->n_schedules, settings->n_schedules == 1 ? "" : "s");
        }
        loop_notify(daemon->loop, "READY=1");
        return r;
}

static void on_reload(int number, void *userdata)
{
        _cleanup_(text_done) struct text messages = {};

        (void)number;
        reload(&messages, userdata);
}

static void on_closed(void *userdata)
{
        struct daemon *daemon = userdata;

        loop_exit(daemon->loop, EXIT_SUCCESS);
}

/* The first time what is held for an image is let go first; a second signal does not wait for it.
 */
static void on_stop(int number, void *userdata)
{
        struct daemon *daemon = userdata;
        bool again = daemon->stopping;

        log_event(&events[EVENT_STOPPED], NULL, "Stopping on %s%s.",
                  strsignal(number), /* NOLINT(concurrency-mt-unsafe) */
                  again ? ", at once" : "");
        daemon->stopping = true;
        loop_notify(daemon->loop, "STOPPING=1");
        if (again || manager_close(daemon->manager, on_closed, daemon))
                loop_exit(daemon->loop, EXIT_SUCCESS);
}

static int failed(const char *to, int r)
{
        log_line(LOG_ERR, NULL, "Cannot %s: %s.", to,
                 strerror(-r)); /* NOLINT(concurrency-mt-unsafe) */
        return r;
}

static int watch_signals(struct daemon *daemon)
{
        int r;

        if ((r = loop_on_signal(daemon->loop, SIGTERM, on_stop, daemon)) < 0 ||
            (r = loop_on_signal(daemon->loop, SIGINT, on_stop, daemon)) < 0 ||
            (r = loop_on_signal(daemon->loop, SIGHUP, on_reload, daemon)) < 0)
                return failed("watch for signals", r);
        r = loop_start_watchdog(daemon->loop);
        return r < 0 ? failed("answer to the watchdog", r) : 0;
}

/* Logs an error that comes with a message of its own. */
static int reported(int r, const char *error)
{
        log_line(LOG_ERR, NULL, "%s", error);
        return r;
}

static int serve(const char *file)
{
        _cleanup_(loop_freep) struct loop *loop = NULL;
        _cleanup_(http_freep) struct http *http = NULL;
        _cleanup_(aws_freep) struct aws *aws = NULL;
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(settings_unrefp) struct settings *settings = NULL;
        _cleanup_(manager_freep) struct manager *manager = NULL;
        _cleanup_(control_freep) struct control *control = NULL;
        _cleanup_(text_done) struct text messages = {};
        _cleanup_free_ char *error = NULL;
        _cleanup_free_ char *socket = control_default_path();
        _cleanup_free_ char *ca_bundle = NULL;
        const char *state = getenv("STATE_DIRECTORY");
        struct daemon daemon = { .file = file };
        int r;

        r = settings_load(file, &settings, &messages);
        print_messages(&messages, r < 0 ? LOG_ERR : LOG_WARNING);
        if (r < 0)
                return r;
        r = configured_ca_bundle(&ca_bundle, &error);
        if (r < 0)
                return reported(r, error);
        r = store_open(state ? state : "/var/lib/amid", &store, &error);
        if (r < 0)
                return reported(r, error);
        if ((r = loop_new(&loop)) < 0 ||
            (r = http_new(loop,
                          &(struct http_options){ .user_agent = "amid/" AMID_VERSION,
                                                  .ca_bundle = ca_bundle },
                          &http)) < 0 ||
            (r = aws_new(loop, http, &aws)) < 0)
                return failed("start the event loop", r);
        manager = manager_new(loop, store, aws);
        daemon.loop = loop;
        daemon.manager = manager;
        r = control_new(&(struct control_options){ .loop = loop,
                                                   .manager = manager,
                                                   .store = store,
                                                   .path = socket,
                                                   .reload = reload,
                                                   .userdata = &daemon },
                        &control, &error);
        if (r < 0)
                return reported(r, error);
        daemon.control = control;
        r = watch_signals(&daemon);
        if (r < 0)
                return r;
        manager_apply(manager, settings);
        log_event(&events[EVENT_STARTED], NULL, "amid %s is running with %zu schedule%s of %s.",
                  AMID_VERSION, settings->n_schedules, settings->n_schedules == 1 ? "" : "s", file);
        loop_notify(loop, "READY=1");
        r = loop_run(loop);
        manager_stop(manager);
        return r < 0 ? failed("go on", r) : r;
}

static void usage(FILE *file)
{
        fputs("Usage: amid [-c FILE] [--check]\n\n"
              "Keeps images of EC2 instances by the schedules of FILE (" SETTINGS_FILE ").\n"
              "Runs in the foreground, for systemd; amictl(1) talks to it.\n\n"
              "  -c, --config FILE  settings to use\n"
              "      --check        check the settings and exit\n"
              "  -d, --debug        log each step of each run\n"
              "      --version      print release and commit, and exit\n"
              "  -h, --help         print this and exit\n",
              file);
}

static void complain(const char *what, const char *argument)
{
        _cleanup_free_ char *clean = text_clean(argument, CLEAN_LINE_MAX);

        fprintf(stderr, "amid: %s %s\n", what, clean);
        usage(stderr);
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' }, { "check", no_argument, NULL, 'C' },
                { "debug", no_argument, NULL, 'd' },        { "version", no_argument, NULL, 'V' },
                { "help", no_argument, NULL, 'h' },         {},
        };
        const char *file = SETTINGS_FILE;
        bool only_check = false;
        int option;

        opterr = 0; /* getopt prints what it was given as it is */
        while ((option = getopt_long(argc, argv, "c:dh", options, NULL)) >=
               0) { /* NOLINT(concurrency-mt-unsafe) */
                switch (option) {
                case 'c':
                        file = optarg;
                        break;
                case 'C':
                        only_check = true;
                        break;
                case 'd':
                        log_set_max_priority(LOG_DEBUG);
                        break;
                case 'V':
                        printf("amid %s\n", version_text);
                        return EXIT_SUCCESS;
                case 'h':
                        usage(stdout);
                        return EXIT_SUCCESS;
                default:
                        complain("cannot take the option", argv[optind - 1]);
                        return 2;
                }
        }
        if (optind < argc) {
                complain("unexpected argument", argv[optind]);
                return 2;
        }
        if (only_check)
                return check(file);
        log_open();
        umask(077); /* whatever starts it: the state is nobody else's */
        return serve(file) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
