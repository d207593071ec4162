/* What the files of the checker share. */
#pragma once

#include <uthash.h>

#include "base/time.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/fleet.h"
#include "sim/simulation/simulation.h"

/* An image the daemon has made, by its name: one firing, one instance. */
struct creation {
        UT_hash_handle hh, by_id; /* of checker->creations and checker->ids */
        char *name;
        char *id, *region, *instance, *schedule, *run;
        sec_t firing;
        usec_t made; /* monotonic */
        bool reboot;
        bool stopped;         /* its instance was, when it was made */
        usec_t asked;         /* by the true clock */
        bool released;        /* the journal says that the instance is waited for no more */
        bool taken_by_others; /* deregistered by somebody else */
        bool kept_by_others;  /* somebody has changed its tags: it is not ours any more */
        usec_t kept_at;       /* since when, monotonic */
        bool removed;         /* by the daemon */
        bool polled;          /* checker-budget.c: the daemon follows it to its end */
        usec_t polled_until;  /* monotonic; 0: it still is, or never was */
        bool awaited;         /* and waits for its instance */
        usec_t removed_at;
        usec_t unclear;   /* DeregisterImage last had an answer that tells nothing, monotonic */
        usec_t gone_at;   /* by whoever; 0: it is there */
        usec_t described; /* the daemon was last told about it by its id, monotonic; 0: never */
        usec_t uses_described; /* since when its uses are looked at, monotonic; 0: never */
        bool checked;          /* its label was found to be true */
        bool unkept;           /* no rule kept it when operators pruned in calm */
};

/* An instance that the daemon has stopped, until it says that it is back: checker-levels.c. */
struct stopped_instance {
        UT_hash_handle hh; /* of checker->stopped */
        char *instance, *region;
        usec_t since; /* monotonic */
};

/* "Schedule S missed its firings from A to B". */
struct gap {
        char schedule[24];
        sec_t from, to;
};

/* Our share of an action's bucket, as it has to be. */
struct share {
        const char *action;
        char region[24];
        double tokens, capacity, refill;
        usec_t filled;
};

/* checker-budget.c: questions of one sort, in one region, in one season. */
enum budget_class {
        BUDGET_IMAGE_POLL,
        BUDGET_STATUS,
        BUDGET_INSTANCES,
        BUDGET_LISTS,
        BUDGET_DAEMONS,
        BUDGET_REMOVALS,
        BUDGET_CLASSES
};

struct budget {
        double allowed[BUDGET_CLASSES];
        uint64_t asked[BUDGET_CLASSES];
        size_t n_polled, n_awaited, n_stopped;
        usec_t youngest; /* since when the last image is followed, monotonic */
        usec_t unknown;  /* EC2 last said that it does not know an instance, monotonic */
        usec_t seen;     /* `allowed` is of this time */
};

enum { SHARES_MOST = 64, DECISIONS_MOST = 4000 };

/* What retention says about each image, as text, in order. */
struct decisions {
        char **lines;
        size_t n;
        uint64_t runs, images; /* that had ended, and were made, when they were taken */
        bool complete;
};

struct checker {
        struct simulation *simulation;
        struct creation *creations, *ids;
        struct stopped_instance *stopped;
        struct outage_line *lines;     /* checker-outage.c */
        usec_t started;                /* the daemon, monotonic */
        struct failure_line *failures; /* checker-journal.c */
        struct watched_run *runs;
        char **abandoned; /* runs whose images nobody follows any more: only retention looks at them
                           */
        size_t n_abandoned;
        char **reported_out; /* who the journal says is not put back into service */
        size_t n_reported_out;
        struct timer *inspection; /* at who is down, while something goes on */
        struct gap *gaps;
        size_t n_gaps;
        struct budget budgets[REGIONS_MOST];
        struct share shares[SHARES_MOST];
        size_t n_shares;
        usec_t unchanged_since[SCHEDULES_MOST]; /* since when, monotonic */
        struct timer *agenda;                   /* of a calm */
        size_t agenda_at;
        struct decisions before, after;
        struct watch *watch;
        struct checker_numbers numbers;
        uint64_t runs_ended;
        bool state_lost;
        usec_t lost_at; /* the last time, monotonic */
        char **claims;  /* runs that were claimed while the clock was wrong: checker-clock.c */
        size_t n_claims;
};

/* checker.c */
bool checker_is_abandoned(const struct checker *checker, const char *run);

/* checker-calm-agenda.c */
void calm_agenda_begin(struct checker *checker);
void calm_agenda_done(struct checker *checker);

/* Whether the state was lost, and the adoption has left the image of this creation as it has to:
 * its schedule was not in the settings, or EC2 made it too long after its firing or before it. */
