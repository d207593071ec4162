#include "sim/simulation/checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/events/events.h"
#include "runs/manager/manager.h"
#include "sim/sim-actions.h"
#include "sim/simulation/checker-private.h"
#include "sim/simulation/coverage.h"
#include "sim/simulation/fault-events.h"

/* ---- the journal ---- */

/* "Schedule NAME missed its firings from A to B: ..." */
static void note_missed(struct witness *witness, const char *schedule, const char *message)
{
        const char *from = strstr(message, " from "), *to = from ? strstr(from, " to ") : NULL;
        char text[TIME_TEXT_MAX];
        struct gap gap = {};

        if (!to || strlen(to) < 24)
                universe_fail(witness->universe, "firings are told", "an unreadable line: %s",
                              message);
        (void)snprintf(gap.schedule, sizeof(gap.schedule), "%s", schedule);
        (void)snprintf(text, sizeof(text), "%.20s", from + strlen(" from "));
        if (!parse_rfc3339(text, &gap.from))
                gap.from = SEC_NONE;
        (void)snprintf(text, sizeof(text), "%.20s", to + strlen(" to "));
        if (!parse_rfc3339(text, &gap.to))
                gap.to = SEC_NONE;
        *append(witness->gaps, witness->n_gaps) = gap;
}

/* The daemon waits for this instance no more: it may have another one down. */
static void note_released(struct witness *witness, const char *instance)
{
        for (struct creation *c = witness->creations; c; c = c->hh.next)
                if (streq(c->instance, instance))
                        c->released = true;
}

/* "Image ID of INSTANCE ...": what the daemon begins or ends to wait for. */
static void note_image(struct witness *witness, const struct log_event *event, const char *image,
                       const char *message)
{
        struct creation *creation = image ? creation_by_id(witness, image) : NULL;

        if (!creation)
                return;
        if (event == &events[EVENT_INSTANCE_READY] && !strstr(message, "not proven"))
                levels_back(witness, creation);
        if (event == &events[EVENT_IMAGE_STARTED] || event == &events[EVENT_IMAGE_FOUND])
                economy_image_begins(witness, creation);
        else if (event == &events[EVENT_INSTANCE_READY] ||
                 event == &events[EVENT_INSTANCE_NOT_READY])
                economy_instance_is_back(witness, creation, event == &events[EVENT_INSTANCE_READY]);
        else if (event == &events[EVENT_IMAGE_AVAILABLE])
                economy_image_ends(witness, creation); /* its instance may not be back yet */
        else if (event == &events[EVENT_IMAGE_FAILED])
                economy_task_ends(witness, creation);
}

static void on_journal(const struct log_event *event, const struct log_about *about,
                       const char *message, void *userdata)
{
        static const struct log_about nothing;
        struct witness *witness = userdata;

        about = about ? about : &nothing;
        note_image(witness, event, about->image, message);
        outage_journal(witness, event, about->instance);
        lines_journal(witness, event, about, message);
        if (event == &events[EVENT_IMAGE_FAILED] && !about->image)
                economy_no_image(witness, about->region);
        if (event == &events[EVENT_IMAGE_FOUND])
                removal_counted(witness, about->region, about->image, about->instance);
        if (event == &events[EVENT_IMAGES_ADOPTED])
                removal_adopted(witness);
        if (event == &events[EVENT_FIRING_MISSED])
                note_missed(witness, about->schedule, message);
        else if (event == &events[EVENT_INSTANCE_NOT_READY])
                note_released(witness, about->instance);
        if (event == &events[EVENT_INSTANCE_READY] || event == &events[EVENT_INSTANCE_NOT_READY])
                levels_released(witness, about->instance);
        if (event == &events[EVENT_NOT_PUT_BACK] && strstr(message, " is not put back")) {
                levels_told_out(witness, about->instance);
                economy_put_back(witness, about->region);
        }
        if (event == &events[EVENT_RUN_FINISHED] || event == &events[EVENT_RUN_FAILED]) {
                witness->runs_ended++;
                economy_run_ends(witness, about->run);
        } else if (event == &events[EVENT_RUN_STARTED]) {
                levels_watch(witness);
                clock_note_claim(witness, about->run);
                economy_run_begins(witness, about->schedule);
                happenings_run_begins(witness->universe);
        }
}

/* ---- the governor ---- */

/* "At most half of each by default", of buckets as the simulated EC2 has them: neither the daemon's
 * table nor its arithmetic is asked. */
#define OUR_SHARE 0.5

static struct share *share_of(struct witness *witness, const char *action, const char *region)
{
        const struct sim_action *published = action_find(action);
        struct share *share;

