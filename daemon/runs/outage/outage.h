/*
 * The outage of an image task: what is done to an instance for its image, from the time it gets its
 * slot until it is as it was before, and how the task ends where that does not succeed. The state
 * that the steps of an image task share is here too; what makes the image itself is in backup.h,
 * with the steps.
 *
 * Once a step has touched the instance, the task does not end before the steps that undo this are
 * done: image_give_up() notes in the row how the task is to end, and goes to the first of these
 * steps.
 */
#pragma once

#include "runs/engine/engine.h"
#include "runs/images/method.h"
#include "runs/images/naming.h"
#include "runs/location/gone.h"

struct image_watch;
struct status_watch;

/* "The request must reach AWS within five minutes of its time stamp", and a little more:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
#define REQUEST_LIVES (310 * USEC_PER_SEC)

/* The state of an image task beyond its row; made anew after a restart. */
struct backup_state {
        struct ec2_instances instance; /* one, or none: not described yet */
        usec_t described;
        sec_t dated; /* the same by EC2's clock, for a call that follows */
        struct image_watch *image_watch;
        struct status_watch *status_watch;
        usec_t outage_start;     /* monotonic; 0: not known (yet) */
        usec_t rebooted;         /* monotonic: when CreateImage was sent; 0: not by this process */
        usec_t may_arrive_until; /* monotonic: an earlier request without an answer may still reach
                                    EC2; 0: none */
        sec_t launched;          /* as row.launched, of `instance`: for the next call */
        bool look_again; /* before the next call: the instance may be in another state by then */
        bool outcome_unknown; /* a CreateImage had no answer: it may have made an image */
        usec_t unknown_call; /* monotonic: when the last such call was sent; 0: none by this process
                              */
        bool lookup_logged;  /* look-for-image has begun, with a line of the journal */
        char *misfit;        /* an image that has the name, and why it is not ours; or NULL */
        bool may_exist;      /* an earlier call may have made the image: no end without a lookup */
        bool recorded;       /* the row says that the image is available, before await-image */
        bool taken_over;     /* the image was found: no line says that it is being created */
        struct verdict no_more; /* a MOVE_FINISH: no further call is made, and the task ends so if
                                   the image is not found */
        unsigned int rounds;    /* how often CreateImage was called again after lookups */
        unsigned int lookups;   /* of the image by its name, since then */
        unsigned int
                wrong_states;   /* how often EC2 refused the call for the state of the instance */
        unsigned int busy;      /* how often for a limit that was reached, or a lack of room */
        usec_t asked;           /* monotonic: the first call of this attempt; 0: none yet */
        unsigned int stale;     /* freezes that were over before EC2 took the call */
        bool freeze_unanswered; /* a request to freeze it had no answer: it may be frozen */
        struct gone gone;       /* whether the instance exists, by what the task's looks list */

        struct gone tagged_gone;     /* whether the image that is to be tagged exists */
        bool tag_apart;              /* EC2 did not know one of the ids: each is tagged by itself */
        bool tag_look;               /* that was the id of the image, which is looked up */
        size_t n_tagged;             /* so many of its ids are dealt with */
        usec_t tag_may_arrive_until; /* monotonic: until then a request that may have tagged it may
                               still arrive; 0: there is none */
        char *tag_refusal;           /* why EC2 does not tag it, while the tags it has are read */

        /* Starting an instance that was stopped for its image. */
        usec_t fit;          /* monotonic: when its checks were seen not to fail; 0: never */
        usec_t stop_first;   /* monotonic: the first attempt to stop it; 0: none yet */
        bool stop_taken;     /* a request to stop it was taken, or may have been */
        bool seen_stopped;   /* EC2 said so after the request */
        bool was_running;    /* it never stopped: the first start found it running */
        bool awaits_stop;    /* it still stops: it is started once it was seen stopped */
        unsigned int starts; /* attempts that were refused, or that EC2 took and undid */
        usec_t started;      /* monotonic: the first attempt; 0: none by this process */
        usec_t next_start;   /* monotonic: no attempt before */
        bool overdue;        /* the line that it does not run within ready_timeout is logged */

        /* Taking it out of rotation, and back. */
        struct gone member; /* whether its Auto Scaling group lists it */
        usec_t look_first;  /* monotonic: when a call was refused; the registration is read before
                               the next */
        enum {
                SCALING_UNKNOWN,
                SCALING_IN_SERVICE,
                SCALING_KNOWN
        } scaling;                  /* by the last answers */
        char *scaling_group;        /* in which it is in service; or NULL */
        size_t next_out, next_back; /* lines of row.putback, to be taken out of and to be put back
                                       into; both begin anew after a restart */
        bool may_be_out;            /* a call took the instance out of something, or may have */
        bool in_standby, in_service;
        char *refusal;        /* the refusal of the last call to its Auto Scaling group, which the
                                 lifecycle state may contradict; or NULL */
        unsigned int refused; /* calls for one line of the plan that were refused */
        unsigned int failed_restores; /* times it was put back, and was still out afterwards */
        bool unreachable; /* a group of the plan no longer exists, or no longer has the instance */
        usec_t restore_begun; /* monotonic: when it was first to be put back; 0: not yet */
        bool restore_overdue; /* the line that this takes longer than ready_timeout is logged */
        usec_t watched;       /* monotonic: since when this process waits for its health; 0: not */
};
struct backup_state *backup_state(struct task *task);
void image_forget(struct task *task);

