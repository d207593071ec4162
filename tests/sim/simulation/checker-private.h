/* What the files of the witness share. */
#pragma once

#include <uthash.h>

#include "base/time.h"
#include "sim/simulation/checker.h"
#include "sim/simulation/fleet.h"
#include "sim/simulation/simulation.h"

/* An image the daemon has made, by its name: one firing, one instance. */
struct creation {
        UT_hash_handle hh, by_id; /* of witness->creations and witness->ids */
        char *name;
        char *id, *region, *instance, *schedule, *run;
        sec_t firing;
        usec_t made; /* monotonic */
        bool reboot;
        bool stopped;          /* its instance was, when it was made */
        usec_t asked;          /* by the true clock */
        bool released;         /* the journal says that the instance is waited for no more */
        bool taken_by_people;  /* deregistered by somebody else */
        bool kept_by_people;   /* somebody has changed its tags: it is not ours any more */
        usec_t kept_at;        /* since when, monotonic */
        bool removed;          /* by the daemon */
        bool followed;         /* checker-budget.c: the daemon follows it to its end */
        usec_t followed_until; /* monotonic; 0: it still is, or never was */
        bool awaited;          /* and waits for its instance */
        usec_t removed_at;
        usec_t doubted;     /* DeregisterImage last had an answer that tells nothing, monotonic */
        usec_t gone_at;     /* by whoever; 0: it is there */
        usec_t looked;      /* the daemon was last told about it by its id, monotonic; 0: never */
        usec_t uses_looked; /* since when its uses are looked at, monotonic; 0: never */
        bool checked;       /* its label was found to be true */
        bool condemned;     /* no rule kept it when operators pruned in calm */
};

