/*
 * aws/ without a wire: everything of aws/client/aws.h that runs/ calls, answered by a script.
 * Include it in one file of a program. The tables of actions and the words for failures stay the
 * real ones.
 *
 * A call is noted with its parameters as they would be sent, then looked up among the faults; the
 * first that fits and has a turn left decides how it goes; a fault that no call meets fails the
 * test. Everything else is answered by `handler` (a model of EC2), when the call is sent; the
 * caller hears of it `delay` later.
 */
#pragma once

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "aws/client/aws.h"
#include "base/alloc.h"
#include "base/text.h"

/* The answer of a handler; code and message are borrowed. */
struct scripted_answer {
        enum aws_outcome outcome;
        const char *code, *message;
};
/* Fills the zeroed `output` of the action. */
typedef struct scripted_answer scripted_fn(struct aws *aws, const char *region,
                                           const struct action *action, const void *input,
                                           void *output);

struct scripted_fault {
        const char *action;         /* NULL: any */
        const char *region;         /* NULL: any */
        const char *about;          /* NULL, or part of the parameters */
        unsigned int skip;          /* so many calls that fit go well before it */
        unsigned int times;         /* 0: once; SCRIPTED_ALWAYS */
        enum aws_outcome outcome;   /* AWS_OK: it goes well, with `delay` */
        const char *code, *message; /* for AWS_ERROR */
        bool elsewhere;             /* AWS_UNSIGNED: the key is good elsewhere */
        bool empty;                 /* for AWS_OK: the answer lists nothing, or a default */
        bool effect;                /* it happens, though the caller does not hear of it */
        usec_t delay;               /* 0: as usual */
        bool queued;                /* it spends all of that in our own queue */
        unsigned int throttled;     /* failed attempts before that, all reported at once */
        bool unmet; /* no call is to meet it; a test fails when none meets another */
        bool met;   /* set by the first call that does */
};
#define SCRIPTED_ALWAYS (~0U)

struct scripted_call {
        const char *action;
        char *region, *query;
        usec_t at;
};

struct aws {
        struct loop *loop;
        scripted_fn *handler;
        void *userdata;
        usec_t delay;
        struct scripted_fault *faults;
        size_t n_faults;
        struct scripted_call *calls;
        size_t n_calls;
        bool cut;             /* nothing that is sent arrives or is answered: the process is dead */
        const char *region;   /* what aws_find_region() answers; NULL: nobody knows */
        char *const *regions; /* what aws_list_regions() answers; NULL: AWS refuses */
        size_t n_regions;
        unsigned int share; /* percent */
        unsigned int searches;
        unsigned int accounts, slots; /* references that are held */

        /* Answers have a Date, by a clock that is so much ahead of the monotonic one. */
        bool dated;
        usec_t true_ahead;
        bool compared; /* one has come, at this time, when the wall clock was so much ahead */
        usec_t compared_at, wall_ahead;
};

/* ---- accounts ---- */

struct aws_account {
        struct aws *aws;
        unsigned int references;
        char *name, *endpoint_url, *profile;
        struct aws_account *next;
};

/* Equal options give the same object, as long as somebody holds it. */
static struct aws_account *scripted_accounts;

struct aws_account *aws_account(struct aws *aws, const struct aws_account_options *options)
{
        struct aws_account *account;

        aws->accounts++;
        for (account = scripted_accounts; account; account = account->next) {
                if (account->aws == aws && streq(account->name, options->name) &&
                    streq(account->endpoint_url, options->endpoint_url) &&
                    streq(account->profile, options->profile)) {
                        account->references++;
                        return account;
                }
        }
        account = xnew(struct aws_account);
        *account = (struct aws_account){
                .aws = aws,
                .references = 1,
                .name = xstrdup(options->name),
                .endpoint_url = xstrdup(options->endpoint_url),
                .profile = xstrdup(options->profile),
                .next = scripted_accounts,
        };
        scripted_accounts = account;
        return account;
}

struct aws_account *aws_account_unref(struct aws_account *account)
{
        struct aws_account **at = &scripted_accounts;

        if (!account)
                return NULL;
        account->aws->accounts--;
        if (--account->references > 0)
                return NULL;
        while (*at != account)
                at = &(*at)->next;
        *at = account->next;
        free(account->name);
        free(account->endpoint_url);
        free(account->profile);
        free(account);
        return NULL;
}

const char *aws_account_name(const struct aws_account *account)
{
        return account->name;
}

/* ---- calls ---- */

