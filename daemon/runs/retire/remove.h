/* The state of a removal task beyond its row. Internal to remove.c, evidence.c and
 * snapshots.c. */
#pragma once

#include "runs/location/gone.h"
#include "runs/retire/retire.h"

/* Between lookups of an image that EC2 does not list, and before the one after an unknown outcome:
 * lists lag. */
#define REMOVAL_LOOK_RETRY (30 * USEC_PER_SEC)

/* The fate of a snapshot of the image. */
enum snapshot_fate {
        SNAPSHOT_OPEN,    /* to be described, by id */
        SNAPSHOT_OURS,    /* described: it is that of the row, and may be deleted */
        SNAPSHOT_LAGS,    /* the same; EC2 still says that the deregistered image uses it */
        SNAPSHOT_DELETED, /* by us, or by somebody else: EC2 no longer has it */
        SNAPSHOT_KEPT,    /* for good: not made for this image, or another image uses it */
        SNAPSHOT_REFUSED, /* AWS does not let it be deleted, for now */
};

struct removal_snapshot {
        char *id;
        enum snapshot_fate fate;
        char *reason; /* why it is kept or refused; or NULL */
        struct gone gone;
        bool refused;       /* by the last call: whether it still exists is looked up */
        bool transient;     /* refused by an error of AWS: the next run tries again */
        unsigned int calls; /* of DeleteSnapshot, without a clear answer */
};

struct removal_state {
        char *state;               /* of the image when EC2 described it; NULL: it never has */
        usec_t described;          /* monotonic: when EC2 described it; 0: it has to again */
        char *successor;           /* the image that stays in its place, by the store; or NULL */
        struct settings *settings; /* by which it is removed */
        struct gone gone;
        struct gone users;   /* the instances that were launched from it, all of them */
        bool launched;       /* EC2 knows of instances that were launched from it */
        unsigned int calls;  /* of DeregisterImage */
        usec_t unknown_call; /* monotonic: the last of these that may have deregistered it, or the
                              * first look after one of an earlier process; 0: none may have */
        char *refusal;       /* of a later call: no more are sent */
        usec_t look_after;   /* monotonic: EC2's lists lag behind the call */
        struct removal_snapshot *snapshots;
        size_t n;
        bool loaded;       /* `snapshots` is filled in */
        usec_t lags_since; /* monotonic: EC2 says that the image still uses them; 0: it does not */
        bool is_left;      /* snapshots are left, which has not been logged before */
};

/* Of the task; made when first needed. */
struct removal_state *removal_state(struct task *task);
void removal_snapshots_free(struct removal_state *removal);

/* The image's row. 1, 0 when there is none, or negative errno. */
int removal_load(struct task *task, struct store_image *ret);
/* Writes a state and a detail into the image's row. 1, 0, or negative errno. */
int removal_note(struct task *task, const char *state, const char *detail);
struct verdict removal_not_recorded(struct task *task);
/* Whether it is too early to describe the image; then the task is asked again later. */
bool removal_is_too_early(struct task *task, const struct removal_state *removal);

/* Ends the task, and the image stays; takes `why`. */
struct verdict removal_keeps(char *why);

/* evidence.c: steps. */
struct verdict look_image_ask(struct task *task);
struct verdict look_image_answer(struct task *task, const struct aws_reply *reply);
struct verdict look_uses_ask(struct task *task);
struct verdict look_uses_answer(struct task *task, const struct aws_reply *reply);

/* snapshots.c: steps. */
struct verdict look_snapshots_ask(struct task *task);
struct verdict look_snapshots_answer(struct task *task, const struct aws_reply *reply);
struct verdict delete_snapshots_ask(struct task *task);
struct verdict delete_snapshots_answer(struct task *task, const struct aws_reply *reply);
struct verdict record_removal_ask(struct task *task);
