/*
 * Invariants of removals, whatever retention decides: the daemon removes only images that it made
 * and no other user has claimed, and only images that a newer one of at least the same consistency
 * replaces.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/method.h"
#include "sim/sim-image.h"
#include "sim/sim-snapshot.h"
#include "sim/simulation/checker-private.h"
#include "store/store.h"

/* The time from the query about an image to the removal that relies on it: a few slow calls. */
#define LOOK_RACE (10 * SEC_PER_MIN * USEC_PER_SEC)
/* An image that EC2 shows as failed may be removed, even when it is shown as available again
 * just then. */
#define SHOWN_RACE ((usec_t)3600 * USEC_PER_SEC)
/* The checker forgets removed images after 60 days (checker-calm-end.c); a lock may keep a
 * snapshot for longer. */
#define FORGOTTEN ((usec_t)59 * 24 * 3600 * USEC_PER_SEC)
/* A run decides by the settings at its beginning. */
#define DECISION_RACE ((usec_t)72 * 3600 * USEC_PER_SEC)

static usec_t now_of(const struct checker *checker)
{
        return virtual_true_time(&checker->simulation->clock);
}

static void judge_not_kept(struct checker *checker, const struct creation *creation,
                           const char *what)
{
        if (creation->kept_by_others &&
            checker->simulation->clock.now - creation->kept_at > LOOK_RACE)
                simulation_fail(
                        checker->simulation, "nothing of other users is touched",
                        "%s of %s is removed, whose tags another user has changed to keep it", what,
                        creation->id);
}

/* ---- strength ---- */

/* The strength of a label: the number of levels of consistency that it satisfies, counted no
 * higher than the level of the schedule (auto: reboot). */
static int strength(const char *label, enum setting_consistency asked)
{
        static const enum setting_consistency levels[] = { CONSISTENCY_CRASH, CONSISTENCY_FREEZE,
                                                           CONSISTENCY_REBOOT, CONSISTENCY_STOP };
        enum setting_consistency most = asked == CONSISTENCY_AUTO ? CONSISTENCY_REBOOT : asked;
        int strength = 0;

        for (size_t i = 0; i < ELEMENTS(levels) && levels[i] <= most; i++)
                strength += consistency_satisfies(label, levels[i]);
        return strength;
}

bool creation_was_there(const struct checker *checker, const struct creation *creation,
                        const struct creation *removed)
{
        return creation->gone_at && creation->gone_at > removed->described &&
               checker->simulation->clock.now - removed->described < LOOK_RACE;
}

/* Whether the image is available, or was when the daemon queried the image that it removes. */
static bool may_replace(struct checker *checker, const struct creation *creation,
                        const struct creation *removed)
{
        const struct image *image = creation_image(checker, creation);

        return image ? image->state == IMAGE_IS_AVAILABLE
                     : creation_was_there(checker, creation, removed);
}

/* The label of an image that is gone is not known any more, so the image counts as the
 * strongest. */
static int strength_of(struct checker *checker, const struct creation *creation,
                       enum setting_consistency asked)
{
        const struct image *image = creation_image(checker, creation);

        return image ? strength(tags_get(&image->resource.tags, "amid:consistency"), asked) : 9;
}

/* No removal lowers the best consistency among the images of an instance. */
static void judge_strength(struct checker *checker, const struct creation *creation)
{
        struct simulation *simulation = checker->simulation;
        const struct fleet_schedule *schedule = fleet_find(&simulation->fleet, creation->schedule);
        const struct image *image = creation_image(checker, creation);
        int strong;

        if (!image || image->state != IMAGE_IS_AVAILABLE ||
            now_of(checker) < image->odd_until + SHOWN_RACE || !schedule || !schedule->there ||
            schedule->edited || simulation->clock.now - schedule->changed < DECISION_RACE)
                return;
        strong = strength_of(checker, creation, schedule->level);
        for (const struct creation *c = checker->creations; c; c = c->hh.next)
                if (c != creation && streq(c->schedule, creation->schedule) &&
                    streq(c->instance, creation->instance) && streq(c->region, creation->region) &&
                    c->asked > creation->asked && may_replace(checker, c, creation) &&
                    strength_of(checker, c, schedule->level) >= strong)
                        return;
        simulation_fail(simulation, "no weaker image displaces a stronger one",
                        "%s of %s by %s is %s and is deregistered; %s is asked for, and no newer "
                        "image is worth as much",
                        creation->id, creation->instance, creation->schedule,
                        tags_get(&image->resource.tags, "amid:consistency"),
                        consistency_name(schedule->level));
}

/* ---- requests ---- */

static void judge_deregistering(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "ImageId");
        const struct creation *creation = id ? creation_by_id(checker, id) : NULL;

        if (!creation)
                return; /* checker-retention.c */
        judge_not_kept(checker, creation, "the image");
        judge_strength(checker, creation);
}

/* The description of a snapshot names its image. */
static void judge_deleting(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "SnapshotId");
        const struct snapshot *snapshot =
                id ? resource_find(sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT,
                                                request->region),
                                   KIND_SNAPSHOT, id)
                   : NULL;
        const char *image = snapshot ? strstr(snapshot->description, "ami-") : NULL;
        _cleanup_free_ char *of = image ? xstrndup(image, strcspn(image, " ")) : NULL;
        const struct creation *creation = of ? creation_by_id(checker, of) : NULL;

        /* Images that were made long ago and are gone are forgotten here. */
        if (snapshot && !creation &&
            (startswith(snapshot->description, "Copied") ||
             now_of(checker) - snapshot->resource.created < FORGOTTEN))
                simulation_fail(checker->simulation, "nothing of other users is touched",
                                "snapshot %s is deleted (%s), which the daemon did not make", id,
                                snapshot->description);
        if (creation)
                judge_not_kept(checker, creation, "a snapshot");
}

void removal_before_request(struct checker *checker, const struct cloud_request *request)
{
        if (streq(request->action, "DeregisterImage"))
                judge_deregistering(checker, request);
        else if (streq(request->action, "DeleteSnapshot"))
                judge_deleting(checker, request);
}

/* The answer tells the daemon about these images. */
void removal_after_request(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *filter = NULL;

        if (!streq(request->action, "DescribeImages") || !request->succeeded || !request->heard)
                return;
        filter = request_parameter(request->body, "Filter.1.Name");
        for (int i = 1; streq(filter, "image-id"); i++) {
                _cleanup_free_ char *name = xasprintf("Filter.1.Value.%d", i);
                _cleanup_free_ char *id = request_parameter(request->body, name);
                struct creation *creation = id ? creation_by_id(checker, id) : NULL;

                if (!id)
                        return;
                if (creation)
                        creation->described = checker->simulation->clock.now;
        }
}

/* ---- images in the state ---- */

void removal_counted(struct checker *checker, const char *region, const char *id,
                     const char *instance)
{
        const struct image *image =
                resource_find(sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT, region),
                              KIND_IMAGE, id);

        if (image && !streq(image->source_instance, instance))
                simulation_fail(checker->simulation, "nothing of other users is counted",
                                "%s is in the state as an image of %s, and was made of %s", id,
                                instance,
                                image->source_instance ? image->source_instance : "another image");
}

void removal_adopted(struct checker *checker)
{
        struct store_image *rows;
        size_t n;

        if (store_load_images(checker->simulation->machine.store, NULL, NULL, NULL, false, &rows,
                              &n) < 0)
                return;
        for (size_t i = 0; i < n; i++)
                removal_counted(checker, rows[i].region, rows[i].id, rows[i].instance);
        store_images_free(rows, n);
}
