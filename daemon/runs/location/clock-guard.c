/* The comparison of the wall clock with AWS's, and what follows from it. */
#include "runs/location/clock-guard.h"

#include <stdlib.h>

#include "aws/services/ec2.h"
#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/events/events.h"

struct clock_guard {
        struct locations *all;
        struct aws_slot *call;       /* the comparison under way; or NULL */
        struct timer *timeout;       /* of that */
        struct timer *look;          /* the next one, while the clock is wrong */
        struct location **locations; /* one of each account, to ask in */
        size_t n, at;
        usec_t unreachable; /* monotonic: when AWS did not answer; 0: it did */
        bool wrong;         /* and told so */
        bool logged_undated;
        timer_fn *changed;
        void *userdata;
};

/* ---- what is known ---- */

static sec_t ahead_of(const struct clock_guard *guard, const struct aws_clock *clock)
{
        return loop_wall(guard->all->loop) - clock->theirs;
}

bool clock_is_wrong(sec_t ahead)
{
        return ahead > CLOCK_TOLERANCE || -ahead > CLOCK_TOLERANCE;
}

static char *describe_wrong(sec_t ahead)
{
        char time[TIME_TEXT_MAX];

        return xasprintf("the clock of this machine is %s by %s", ahead > 0 ? "ahead" : "behind",
                         format_timespan(ahead > 0 ? ahead : -ahead, time));
}

/* Says what changed. */
static void note(struct clock_guard *guard, const struct aws_clock *clock)
{
        sec_t ahead = ahead_of(guard, clock);
        bool wrong = clock_is_wrong(ahead);
        char ours[TIME_TEXT_MAX], theirs[TIME_TEXT_MAX];
        _cleanup_free_ char *what = NULL;

        if (wrong == guard->wrong)
                return;
        guard->wrong = wrong;
        format_rfc3339(loop_wall(guard->all->loop), ours);
        format_rfc3339(clock->theirs, theirs);
        if (!wrong) {
                timer_disarm(guard->look);
                log_event(&events[EVENT_CLOCK_AGREES], NULL,
                          "The clock of this machine (%s) agrees with AWS's again (%s): schedules "
                          "fire, and images are removed.",
                          ours, theirs);
                return;
        }
        timer_arm(guard->look, CLOCK_LOOK_AGAIN * USEC_PER_SEC);
        what = describe_wrong(ahead);
        log_event(&events[EVENT_CLOCK_WRONG], NULL,
                  "%c%s: it says %s, AWS %s. No schedule fires and nothing is removed until they "
                  "agree within 5 minutes; let systemd-timesyncd or chronyd set it "
                  "(`timedatectl set-ntp true`).",
                  what[0] - 'a' + 'A', what + 1, ours, theirs);
}

char *clock_guard_wrong(const struct clock_guard *guard)
{
        struct aws_clock clock;

        aws_clock(guard->all->aws, &clock);
        return guard->wrong && clock.state == AWS_CLOCK_COMPARED
                       ? describe_wrong(ahead_of(guard, &clock))
                       : NULL;
}

/* ---- a comparison ---- */

static void ask_end(struct clock_guard *guard)
{
        guard->call = aws_slot_free(guard->call);
        timer_disarm(guard->timeout);
        for (size_t i = 0; i < guard->n; i++)
                location_unref(guard->locations[i]);
        free(steal(guard->locations));
        guard->n = 0;
}

/* A comparison that says that the clock is wrong is fresh for a shorter time: AWS's may be the
 * wrong one. */
static bool is_fresh(const struct clock_guard *guard, const struct aws_clock *clock)
{
        sec_t fresh = guard->wrong ? CLOCK_LOOK_AGAIN / 2 : CLOCK_FRESH;

        return clock->state == AWS_CLOCK_UNDATED ||
               (clock->state == AWS_CLOCK_COMPARED && !clock->stepped && clock->age <= fresh);
}

static void on_reply(const struct aws_reply *reply, void *userdata);

static void ask_next(struct clock_guard *guard)
{
        const struct location *location = guard->locations[guard->at++];

        aws_slot_free(guard->call);
        guard->call = aws_call(location->aws, location->region, &ec2_describe_regions, NULL,
                               on_reply, guard);
}

