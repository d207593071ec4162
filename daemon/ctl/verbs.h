/* The verbs of amictl as a table, for the parser, --help, the manual and ctl_main(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "base/time.h"
#include "ctl/terminal.h"
#include "loop/loop.h"

/* Exit statuses. */
enum { CTL_DONE, CTL_FAILED, CTL_USAGE, CTL_UNREACHABLE };

/* Options of verbs, as bits for struct verb.options. */
enum ctl_option {
        OPTION_TIMEZONE = 1 << 0,
        OPTION_FROM = 1 << 1,
        OPTION_COUNT = 1 << 2,
        OPTION_INSTANCE = 1 << 3,
        OPTION_WAIT = 1 << 4,
        OPTION_DRY_RUN = 1 << 5,
        OPTION_DAYS = 1 << 6,
        OPTION_ALL = 1 << 7,
        OPTION_API = 1 << 8,
        OPTION_ABANDON = 1 << 9,
};

struct ctl {
        const char *file, *socket; /* socket NULL: the default one */
        bool json, help, version;

        const char *timezone, *from; /* NULL: not given */
        unsigned int count, days;    /* 0: not given */
        bool wait, dry_run, all, api, abandon;
        char **instances;
        size_t n_instances;

        char **words; /* the verb and its arguments */
        size_t n_words;

        struct loop *loop; /* the clock */
        struct terminal out;
};

struct verb {
        const char *name;
        const char *arguments; /* for the synopsis, without options */
        const char *help;      /* one line */
        const char *text;      /* a paragraph for the manual */
        unsigned int min, max; /* number of arguments */
        unsigned int options;  /* enum ctl_option */
        bool daemon;           /* needs a running daemon */
        int (*run)(struct ctl *ctl, char **arguments, size_t n);
};

/* Ends with an empty row. */
extern const struct verb verbs[];
const struct verb *verb_find(const char *name);

/* Parses the command line. False with a message in `error` for a wrong one. */
bool ctl_parse(struct ctl *ctl, int argc, char **argv, struct text *error);
void ctl_done(struct ctl *ctl);
/* Prints the help of a verb; NULL: of all verbs. */
void ctl_print_help(const struct verb *verb, FILE *stream);
/* Appends verbs and options for man/amictl.1 (mdoc). */
void ctl_print_manual(struct text *text);
/* The main function of amictl. Returns the exit status. */
int ctl_main(int argc, char **argv);

/* Verbs, by the file they are in. */
int verb_check(struct ctl *ctl, char **arguments, size_t n);
int verb_calendar(struct ctl *ctl, char **arguments, size_t n);
int verb_next(struct ctl *ctl, char **arguments, size_t n);
int verb_policy(struct ctl *ctl, char **arguments, size_t n);
int verb_plan(struct ctl *ctl, char **arguments, size_t n);
int verb_whoami(struct ctl *ctl, char **arguments, size_t n);
int verb_status(struct ctl *ctl, char **arguments, size_t n);
int verb_runs(struct ctl *ctl, char **arguments, size_t n);
int verb_show(struct ctl *ctl, char **arguments, size_t n);
int verb_images(struct ctl *ctl, char **arguments, size_t n);
int verb_run(struct ctl *ctl, char **arguments, size_t n);
int verb_watch(struct ctl *ctl, char **arguments, size_t n);
int verb_prune(struct ctl *ctl, char **arguments, size_t n);
int verb_adopt(struct ctl *ctl, char **arguments, size_t n);
int verb_pause(struct ctl *ctl, char **arguments, size_t n);
int verb_resume(struct ctl *ctl, char **arguments, size_t n);
int verb_cancel(struct ctl *ctl, char **arguments, size_t n);
int verb_reload(struct ctl *ctl, char **arguments, size_t n);
