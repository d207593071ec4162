/* Answer faults: which are in force, and how new ones are drawn. */
#include "sim/simulation/answer-faults.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "sim/sim-actions.h"
#include "sim/sim-service.h"
#include "sim/sim-world.h"
#include "sim/simulation/fault-events.h"
#include "sim/simulation/simulation.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* ---- the list ---- */

static bool is_over(const struct answer_fault *fault, usec_t now)
{
        return !fault->count || now >= fault->until;
}

static void forget_ended(struct answer_faults *faults, usec_t now)
{
        size_t kept = 0;

        for (size_t i = 0; i < faults->n; i++) {
                struct answer_fault *fault = &faults->list[i];
                usec_t ended = fault->until < now ? fault->until : now;

                if (!is_over(fault, now)) {
                        faults->list[kept++] = *fault;
                        continue;
                }
                if (ended > faults->ended)
                        faults->ended = ended;
                if (fault->id) {
                        struct past_answer_fault *past =
                                &faults->past[faults->n_past++ % PAST_ANSWER_FAULTS];

                        free(past->id);
                        *past = (struct past_answer_fault){ steal(fault->id), ended };
                }
        }
        faults->n = kept;
}

void answer_faults_clear(struct answer_faults *faults)
{
        for (size_t i = 0; i < faults->n; i++)
                free(faults->list[i].id);
        free(faults->list);
        faults->list = NULL;
        faults->n = 0;
        for (size_t i = 0; i < PAST_ANSWER_FAULTS; i++)
                free(steal(faults->past[i].id));
}

void answer_faults_add(struct answer_faults *faults, const struct answer_fault *fault)
{
        *append(faults->list, faults->n) = *fault;
        if (!fault->id && fault->until > faults->wide_until)
                faults->wide_until = fault->until;
}

static bool aims_at(const struct answer_fault *fault, const char *action, const char *region,
                    const char *body, size_t size)
{
        return (!fault->action || streq(fault->action, action)) &&
               (!fault->region || streq(fault->region, region)) &&
               (!fault->error || aws_error_fits(fault->error, action)) &&
               (!fault->id || memmem(body, size, fault->id, strlen(fault->id)));
}

const struct answer_fault *answer_faults_match(struct answer_faults *faults, usec_t now,
                                               const char *action, const char *region,
                                               const char *body, size_t size)
{
        if (!faults->n)
                return NULL;
        forget_ended(faults, now);
        for (size_t i = 0; i < faults->n; i++) {
                struct answer_fault *fault = &faults->list[i];

                if (!aims_at(fault, action, region, body, size))
                        continue;
                fault->count--;
                return fault;
        }
        return NULL;
}

void answer_fault_reply(const struct answer_fault *fault, const char *action,
                        struct sim_reply *reply)
{
        const struct sim_action *published = action_find(action);
        struct sim_reply answer = {};

        memcpy(answer.request_id, reply->request_id, sizeof(answer.request_id));
        sim_reply_done(reply);
        if (fault->error) {
                service_write_error(published->service, &answer, fault->error->status,
                                    fault->error->code, fault->error->message);
        } else {
                answer.request_id[0] = '\0';
                answer.status = fault->foreign->status;
                answer.content_type = fault->foreign->content_type;
                answer.body = xstrdup(fault->foreign->body);
                answer.size = strlen(answer.body);
        }
        *reply = answer;
}

usec_t answer_faults_clear_since(struct answer_faults *faults, usec_t now, const char *id)
{
        usec_t clear;

        forget_ended(faults, now);
        if (!id)
                return faults->n ? USEC_INFINITY : faults->ended;
        for (size_t i = 0; i < faults->n; i++)
                /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): entries with a freed id are gone */
                if (!faults->list[i].id || streq(faults->list[i].id, id))
                        return USEC_INFINITY;
        clear = faults->wide_until < now ? faults->wide_until : now;
        for (size_t i = 0; i < PAST_ANSWER_FAULTS; i++)
                if (streq(faults->past[i].id, id) && faults->past[i].ended > clear)
                        clear = faults->past[i].ended;
        return clear;
}

/* ---- drawn from the tables ---- */

