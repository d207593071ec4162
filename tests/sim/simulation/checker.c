/* The checker: lines of the journal, shares of token buckets, and its life. */
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
static void note_missed(struct checker *checker, const char *schedule, const char *message)
{
        const char *from = strstr(message, " from "), *to = from ? strstr(from, " to ") : NULL;
        char text[TIME_TEXT_MAX];
        struct gap gap = {};

        if (!to || strlen(to) < 24)
                simulation_fail(checker->simulation, "missed firings are reported",
                                "an unreadable line: %s", message);
        (void)snprintf(gap.schedule, sizeof(gap.schedule), "%s", schedule);
        (void)snprintf(text, sizeof(text), "%.20s", from + strlen(" from "));
        if (!parse_rfc3339(text, &gap.from))
                gap.from = SEC_NONE;
        (void)snprintf(text, sizeof(text), "%.20s", to + strlen(" to "));
        if (!parse_rfc3339(text, &gap.to))
                gap.to = SEC_NONE;
        *append(checker->gaps, checker->n_gaps) = gap;
}

/* The daemon no longer waits for this instance, so another one may be down. */
static void note_released(struct checker *checker, const char *instance)
{
        for (struct creation *c = checker->creations; c; c = c->hh.next)
                if (streq(c->instance, instance))
                        c->released = true;
}

/* "Image ID of INSTANCE ...": the daemon begins or ends to poll an image or to wait for an
 * instance. */
static void note_image(struct checker *checker, const struct log_event *event, const char *image,
                       const char *message)
{
        struct creation *creation = image ? creation_by_id(checker, image) : NULL;

        if (!creation)
                return;
        if (event == &events[EVENT_INSTANCE_READY] && !strstr(message, "not proven"))
                levels_back(checker, creation);
        if (event == &events[EVENT_IMAGE_STARTED] || event == &events[EVENT_IMAGE_FOUND])
                budget_image_begins(checker, creation);
        else if (event == &events[EVENT_INSTANCE_READY] ||
                 event == &events[EVENT_INSTANCE_NOT_READY])
                budget_instance_back(checker, creation, event == &events[EVENT_INSTANCE_READY]);
        else if (event == &events[EVENT_IMAGE_AVAILABLE])
                budget_image_ends(checker, creation); /* its instance may not be back yet */
        else if (event == &events[EVENT_IMAGE_FAILED])
                budget_task_ends(checker, creation);
}

static void on_journal(const struct log_event *event, const struct log_about *about,
                       const char *message, void *userdata)
{
        static const struct log_about nothing;
        struct checker *checker = userdata;

        about = about ? about : &nothing;
        note_image(checker, event, about->image, message);
        outage_journal(checker, event, about->instance);
        journal_line(checker, event, about, message);
        if (event == &events[EVENT_IMAGE_FAILED] && !about->image)
                budget_no_image(checker, about->region);
        if (event == &events[EVENT_IMAGE_FOUND])
                removal_counted(checker, about->region, about->image, about->instance);
        if (event == &events[EVENT_IMAGES_ADOPTED])
                removal_adopted(checker);
        if (event == &events[EVENT_FIRING_MISSED])
                note_missed(checker, about->schedule, message);
        else if (event == &events[EVENT_INSTANCE_NOT_READY])
                note_released(checker, about->instance);
        if (event == &events[EVENT_INSTANCE_READY] || event == &events[EVENT_INSTANCE_NOT_READY])
                levels_released(checker, about->instance);
        if (event == &events[EVENT_NOT_PUT_BACK] && strstr(message, " is not put back")) {
                levels_reported_out(checker, about->instance);
                budget_restore(checker, about->region);
        }
        if (event == &events[EVENT_RUN_FINISHED] || event == &events[EVENT_RUN_FAILED]) {
                checker->runs_ended++;
                budget_run_ends(checker, about->run);
        } else if (event == &events[EVENT_RUN_STARTED]) {
                levels_watch(checker);
                clock_note_claim(checker, about->run);
                budget_run_begins(checker, about->schedule);
                fault_events_run_begins(checker->simulation);
        }
}

/* ---- the governor ---- */

/* The manual: "At most half of each by default". The buckets are those of the simulated EC2, so
 * that neither the daemon's table nor its arithmetic is trusted. */
#define OUR_SHARE 0.5

static struct share *share_of(struct checker *checker, const char *action, const char *region)
{
        const struct sim_action *published = action_find(action);
        struct share *share;

