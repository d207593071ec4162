/* The status poller of a location: rounds of DescribeInstanceStatus and DescribeInstances. */
#include "runs/outage/status-poll.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "aws/services/ec2.h"
#include "base/alloc.h"
#include "base/mutant.h"
#include "base/text.h"
#include "runs/location/location.h"
#include "runs/location/poll.h"

/* Watches that begin within this are asked about in one request. */
#define LOOK_TOGETHER    USEC_PER_SEC
#define FIRST_INTERVAL   (5 * USEC_PER_SEC)
#define LONGEST_INTERVAL (15 * USEC_PER_SEC)
/* Between readings of the StateReason of an instance that stays stopped: doubled each time. */
#define REASON_FIRST   (15 * USEC_PER_SEC)
#define REASON_LONGEST (600 * USEC_PER_SEC)

struct status_poll {
        struct location *location;
        struct poll timing;
        struct aws_slot *call;
        struct status_watch *all; /* struct status_watch.next */
        struct status_watch
                *round[DESCRIBE_STATUS_IDS_MAX]; /* asked about now; NULL: ended meanwhile */
        size_t n_round;
        size_t at_most; /* ids in one request of this round */
        struct refusal refusal;
};

static bool check_passes(int status)
{
        return status == CHECK_OK || status == CHECK_NOT_APPLICABLE;
}

bool status_watch_passes(const struct status_watch *watch)
{
        return watch->asked && watch->state == INSTANCE_RUNNING && check_passes(watch->system) &&
               check_passes(watch->check);
}

static void see_check(struct status_watch *watch, int check, const struct ec2_check_detail *details,
                      size_t n)
{
        sec_t impaired = 0;

        if (check_passes(check))
                return;
        for (size_t i = 0; i < n; i++)
                if (details[i].impaired > impaired)
                        impaired = details[i].impaired;
        if (!impaired)
                watch->was_down = true;
        else if (impaired > watch->impaired)
                watch->impaired = impaired;
}

static void status_watch_see_state(struct status_watch *watch, int state, usec_t now)
{
        watch->asked = true;
        watch->refused = false;
        watch->read = now;
        if (state != watch->state)
                watch->reason_due = watch->reason_pause = 0;
        watch->state = state;
        if (state == INSTANCE_TERMINATED || state == INSTANCE_SHUTTING_DOWN)
                gone_end(&watch->gone);
        else
                gone_see(&watch->gone, now);
        if (state != INSTANCE_RUNNING)
                watch->was_down = true;
}

static void status_watch_see(struct status_watch *watch, const struct ec2_instance_status *status,
                             usec_t now)
{
        watch->unknown = watch->suspect = false;
        watch->system = status->system;
        watch->check = status->instance;
        status_watch_see_state(watch, status->state, now);
        see_check(watch, status->system, status->system_details, status->n_system_details);
        see_check(watch, status->instance, status->instance_details, status->n_instance_details);
}

/* Whether the last reading of its state calls for the StateReason. */
static bool status_watch_needs_reason(const struct status_watch *watch, usec_t now)
{
        return watch->wants_reason &&
               (watch->state == INSTANCE_STOPPING || watch->state == INSTANCE_STOPPED) &&
               now >= watch->reason_due;
}

static void status_watch_note_reason(struct status_watch *watch,
                                     const struct ec2_instance *instance, usec_t now)
{
        usec_t longer = watch->reason_pause ? 2 * watch->reason_pause : REASON_FIRST;

        xreplace(&watch->reason_code, instance->reason_code);
        xreplace(&watch->reason, instance->reason_message);
        watch->reason_pause = longer < REASON_LONGEST ? longer : REASON_LONGEST;
        watch->reason_due = now + watch->reason_pause;
}

/* DescribeInstances has the state, and no checks. */
static void status_watch_see_listed(struct status_watch *watch, const struct ec2_instance *instance,
                                    usec_t now)
{
        if (watch->unknown)
                watch->system = watch->check = CHECK_INSUFFICIENT_DATA;
        watch->unknown = false;
        status_watch_see_state(watch, instance->state, now);
        status_watch_note_reason(watch, instance, now);
}

bool status_watch_is_gone(const struct status_watch *watch)
{
        return gone_is_certain(&watch->gone, GONE_INSTANCE);
}

/* ---- the round ---- */

static void status_poll_continue(struct status_poll *poll);

static void status_poll_answered(struct status_poll *poll)
{
        for (size_t i = 0; i < poll->n_round; i++)
                if (poll->round[i])
                        poll->round[i]->asking = false;
        poll->call = aws_slot_free(poll->call);
        status_poll_continue(poll);
}

