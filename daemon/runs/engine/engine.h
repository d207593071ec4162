/*
 * The engine: runs and their tasks, and the only place that moves them.
 *
 * A run goes through the phases of its kind; a phase is over when all its tasks are. A task works
 * on one thing (a region to search, an instance to image, an image to remove) and goes through the
 * steps of its kind. A step returns a verdict, and only the engine acts on it:
 *
 *     reserve   the row of the next step is committed to the store
 *     act       then its ask() runs, which sends one request, arms one wait, or decides at once
 *     record    answer() reads the reply into the row; its verdict is committed before
 *               the next step
 *
 * All rows that moved in one turn of the loop are committed in one transaction. Any step may be
 * asked twice: after a crash, a wait or a wake-up. ask() decides by the row and by what AWS shows
 * now, so a spurious wake-up does no harm.
 */
#pragma once

#include <uthash.h>

#include "aws/client/aws.h"
#include "runs/events/events.h"
#include "runs/events/watch.h"
#include "runs/location/clock-guard.h"
#include "runs/location/location.h"

struct task;
struct run;
struct engine;

/* ---- tables ---- */

enum move {
        MOVE_WAIT,  /* until a reply, a wake-up or the timer asks the step again */
        MOVE_NEXT,  /* to the next step; after the last: done */
        MOVE_GOTO,  /* to the step named */
        MOVE_RETRY, /* asks the step again after a while; once step.timeout is over, on_timeout
                       decides */
        MOVE_FINISH,
};
struct verdict {
        enum move move;
        const char *step;
        usec_t delay;
        enum outcome outcome;
        char *detail; /* owned; why, for people */
};
struct verdict step_wait(void);
struct verdict step_next(void);
struct verdict step_goto(const char *step);
struct verdict step_retry(usec_t delay, char *detail);
struct verdict step_finish(enum outcome outcome, char *detail);

/* The verdict that takes the place of MOVE_RETRY once step.timeout is over; takes `detail`. */
typedef struct verdict step_timeout_fn(struct task *task, char *detail);

struct step {
        const char *name; /* stored: never rename, never reuse */
        struct verdict (*ask)(struct task *task);
        struct verdict (*answer)(struct task *task, const struct aws_reply *reply);
        sec_t timeout;               /* of MOVE_RETRY; 0: none */
        step_timeout_fn *on_timeout; /* NULL: that of the kind */
        unsigned int ways; /* step_next() comes here only for tasks of these; 0: for all */
        bool last;         /* step_next() ends the task, though rows follow that are reached with
                              step_goto() */
        bool queued; /* waits for a slot, with nothing touched yet: asked again when one is free */
        bool read_only; /* only reads, with nothing touched yet */
        bool down;      /* the instance is held, or down: counts against max_parallel */
        bool follows; /* only the image is followed: holds up no other run, and can be abandoned */
};

struct task_kind {
        const char *name; /* stored */
        const struct step *steps;
        void (*forget)(struct task *task); /* frees task->state */
        void (*ended)(struct task *task);  /* logs how it ended; or NULL */
        step_timeout_fn *on_timeout;       /* NULL: the task fails */
        unsigned int touching; /* the ways of tasks that may do something to what they work on:
                                  these are `down` in steps that say so */
        bool by_subject;       /* its subjects are unique in a run: run_find_task() finds them */
        sec_t straggle; /* how long its steps may still read once another task of the run is done;
                         * 0: for ever */
        /* The time limit of a call that is sent now. A call without an answer by then is ended, and
         * its step gets AWS_UNKNOWN, or AWS_UNREACHABLE where the call may be repeated.
         * USEC_INFINITY: no limit but those of aws_call(); NULL: the same for all calls of the
         * kind. Calls that end an outage (PRIORITY_START) have no limit. */
        usec_t (*call_limit)(struct task *task);
        /* How the instance that the task holds is as long as the task gets no further, for people:
         * "stays stopped". It returns NULL when the task holds nothing. Asked in steps that are
         * `down`. NULL: tasks of the kind never hold anything. */
        const char *(*holds)(const struct task *task);
        /* The time (wall clock) until which the step of the task holds the instance at most,
         * whatever AWS answers; SEC_NONE: as long as AWS refuses. NULL: SEC_NONE for every step. */
        sec_t (*held_until)(struct task *task);
        /* Whether a cancelled task has made something that no task follows any more. NULL: never.
         */
        bool (*leaves)(const struct task *task);
        /* The row has been loaded; or NULL. */
        void (*loaded)(struct task *task);
        /* The open task of this row is given up, since its account is not in the settings; or NULL.
         */
        void (*lost)(const struct run *run, const struct store_task *row);
};

