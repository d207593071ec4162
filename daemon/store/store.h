/*
 * What amid must remember: SQLite in $STATE_DIRECTORY/amid.db (WAL, synchronous=FULL, STRICT
 * tables).
 *
 * Records are small structs, read and written whole by their key, so that another store with
 * compare-and-swap on records could take its place. Calls are synchronous. Strings in a record
 * given to a store_save_*() are borrowed for the call; what a store_load_*() returns is owned by
 * the caller and freed with the matching _done() or _free(). A NULL string is stored as NULL.
 *
 * Writes belong into a transaction. A write that fails makes the transaction fail, so only the
 * commit's answer needs a check:
 *
 *     store_begin(store);
 *     store_save_run(store, &run);
 *     store_save_task(store, &task);
 *     r = store_commit(store);         // 0, or -ENOSPC, -EROFS, ...; nothing is written
 *
 * Outside of a transaction each write is one of its own and returns the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"

struct store;

/*
 * Opens or creates the database below `directory`, brings it to this version's schema and checks
 * its integrity. Errors come with a message for people (caller frees): -EUCLEAN damaged, -EPROTO
 * written by a newer amid, -EBUSY in use by another daemon, or the errno of the file system. The
 * file is never changed or removed on an error; the message says how to rebuild with `amictl
 * adopt`.
 */
int store_open(const char *directory, struct store **ret, char **ret_error);
struct store *store_close(struct store *store);
DEFINE_CLEANUP(struct store, store_close);

void store_begin(struct store *store);
int store_commit(struct store *store);
/* What SQLite said about the last failure, for a log line; valid until the next call. */
const char *store_error(const struct store *store);

/* ---- schedules: what has to survive a restart about each ---- */
struct store_schedule {
        char *name;
        sec_t anchor;     /* first activation: the grid of rate() without a start */
        char *definition; /* what it fires by (expression, zone, start, end): another one starts
                             anew; of a schedule that is not in the settings: left.c */
        sec_t handled;    /* the latest nominal firing that was claimed or given up; SEC_NONE */
        bool paused;
        unsigned int matched; /* instances the last completed run found; 0 = none yet */
};
void store_schedule_done(struct store_schedule *schedule);
/* 1 when there is one, 0 when not, negative errno. */
int store_load_schedule(struct store *store, const char *name, struct store_schedule *ret);
int store_save_schedule(struct store *store, const struct store_schedule *schedule);

/* ---- runs ---- */
enum outcome {
        OUTCOME_OPEN,    /* going on */
        OUTCOME_DONE,    /* all that was asked for is there */
        OUTCOME_PARTIAL, /* a run that made some of its images, or removed some, and not all */
        OUTCOME_FAILED,
        OUTCOME_CANCELLED, /* by an operator, or because the run was halted before this task began
                            */
        OUTCOME_SKIPPED, /* deliberately not done: overlap, missed, window; a run: all it was for */
};
enum { OUTCOMES = OUTCOME_SKIPPED + 1 };
extern const char *const outcome_names[OUTCOMES]; /* "open", "done", ...: as stored and shown */

struct store_run {
        char *id;       /* a pure function of (kind, schedule, firing) */
        char *kind;     /* name of a row of the table of run kinds: "backup", "prune", "adopt" */
        char *schedule; /* NULL for a run over all schedules */
        sec_t firing;   /* nominal time */
        char *trigger;  /* "schedule", "missed", "operator" */
        char *phase;    /* name of a row of the kind's phases */
        enum outcome outcome;
        char *detail;            /* why it ended as it did; or the last trouble while open */
        char *only;              /* instance ids it is limited to, separated by spaces; or NULL */
        bool abandoned;          /* its images are no longer followed */
        sec_t started, finished; /* SEC_NONE: not yet */
};
void store_run_done(struct store_run *run);
void store_runs_free(struct store_run *runs, size_t n);
/* Run ids, kinds and outcomes are never NULL. Adds a run; -EEXIST when the id was taken: the firing
 * has been claimed before. */
int store_add_run(struct store *store, const struct store_run *run);
int store_save_run(struct store *store, const struct store_run *run);
/* The one added last comes first, whatever the clock said. `schedule` NULL: all; `open_only`;
 * `limit` 0: all. */
int store_load_runs(struct store *store, const char *schedule, bool open_only, size_t limit,
                    struct store_run **ret, size_t *ret_n);
/* 1, 0 when there is no such run, or negative errno. */
int store_load_run(struct store *store, const char *id, struct store_run *ret);

