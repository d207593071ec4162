/*
 * Invariants of retention, computed by the oracle of the unit tests (unit/retention/oracle.h): no
 * image is removed that a rule, a use or the last-good guard keeps, and no image stays that none of
 * them keeps.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/images/method.h"
#include "sim/sim-image.h"
#include "sim/sim-instance.h"
#include "sim/simulation/checker-private.h"
#include "store/store.h"
#include "unit/retention/oracle.h"

#define HOUR (3600 * USEC_PER_SEC)
/* The removal of an image may have been decided before an instance was launched from it this
 * recently. */
#define USE_RACE (2 * HOUR)
/* A run that is hindered may carry out a decision after days: by the settings of then, and by
 * images that other users have removed since. */
#define DECISION_RACE (12 * HOUR)
/* How far the daemon's clock may be off when it decides, and how old the decision may be. */
#define CLOCK_RACE (10 * SEC_PER_MIN)
/* Younger images are left out: they may be pending, or not be listed yet. */
#define YOUNG (24 * HOUR)

static usec_t now_of(const struct checker *checker)
{
        return virtual_true_time(&checker->simulation->clock);
}

struct image *creation_image(struct checker *checker, const struct creation *creation)
{
        struct sim_location *location =
                sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT, creation->region);
        struct image *image = resource_find(location, KIND_IMAGE, creation->id);

        if (image)
                image_settle(image, now_of(checker));
        return image && image->deregistered > now_of(checker) && !creation->kept_by_others ? image
                                                                                           : NULL;
}

static bool is_available(struct checker *checker, const struct creation *creation)
{
        const struct image *image = creation_image(checker, creation);

        return image && image->state == IMAGE_IS_AVAILABLE;
}

/* An instance that was launched from the image longer ago than `race`; NULL: none. */
static const char *user_of(struct checker *checker, const struct creation *creation, usec_t race)
{
        struct sim_location *location =
                sim_location(checker->simulation->cloud.sim, DEFAULT_ACCOUNT, creation->region);
        usec_t now = now_of(checker);

        FOREACH_RESOURCE(resource, location, KIND_INSTANCE)
        {
                const struct instance *instance = (const struct instance *)resource;

                if (streq(instance->image, creation->id) && now - resource->created > race &&
                    instance_state(instance, now) != STATE_TERMINATED)
                        return resource->id;
        }
        return NULL;
}

/* ---- the question to the oracle ---- */

/* The images of one instance by one schedule, for the oracle; `about` is the index of the image
 * in question. */
struct series {
        struct retention_terms terms;
        struct retention_image *images;
        size_t n, about;
};

/* The consistency of an image is known from its label and its row once its task has ended or its
 * label was checked. Before that it is assumed. */
enum assumption { AS_STRONG_AS_MAY_BE, AS_WEAK_AS_MAY_BE };

static void measure_strength(struct checker *checker, const struct creation *creation,
                             enum assumption assumption, struct retention_image *ret)
{
        const struct image *image = creation_image(checker, creation);
        struct store *store = checker->simulation->machine.store;
        struct store_image row = {};
        bool strong = assumption == AS_STRONG_AS_MAY_BE;

        ret->level = strong ? CONSISTENCY_STOP : CONSISTENCY_CRASH;
        ret->succeeded = strong;
        /* A request may arrive after the process that sent it has crashed. */
        if (!image || !store ||
            store_load_image(store, "default", creation->region, creation->id, &row) <= 0)
                return;
        if (creation->checked || row.outcome != OUTCOME_OPEN) {
                /* The row claims no more than the label, and after a refusal it may claim less. */
                ret->level = consistency_level(
                        strong ? tags_get(&image->resource.tags, "amid:consistency")
                               : row.consistency);
                ret->succeeded = row.outcome == OUTCOME_DONE;
        }
        store_image_done(&row);
}

/* CreationDate of an image, which stays known when the image is gone. */
static sec_t created_of(struct checker *checker, const struct creation *creation)
{
        const struct image *image = creation_image(checker, creation);

        return (image ? image->resource.created : creation->asked) / USEC_PER_SEC;
}