struct aws_slot {
        struct aws *aws;
        struct timer *timer;
        const struct action *action;
        void *output;
        struct scripted_answer answer;
        bool elsewhere;
        bool queued;
        unsigned int throttled;
        aws_done_fn *done;
        void *userdata;
};

static inline void scripted_deliver(void *userdata)
{
        struct aws_slot *slot = userdata;
        const struct action *action = slot->action;
        void *output = steal(slot->output);
        struct aws_reply reply = {
                .outcome = slot->answer.outcome,
                .output = slot->answer.outcome == AWS_OK ? output : NULL,
                .code = slot->answer.code,
                .message = slot->answer.message,
                .elsewhere = slot->elsewhere,
                .request_id = slot->answer.outcome == AWS_ERROR ? "req-1" : NULL,
                .attempts = 1,
                .date = loop_wall(slot->aws->loop),
        };

        if (reply.outcome == AWS_OK || reply.outcome == AWS_ERROR) {
                slot->aws->compared = slot->aws->dated;
                slot->aws->compared_at = loop_monotonic(slot->aws->loop);
                slot->aws->wall_ahead = loop_wall_usec(slot->aws->loop) - slot->aws->compared_at;
        }
        slot->done(&reply, slot->userdata); /* may free the slot */
        if (output)
                shape_done(action->output, output);
        free(output);
}

static inline bool scripted_fits(const struct scripted_fault *fault, const struct action *action,
                                 const char *region, const char *query)
{
        return (!fault->action || streq(fault->action, action->name)) &&
               (!fault->region || streq(fault->region, region)) &&
               (!fault->about || strstr(query, fault->about));
}

static inline const struct scripted_fault *scripted_find_fault(struct aws *aws,
                                                               const struct action *action,
                                                               const char *region,
                                                               const char *query)
{
        for (size_t i = 0; i < aws->n_faults; i++) {
                struct scripted_fault *fault = &aws->faults[i];

                if (!scripted_fits(fault, action, region, query))
                        continue;
                if (fault->skip > 0) {
                        fault->skip--;
                        continue;
                }
                if (fault->times == 0)
                        continue;
                if (fault->times != SCRIPTED_ALWAYS)
                        fault->times--;
                fault->met = true;
                return fault;
        }
        return NULL;
}

struct aws_slot *aws_call(struct aws_account *account, const char *region,
                          const struct action *action, const void *input, aws_done_fn *done,
                          void *userdata)
{
        struct aws *aws = account->aws;
        struct aws_slot *slot = xnew(struct aws_slot);
        _cleanup_(text_done) struct text query = {};
        const struct scripted_fault *fault;
        void *output = action->output ? xcalloc(1, action->output->size) : NULL;

        *slot = (struct aws_slot){
                .aws = aws, .action = action, .output = output, .done = done, .userdata = userdata
        };
        slot->timer = timer_new(aws->loop, scripted_deliver, slot);
        aws->slots++;
        if (aws->cut)
                return slot;
        if (action->input)
                shape_encode(action->input, input, &query);
        *append(aws->calls, aws->n_calls) = (struct scripted_call){
                .action = action->name,
                .region = xstrdup(region),
                .query = xstrdup(text_get(&query)),
                .at = loop_monotonic(aws->loop),
        };
        fault = scripted_find_fault(aws, action, region, text_get(&query));
        if (!fault || fault->effect || (fault->outcome == AWS_OK && !fault->empty))
                slot->answer = aws->handler(aws, region, action, input, output);
        if (fault && fault->outcome != AWS_OK)
                slot->answer =
                        (struct scripted_answer){ fault->outcome, fault->code, fault->message };
        slot->queued = fault && fault->queued;
        slot->throttled = fault ? fault->throttled : 0;
        slot->elsewhere = fault && fault->elsewhere;
        timer_arm(slot->timer, fault && fault->delay ? fault->delay : aws->delay);
        return slot;
}

void aws_slot_watch(struct aws_slot *slot, aws_retry_fn *retry, void *userdata)
{
        for (unsigned int i = 1; i <= slot->throttled; i++)
                retry(slot->action,
                      &(struct aws_reply){ .outcome = AWS_ERROR,
                                           .code = "RequestLimitExceeded",
                                           .message = "Request limit exceeded.",
                                           .attempts = i },
                      20 * USEC_PER_SEC, userdata);
}

bool aws_slot_is_queued(const struct aws_slot *slot)
{
        return slot->queued;
}

struct aws_slot *aws_slot_free(struct aws_slot *slot)
{
        if (!slot)
                return NULL;
        slot->aws->slots--;
        timer_free(slot->timer);
        if (slot->output)
                shape_done(slot->action->output, slot->output);
        free(slot->output);
        free(slot);
        return NULL;
}

