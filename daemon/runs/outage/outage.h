/*
 * The outage of an image task: what is done to an instance for its image, from the time it gets its
 * slot until it is as it was before, and how the task ends where that does not succeed. The state
 * that the steps of an image task share is here too; what makes the image itself is in backup.h,
 * with the steps.
 *
 * From the first step that does something to an instance on, every way to an end leads over those
 * that put it right: image_give_up() notes in the row how it is to end, and goes there.
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

/* What an image task knows beyond its row; made anew after a restart. */
struct backup_state {
        struct ec2_instances instance; /* one, or none: not described yet */
        usec_t described;
        sec_t dated; /* the same by EC2's clock, of a call that is made after it */
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
        char *misfit;        /* what has the name, and why that is not ours; or NULL */
        bool may_exist;      /* an earlier call may have made the image: no end without a lookup */
        bool recorded;       /* that the image is available, before await-image */
        bool taken_over;     /* the image was found: nobody is told that it is being created */
        struct verdict no_more; /* a MOVE_FINISH: no further call is made, and that is how it ends
                                   if the image is not found */
        unsigned int rounds;    /* how often the call was come back to after that */
        unsigned int lookups;   /* of the image by its name, since then */
        unsigned int wrong_states; /* how often EC2 refused it for its state */
        unsigned int busy;         /* and for a limit that was reached, or a lack of room */
        usec_t asked;              /* monotonic: when EC2 was first asked for it; 0: not yet */
        unsigned int stale;        /* freezes that were over before EC2 took the call */
        bool freeze_unanswered;    /* a request to freeze it had no answer: it may be frozen */
        struct gone gone;          /* whether the instance exists, by what the task's looks list */

        struct gone tagged_gone;     /* whether the image that is to be tagged exists */
        bool tag_apart;              /* EC2 did not know one of the ids: each is tagged by itself */
        bool tag_look;               /* that was the id of the image, which is looked for */
        size_t n_tagged;             /* so many of its ids are dealt with */
        usec_t tag_may_arrive_until; /* monotonic: until then a request that may have tagged it may
                               still arrive; 0: there is none */
        char *tag_refusal;           /* why EC2 does not tag it, while the tags it has are read */

        /* Starting an instance that was stopped for its image. */
        usec_t fit;          /* monotonic: when its checks were seen not to fail; 0: never */
        usec_t stop_first;   /* monotonic: the first attempt to stop it; 0: none yet */
        bool stop_taken;     /* a request to stop it was taken, or may have been */
        bool was_running;    /* it never stopped: the first start found it running */
        bool awaits_stop;    /* it still stops: it is started once it was seen stopped */
        unsigned int starts; /* attempts that were refused, or that EC2 took and undid */
        usec_t started;      /* monotonic: the first attempt; 0: none by this process */
        usec_t next_start;   /* monotonic: no attempt before */
        bool overdue;        /* it has been told that it does not run within ready_timeout */

        /* Taking it out of rotation, and back. */
        struct gone member; /* whether its Auto Scaling group has it */
        usec_t look_first;  /* monotonic: a call was refused then: the registration is looked at */
        enum { SCALING_UNKNOWN, SCALING_IN_SERVICE, SCALING_KNOWN } scaling; /* what was asked */
        char *scaling_group;        /* in which it is in service; or NULL */
        size_t next_out, next_back; /* lines of row.putback, to be taken out of and to be put back
                                       into; both begin anew after a restart */
        bool may_be_out;            /* a call took the instance out of something, or may have */
        bool in_standby, in_service;
        char *refusal; /* what AWS said to the last order to its Auto Scaling group, if the state
                          of the instance may contradict that; or NULL */
        unsigned int refused;         /* attempts to put it back into one thing */
        unsigned int failed_restores; /* times it was put back, and was still out afterwards */
        bool unreachable; /* a group of the plan no longer exists, or no longer has the instance */
        usec_t restore_begun; /* monotonic: when it was first to be put back; 0: not yet */
        bool restore_overdue; /* it has been told that this takes longer than ready_timeout */
        usec_t watched;       /* monotonic: since when this process waits for its health; 0: not */
};
struct backup_state *backup_state(struct task *task);
void image_forget(struct task *task);

/* Takes over a described instance (which is zeroed) and derives from it what the row needs. `date`
 * is that of the reply, as in struct aws_reply. */
void image_describe(struct task *task, struct ec2_instance *instance, sec_t date);

/* CreateImage is about to be sent: notes in the row from when on, by EC2's clock, an image may
 * exist that this task has asked for, and who may have asked. True when that is new: then the row
 * has to be committed before the call, by entering the step again. */
bool image_note_asking(struct task *task);
/* No call is made (any more). Unless an earlier one may have made an image there is none to be
 * looked for: row.requested. */
void image_note_unasked(struct task *task);