struct phase {
        const char *name; /* stored */
        const struct task_kind *kind;
        bool touches; /* the next run of the schedule waits until all tasks of the phase only follow
                         images */
        /* Adds the phase's tasks, or looks at those that earlier phases added. A verdict other than
         * step_next() ends the run. */
        struct verdict (*begin)(struct run *run);
};

struct run_kind {
        const char *name; /* stored */
        const struct phase *phases;
        const struct task_kind *work; /* the kind of task that does the work of the run: a run
                                         without such a task that is done is not partial */
        bool by_schedule; /* one run of a schedule waits for another: engine_schedule_is_busy() */
        /* The images that the run has made: ", with 3 images". Its shortfall: "1 of 3 images is
         * below ...", or NULL. The caller frees. NULL: runs of the kind make nothing. */
        char *(*made)(const struct run *run);
        char *(*shortfall)(const struct run *run);
        void (*resumed)(
                struct run *run); /* all its tasks have been rebuilt after a restart; or NULL */
        void (*forget)(struct run *run); /* frees run->state; or NULL */
};

/* ---- objects ---- */

struct task {
        struct store_task row;
        struct run *run;
        const struct task_kind *kind;
        const struct step *step;     /* NULL: not begun */
        const struct method *method; /* of the kind; the engine does not look at it */
        unsigned int way;            /* the bit of struct step.ways that is its own; 0: none yet */
        struct location *location;
        struct aws_slot *call;
        struct timer *limit;         /* ends the call; NULL: no call had a limit yet */
        usec_t limited;              /* how long the last call with a limit might take */
        const struct action *action; /* of the last call */
        char *error, *request_id;    /* of its reply, while the step lasts; or NULL */
        struct timer *timer;
        void *state;    /* of the kind; not stored */
        usec_t entered; /* monotonic: when its step began; setting the clock changes no timeout
                         */
        int percent;    /* of its snapshots, -1 unknown */
        char *snapshot; /* of these, the one that is furthest from complete; or NULL */
        int snapshot_percent;
        char *waiting;                /* what the task waits for, for people; or NULL */
        struct refusal refusal;       /* of its own call, while its step lasts */
        const struct refusal *awaits; /* of the question it shares with others, while its step
                                         lasts; NULL: it does not wait for one */
        usec_t retry_at;    /* monotonic: until then its last step_retry() lasts; 0: there was none
                             */
        char *waiting_text; /* of task_waiting(); or NULL */
        bool resumed; /* its step was entered by an earlier process, which may have sent the request
                       */
        usec_t inherited; /* monotonic: when the task of an earlier process was rebuilt; 0: it is of
                             this one */
        bool restored;    /* its instance is as it was before, and only a late request could change
                             that */
        bool waits_behind; /* waits for an earlier image of its instance: holds up no other run */
        bool dirty, moved, down;
        bool aside;                         /* counted in run->n_aside */
        struct task *next;                  /* of run->tasks */
        UT_hash_handle hh;                  /* of run->by_subject */
        struct task *next_moved;            /* of run->moved */
        struct task *next_dirty;            /* of run->touched */
        struct task *prev_down, *next_down; /* of engine->down */
};