/* A request has failed: ends the round. */
static void status_poll_give_up(struct status_poll *poll, const struct aws_reply *reply)
{
        for (size_t i = 0; i < poll->n_round; i++)
                if (poll->round[i]) {
                        poll->round[i]->due = poll->round[i]->listing = false;
                        poll->round[i]->refused = reply->outcome == AWS_ERROR;
                        task_wake(poll->round[i]->task);
                }
}

/* "The instance IDs 'i-1, i-2' do not exist" */
static bool names(const char *message, const char *id)
{
        const char *found = message ? strstr(message, id) : NULL;

        while (found && isalnum((unsigned char)found[strlen(id)]))
                found = strstr(found + 1, id);
        return found;
}

/* Ids that EC2 does not know have failed the request. Marks those that the message names; where it
 * names none, the next requests have half as many ids. */
static void status_poll_part(struct status_poll *poll, const char *message)
{
        size_t n = 0, unknown = 0;

        for (size_t i = 0; i < poll->n_round; i++) {
                struct status_watch *watch = poll->round[i];

                if (!watch || !watch->asking)
                        continue;
                n++;
                watch->unknown = watch->suspect = names(message, watch->instance);
                unknown += watch->unknown;
        }
        for (size_t i = 0; n == 1 && i < poll->n_round; i++)
                if (poll->round[i] && poll->round[i]->asking)
                        poll->round[i]->unknown = poll->round[i]->suspect = true;
        if (!unknown)
                poll->at_most = n > 1 ? n / 2 : 1;
}

static void status_poll_on_statuses(const struct aws_reply *reply, void *userdata)
{
        struct status_poll *poll = userdata;
        const struct ec2_instance_statuses *statuses = reply->output;
        usec_t now = loop_monotonic(poll->location->loop);

        if (gone_is_claimed(reply) && !MUTANT(one_unknown_starves_all)) {
                status_poll_part(poll, reply->message);
                status_poll_answered(poll);
                return;
        }
        location_called(&poll->refusal, &ec2_describe_instance_status, reply);
        if (reply->outcome != AWS_OK)
                status_poll_give_up(poll, reply);
        for (size_t i = 0; i < poll->n_round && reply->outcome == AWS_OK; i++) {
                struct status_watch *watch = poll->round[i];

                if (!watch || !watch->asking)
                        continue;
                watch->due = false;
                watch->unknown = true;
                for (size_t j = 0; j < statuses->n_statuses; j++)
                        if (streq(statuses->statuses[j].id, watch->instance))
                                status_watch_see(watch, &statuses->statuses[j], now);
                watch->listing = watch->unknown || status_watch_needs_reason(watch, now);
                if (!watch->listing)
                        task_wake(watch->task);
        }
        status_poll_answered(poll);
}

static void status_poll_on_listed(const struct aws_reply *reply, void *userdata)
{
        struct status_poll *poll = userdata;
        const struct ec2_instances *found = reply->output;
        usec_t now = loop_monotonic(poll->location->loop);

        location_called(&poll->refusal, &ec2_describe_instances, reply);
        if (reply->outcome != AWS_OK)
                status_poll_give_up(poll, reply);
        for (size_t i = 0; i < poll->n_round && reply->outcome == AWS_OK; i++) {
                struct status_watch *watch = poll->round[i];
                const struct ec2_instance *instance = NULL;

                if (!watch || !watch->asking)
                        continue;
                watch->due = watch->listing = false;
                for (size_t j = 0; j < found->n_instances; j++)
                        if (streq(found->instances[j].id, watch->instance))
                                instance = &found->instances[j];
                if (instance)
                        status_watch_see_listed(watch, instance, now);
                else
                        gone_miss(&watch->gone, now);
                task_wake(watch->task);
        }
        status_poll_answered(poll);
}

/* The requests of a round, in this order. */
enum asking { ASK_STATUS, ASK_SUSPECTS, ASK_LIST, ASKINGS };

static bool is_next(const struct status_watch *watch, enum asking how)
{
        switch (how) {
        case ASK_STATUS:
                return watch->due && !watch->unknown && !watch->suspect;
        case ASK_SUSPECTS:
                return watch->due && !watch->unknown && watch->suspect;
        case ASK_LIST:
                return watch->listing || (watch->due && watch->unknown);
        case ASKINGS:
                break;
        }
        abort();
}