static void on_reply(const struct aws_reply *reply, void *userdata)
{
        struct clock_guard *guard = userdata;
        struct aws_clock clock;

        (void)reply; /* whatever it says: aws_clock() knows whether AWS wrote it */
        aws_clock(guard->all->aws, &clock);
        if (!is_fresh(guard, &clock) && guard->at < guard->n) {
                ask_next(guard);
                return;
        }
        guard->unreachable = is_fresh(guard, &clock) ? 0 : loop_monotonic(guard->all->loop);
        ask_end(guard);
        guard->changed(guard->userdata);
}

static void on_timeout(void *userdata)
{
        struct clock_guard *guard = userdata;

        guard->unreachable = loop_monotonic(guard->all->loop);
        ask_end(guard);
        guard->changed(guard->userdata);
}

static void on_look(void *userdata)
{
        struct clock_guard *guard = userdata;

        timer_arm(guard->look, CLOCK_LOOK_AGAIN * USEC_PER_SEC);
        if (clock_guard_check(guard) != CLOCK_ASKED)
                guard->changed(guard->userdata);
}

static void add_location(struct location *location, void *userdata)
{
        struct clock_guard *guard = userdata;

        for (size_t i = 0; i < guard->n; i++)
                if (guard->locations[i]->aws == location->aws)
                        return;
        *append(guard->locations, guard->n) = location_ref(location);
}

/* False: no region is known to ask in. */
static bool ask(struct clock_guard *guard)
{
        struct locations *all = guard->all;

        guard->at = 0;
        free(locations_of(all, all->settings, NULL, add_location, guard));
        if (!guard->n)
                return false;
        timer_arm(guard->timeout, CLOCK_TIMEOUT * USEC_PER_SEC);
        ask_next(guard);
        return true;
}

/* Whether it is time to ask (again): not right after AWS could not be asked. */
static bool may_ask(const struct clock_guard *guard)
{
        usec_t now = loop_monotonic(guard->all->loop);

        return !guard->unreachable || now - guard->unreachable >= CLOCK_LOOK_AGAIN * USEC_PER_SEC;
}

static enum clock_state check(struct clock_guard *guard, bool asks)
{
        struct aws_clock clock;

        if (MUTANT(believes_its_clock))
                return CLOCK_AGREES;
        aws_clock(guard->all->aws, &clock);
        if (clock.state == AWS_CLOCK_UNDATED) {
                if (!guard->logged_undated)
                        log_line(LOG_INFO, NULL,
                                 "AWS's answers have no Date (an emulator's?): the clock of this "
                                 "machine is not compared.");
                guard->logged_undated = true;
                return CLOCK_AGREES;
        }
        if (is_fresh(guard, &clock)) {
                note(guard, &clock);
                return guard->wrong ? CLOCK_WRONG : CLOCK_AGREES;
        }
        if (guard->call)
                return CLOCK_ASKED;
        if (asks && may_ask(guard) && ask(guard))
                return CLOCK_ASKED;
        if (clock.state != AWS_CLOCK_COMPARED || !clock_is_wrong(ahead_of(guard, &clock)))
                return CLOCK_UNKNOWN;
        note(guard, &clock); /* the monotonic clock still tells, by the old comparison */
        return CLOCK_WRONG;
}

enum clock_state clock_guard_check(struct clock_guard *guard)
{
        return check(guard, true);
}

enum clock_state clock_guard_peek(struct clock_guard *guard)
{
        return check(guard, false);
}

/* ---- life ---- */

struct clock_guard *clock_guard_new(struct locations *locations, timer_fn *changed, void *userdata)
{
        struct clock_guard *guard = xnew(struct clock_guard);

        guard->all = locations;
        guard->timeout = timer_new(locations->loop, on_timeout, guard);
        guard->look = timer_new(locations->loop, on_look, guard);
        guard->changed = changed;
        guard->userdata = userdata;
        return guard;
}

struct clock_guard *clock_guard_free(struct clock_guard *guard)
{
        if (!guard)
                return NULL;
        ask_end(guard);
        timer_free(guard->timeout);
        timer_free(guard->look);
        free(guard);
        return NULL;
}