static void series_add(struct checker *checker, struct series *series,
                       const struct creation *creation, const struct zone *zone,
                       enum assumption assumption)
{
        sec_t created = created_of(checker, creation);
        struct retention_image image = {
                .series = creation->instance,
                .id = creation->id,
                .created = created,
                .created_offset = zone_offset(zone, created),
                .firing = creation->firing,
                .firing_offset = zone_offset(zone, creation->firing),
                .available = true,
        };

        measure_strength(checker, creation, assumption, &image);
        *append(series->images, series->n) = image;
}

/* Whether the image counts in the question whether another one may be removed: also an image
 * that was there when that may have been decided, and is gone. */
static bool may_have_counted(struct checker *checker, const struct creation *creation)
{
        return is_available(checker, creation) ||
               ((creation->taken_by_others || creation->kept_by_others) &&
                checker->simulation->clock.now - creation->gone_at < DECISION_RACE);
}

/* Whether the image counts in the question whether another one has to be removed. */
static bool counts_for_sure(struct checker *checker, const struct creation *creation)
{
        return checker->simulation->clock.now - creation->made > YOUNG &&
               is_available(checker, creation) && !creation_is_left(checker, creation);
}

/* The terms of the schedule, as the manual states them. */
static struct retention_terms terms_of(struct checker *checker,
                                       const struct fleet_schedule *schedule)
{
        unsigned int asked =
                schedule->level == CONSISTENCY_AUTO ? CONSISTENCY_REBOOT : schedule->level;
        bool required = schedule->require != REQUIRE_NONE;

        return (struct retention_terms){
                .policy = schedule->retain,
                .requested = asked,
                .full = required ? schedule->require - REQUIRE_CRASH : asked,
                .required = required,
                .firing_lag = schedule->within * SEC_PER_HOUR + schedule->flexible * SEC_PER_MIN +
                              SEC_PER_DAY,
                .now = now_of(checker) / USEC_PER_SEC,
        };
}

/* False where the rules cannot be known: the schedule is not in the settings, has no 'retain',
 * or had another one. `assumption` is for the image in question; the contrary is assumed for the
 * others. */
static bool series_of(struct checker *checker, const struct creation *creation,
                      bool (*counts)(struct checker *checker, const struct creation *creation),
                      enum assumption assumption, struct series *ret)
{
        struct simulation *simulation = checker->simulation;
        const struct fleet_schedule *schedule = fleet_find(&simulation->fleet, creation->schedule);
        enum assumption others =
                assumption == AS_STRONG_AS_MAY_BE ? AS_WEAK_AS_MAY_BE : AS_STRONG_AS_MAY_BE;
        const struct setting_schedule *setting;

        *ret = (struct series){};
        if (!schedule || !schedule->there || schedule->edited || !schedule->has_retain ||
            simulation->clock.now - schedule->changed < DECISION_RACE)
                return false;
        setting = settings_schedule(fleet_settings(&simulation->fleet), schedule->name);
        ret->terms = terms_of(checker, schedule);
        for (const struct creation *c = checker->creations; c; c = c->hh.next) {
                if (!streq(c->schedule, creation->schedule) ||
                    !streq(c->instance, creation->instance) || !streq(c->region, creation->region))
                        continue;
                if (c == creation)
                        ret->about = ret->n;
                if (c == creation || counts(checker, c))
                        series_add(checker, ret, c, setting->zone,
                                   c == creation ? assumption : others);
        }
        return true;
}

static void series_done(struct series *series)
{
        free(series->images);
}

/* The images of the series, as text for a message. Caller frees. */
static char *series_text(const struct series *series)
{
        _cleanup_(text_done) struct text text = {};
        char time[TIME_TEXT_MAX], created[TIME_TEXT_MAX];

        for (size_t i = 0; i < series->n; i++)
                text_printf(&text, "%s%s of %s (created %s, level %u, %s)", i ? ", " : "",
                            series->images[i].id, format_rfc3339(series->images[i].firing, time),
                            format_rfc3339(series->images[i].created, created),
                            series->images[i].level,
                            series->images[i].succeeded ? "done" : "failed");
        return text_steal(&text);
}

/* ---- images that are removed ---- */