/* ---- the clock ---- */

void aws_clock(const struct aws *aws, struct aws_clock *ret)
{
        usec_t now = loop_monotonic(aws->loop);

        *ret = (struct aws_clock){
                .state = !aws->dated      ? AWS_CLOCK_UNDATED
                         : !aws->compared ? AWS_CLOCK_UNKNOWN
                                          : AWS_CLOCK_COMPARED,
                .theirs = (now + aws->true_ahead) / USEC_PER_SEC,
                .age = (now - aws->compared_at) / USEC_PER_SEC,
                .stepped = loop_wall_usec(aws->loop) - now != aws->wall_ahead,
        };
}

/* ---- the home region ---- */

struct aws_region_slot {
        struct aws *aws;
        struct timer *timer;
        aws_region_fn *done;
        void *userdata;
};

static inline void scripted_tell_region(void *userdata)
{
        struct aws_region_slot *slot = userdata;
        const char *region = slot->aws->region;

        slot->done(region, region ? NULL : "nobody knows", slot->userdata);
}

struct aws_region_slot *aws_find_region(struct aws_account *account, aws_region_fn *done,
                                        void *userdata)
{
        struct aws_region_slot *slot = xnew(struct aws_region_slot);

        *slot = (struct aws_region_slot){ account->aws, NULL, done, userdata };
        slot->timer = timer_new(account->aws->loop, scripted_tell_region, slot);
        account->aws->searches++;
        timer_arm(slot->timer, account->aws->delay);
        return slot;
}

struct aws_region_slot *aws_region_slot_free(struct aws_region_slot *slot)
{
        if (slot)
                timer_free(slot->timer);
        free(slot);
        return NULL;
}

struct aws_regions_slot {
        struct aws *aws;
        struct timer *timer;
        aws_regions_fn *done;
        void *userdata;
};

static inline void scripted_tell_regions(void *userdata)
{
        struct aws_regions_slot *slot = userdata;
        const struct aws *aws = slot->aws;

        slot->done(aws->regions, aws->n_regions, aws->regions ? NULL : "AWS refuses",
                   slot->userdata);
}

struct aws_regions_slot *aws_list_regions(struct aws_account *account, aws_regions_fn *done,
                                          void *userdata)
{
        struct aws_regions_slot *slot = xnew(struct aws_regions_slot);

        *slot = (struct aws_regions_slot){ account->aws, NULL, done, userdata };
        slot->timer = timer_new(account->aws->loop, scripted_tell_regions, slot);
        account->aws->searches++;
        timer_arm(slot->timer, account->aws->delay);
        return slot;
}

struct aws_regions_slot *aws_regions_slot_free(struct aws_regions_slot *slot)
{
        if (slot)
                timer_free(slot->timer);
        free(slot);
        return NULL;
}

void aws_set_share(struct aws *aws, unsigned int percent)
{
        aws->share = percent;
}

void aws_set_owner(struct aws *aws, const char *owner)
{
        (void)aws;
        (void)owner;
}

/* ---- for tests ---- */

static inline void scripted_fault(struct aws *aws, struct scripted_fault fault)
{
        if (fault.times == 0)
                fault.times = 1;
        *append(aws->faults, aws->n_faults) = fault;
}

static inline void scripted_no_faults(struct aws *aws)
{
        for (size_t i = 0; i < aws->n_faults; i++)
                if (aws->faults[i].met == aws->faults[i].unmet)
                        fail_msg("fault %zu, %s, was %s", i,
                                 aws->faults[i].action ? aws->faults[i].action : "any call",
                                 aws->faults[i].met ? "met" : "met by no call");
        free(steal(aws->faults));
        aws->n_faults = 0;
}

/* Calls of an action that carry `about` (NULL: any) among their parameters. */
static inline size_t scripted_count(const struct aws *aws, const char *action, const char *about)
{
        size_t n = 0;

        for (size_t i = 0; i < aws->n_calls; i++)
                n += streq(aws->calls[i].action, action) &&
                     (!about || strstr(aws->calls[i].query, about));
        return n;
}

static inline void scripted_forget_calls(struct aws *aws)
{
        for (size_t i = 0; i < aws->n_calls; i++) {
                free(aws->calls[i].region);
                free(aws->calls[i].query);
        }
        free(steal(aws->calls));
        aws->n_calls = 0;
}

static inline void scripted_done(struct aws *aws)
{
        assert(aws->accounts == 0);
        assert(aws->slots == 0);
        scripted_forget_calls(aws);
        scripted_no_faults(aws);
}