struct run {
        struct store_run row;
        struct engine *engine;
        const struct run_kind *kind;
        const struct phase *phase; /* NULL: waits for an earlier run of its schedule */
        struct settings *settings;
        const struct setting_schedule
                *schedule; /* of settings; NULL: all, or it is no longer there */
        bool dry;          /* nothing is stored or changed */
        bool dirty;
        bool compared;  /* it was claimed by a clock that agreed with AWS's; clock-guard.h */
        usec_t claimed; /* monotonic; 0: by an earlier process */
        usec_t began;   /* monotonic; a clock that is set changes no duration */
        void *state;    /* of the kind; not stored */
        size_t n_open;  /* open tasks of the phase that goes on */
        size_t n_aside; /* of these, those that hold up no other run */
        struct timer *stragglers;            /* tasks that hold up the others; NULL: none do */
        size_t n_lost;                       /* tasks whose account is no longer in the settings */
        struct task *tasks, *last_task;      /* struct task.next */
        struct task *by_subject;             /* struct task.hh; of kinds that say so */
        size_t n_cancelled;                  /* tasks that were not begun */
        struct task *moved, *last_moved;     /* struct task.next_moved */
        struct task *touched, *last_touched; /* struct task.next_dirty: to be committed */
        struct run *next;                    /* of engine->runs */
};

typedef void engine_changed_fn(void *userdata);

enum { DRY_IDS = 256 };

struct engine {
        struct loop *loop;
        struct store *store; /* NULL in an engine for dry runs only */
        struct aws *aws;
        struct locations locations;
        const struct run_kind *kinds;          /* ends with an empty row */
        void (*forget)(struct engine *engine); /* as in struct engine_options */
        struct settings *settings;
        char nonce[17];            /* of this process: the tag amid:daemon of what it asks for */
        usec_t process_began;      /* monotonic */
        char *rival;               /* another daemon with our owner, rival.h; NULL: none was seen */
        struct run *runs;          /* struct run.next, oldest first */
        struct clock_guard *clock; /* clock-guard.h; NULL in an engine for dry runs only */
        struct watches watches;
        struct task *down;                  /* struct task.next_down: whose instance is held */
        char *dry_ids[DRY_IDS];             /* of the last dry runs, which have no row */
        size_t n_dry_ids;                   /* how many there were */
        struct recent_image *recent_images; /* snapshot-limits.c */
        struct task *looked_up;             /* by engine_find_task(); or NULL */
        struct timer *turn;                 /* what moved is committed and acted on */
        bool room;                          /* a slot is free: queued tasks are asked again */
        bool news;           /* since the last turn a run began, or the state failed or works */
        char *store_failure; /* why the state cannot be written, logged once; NULL: it can */
        bool closing;        /* only what holds an instance goes on */
        engine_changed_fn *changed; /* after a turn in which a run began or ended */
        void *userdata;
};

/* ---- life ---- */
struct engine_options {
        struct loop *loop;
        struct store *store; /* NULL: for dry runs only */
        struct aws *aws;
        const struct run_kind *kinds;          /* ends with an empty row */
        void (*forget)(struct engine *engine); /* frees what the kinds keep in it, at the end */
        engine_changed_fn *changed;
        void *userdata;
};
struct engine *engine_new(const struct engine_options *options);
struct engine *engine_free(struct engine *engine);
DEFINE_CLEANUP(struct engine, engine_free);
/* The id of a run, a function of its arguments: after a crash the same run gets the same id.
 * "web-nightly.20261121T180000Z"; other kinds carry their name: "web-nightly.prune.2026..." or,
 * over all schedules, "prune.2026...". Schedule names have no dot. Caller frees. */
char *run_id(const char *kind, const char *schedule, sec_t firing);
/* Loads the unfinished runs of the store and goes on with them. */
int engine_resume(struct engine *engine);

/* From now on nothing new begins; what holds an instance goes on until it has let go. */
void engine_close(struct engine *engine);
/* Whether only amid will bring the instance of a task back: it is stopped, frozen, or taken out of
 * something (and not restored); and the first such task, or NULL. */
bool task_holds(const struct task *task);
const struct task *engine_find_held(const struct engine *engine);
/* Commits what moved and drops all runs: nothing calls back any more. */
void engine_stop(struct engine *engine);

/* A run that is to begin. Strings are borrowed. */
struct run_request {
        const char *kind, *schedule, *trigger, *only;
        sec_t firing;
        bool dry;
        bool queued;   /* do not begin before the runs of the schedule that are open have ended */
        bool compared; /* the clock agrees with AWS's */
};
/* Log once that the state cannot be written, with the instances that are held meanwhile; and once
 * that it can be written again. */
