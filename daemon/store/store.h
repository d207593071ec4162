/*
 * The state of amid: SQLite in $STATE_DIRECTORY/amid.db (WAL, synchronous=FULL, STRICT tables).
 *
 * Records are small structs, read and written whole by their key, so that another store with
 * compare-and-swap on records could replace SQLite. Calls are synchronous. store_save_*() borrows
 * the strings of a record. The caller owns the result of store_load_*(), and frees it with the
 * matching _done() or _free(). A NULL string is stored as NULL.
 *
 * Writes belong into a transaction. After a failed write the transaction fails, so only the result
 * of the commit needs a check:
 *
 *     store_begin(store);
 *     store_save_run(store, &run);
 *     store_save_task(store, &task);
 *     r = store_commit(store);         // 0, or -ENOSPC, -EROFS, ...; nothing is written
 *
 * Outside of a transaction each write is a transaction of its own and returns its result.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/time.h"

struct store;

/*
 * Opens or creates the database in `directory`, checks its integrity, and migrates it to the
 * present schema. 0, or an error with a message (caller frees): -EUCLEAN for damage, -EPROTO for a
 * database of a newer amid, -EBUSY when another daemon uses it, or the errno of the file system. On
 * an error the file is never changed or removed; the message explains how to rebuild it with
 * `amictl adopt`.
 */
int store_open(const char *directory, struct store **ret, char **ret_error);
struct store *store_close(struct store *store);
DEFINE_CLEANUP(struct store, store_close);

void store_begin(struct store *store);
int store_commit(struct store *store);
/* SQLite's message for the last failure, for the log; valid until the next call. */
const char *store_error(const struct store *store);

/* ---- schedules: their state that survives a restart ---- */
struct store_schedule {
        char *name;
        sec_t anchor;     /* first activation: the grid of rate() without a start */
        char *definition; /* expression, zone, start and end: a change restarts the schedule; for a
                             schedule that is not in the settings see left.c */
        sec_t handled;    /* the latest firing that was claimed or given up; or SEC_NONE */
        bool paused;
        unsigned int matched; /* number of instances that the last completed run found */
};
void store_schedule_done(struct store_schedule *schedule);
/* 1; 0: there is no such schedule; or a negative errno. */
int store_load_schedule(struct store *store, const char *name, struct store_schedule *ret);
int store_save_schedule(struct store *store, const struct store_schedule *schedule);

/* ---- runs ---- */
enum outcome {
        OUTCOME_OPEN,    /* not finished */
        OUTCOME_DONE,    /* finished as requested */
        OUTCOME_PARTIAL, /* a run that made or removed some of its images, but not all */
        OUTCOME_FAILED,
        OUTCOME_CANCELLED, /* by an operator, or by a halt of the run before the task began */
        OUTCOME_SKIPPED, /* not done by a rule of the settings: overlap, missed, window; a run: all
                            of its tasks */
};
enum { OUTCOMES = OUTCOME_SKIPPED + 1 };
extern const char
        *const outcome_names[OUTCOMES]; /* "open", "done", ...: in the database and on screens */

struct store_run {
        char *id;       /* a pure function of (kind, schedule, firing) */
        char *kind;     /* name of a row of the table of run kinds: "backup", "prune", "adopt" */
        char *schedule; /* NULL for a run over all schedules */
        sec_t firing;   /* nominal time */
        char *trigger;  /* "schedule", "missed", "operator" */
        char *phase;    /* name of a row of the kind's phases */
        enum outcome outcome;
        char *detail;   /* reason of the outcome; while open the last error */
        char *only;     /* instance ids, separated by spaces, that limit the run; or NULL */
        bool abandoned; /* the images of the run are no longer polled */
        sec_t started, finished; /* SEC_NONE: not yet */
};
void store_run_done(struct store_run *run);
void store_runs_free(struct store_run *runs, size_t n);
/* Adds a run, whose id and kind are not NULL. -EEXIST for an existing id: the firing has been
 * claimed before. */
int store_add_run(struct store *store, const struct store_run *run);
int store_save_run(struct store *store, const struct store_run *run);
/* Loads runs in the reverse order of store_add_run(). `schedule` NULL: of all schedules; `limit` 0:
 * all. */
int store_load_runs(struct store *store, const char *schedule, bool open_only, size_t limit,
                    struct store_run **ret, size_t *ret_n);
/* 1; 0: there is no such run; or a negative errno. */
int store_load_run(struct store *store, const char *id, struct store_run *ret);