/* An instance that the daemon has stopped, until it says that it is back: checker-levels.c. */
struct held {
        UT_hash_handle hh; /* of witness->held */
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
enum economy_class {
        ECONOMY_FOLLOW,
        ECONOMY_STATUS,
        ECONOMY_INSTANCES,
        ECONOMY_LISTS,
        ECONOMY_DAEMONS,
        ECONOMY_REMOVALS,
        ECONOMY_CLASSES
};

struct economy {
        double allowed[ECONOMY_CLASSES];
        uint64_t asked[ECONOMY_CLASSES];
        size_t n_followed, n_awaited, n_stopped;
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

struct witness {
        struct universe *universe;
        struct creation *creations, *ids;
        struct held *held;
        struct outage_line *lines;     /* checker-outage.c */
        usec_t started;                /* the daemon, monotonic */
        struct failure_line *failures; /* checker-journal.c */
        struct watched_run *runs;
        char **abandoned; /* runs whose images nobody follows any more: only retention looks at them
                           */
        size_t n_abandoned;
        char **told_out; /* who the journal says is not put back into service */
        size_t n_told_out;
        struct timer *look; /* at who is down, while something goes on */
        struct gap *gaps;
        size_t n_gaps;
        struct economy economies[REGIONS_MOST];
        struct share shares[SHARES_MOST];
        size_t n_shares;
        usec_t undisturbed[SCHEDULES_MOST]; /* since when, monotonic */
        struct timer *agenda;               /* of a calm */
        size_t agenda_at;
        struct decisions before, after;
        struct watch *watch;
        struct witness_numbers numbers;
        uint64_t runs_ended;
        bool state_lost;
        usec_t lost_at; /* the last time, monotonic */
        char **claims;  /* runs that were claimed while the clock was wrong: checker-clock.c */
        size_t n_claims;
};

/* checker.c */
bool witness_is_abandoned(const struct witness *witness, const char *run);

/* checker-calm-agenda.c */
void season_agenda_begin(struct witness *witness);
void season_done(struct witness *witness);

/* Whether the state was lost, and the adoption has left the image of this creation as it has to:
 * its schedule was not in the settings, or EC2 made it too long after its firing or before it. */
bool creation_is_left(struct witness *witness, const struct creation *creation);

/* checker-requests.c */
void cloud_asking(const struct cloud_request *request, void *userdata);
void cloud_answered(const struct cloud_request *request, void *userdata);
void cloud_refused(const struct cloud_request *request, bool doubtful, void *userdata);
struct instance *find_instance(struct witness *witness, const char *region, const char *id);
struct creation *creation_by_id(struct witness *witness, const char *id);
void creation_free(struct witness *witness, struct creation *creation);

/* checker-retention.c: whether this one may be deregistered, */
void retention_judge(struct witness *witness, const struct cloud_request *request);
/* what has to go when all is pruned now, and whether it did. */
void retention_condemn(struct witness *witness);
void retention_check(struct witness *witness);
/* The image of a creation; NULL once it was deregistered. */
struct image *creation_image(struct witness *witness, const struct creation *creation);

/* Whether an image of people's or of nobody any more was there when the daemon was last told about
 * `removed`, right before it removes that. */
bool creation_was_there(const struct witness *witness, const struct creation *creation,
                        const struct creation *removed);

/* checker-removal.c: before it happens; and once an image was taken over, or images were adopted,
 * which may be removed later. */
void removal_answered(struct witness *witness, const struct cloud_request *request);
void removal_asking(struct witness *witness, const struct cloud_request *request);
void removal_counted(struct witness *witness, const char *region, const char *id,
                     const char *instance);
void removal_adopted(struct witness *witness);

/* checker-outage.c: before it happens, what the journal says of an instance, and whether it had to
 * say something by now. */
void outage_asking(struct witness *witness, const struct cloud_request *request);
void outage_journal(struct witness *witness, const struct log_event *event, const char *instance);
void outage_look(struct witness *witness);
void outage_done(struct witness *witness);
/* checker-clock.c: a run begins, */
void clock_note_claim(struct witness *witness, const char *run);
/* The daemon starts. */
void clock_note_start(struct witness *witness);
/* has made an image (takes `run`), */
void clock_judge_image(struct witness *witness, char *run);
/* something is about to be removed. */
void clock_judge_removal(struct witness *witness, const char *action);

/* checker-journal.c: the journal. At the end of a season lines of runs that have ended are
 * forgotten, with `all` those of each run. */
void lines_journal(struct witness *witness, const struct log_event *event,
                   const struct log_about *about, const char *message);
void lines_forget(struct witness *witness, bool all);
void lines_done(struct witness *witness);

/* checker-levels.c: instances are stopped and started for their images, */
void levels_answered(struct witness *witness, const struct cloud_request *request);
/* The journal says that the instance of an image that rebooted it is back, and that it is sure. */
void levels_back(struct witness *witness, const struct creation *creation);
void levels_released(struct witness *witness, const char *instance);
/* The journal tells the operators that it is not put back into what sends it work. */
void levels_told_out(struct witness *witness, const char *instance);
/* While this goes on nobody is away for longer than it takes, */
void levels_watch(struct witness *witness);
/* and at the end of a calm nobody is down or frozen. */
void levels_check(struct witness *witness);
/* A label never says more than is true: looked at whenever a request has set it, and in calm. */
void levels_check_label(struct witness *witness, const struct creation *creation);
void levels_done(struct witness *witness);

/* checker-budget.c: what happens, as the journal and the cloud tell, */
void economy_image_begins(struct witness *witness, struct creation *creation);
void economy_no_image(struct witness *witness, const char *region);
void economy_put_back(struct witness *witness, const char *region);
void economy_instance_is_back(struct witness *witness, struct creation *creation, bool well);
void economy_image_ends(struct witness *witness, struct creation *creation);
/* Nothing of it is waited for any more: neither the image nor its instance. */
void economy_task_ends(struct witness *witness, struct creation *creation);
void economy_run_ends(struct witness *witness, const char *run);
void economy_instance_stops(struct witness *witness, const char *region, bool begins);
void economy_run_begins(struct witness *witness, const char *schedule); /* NULL: of all */
void economy_daemon_starts(struct witness *witness);
/* Only what the state says goes on, also where no line told its end. */
void economy_goes_on(struct witness *witness);
/* what is asked, */
void economy_sent(struct witness *witness, const char *action, const char *region);
void economy_answered(struct witness *witness, const struct cloud_request *request);
/* It was not carried out; `doubtful`: the answer does not tell that. */
void economy_refused(struct witness *witness, const struct cloud_request *request, bool doubtful);
/* and whether that was too much since it was last judged. */
void economy_judge(struct witness *witness, bool calm);