static const char *some_region(struct simulation *simulation)
{
        return simulation->fleet
                .regions[dice_below(&simulation->dice, simulation->fleet.n_regions)];
}

static const char *some_action(struct simulation *simulation)
{
        const char *action = "AssumeRole";

        if (simulation->fleet.role && dice_chance(&simulation->dice, 0.2))
                return action; /* all other actions depend on its keys */
        while (streq(action, "AssumeRole"))
                action = asked_actions[dice_below(&simulation->dice, n_asked_actions)];
        return action;
}

static const struct aws_error *some_error(struct simulation *simulation, const char *action)
{
        const struct aws_error *error;

        do
                error = &aws_errors[dice_below(&simulation->dice, n_aws_errors)];
        while (!aws_error_fits(error, action));
        return error;
}

static void add(struct simulation *simulation, const struct answer_fault *fault)
{
        usec_t lasts = fault->until - simulation->clock.now;

        assert(fault->error || fault->foreign);
        trace_line(simulation->trace, "! %s%s%s in %s: %s, HTTP %d%s, %llu times or %lld s",
                   fault->action ? fault->action : "everything", fault->id ? " of " : "",
                   fault->id ? fault->id : "", fault->region,
                   fault->error ? fault->error->code : "a foreign answer",
                   fault->error ? fault->error->status : fault->foreign->status,
                   fault->acted ? ", carried out" : "", (unsigned long long)fault->count,
                   (long long)(lasts / USEC_PER_SEC));
        if (!fault->id)
                fault_events_hindered(simulation);
        answer_faults_add(&simulation->cloud.answer_faults, fault);
}

static usec_t some_time(struct simulation *simulation)
{
        return dice_chance(&simulation->dice, 0.5)   ? dice_wait(&simulation->dice, 10 * MINUTE)
               : dice_chance(&simulation->dice, 0.8) ? dice_wait(&simulation->dice, 2 * HOUR)
                                                     : dice_wait(&simulation->dice, 12 * HOUR);
}

static void refuse(struct simulation *simulation, uint64_t count, usec_t lasts)
{
        const char *action = some_action(simulation);
        const struct aws_error *error = some_error(simulation, action);

        add(simulation, &(struct answer_fault){ .error = error,
                                                .action = action,
                                                .region = some_region(simulation),
                                                .acted = error->may_have_acted &&
                                                         dice_chance(&simulation->dice, 0.5),
                                                .count = count,
                                                .until = simulation->clock.now + lasts });
}

void answer_fault_once(struct simulation *simulation)
{
        refuse(simulation,
               dice_chance(&simulation->dice, 0.7)
                       ? 1
                       : (uint64_t)dice_between(&simulation->dice, 2, 6),
               6 * HOUR);
}

void answer_fault_for_long(struct simulation *simulation)
{
        refuse(simulation, UINT64_MAX, some_time(simulation));
}

void answer_fault_without_keys(struct simulation *simulation)
{
        if (simulation->fleet.role)
                add(simulation, &(struct answer_fault){
                                        .foreign = &keyless_answers[dice_below(&simulation->dice,
                                                                               n_keyless_answers)],
                                        .action = "AssumeRole",
                                        .region = simulation->fleet.regions[0],
                                        .acted = true,
                                        .count = (uint64_t)dice_between(&simulation->dice, 1, 6),
                                        .until = simulation->clock.now + some_time(simulation) });
}

void answer_fault_foreign(struct simulation *simulation)
{
        bool one = dice_chance(&simulation->dice, 0.5);

        add(simulation,
            &(struct answer_fault){
                    .foreign = &foreign_answers[dice_below(&simulation->dice, n_foreign_answers)],
                    .action = one ? some_action(simulation) : NULL,
                    .region = some_region(simulation),
                    .acted = dice_chance(&simulation->dice, 0.5),
                    .count = dice_chance(&simulation->dice, 0.5)
                                     ? (uint64_t)dice_between(&simulation->dice, 1, 3)
                                     : UINT64_MAX,
                    .until = simulation->clock.now + some_time(simulation) / 4 });
}