void engine_store_failed(struct engine *engine, const struct log_about *about);
void engine_store_works(struct engine *engine);
/* Claims the firing and begins. -EEXIST: it has been claimed before, or its id was that of a dry
 * run.
 */
int engine_start(struct engine *engine, const struct run_request *request, struct run **ret);
/* Ends what has not begun; what has is finished, and nothing follows it. */
void run_cancel(struct run *run, const char *why);
/* The same, and ends following the images of the run, once their instances are restored. The images
 * stay in the store in the state that was seen last. */
void run_abandon(struct run *run, const char *why);
/* NULL: there is none of this name. */
const struct run_kind *engine_find_kind(const struct engine *engine, const char *name);
struct run *engine_find_run(struct engine *engine, const char *id);
/* The task of a run under way, by the id of its row; or NULL. Fast in the order of the rows. */
struct task *engine_find_task(struct engine *engine, int64_t id);
/* Whether the next run of the schedule has to wait: a run of it, of a kind that is by_schedule, may
 * still touch instances. A run whose tasks only follow their images does not count. */
bool engine_schedule_is_busy(struct engine *engine, const char *schedule, bool *ret_queued);

/* ---- for steps and phases ---- */

/* Sends the one request of the task. answer() of its step gets the reply. */
void task_call(struct task *task, const struct action *action, const void *input);
/* The row of the task has changed: it is committed in the next turn. */
void task_touch(struct task *task);
/* Sets, for this step, whether the task only waits for an earlier image of its instance. */
void task_set_behind(struct task *task, bool behind);
/* Asks the task's step again, soon; harmless at any time. */
void task_wake(struct task *task);
/* The same after a while, unless the step changes before. */
void task_wake_after(struct task *task, usec_t delay);
/* The verdict on a reply that is not AWS_OK, for steps without special cases: a retry when AWS did
 * not answer, else a failure with AWS's words; at once in a region that refuses a key which AWS
 * takes elsewhere. */
struct verdict task_trouble(struct task *task, const struct aws_reply *reply,
                            const struct action *action);
/* The time since the step of the task began, also over restarts: seconds. */
sec_t task_spent(const struct task *task);
/* Sets the sentence for `amictl show` about what the task waits for. */
void task_set_waiting(struct task *task, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* The text of what the task waits for: the call that AWS refuses or does not answer, else the
 * sentence that was set; NULL when nothing is to say. `timed`: with the time until that call is
 * asked again. Good until the task changes, or is asked again. */
const char *task_waiting(struct task *task, bool timed);
/* The same, with the progress of its snapshots. */
struct task_progress task_progress(struct task *task, bool timed);
/* The task waits for a call that it shares with others: a refusal of that call is shown as the
 * task's. */
void task_await(struct task *task, const struct refusal *shared);
/* The call in the way of the task and why AWS refuses it, or `otherwise`. Caller frees. */
char *task_why(const struct task *task, const char *otherwise);
struct log_about task_about(const struct task *task);
/* " in prod/us-east-1" for a line of the journal where the settings have several accounts, else "".
 * Caller frees. */
char *task_where(const struct task *task);
/* Whether a task may remove, or decide what is to be removed: not while the clock is not known to
 * be right. If not, it is asked again: *ret. */
bool task_may_remove(struct task *task, struct verdict *ret);
/* Whether a task may begin with its instance. If not, *ret ends it, or asks it again. */
bool task_may_begin(struct task *task, struct verdict *ret);
/* Tells watchers that something about the task moved, `decision` may be NULL. */
void task_report(struct task *task, const struct prune_decision *decision);

/* Adds a task for a later or the current phase of its run; stored with the next commit. */
struct task *run_add_task(struct run *run, const struct task_kind *kind, struct location *location,
                          const char *subject);
/* The task of a kind with by_subject that works on `subject`, or NULL. */
struct task *run_find_task(const struct run *run, const char *subject);
/* Whether the operator or a failure ended tasks of the run before they began. */
bool run_is_cut_short(const struct run *run);