static void judge_last_good(struct checker *checker, const struct creation *creation)
{
        sec_t created = created_of(checker, creation);

        for (const struct creation *c = checker->creations; c; c = c->hh.next)
                if (c != creation && streq(c->schedule, creation->schedule) &&
                    streq(c->instance, creation->instance) && created_of(checker, c) >= created &&
                    (is_available(checker, c) || creation_was_there(checker, c, creation)))
                        return;
        simulation_fail(checker->simulation, "the last good image stays",
                        "%s is deregistered, and no newer image of %s by %s is available",
                        creation->id, creation->instance, creation->schedule);
}

/* No removal lowers the best consistency that is available of an instance, counted no higher
 * than the level of its schedule, whatever the rules are and whatever is required. */
static void judge_best(struct checker *checker, const struct creation *creation,
                       const struct series *series)
{
        const struct retention_image *images = series->images;
        unsigned int worth = oracle_worth(&images[series->about], series->terms.requested);

        for (size_t i = 0; i < series->n; i++)
                if (i != series->about &&
                    oracle_worth(&images[i], series->terms.requested) >= worth)
                        return;
        simulation_fail(checker->simulation, "the best consistency stays",
                        "%s of %s by %s is deregistered, and nothing else is worth as much",
                        creation->id, creation->instance, creation->schedule);
}

static void judge_rules(struct checker *checker, const struct creation *creation)
{
        _cleanup_(series_done) struct series series = {};
        _cleanup_free_ char *all = NULL, *rules = NULL;

        if (!series_of(checker, creation, may_have_counted, AS_WEAK_AS_MAY_BE, &series))
                return;
        judge_best(checker, creation, &series);
        series.terms.now += CLOCK_RACE;
        if (!oracle_stays(&series.terms, series.images, series.n, series.about))
                return;
        all = series_text(&series);
        rules = fleet_retain_text(fleet_find(&checker->simulation->fleet, creation->schedule));
        simulation_fail(checker->simulation, "what a rule keeps stays",
                        "%s of %s by %s is deregistered, one of %s\n%s", creation->id,
                        creation->instance, creation->schedule, all, rules);
}

/* Whether EC2 shows the image as failed or invalid, or did so when the removal may have been
 * decided. */
static bool was_shown_otherwise(struct checker *checker, const struct creation *creation)
{
        const struct image *image = creation_image(checker, creation);

        return image && now_of(checker) < image->odd_until + HOUR;
}

void retention_judge(struct checker *checker, const struct cloud_request *request)
{
        _cleanup_free_ char *id = request_parameter(request->body, "ImageId");
        const struct creation *creation = creation_by_id(checker, id);
        const char *user;

        if (!creation)
                simulation_fail(checker->simulation, "nothing of other users is touched",
                                "%s is deregistered, which the daemon did not make", id);
        if (!is_available(checker, creation) || was_shown_otherwise(checker, creation))
                return; /* failed, or deregistered already */
        user = user_of(checker, creation, USE_RACE);
        if (user)
                simulation_fail(checker->simulation, "what is in use stays",
                                "%s is deregistered, and %s was launched from it", id, user);
        judge_last_good(checker, creation);
        judge_rules(checker, creation);
}

/* ---- images that are kept ---- */

static bool has_to_go(struct checker *checker, const struct creation *creation)
{
        _cleanup_(series_done) struct series series = {};

        return counts_for_sure(checker, creation) && !user_of(checker, creation, 0) &&
               series_of(checker, creation, counts_for_sure, AS_STRONG_AS_MAY_BE, &series) &&
               !oracle_stays(&series.terms, series.images, series.n, series.about);
}

void retention_note_unkept(struct checker *checker)
{
        for (struct creation *c = checker->creations; c; c = c->hh.next)
                c->unkept = has_to_go(checker, c);
}

void retention_check(struct checker *checker)
{
        const struct image *image;

        for (struct creation *c = checker->creations; c; c = c->hh.next) {
                if (!c->unkept)
                        continue;
                checker->numbers.unkept++;
                c->unkept = false;
                image = creation_image(checker, c);
                /* EC2 refuses to deregister a protected image, which blocks no other removal. */
                if (image && !image->protected && !user_of(checker, c, 0))
                        simulation_fail(checker->simulation, "nothing is kept that no rule keeps",
                                        "%s of %s by %s at %lld is still there", c->id, c->instance,
                                        c->schedule, (long long)c->firing);
        }
}