/* Puts the ids for this kind of request into `ids`. How many. */
static size_t status_poll_take(struct status_poll *poll, enum asking how,
                               const char *ids[static DESCRIBE_STATUS_IDS_MAX])
{
        size_t n = 0, at_most = how == ASK_LIST ? DESCRIBE_STATUS_IDS_MAX : poll->at_most;

        for (size_t i = 0; i < poll->n_round && n < at_most; i++) {
                struct status_watch *watch = poll->round[i];

                if (!watch || !is_next(watch, how))
                        continue;
                watch->asking = true;
                ids[n++] = watch->instance;
        }
        return n;
}

static void status_poll_continue(struct status_poll *poll)
{
        const char *ids[DESCRIBE_STATUS_IDS_MAX];
        struct ec2_filter filter = { .name = "instance-id", .values = ids };
        enum asking how = ASK_STATUS;
        size_t n;

        do
                n = status_poll_take(poll, how, ids);
        while (!n && ++how < ASKINGS);
        if (!n) {
                poll_answered(&poll->timing, poll->all != NULL, 0);
                poll->refusal.retry_at = poll->timing.due;
                return;
        }
        filter.n_values = n;
        if (how == ASK_LIST)
                poll->call = location_call(&poll->refusal, &ec2_describe_instances,
                                           &(struct describe_instances){ .filters = &filter,
                                                                         .n_filters = 1 },
                                           status_poll_on_listed, poll);
        else
                poll->call = location_call(&poll->refusal, &ec2_describe_instance_status,
                                           &(struct describe_instance_status){
                                                   .ids = ids, .n_ids = n, .include_all = true },
                                           status_poll_on_statuses, poll);
}

/* A round takes the first watches of the list, which then go to its end. */
static void status_poll_ask(void *userdata)
{
        struct status_poll *poll = userdata;
        struct status_watch **at = &poll->all;

        poll->n_round = 0;
        poll->at_most = DESCRIBE_STATUS_IDS_MAX;
        for (struct status_watch *w = poll->all; w && poll->n_round < DESCRIBE_STATUS_IDS_MAX;
             w = w->next) {
                w->due = true;
                w->listing = w->asking = w->unknown = false;
                poll->round[poll->n_round++] = w;
        }
        if (poll->n_round) {
                while (*at)
                        at = &(*at)->next;
                *at = poll->all;
                poll->all = poll->round[poll->n_round - 1]->next;
                poll->round[poll->n_round - 1]->next = NULL;
        }
        status_poll_continue(poll);
}

/* ---- life ---- */

static void status_poll_free(void *part)
{
        struct status_poll *poll = part;

        aws_slot_free(poll->call);
        poll_done(&poll->timing);
        refusal_done(&poll->refusal);
        free(poll);
}

static struct status_poll *status_poll_of(struct location *location)
{
        if (!location->status_poll) {
                location->status_poll = xnew(struct status_poll);
                location_keep(location, status_poll_free, location->status_poll);
                location->status_poll->location = location->status_poll->refusal.location =
                        location;
                poll_init(&location->status_poll->timing, location->loop, FIRST_INTERVAL,
                          LONGEST_INTERVAL, status_poll_ask, location->status_poll);
        }
        return location->status_poll;
}

static struct status_watch *status_watch_new(struct task *task)
{
        struct status_poll *poll = status_poll_of(task->location);
        struct status_watch *watch = xnew(struct status_watch);

        watch->instance = xstrdup(task->row.subject);
        watch->task = task;
        watch->since = loop_monotonic(task->run->engine->loop);
        watch->next = poll->all;
        poll->all = watch;
        return watch;
}

const struct refusal *status_poll_refusal(const struct location *location)
{
        return location->status_poll ? &location->status_poll->refusal : NULL;
}

struct status_watch *status_watch_begin(struct task *task)
{
        struct status_watch *watch = status_watch_new(task);

        poll_hurry(&task->location->status_poll->timing);
        return watch;
}

struct status_watch *status_watch_begin_once(struct task *task)
{
        struct status_watch *watch = status_watch_new(task);

        poll_soon(&task->location->status_poll->timing, LOOK_TOGETHER);
        return watch;
}

struct status_watch *status_watch_end(struct status_watch *watch)
{
        struct status_poll *poll;
        struct status_watch **at;

        if (!watch)
                return NULL;
        poll = watch->task->location->status_poll;
        for (at = &poll->all; *at != watch; at = &(*at)->next)
                ;
        *at = watch->next;
        for (size_t i = 0; i < poll->n_round; i++)
                if (poll->round[i] == watch)
                        poll->round[i] = NULL;
        free(watch->instance);
        free(watch->reason_code);
        free(watch->reason);
        free(watch);
        return NULL;
}
