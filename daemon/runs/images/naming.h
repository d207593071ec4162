/* The tags and names by which images and snapshots of ours are known. Pure. */
#pragma once

#include "aws/services/ec2.h"
#include "base/time.h"
#include "store/store.h"

/* The tags every image and snapshot of ours carries from the create call on. */
#define TAG_OWNER       "amid:owner"
#define TAG_SCHEDULE    "amid:schedule"
#define TAG_RUN         "amid:run"
#define TAG_INSTANCE    "amid:instance"
#define TAG_TIME        "amid:time"
#define TAG_CONSISTENCY "amid:consistency"
#define TAG_METHOD      "amid:method" /* how it was made; what that proved is amid:consistency */
#define TAG_DAEMON      "amid:daemon" /* a random word of the process that asked for it */
/* How its task has ended, "done" or "failed": comes with the change of amid:consistency, and from
 * the create call on where nothing can fail but the image itself. An image without it is taken for
 * one whose task failed, so that losing the state raises no image. */
#define TAG_OUTCOME "amid:outcome"
#define TAG_PREFIX  "amid:"

/* The tag EC2 puts on instances of an Auto Scaling group; nobody can edit it.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html */
#define TAG_AUTO_SCALING "aws:autoscaling:groupName"

/* The filter `tag:KEY` with one literal value; `values` has room for it. */
struct name_filter {
        char *name, *literal;
        const char *value;
        struct ec2_filter filter;
};
void name_filter_init(struct name_filter *filter, const char *name, const char *value);
void name_filter_done(struct name_filter *filter);

/* The outcome of a value of TAG_OUTCOME: DONE, FAILED, or OPEN for any other word and for NULL. */
enum outcome outcome_of_tag(const char *value);

/* The ids of the snapshots behind an image, separated by spaces, as the store keeps them; "" while
 * EC2 lists none. Caller frees. */
char *image_snapshots(const struct ec2_image *image);
/* "protected from deregistration (enabled-with-cooldown)", or NULL. Somebody protects an image on
 * purpose, and EC2 refuses to deregister it. Caller frees.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-deregistration-protection.html */
char *image_protection(const struct ec2_image *image);

/* Whether `text` (may be NULL) has this id as a word of its own. */
bool names_id(const char *text, const char *id);

/* Whether CreateImage made the snapshot for this image of this run and instance: by its tags and by
 * its description, which names the image. People copy tags with a snapshot, and make snapshots with
 * any tags. */
bool snapshot_is_of(const struct ec2_snapshot *snapshot, const char *image, const char *run,
                    const char *instance);