/* ---- tasks: the steps of a run, one row per thing it works on ---- */
struct store_task {
        int64_t id; /* 0 before it was saved for the first time */
        char *run;
        char *kind; /* name of a row of the table of task kinds */
        char *account, *region;
        char *subject; /* instance or image id; "" for a task about the whole region */
        char *step;    /* name of a row of the kind's steps; "" = not begun */
        sec_t entered; /* when that step began */
        enum outcome outcome;
        char *detail;         /* why it ended; or the last trouble while open */
        char *name;           /* of the image to make; of a removal: why the image goes */
        char *image;          /* of the image made */
        char *group;          /* of instances that may not be down together */
        char *consistency;    /* what is proven so far: the tag amid:consistency */
        char *method;         /* how the image is made: a row of the table of methods */
        char *asked;          /* what the image is to be worth, in the words of `consistency` */
        char *evidence;       /* why `consistency` is what it is, for people */
        char *command;        /* id of the SSM command that goes on */
        char *boot;           /* boot id of the instance before its reboot */
        char *putback;        /* what the instance was taken out of and is to be put back into */
        char *askers;         /* values of amid:daemon, separated by spaces: the processes that may
                                 have asked EC2 for the image */
        unsigned int volumes; /* that go into the image */
        enum outcome ending;  /* how it ends once the instance is put right; OPEN: as it comes */
        sec_t requested;      /* no call for the image was made before that, by EC2's clock;
                                 SEC_NONE: not yet */
        sec_t launched;       /* LaunchTime of the instance when it was found stopped, or before it
                                 is stopped; SEC_NONE: it runs for its image */
        sec_t listed;         /* when EC2 was first seen to list the image; SEC_NONE: not yet */
        sec_t downed;         /* when the instance was first touched; SEC_NONE: not yet */
        sec_t returned;       /* when it was back; SEC_NONE: not yet */
        sec_t decided;        /* of a removal: when retention decided it; else SEC_NONE */
        sec_t finished;       /* SEC_NONE: not yet */
};
void store_task_done(struct store_task *task);
void store_tasks_free(struct store_task *tasks, size_t n);
/* Inserts (id 0: sets the id) or updates by (run, kind, account, region, subject), which is unique
 * and without NULL, as is `step`: inserting one that exists fails with -EEXIST. After a transaction
 * that failed a task may simply be saved again: its id is then renewed. */
int store_save_task(struct store *store, struct store_task *task);
/* In order of creation. */
int store_load_tasks(struct store *store, const char *run, struct store_task **ret, size_t *ret_n);
/* Of the last STORE_RUNS_MEASURED runs of a schedule those whose instance was down and is back
 * again, or failed while it was down; the task that was added last comes first. */
enum { STORE_RUNS_MEASURED = 20 };
int store_load_returned(struct store *store, const char *schedule, struct store_task **ret,
                        size_t *ret_n);

/* The tasks that had EC2 list the images of the schedule in a region, the last added first: of the
 * last STORE_RUNS_MEASURED runs of the schedule, and of as many runs over all schedules. */
int store_load_listed(struct store *store, const char *schedule, struct store_task **ret,
                      size_t *ret_n);

/* ---- images we made (or adopted) ---- */
struct store_image {
        char *account, *region, *id; /* the key */
        char *name;
        char *schedule, *run, *instance;
        sec_t firing;
        char *consistency;
        char *evidence;       /* why it is that, for people */
        enum outcome outcome; /* of the task that made it: DONE or FAILED; OPEN while it goes on,
                               * and where nobody knows (adopted without the tag amid:outcome) */
        char *state;          /* of EC2: "pending", "available", ...; or of runs/images/seen.h */
        char *snapshots;      /* ids separated by spaces */
        sec_t created;
        sec_t removed; /* SEC_NONE: still there */
        sec_t missed;  /* since when EC2 does not list it; SEC_NONE: it does, as far as is known */
        sec_t retry;   /* of "deregistered": when the snapshots that are left are looked at again;
                        * SEC_NONE: with the next run */
        char *detail;  /* why it failed or was removed */
};
void store_image_done(struct store_image *image);
void store_images_free(struct store_image *images, size_t n);
int store_save_image(struct store *store, const struct store_image *image);
/* 1, 0, or negative errno. */
int store_load_image(struct store *store, const char *account, const char *region, const char *id,
                     struct store_image *ret);
/* Newest firing first. `schedule`, `account`, `region` may be NULL: all. */
int store_load_images(struct store *store, const char *schedule, const char *account,
                      const char *region, bool with_removed, struct store_image **ret,
                      size_t *ret_n);
/* Of the image's schedule, place and instance: those that were available when EC2 was last asked,
 * and that EC2 created no earlier; the newest of these first. The image itself may be among them.
 */
int store_load_newer_images(struct store *store, const struct store_image *image,
                            struct store_image **ret, size_t *ret_n);

/* A schedule and how many images of it are not removed. */
struct store_left {
        char *schedule;
        unsigned int images;
};
void store_left_free(struct store_left *left, size_t n);
/* Those other than `schedules` (" NAME NAME ") that have such images, in the order of their names.
 */
int store_count_left(struct store *store, const char *schedules, struct store_left **ret,
                     size_t *ret_n);

/* Forgets finished runs and removed images that are older than `before`, at most a bounded number
 * per call (of each schedule and kind the finished run that was added last stays). Returns how many
 * rows went, or negative errno.
 */
int store_forget(struct store *store, sec_t before);