/* Takes over a described instance (which is zeroed), and sets the fields of the row that depend on
 * it. `date` is that of the reply, as in struct aws_reply. */
void image_describe(struct task *task, struct ec2_instance *instance, sec_t date);

/* Notes in the row, before CreateImage is sent, since when (by EC2's clock) an image of this task
 * may exist, and the processes that may have sent the call. True when the row has changed: it has
 * to be committed before the call, by entering the step again. */
bool image_note_asking(struct task *task);
/* No call is made (any more). Unless an earlier call may have made an image, there is none to look
 * up, and row.requested is cleared. */
void image_note_unasked(struct task *task);

/* Sets the method of the task, and the groups in which it needs a slot for that. */
void image_set_method(struct task *task, const struct method *method);
/* Sets the groups again, by the target groups that are known now. */
void image_regroup(struct task *task);
/* How long it may take until the instance is as it was: seconds. */
sec_t image_ready_timeout(const struct task *task);

/* The outage of the instance starts: the next request is the first that touches it. True the first
 * time: then the row has to be committed before anything is sent, by entering the step again. */
bool image_touch(struct task *task);
/* The duration of the outage so far; 0: none has started. Setting the clock changes it only over a
 * restart. */
sec_t image_outage_duration(struct task *task);

/* call_limit of struct task_kind: during the outage, what is left of `ready_timeout`, but
 * three minutes at least, since slow answers take that long; else USEC_INFINITY. */
usec_t image_call_limit(struct task *task);
/* struct task_kind.holds, .loaded, .lost. */
const char *image_holds(const struct task *task);
void image_loaded(struct task *task);
void image_lost(const struct run *run, const struct store_task *row);

/* Notes, by the reply to a call that takes the instance down, whether a request without an answer
 * may still be on its way: until its signature is too old it can undo what was restored meanwhile.
 */
void image_note_may_arrive(struct task *task, const struct aws_reply *reply);
/* How long from now on such a request may still arrive; 0: none can. */
usec_t image_may_arrive_for(struct task *task);
/* The same, for an instance that is as it was before: notes that, so that amid may end meanwhile.
 */
usec_t image_note_restored(struct task *task);

/* How long until a call that AWS has refused so often is sent again. */
usec_t image_backoff(unsigned int refusals);

/* Begins anew at wait-turn: nothing was done, and nothing has failed. */
struct verdict image_start_over(struct task *task);

/* The watch on the state and checks of the instance (status-poll.h); begun if there is none, and
 * ended by status_watch_end(). A refusal of its poll is shown as what the task waits for. */
struct status_watch *image_watch_status(struct task *task);

/* record.c: the row of the image. This verdict: it cannot be written now. */
struct verdict image_not_recorded(struct task *task);
/* EC2 has taken the call; 0, or a negative errno. */
int image_save_pending(struct task *task);
/* Writes the state that the image has ended in, of those of struct store_image: MOVE_NEXT once that
 * is written. */
struct verdict image_ended(struct task *task, const char *state, const struct image_watch *watch);
/* The same for an image that is available; logs that once. */
struct verdict image_available(struct task *task);
/* Watches the image, if there is one, in steps that wait for the instance: an image that becomes
 * available is recorded at once. */
void image_watch_early(struct task *task);

/* Ends the task after AWS has refused the first call that would have touched the instance itself:
 * there is no outage. An instance that was taken out of service is put back. Takes `detail`. */
struct verdict image_untouched(struct task *task, enum outcome outcome, char *detail);

/* Ends the task, after the steps that undo what was done to its instance. Takes `detail`. */
struct verdict image_give_up(struct task *task, enum outcome outcome, char *detail);
/* Notes in the row that the task will have failed. Its steps go on: an image is made, or may be. */
void image_note_failure(struct task *task, char *detail);
/* The same with another outcome. */
void image_note_ending(struct task *task, enum outcome outcome, char *detail);

/* check-instance.c: until the instance gets a slot, and whether an image can be made of it. */
struct verdict wait_turn_ask(struct task *task);
struct verdict check_ask(struct task *task);
struct verdict check_answer(struct task *task, const struct aws_reply *reply);
struct verdict check_again_ask(struct task *task);
struct verdict check_again_answer(struct task *task, const struct aws_reply *reply);
/* Whether an outage that starts now would end after the window, by the duration of earlier ones. */
bool image_is_too_late(const struct task *task);

/* status.c: whether the instance passes its status checks before it is touched. */
struct verdict check_status_ask(struct task *task);
struct verdict check_status_again_ask(struct task *task);