static char *some_id(struct simulation *simulation, const char *region, enum kind kind)
{
        struct sim_location *location =
                sim_location(simulation->cloud.sim, DEFAULT_ACCOUNT, region);
        size_t n = HASH_COUNT(location->resources[kind]), at = dice_below(&simulation->dice, n);

        FOREACH_RESOURCE(resource, location, kind)
        {
                if (at-- == 0)
                        return xstrdup(resource->id);
        }
        return NULL;
}

/* A change that is refused for one resource for a while, as by a policy on tags, a protection or
 * a state. */
void answer_fault_of_one_change(struct simulation *simulation)
{
        static const struct {
                const char *action;
                enum kind kind;
        } changes[] = {
                { "CreateImage", KIND_INSTANCE },       { "CreateImage", KIND_INSTANCE },
                { "CreateImage", KIND_INSTANCE },       { "CreateImage", KIND_INSTANCE },
                { "StopInstances", KIND_INSTANCE },     { "StartInstances", KIND_INSTANCE },
                { "SendCommand", KIND_INSTANCE },       { "EnterStandby", KIND_INSTANCE },
                { "DeregisterTargets", KIND_INSTANCE }, { "RegisterTargets", KIND_INSTANCE },
                { "DeregisterImage", KIND_IMAGE },      { "CreateTags", KIND_IMAGE },
                { "DeleteSnapshot", KIND_SNAPSHOT },
        };
        size_t what = dice_below(&simulation->dice, ELEMENTS(changes));
        const char *region = some_region(simulation);
        const struct aws_error *error = some_error(simulation, changes[what].action);
        char *id = some_id(simulation, region, changes[what].kind);

        if (id)
                add(simulation, &(struct answer_fault){ .error = error,
                                                        .action = changes[what].action,
                                                        .region = region,
                                                        .id = id,
                                                        .count = UINT64_MAX,
                                                        .until = simulation->clock.now +
                                                                 4 * some_time(simulation) });
}

void answer_fault_of_one_id(struct simulation *simulation)
{
        static const struct {
                enum kind kind;
                const char *code;
        } unknown[] = {
                { KIND_INSTANCE, "InvalidInstanceID.NotFound" },
                { KIND_INSTANCE, "InvalidInstanceID.NotFound" },
                { KIND_INSTANCE, "InvalidInstanceID.NotFound" },
                { KIND_IMAGE, "InvalidAMIID.NotFound" },
                { KIND_SNAPSHOT, "InvalidSnapshot.NotFound" },
        };
        size_t what = dice_below(&simulation->dice, ELEMENTS(unknown));
        const char *region = some_region(simulation);
        char *id = some_id(simulation, region, unknown[what].kind);

        if (!id)
                return;
        for (size_t i = 0; i < n_aws_errors; i++) {
                if (!streq(aws_errors[i].code, unknown[what].code))
                        continue;
                add(simulation,
                    &(struct answer_fault){
                            .error = &aws_errors[i],
                            .region = region,
                            .id = id,
                            .count = dice_chance(&simulation->dice, 0.4)
                                             ? (uint64_t)dice_between(&simulation->dice, 1, 4)
                                             : UINT64_MAX,
                            .until = simulation->clock.now + some_time(simulation) });
                return;
        }
        free(id);
}

/* ---- planned ones ---- */

static const struct aws_error *error_of_code(const char *code)
{
        size_t i = 0;

        while (!streq(aws_errors[i].code, code))
                i++;
        return &aws_errors[i];
}

void answer_fault_after_create(struct simulation *simulation)
{
        add(simulation, &(struct answer_fault){ .error = error_of_code("InternalError"),
                                                .action = "CreateImage",
                                                .region = simulation->fleet.regions[0],
                                                .acted = true,
                                                .count = 1,
                                                .until = USEC_INFINITY });
}

void answer_fault_of_image_lists(struct simulation *simulation)
{
        if (simulation->image_lists_refused)
                return;
        simulation->image_lists_refused = true;
        add(simulation, &(struct answer_fault){ .error = error_of_code("UnauthorizedOperation"),
                                                .action = "DescribeImages",
                                                .region = simulation->fleet.regions[0],
                                                .count = UINT64_MAX,
                                                .until = simulation->clock.now + 45 * MINUTE });
}
