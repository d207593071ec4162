/* Types and functions that the files of the checker share. */
#pragma once

#include <uthash.h>

#include "base/time.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/fleet.h"
#include "sim/simulation/simulation.h"

/* An image that the daemon has made. Its name stands for one firing and one instance. */
struct creation {
        UT_hash_handle hh, by_id; /* of checker->creations and checker->ids */
        char *name;
        char *id, *region, *instance, *schedule, *run;
        sec_t firing;
        usec_t made; /* monotonic */
        bool reboot;
        bool stopped;         /* its instance was stopped when the image was made */
        usec_t asked;         /* when CreateImage was called, by the true clock */
        bool released;        /* the journal says that the daemon waits for the instance no more */
        bool taken_by_others; /* another user has deregistered it */
        bool kept_by_others; /* another user has changed its tags, and it is the daemon's no more */
        usec_t kept_at;      /* since when, monotonic */
        bool removed;        /* the daemon has deregistered it */
        bool polled;         /* the daemon polls it until it is complete */
        usec_t polled_until; /* monotonic; 0: the daemon polls it, or never did */
        bool awaited;        /* the daemon waits for its instance */
        usec_t removed_at;
        usec_t unclear;   /* the last unclear answer to DeregisterImage, monotonic */
        usec_t gone_at;   /* when it was deregistered or became another user's; 0: it is there */
        usec_t described; /* when the daemon last queried it by its id, monotonic; 0: never */
        usec_t uses_described; /* when the daemon began to query its uses, monotonic; 0: never */
        bool checked;          /* its label was found to be true */
        bool unkept;           /* no rule kept it when operators pruned in a calm period */
};

/* An instance that the daemon has stopped and not reported as back yet: checker-levels.c. */
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

/* The daemon's share of the token bucket of an action in a region. */
struct share {
        const char *action;
        char region[24];
        double tokens, capacity, refill;
        usec_t filled;
};

/* checker-budget.c: Describe requests of one purpose, in one region, in one period. */
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
        usec_t youngest; /* when the daemon began to poll the last image, monotonic */
        usec_t unknown;  /* when EC2 last did not know an instance, monotonic */
        usec_t seen;     /* the time up to which `allowed` is counted */
};

enum { SHARES_MOST = 64 };

/* What retention decides about each image, as text, in order. */
struct decisions {
        char **lines;
        size_t n;
        uint64_t runs, images; /* how many had ended and were made before the decisions */
        bool complete;
};

struct checker {
        struct simulation *simulation;
        struct creation *creations, *ids;
        struct stopped_instance *stopped;
        struct outage_line *lines;     /* checker-outage.c */
        usec_t started;                /* when the daemon last started, monotonic */
        struct failure_line *failures; /* checker-journal.c */
        struct watched_run *runs;
        char **abandoned; /* runs that operators have abandoned: only retention looks at their
                             images */
        size_t n_abandoned;
        char **reported_out; /* instances that the journal says are not put back into service */
        size_t n_reported_out;
        struct timer *inspection; /* the next one, while runs are open */
        struct gap *gaps;
        size_t n_gaps;
        struct budget budgets[REGIONS_MOST];
        struct share shares[SHARES_MOST];
        size_t n_shares;
        usec_t unchanged_since[SCHEDULES_MOST]; /* since when the firings of each schedule can be
                                                   known, monotonic */
        struct timer *agenda;                   /* of a calm period */
        size_t agenda_at;
        struct decisions before, after;
        struct watch *watch;
        struct checker_numbers numbers;
        uint64_t runs_ended;
        bool state_lost;
        usec_t lost_at; /* when the state was last lost, monotonic */
        char **claims;  /* runs that were claimed while the clock was wrong: checker-clock.c */
        size_t n_claims;
};

/* ---- checker.c ---- */

bool checker_is_abandoned(const struct checker *checker, const char *run);

/* ---- checker-calm-agenda.c ---- */

void calm_agenda_begin(struct checker *checker);
void calm_agenda_done(struct checker *checker);
/* Whether the state was lost and the adoption had to leave the image of this creation: its schedule
 * was not in the settings, or EC2 made it before its firing or too long after it. */
bool creation_is_left(struct checker *checker, const struct creation *creation);

/* ---- checker-requests.c ---- */

/* The hooks of the cloud; `userdata` is the simulation. */
void checker_before_request(const struct cloud_request *request, void *userdata);
void checker_after_request(const struct cloud_request *request, void *userdata);
void checker_request_refused(const struct cloud_request *request, bool unclear, void *userdata);
struct instance *find_instance(struct checker *checker, const char *region, const char *id);
struct creation *creation_by_id(struct checker *checker, const char *id);
void creation_free(struct checker *checker, struct creation *creation);