        for (size_t i = 0; i < checker->n_shares; i++)
                if (streq(checker->shares[i].action, action) &&
                    streq(checker->shares[i].region, region))
                        return &checker->shares[i];
        if (!published || checker->n_shares == SHARES_MOST)
                simulation_fail(checker->simulation, "calls only the actions it needs",
                                "%s is no action the daemon is known to send", action);
        share = &checker->shares[checker->n_shares++];
        *share = (struct share){ .action = published->name,
                                 .tokens = published->bucket.capacity * OUR_SHARE,
                                 .capacity = published->bucket.capacity * OUR_SHARE,
                                 .refill = published->bucket.refill * OUR_SHARE,
                                 .filled = checker->simulation->clock.now };
        (void)snprintf(share->region, sizeof(share->region), "%s", region);
        return share;
}

void checker_sent(struct checker *checker, const char *action, const char *region)
{
        usec_t now = checker->simulation->clock.now;
        struct share *share;

        if (streq(action, "GetCallerIdentity") || streq(action, "AssumeRole"))
                return; /* STS publishes no bucket */
        share = share_of(checker, action, region);
        const char *unwritten = coverage_unwritten();

        budget_sent(checker, action, region);
        if (unwritten)
                simulation_fail(checker->simulation, "what is asked for was written down", "%s",
                                unwritten);
        share->tokens += (double)(now - share->filled) / (double)USEC_PER_SEC * share->refill;
        if (share->tokens > share->capacity)
                share->tokens = share->capacity;
        share->filled = now;
        share->tokens -= 1;
        if (share->tokens < -0.001)
                simulation_fail(checker->simulation, "leaves other users their share",
                                "%s in %s is asked beyond half of its bucket", action, region);
}

/* The process forgets the buckets when it ends, so a daemon that starts again and again may
 * exceed its share. */
void checker_started(struct checker *checker)
{
        for (size_t i = 0; i < checker->n_shares; i++)
                checker->shares[i].tokens = checker->shares[i].capacity;
        budget_daemon_starts(checker);
        clock_note_start(checker);
        checker->started = checker->simulation->clock.now;
}

/* ---- reports of the simulation ---- */

void checker_abandoned(struct checker *checker, const char *run)
{
        *append(checker->abandoned, checker->n_abandoned) = xstrdup(run);
}

bool checker_is_abandoned(const struct checker *checker, const char *run)
{
        for (size_t i = 0; i < checker->n_abandoned; i++)
                if (streq(checker->abandoned[i], run))
                        return true;
        return false;
}

void checker_schedule_changed(struct checker *checker, const char *schedule)
{
        const struct fleet *fleet = &checker->simulation->fleet;
        const struct virtual_clock *clock = &checker->simulation->clock;

        /* The daemon goes by its own clock, which may be ahead. */
        for (size_t i = 0; i < fleet->n_schedules; i++)
                if (!schedule || streq(fleet->schedules[i].name, schedule))
                        checker->unchanged_since[i] =
                                clock->skew > 0 ? clock->now + clock->skew : clock->now;
}

void checker_dry_run(struct checker *checker)
{
        budget_run_begins(checker, NULL);
}

void checker_image_taken(struct checker *checker, const char *image)
{
        struct creation *creation = creation_by_id(checker, image);

        if (!creation)
                return;
        creation->taken_by_others = true;
        creation->gone_at = checker->simulation->clock.now;
}

void checker_image_kept(struct checker *checker, const char *image)
{
        struct creation *creation = creation_by_id(checker, image);

        if (!creation || creation->kept_by_others)
                return;
        creation->kept_by_others = true;
        creation->kept_at = creation->gone_at = checker->simulation->clock.now;
}

void checker_calm_begins(struct checker *checker)
{
        budget_judge(checker, false);
        calm_agenda_begin(checker);
}

struct checker_numbers checker_numbers(const struct checker *checker)
{
        return checker->numbers;
}

/* ---- life ---- */

struct checker *checker_new(struct simulation *simulation)
{
        struct checker *checker = xnew(struct checker);

        checker->simulation = simulation;
        simulation->cloud.hooks.before = checker_before_request;
        simulation->cloud.hooks.after = checker_after_request;
        simulation->cloud.hooks.refused = checker_request_refused;
        simulation->cloud.hooks.userdata = simulation;
        trace_on_journal(simulation->trace, on_journal, checker);
        return checker;
}

struct checker *checker_free(struct checker *checker)
{
        struct creation *next;

        calm_agenda_done(checker);
        outage_done(checker);
        journal_done(checker);
        for (struct creation *c = checker->creations; c; c = next) {
                next = c->hh.next;
                creation_free(checker, c);
        }
        for (size_t i = 0; i < checker->n_abandoned; i++)
                free(checker->abandoned[i]);
        free(checker->abandoned);
        free(checker->gaps);
        free(checker);
        return NULL;
}