        for (size_t i = 0; i < witness->n_shares; i++)
                if (streq(witness->shares[i].action, action) &&
                    streq(witness->shares[i].region, region))
                        return &witness->shares[i];
        if (!published || witness->n_shares == SHARES_MOST)
                universe_fail(witness->universe, "asks only what it has to",
                              "%s is no action the daemon is known to send", action);
        share = &witness->shares[witness->n_shares++];
        *share = (struct share){ .action = published->name,
                                 .tokens = published->bucket.capacity * OUR_SHARE,
                                 .capacity = published->bucket.capacity * OUR_SHARE,
                                 .refill = published->bucket.refill * OUR_SHARE,
                                 .filled = witness->universe->clock.now };
        (void)snprintf(share->region, sizeof(share->region), "%s", region);
        return share;
}

void witness_sent(struct witness *witness, const char *action, const char *region)
{
        usec_t now = witness->universe->clock.now;
        struct share *share;

        if (streq(action, "GetCallerIdentity") || streq(action, "AssumeRole"))
                return; /* of STS, which publishes no bucket */
        share = share_of(witness, action, region);
        const char *unwritten = coverage_unwritten();

        economy_sent(witness, action, region);
        if (unwritten)
                universe_fail(witness->universe, "what is asked for was written down", "%s",
                              unwritten);
        share->tokens += (double)(now - share->filled) / (double)USEC_PER_SEC * share->refill;
        if (share->tokens > share->capacity)
                share->tokens = share->capacity;
        share->filled = now;
        share->tokens -= 1;
        if (share->tokens < -0.001)
                universe_fail(witness->universe, "leaves others their share",
                              "%s in %s is asked beyond half of its bucket", action, region);
}

/* What it knows of buckets ends with it; who starts again and again is not held to this. */
void witness_started(struct witness *witness)
{
        for (size_t i = 0; i < witness->n_shares; i++)
                witness->shares[i].tokens = witness->shares[i].capacity;
        economy_daemon_starts(witness);
        clock_note_start(witness);
        witness->started = witness->universe->clock.now;
}

/* ---- what is told ---- */

void witness_abandoned(struct witness *witness, const char *run)
{
        *append(witness->abandoned, witness->n_abandoned) = xstrdup(run);
}

bool witness_is_abandoned(const struct witness *witness, const char *run)
{
        for (size_t i = 0; i < witness->n_abandoned; i++)
                if (streq(witness->abandoned[i], run))
                        return true;
        return false;
}

void witness_disturbed(struct witness *witness, const char *schedule)
{
        const struct fleet *fleet = &witness->universe->fleet;
        const struct virtual_clock *clock = &witness->universe->clock;

        /* By its own clock, if that is ahead: it goes by that. */
        for (size_t i = 0; i < fleet->n_schedules; i++)
                if (!schedule || streq(fleet->schedules[i].name, schedule))
                        witness->undisturbed[i] =
                                clock->skew > 0 ? clock->now + clock->skew : clock->now;
}

void witness_dry_run(struct witness *witness)
{
        economy_run_begins(witness, NULL);
}

void witness_people_took(struct witness *witness, const char *image)
{
        struct creation *creation = creation_by_id(witness, image);

        if (!creation)
                return;
        creation->taken_by_people = true;
        creation->gone_at = witness->universe->clock.now;
}

void witness_people_keep(struct witness *witness, const char *image)
{
        struct creation *creation = creation_by_id(witness, image);

        if (!creation || creation->kept_by_people)
                return;
        creation->kept_by_people = true;
        creation->kept_at = creation->gone_at = witness->universe->clock.now;
}

void witness_calm_begins(struct witness *witness)
{
        economy_judge(witness, false);
        season_agenda_begin(witness);
}

struct witness_numbers witness_numbers(const struct witness *witness)
{
        return witness->numbers;
}

/* ---- life ---- */

struct witness *witness_new(struct universe *universe)
{
        struct witness *witness = xnew(struct witness);

        witness->universe = universe;
        universe->cloud.hooks.asking = cloud_asking;
        universe->cloud.hooks.answered = cloud_answered;
        universe->cloud.hooks.refused = cloud_refused;
        universe->cloud.hooks.userdata = universe;
        trace_on_journal(universe->trace, on_journal, witness);
        return witness;
}

struct witness *witness_free(struct witness *witness)
{
        struct creation *next;

        season_done(witness);
        outage_done(witness);
        lines_done(witness);
        for (struct creation *c = witness->creations; c; c = next) {
                next = c->hh.next;
                creation_free(witness, c);
        }
        for (size_t i = 0; i < witness->n_abandoned; i++)
                free(witness->abandoned[i]);
        free(witness->abandoned);
        free(witness->gaps);
        free(witness);
        return NULL;
}
