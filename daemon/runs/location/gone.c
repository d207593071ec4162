/* How much evidence proves that a resource no longer exists. */
#include "runs/location/gone.h"

#include <string.h>

#include "base/text.h"

#define MINUTE (60 * USEC_PER_SEC)

/* How long, and in how many lists in a row, a resource has to be absent. */
static const struct {
        usec_t seen_before; /* one that a list contained before */
        usec_t never_seen;  /* one that none did: EC2 has named it when it made it, so it exists */
        unsigned int misses;
} proofs[] = {
        /* A person or a schedule named it, or a list did: minutes tell. */
        [GONE_INSTANCE] = { 5 * MINUTE, 5 * MINUTE, 4 },
        /* CreateImage has named it. Where nothing is retained nobody looks for it again. */
        [GONE_IMAGE] = { 10 * MINUTE, 60 * MINUTE, 4 },
        [GONE_SNAPSHOT] = { 10 * MINUTE, 10 * MINUTE, 4 },
        [GONE_TARGET_GROUP] = { 5 * MINUTE, 5 * MINUTE, 4 },
        [GONE_MEMBERSHIP] = { 3 * MINUTE, 3 * MINUTE, 4 },
};

/* https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html, and the Errors
 * sections of the Elastic Load Balancing and Auto Scaling references. Codes of the Query protocol
 * may end in "Exception". */
static const char *const claims[] = {
        "InvalidInstanceID.NotFound", "InvalidAMIID.NotFound",  "InvalidAMIID.Unavailable",
        "InvalidSnapshot.NotFound",   "InvalidVolume.NotFound", "InvalidTarget",
        "TargetGroupNotFound",        "InvalidInstanceId",
};

void gone_see(struct gone *gone, usec_t now)
{
        gone->listed = now;
        gone->misses = 0;
}

void gone_end(struct gone *gone)
{
        gone->ended = true;
}

void gone_miss(struct gone *gone, usec_t now)
{
        if (!gone->misses)
                gone->missed = now;
        gone->misses++;
        gone->last = now;
}

bool gone_is_certain(const struct gone *gone, enum gone_kind kind)
{
        usec_t needed = gone->listed ? proofs[kind].seen_before : proofs[kind].never_seen;

        return gone->ended ||
               (gone->misses >= proofs[kind].misses && gone->last - gone->missed >= needed);
}

bool gone_is_suspected(const struct gone *gone, enum gone_kind kind)
{
        return gone->misses && !gone_is_certain(gone, kind);
}

usec_t gone_pause(enum gone_kind kind)
{
        return proofs[kind].seen_before / proofs[kind].misses;
}

bool gone_would_show(enum gone_kind kind, usec_t since, usec_t now)
{
        return now - since >= proofs[kind].seen_before;
}

bool gone_is_claimed(const struct aws_reply *reply)
{
        if (reply->outcome != AWS_ERROR || !reply->code)
                return false;
        for (size_t i = 0; i < ELEMENTS(claims); i++)
                if (streq(reply->code, claims[i]) ||
                    (startswith(reply->code, claims[i]) &&
                     streq(reply->code + strlen(claims[i]), "Exception")))
                        return true;
        return false;
}