/* ---- tasks: one for each instance, image or region that a run works on ---- */
struct store_task {
        int64_t id; /* 0 before the first store_save_task() */
        char *run;
        char *kind; /* name of a row of the table of task kinds */
        char *account, *region;
        char *subject; /* instance or image id; "" for a task about a region */
        char *step;    /* name of a row of the kind's steps; "" = not begun */
        sec_t entered; /* when the step began */
        enum outcome outcome;
        char *detail;         /* reason of the outcome; while open the last error */
        char *name;           /* of the image to make; for a removal its reason */
        char *image;          /* id of the image that was made */
        char *group;          /* of instances that may not have an outage together */
        char *consistency;    /* achieved so far: the tag amid:consistency */
        char *method;         /* name of a row of the table of methods */
        char *asked;          /* requested consistency */
        char *evidence;       /* reason of `consistency`, for display */
        char *command;        /* id of the present SSM command */
        char *boot;           /* boot id of the instance before its reboot */
        char *putback;        /* target groups and Auto Scaling group to restore the instance in */
        char *askers;         /* values of the tag amid:daemon, separated by spaces: the processes
                                 that may have sent CreateImage for the task */
        unsigned int volumes; /* number of volumes in the image */
        enum outcome ending;  /* outcome after the instance is restored; OPEN: not decided */
        sec_t requested;      /* earliest time of a CreateImage for the task, by EC2's clock;
                                 SEC_NONE: not sent yet */
        sec_t launched; /* LaunchTime of an instance that is stopped, or will be stopped, for its
                           image; SEC_NONE: the instance runs */
        sec_t listed;   /* when EC2 first listed the image; SEC_NONE: not yet */
        sec_t downed;   /* start of the outage; SEC_NONE: not yet */
        sec_t returned; /* end of the outage; SEC_NONE: not yet */
        sec_t decided;  /* for a removal the time of retention's decision; else SEC_NONE */
        sec_t finished; /* SEC_NONE: not yet */
};
void store_task_done(struct store_task *task);
void store_tasks_free(struct store_task *tasks, size_t n);
/* Inserts a task with id 0, and sets its id; or updates by run, kind, account, region and subject,
 * which are together unique. These and `step` are not NULL. -EEXIST for the insertion of an
 * existing task. After a failed transaction the task may be saved again, and gets a new id. */
int store_save_task(struct store *store, struct store_task *task);
/* Loads the tasks of a run in the order of their creation. */
int store_load_tasks(struct store *store, const char *run, struct store_task **ret, size_t *ret_n);
/* Loads the tasks in the last STORE_RUNS_MEASURED runs of a schedule whose outage has ended, or
 * that failed during the outage, in the reverse order of their creation. */
enum { STORE_RUNS_MEASURED = 20 };
int store_load_returned(struct store *store, const char *schedule, struct store_task **ret,
                        size_t *ret_n);

/* Loads the tasks that listed the images of the schedule in a region, in the reverse order of their
 * creation: in the last STORE_RUNS_MEASURED runs of the schedule, and in as many runs over all
 * schedules. */
int store_load_listed(struct store *store, const char *schedule, struct store_task **ret,
                      size_t *ret_n);

/* ---- images that amid made or adopted ---- */
struct store_image {
        char *account, *region, *id; /* the key */
        char *name;
        char *schedule, *run, *instance;
        sec_t firing;
        char *consistency;
        char *evidence;       /* reason of `consistency`, for display */
        enum outcome outcome; /* of the image's task: DONE or FAILED; OPEN while the task is open,
                               * and for an image that was adopted without the tag amid:outcome */
        char *state;     /* EC2's state "pending", "available", ...; or of runs/images/seen.h */
        char *snapshots; /* ids separated by spaces */
        sec_t created;
        sec_t removed; /* SEC_NONE: not removed */
        sec_t missed;  /* since when EC2 does not list the image; SEC_NONE: EC2 last listed it */
        sec_t retry;   /* state "deregistered": when the remaining snapshots are tried again;
                        * SEC_NONE:   in the next run */
        char *detail;  /* why the image failed or was removed */
};
void store_image_done(struct store_image *image);
void store_images_free(struct store_image *images, size_t n);
int store_save_image(struct store *store, const struct store_image *image);
/* 1; 0: there is no such image; or a negative errno. */
int store_load_image(struct store *store, const char *account, const char *region, const char *id,
                     struct store_image *ret);
/* Loads images, newest firing first. `schedule`, `account`, `region` NULL: any. */
int store_load_images(struct store *store, const char *schedule, const char *account,
                      const char *region, bool with_removed, struct store_image **ret,
                      size_t *ret_n);
/* Loads images of the same schedule, account, region and instance that were available when EC2 was
 * last asked, and that EC2 did not create before `image`. Newest first; `image` itself may be
 * included. */
int store_load_newer_images(struct store *store, const struct store_image *image,
                            struct store_image **ret, size_t *ret_n);

/* A schedule with the number of its images that are not removed. */
struct store_left {
        char *schedule;
        unsigned int images;
};
void store_left_free(struct store_left *left, size_t n);
/* Counts the images of other schedules than `schedules` (" NAME NAME "), in the order of names. */
int store_count_left(struct store *store, const char *schedules, struct store_left **ret,
                     size_t *ret_n);

/* Deletes rows of finished runs and removed images that are older than `before`, but the last
 * finished run of each schedule and kind. A call deletes a bounded number of rows. Returns the
 * number, or a negative errno. */
int store_forget(struct store *store, sec_t before);