/* ---- checker-retention.c ---- */

/* An image is about to be deregistered, which the rules have to allow. */
void retention_judge(struct checker *checker, const struct cloud_request *request);
/* Operators prune now: notes the images that no rule keeps. */
void retention_note_unkept(struct checker *checker);
/* At the end of a calm period these images have to be gone. */
void retention_check(struct checker *checker);
/* The image of a creation; NULL once it was deregistered. */
struct image *creation_image(struct checker *checker, const struct creation *creation);
/* Whether the image of `creation` is gone now or another user's, and was there when the daemon
 * queried the image of `removed`, right before it removes that. */
bool creation_was_there(const struct checker *checker, const struct creation *creation,
                        const struct creation *removed);

/* ---- checker-removal.c ---- */

void removal_before_request(struct checker *checker, const struct cloud_request *request);
void removal_after_request(struct checker *checker, const struct cloud_request *request);
/* The daemon has taken this image over, and may remove it later. */
void removal_counted(struct checker *checker, const char *region, const char *id,
                     const char *instance);
/* The daemon has adopted images, and may remove them later. */
void removal_adopted(struct checker *checker);

/* ---- checker-outage.c ---- */

/* An outage is about to begin. */
void outage_before_request(struct checker *checker, const struct cloud_request *request);
/* The journal has a line about an instance. */
void outage_journal(struct checker *checker, const struct log_event *event, const char *instance);
/* Instances that are down for too long need an error in the journal. */
void outage_inspect(struct checker *checker);
void outage_done(struct checker *checker);

/* ---- checker-clock.c ---- */

/* A run begins. */
void clock_note_claim(struct checker *checker, const char *run);
/* The daemon starts. */
void clock_note_start(struct checker *checker);
/* This run, which becomes the function's, has made an image. */
void clock_judge_image(struct checker *checker, char *run);
/* An image or snapshot is about to be removed. */
void clock_judge_removal(struct checker *checker, const char *action);

/* ---- checker-journal.c ---- */

void journal_line(struct checker *checker, const struct log_event *event,
                  const struct log_about *about, const char *message);
/* Forgets the lines of runs that have ended, with `all` those of every run. */
void journal_forget(struct checker *checker, bool all);
void journal_done(struct checker *checker);

/* ---- checker-levels.c ---- */

/* A request has stopped an instance for its image. */
void levels_after_request(struct checker *checker, const struct cloud_request *request);
/* The journal says that the instance of an image which rebooted it is certainly back. */
void levels_back(struct checker *checker, const struct creation *creation);
/* The journal says that the daemon waits for this instance no more. */
void levels_released(struct checker *checker, const char *instance);
/* The journal says that this instance is not put back into service. */
void levels_reported_out(struct checker *checker, const char *instance);
/* A run is open: begins to inspect which instances are out of service for too long. */
void levels_watch(struct checker *checker);
/* At the end of a calm period no instance is stopped, frozen or out of service. */
void levels_check(struct checker *checker);
/* A label says no more than is true: checked when a request has set it, and in calm periods. */
void levels_check_label(struct checker *checker, const struct creation *creation);
void levels_done(struct checker *checker);

/* ---- checker-budget.c ---- */

/* An image was made or found. */
void budget_image_begins(struct checker *checker, struct creation *creation);
/* A task has ended without an image. */
void budget_no_image(struct checker *checker, const char *region);
/* An instance is still to be put back into service. */
void budget_restore(struct checker *checker, const char *region);
void budget_instance_back(struct checker *checker, struct creation *creation, bool well);
void budget_image_ends(struct checker *checker, struct creation *creation);
/* The daemon waits neither for the image nor for its instance any more. */
void budget_task_ends(struct checker *checker, struct creation *creation);
void budget_run_ends(struct checker *checker, const char *run);
/* The daemon has begun, or ceased, to hold an instance stopped. */
void budget_instance_stops(struct checker *checker, const char *region, bool begins);
void budget_run_begins(struct checker *checker, const char *schedule); /* NULL: of all */
void budget_daemon_starts(struct checker *checker);
/* Counts only the tasks that are open in the state, also where no line reported an end. */
void budget_resume(struct checker *checker);
void budget_sent(struct checker *checker, const char *action, const char *region);
void budget_after_request(struct checker *checker, const struct cloud_request *request);
/* The request was not carried out; `unclear`: its answer does not tell that. */
void budget_request_refused(struct checker *checker, const struct cloud_request *request,
                            bool unclear);
/* checker-budget-class.c: the purpose of a request; BUDGET_CLASSES: not in the budget. */
enum budget_class budget_class_of(struct checker *checker, const struct cloud_request *request);
/* The queries since the last call must not exceed the budget. */
void budget_judge(struct checker *checker, bool calm);