/* slots.c: whether the task gets a slot now; if not, sets what it waits for. */
bool slots_allow(struct task *task);
/* The open task of the latest earlier run of the schedule that works on the same instance; or NULL.
 * Such a task only follows its image: else the run would not have begun. */
const struct task *slots_find_earlier(const struct task *task);
/* The groups an instance is in, a line each: in each at most max_parallel are down at once. NULL:
 * they are not known (yet). Caller frees. */
char *slots_groups(const struct task *task, const struct ec2_instance *instance);

/* rotation-steps.c: the restore plan, by the groups that send work to the instance: rotation.h. */
struct verdict find_target_groups_ask(struct task *task);
struct verdict check_rotation_ask(struct task *task);
struct verdict check_rotation_answer(struct task *task, const struct aws_reply *reply);

/* take-out.c, put-back.c, healthy.c */
struct verdict take_out_ask(struct task *task);
struct verdict take_out_answer(struct task *task, const struct aws_reply *reply);
struct verdict take_out_on_timeout(struct task *task, char *detail);
struct verdict await_taken_out_ask(struct task *task);
struct verdict await_taken_out_answer(struct task *task, const struct aws_reply *reply);
struct verdict put_back_ask(struct task *task);
struct verdict put_back_answer(struct task *task, const struct aws_reply *reply);
struct verdict await_put_back_ask(struct task *task);
struct verdict await_put_back_answer(struct task *task, const struct aws_reply *reply);

/* Logs once, as critical, that the instance is still out of the group `name` after ready_timeout,
 * and halts the run if the schedule says so. The task goes on trying. */
void restore_note_overdue(struct task *task, const char *name, const char *why);

/* stop.c */
/* StateReason of an instance that a call has stopped: by amid, or by somebody else. */
#define REASON_STOPPED_BY_CALL "Client.UserInitiatedShutdown"
struct verdict check_stop_ask(struct task *task);
struct verdict check_stop_answer(struct task *task, const struct aws_reply *reply);
struct verdict stop_ask(struct task *task);
struct verdict stop_answer(struct task *task, const struct aws_reply *reply);
struct verdict await_stopped_ask(struct task *task);
struct verdict start_ask(struct task *task);
struct verdict start_answer(struct task *task, const struct aws_reply *reply);
/* Starts the instance again, which was started and has stopped once more. */
struct verdict start_again(struct task *task);
/* How long ago it was started for the first time: seconds. */
sec_t start_age(struct task *task);
/* Logs once, as critical, that the instance does not run after ready_timeout, and halts the run if
 * the schedule says so. The task goes on starting it. */
void start_note_overdue(struct task *task, const char *why);

/* kept.c */
/* How long the instance may still be kept stopped, frozen or out of service for the call:
 * ready_timeout in all. USEC_INFINITY: it is not kept so. */
usec_t create_time_left(struct task *task);
/* How long ago that time ended; 0: it has not. */
usec_t create_overtime(struct task *task);
/* EC2 does not take the call for now, or a call that has to come before it: a retry, as long as
 * there is time. Takes `detail`. */
struct verdict create_later(struct task *task, usec_t delay, char *detail);
/* Ends the task without an image, after a lookup where an earlier call may have made one. (EC2
 * checks keys and instance before the name: a refusal does not prove that there is no such image.)
 */
struct verdict end_without_image(struct task *task, enum outcome outcome, char *detail);

/* freeze.c */
struct verdict freeze_ask(struct task *task);
struct verdict freeze_answer(struct task *task, const struct aws_reply *reply);
struct verdict await_frozen_ask(struct task *task);
struct verdict await_frozen_answer(struct task *task, const struct aws_reply *reply);
struct verdict thaw_ask(struct task *task);
struct verdict thaw_answer(struct task *task, const struct aws_reply *reply);
struct verdict await_thawed_ask(struct task *task);
struct verdict await_thawed_answer(struct task *task, const struct aws_reply *reply);
/* Whether the instance was frozen so long ago that it has thawed by itself. */
bool freeze_is_stale(struct task *task);

/* boot.c: the boot id of the instance, read by SSM before and after its reboot. */
struct verdict read_boot_ask(struct task *task);
struct verdict read_boot_answer(struct task *task, const struct aws_reply *reply);
struct verdict await_boot_ask(struct task *task);
struct verdict await_boot_answer(struct task *task, const struct aws_reply *reply);
struct verdict read_boot_again_ask(struct task *task);
struct verdict read_boot_again_answer(struct task *task, const struct aws_reply *reply);
struct verdict await_boot_again_answer(struct task *task, const struct aws_reply *reply);

/* return.c: until the instance is back. */
struct verdict await_instance_ask(struct task *task);
/* The instance has failed and its slot is free: halts the rest of the run if the schedule says so.
 * Takes `why`. */
struct verdict instance_failed(struct task *task, char *why);
/* The same for the run and the row, while the instance keeps its slot. */
void instance_note_failed(struct task *task, const char *why);
/* The instance is back after all: the row keeps its outcome, and gets the duration of the outage.
 */
void instance_note_back(struct task *task);