bool creation_is_left(struct checker *checker, const struct creation *creation);

/* checker-requests.c */
void checker_before_request(const struct cloud_request *request, void *userdata);
void checker_after_request(const struct cloud_request *request, void *userdata);
void checker_request_refused(const struct cloud_request *request, bool unclear, void *userdata);
struct instance *find_instance(struct checker *checker, const char *region, const char *id);
struct creation *creation_by_id(struct checker *checker, const char *id);
void creation_free(struct checker *checker, struct creation *creation);

/* checker-retention.c: whether this one may be deregistered, */
void retention_judge(struct checker *checker, const struct cloud_request *request);
/* what has to go when all is pruned now, and whether it did. */
void retention_note_unkept(struct checker *checker);
void retention_check(struct checker *checker);
/* The image of a creation; NULL once it was deregistered. */
struct image *creation_image(struct checker *checker, const struct creation *creation);

/* Whether an image of people's or of nobody any more was there when the daemon was last told about
 * `removed`, right before it removes that. */
bool creation_was_there(const struct checker *checker, const struct creation *creation,
                        const struct creation *removed);

/* checker-removal.c: before it happens; and once an image was taken over, or images were adopted,
 * which may be removed later. */
void removal_after_request(struct checker *checker, const struct cloud_request *request);
void removal_before_request(struct checker *checker, const struct cloud_request *request);
void removal_counted(struct checker *checker, const char *region, const char *id,
                     const char *instance);
void removal_adopted(struct checker *checker);

/* checker-outage.c: before it happens, what the journal says of an instance, and whether it had to
 * say something by now. */
void outage_before_request(struct checker *checker, const struct cloud_request *request);
void outage_journal(struct checker *checker, const struct log_event *event, const char *instance);
void outage_inspect(struct checker *checker);
void outage_done(struct checker *checker);
/* checker-clock.c: a run begins, */
void clock_note_claim(struct checker *checker, const char *run);
/* The daemon starts. */
void clock_note_start(struct checker *checker);
/* has made an image (takes `run`), */
void clock_judge_image(struct checker *checker, char *run);
/* something is about to be removed. */
void clock_judge_removal(struct checker *checker, const char *action);

/* checker-journal.c: the journal. At the end of a season lines of runs that have ended are
 * forgotten, with `all` those of each run. */
void journal_line(struct checker *checker, const struct log_event *event,
                  const struct log_about *about, const char *message);
void journal_forget(struct checker *checker, bool all);
void journal_done(struct checker *checker);

/* checker-levels.c: instances are stopped and started for their images, */
void levels_after_request(struct checker *checker, const struct cloud_request *request);
/* The journal says that the instance of an image that rebooted it is back, and that it is sure. */
void levels_back(struct checker *checker, const struct creation *creation);
void levels_released(struct checker *checker, const char *instance);
/* The journal tells the operators that it is not put back into what sends it work. */
void levels_reported_out(struct checker *checker, const char *instance);
/* While this goes on nobody is away for longer than it takes, */
void levels_watch(struct checker *checker);
/* and at the end of a calm nobody is down or frozen. */
void levels_check(struct checker *checker);
/* A label never says more than is true: looked at whenever a request has set it, and in calm. */
void levels_check_label(struct checker *checker, const struct creation *creation);
void levels_done(struct checker *checker);

/* checker-budget.c: what happens, as the journal and the cloud tell, */
void budget_image_begins(struct checker *checker, struct creation *creation);
void budget_no_image(struct checker *checker, const char *region);
void budget_restore(struct checker *checker, const char *region);
void budget_instance_back(struct checker *checker, struct creation *creation, bool well);
void budget_image_ends(struct checker *checker, struct creation *creation);
/* Nothing of it is waited for any more: neither the image nor its instance. */
void budget_task_ends(struct checker *checker, struct creation *creation);
void budget_run_ends(struct checker *checker, const char *run);
void budget_instance_stops(struct checker *checker, const char *region, bool begins);
void budget_run_begins(struct checker *checker, const char *schedule); /* NULL: of all */
void budget_daemon_starts(struct checker *checker);
/* Only what the state says goes on, also where no line told its end. */
void budget_resume(struct checker *checker);
/* what is asked, */
void budget_sent(struct checker *checker, const char *action, const char *region);
void budget_after_request(struct checker *checker, const struct cloud_request *request);
/* It was not carried out; `unclear`: the answer does not tell that. */
void budget_request_refused(struct checker *checker, const struct cloud_request *request,
                            bool unclear);
/* and whether that was too much since it was last judged. */
void budget_judge(struct checker *checker, bool calm);