/* `method` for the task, and the groups that go with it. */
void image_set_method(struct task *task, const struct method *method);
/* The groups anew, by what is known now. */
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
 * three minutes at least, within which a slow answer comes; else USEC_INFINITY. */
usec_t image_call_limit(struct task *task);
/* struct task_kind.holds, .loaded, .lost. */
const char *image_holds(const struct task *task);
void image_loaded(struct task *task);
void image_lost(const struct run *run, const struct store_task *row);

/* Notes, by the reply to a call that takes the instance down, whether a request without an answer
 * may still be on its way: until its signature is too old it can undo what was put right meanwhile.
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

/* Begins to watch its instance (status-poll.h), where it does not yet, until status_watch_end().
 * What EC2 refuses of that is shown as what the task waits for. */
struct status_watch *image_watch_status(struct task *task);

/* record.c: what the state says of the image. Its row cannot be written: later. */
struct verdict image_not_recorded(struct task *task);
/* EC2 has taken the call; 0, or a negative errno. */
int image_save_pending(struct task *task);
/* What has become of it, one of the states of struct store_image: MOVE_NEXT once that is written.
 */
struct verdict image_ended(struct task *task, const char *state, const struct image_watch *watch);
/* The same of one that is available, as followed; says so in the journal once. */
struct verdict image_available(struct task *task);
/* Follows the image, if there is one, while its instance is waited for, and records that it is
 * available once it is: that does not wait for the instance. */
void image_watch_early(struct task *task);

/* Ends it when AWS has refused the first thing that was to be done to the instance itself, so that
 * nothing was: there is no outage. What it was taken out of it is put back into. Takes `detail`. */
struct verdict image_untouched(struct task *task, enum outcome outcome, char *detail);

/* Ends it, after what was done to its instance is undone; takes `detail`. */
struct verdict image_give_up(struct task *task, enum outcome outcome, char *detail);
/* The same, while an image is made or may be: what was begun goes on, the outcome stays. */
void image_note_failure(struct task *task, char *detail);
/* The same with another outcome. */
void image_note_ending(struct task *task, enum outcome outcome, char *detail);

/* check-instance.c: until the instance gets a slot, and whether an image can be made of it. */
struct verdict wait_turn_ask(struct task *task);
struct verdict check_ask(struct task *task);
struct verdict check_answer(struct task *task, const struct aws_reply *reply);
struct verdict check_again_ask(struct task *task);
struct verdict check_again_answer(struct task *task, const struct aws_reply *reply);
/* Whether it would be back too late: now, and going by what it took the last times. */
bool image_is_too_late(const struct task *task);

/* status.c: whether it is well before it is touched. */
struct verdict check_status_ask(struct task *task);
struct verdict check_status_again_ask(struct task *task);

/* slots.c: whether the task gets a slot now; if not, sets what it waits for. */
bool slots_allow(struct task *task);
/* The open task of the latest earlier run of the schedule that works on the same instance; or NULL.
 * A run begins once those before it only follow their images. */
const struct task *slots_find_earlier(const struct task *task);
/* The groups an instance is in, a line each: in each at most max_parallel are down at once. NULL:
 * they are not known (yet). Caller frees. */
char *slots_groups(const struct task *task, const struct ec2_instance *instance);

/* rotation-steps.c: what an instance is to be taken out of before it is touched, rotation.h. */
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

/* Says once, as critical, that it is not back in what `name` is the name of though it was to be by
 * now, and halts the run if the schedule says so. That goes on being tried. */
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
/* It was started, and is down once more: starts it again. */
struct verdict start_again(struct task *task);
/* How long ago it was started for the first time: seconds. */
sec_t start_age(struct task *task);
/* Says once, as critical, that it does not run though it was to by now, and halts the run if the
 * schedule says so. It goes on being started. */
void start_note_overdue(struct task *task, const char *why);

/* kept.c */
/* How long an instance may still be kept stopped, frozen or out of service for the call: no longer
 * than it may take to come back. USEC_INFINITY: it is not kept so. */
usec_t create_time_left(struct task *task);
/* How long ago that time ended; 0: it goes on. */
usec_t create_overtime(struct task *task);
/* EC2 does not take the call for now, or does not tell whether it may be made: again, as long as
 * there is time. `detail` is taken. */
struct verdict create_later(struct task *task, usec_t delay, char *detail);
/* Ends it without an image, unless an earlier call may have made one after all. (EC2 looks at keys
 * and instance before it looks at the name: a refusal does not tell that there is none.) */
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
/* Whether the instance was frozen for an image, and has been for so long that it thaws by itself.
 */
bool freeze_is_stale(struct task *task);

/* boot.c: what the instance itself says of its reboot, by SSM: before, and after it. */
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
/* It is back after all: the row keeps its outcome, and tells how long the instance was away. */
void instance_note_back(struct task *task);
