#include "sim/simulation/answer-faults.h"

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

/* ---- what is in force ---- */

static bool is_over(const struct refusal *refusal, usec_t now)
{
        return !refusal->count || now >= refusal->until;
}

static void forget_those_over(struct refusals *refusals, usec_t now)
{
        size_t kept = 0;

        for (size_t i = 0; i < refusals->n; i++) {
                struct refusal *refusal = &refusals->list[i];
                usec_t ended = refusal->until < now ? refusal->until : now;

                if (!is_over(refusal, now)) {
                        refusals->list[kept++] = *refusal;
                        continue;
                }
                if (ended > refusals->ended)
                        refusals->ended = ended;
                if (refusal->id) {
                        struct past_refusal *past =
                                &refusals->past[refusals->n_past++ % PAST_REFUSALS];

                        free(past->id);
                        *past = (struct past_refusal){ steal(refusal->id), ended };
                }
        }
        refusals->n = kept;
}

void refusals_clear(struct refusals *refusals)
{
        for (size_t i = 0; i < refusals->n; i++)
                free(refusals->list[i].id);
        free(refusals->list);
        refusals->list = NULL;
        refusals->n = 0;
        for (size_t i = 0; i < PAST_REFUSALS; i++)
                free(steal(refusals->past[i].id));
}

void refusals_add(struct refusals *refusals, const struct refusal *refusal)
{
        *append(refusals->list, refusals->n) = *refusal;
        if (!refusal->id && refusal->until > refusals->wide_until)
                refusals->wide_until = refusal->until;
}

static bool aims_at(const struct refusal *refusal, const char *action, const char *region,
                    const char *body, size_t size)
{
        return (!refusal->action || streq(refusal->action, action)) &&
               (!refusal->region || streq(refusal->region, region)) &&
               (!refusal->error || aws_error_fits(refusal->error, action)) &&
               (!refusal->id || memmem(body, size, refusal->id, strlen(refusal->id)));
}

const struct refusal *refusals_strike(struct refusals *refusals, usec_t now, const char *action,
                                      const char *region, const char *body, size_t size)
{
        if (!refusals->n)
                return NULL;
        forget_those_over(refusals, now);
        for (size_t i = 0; i < refusals->n; i++) {
                struct refusal *refusal = &refusals->list[i];

                if (!aims_at(refusal, action, region, body, size))
                        continue;
                refusal->count--;
                refusal->struck++;
                return refusal;
        }
        return NULL;
}

void refusal_answer(const struct refusal *refusal, const char *action, struct sim_reply *reply)
{
        const struct sim_action *published = action_find(action);
        struct sim_reply answer = {};

        memcpy(answer.request_id, reply->request_id, sizeof(answer.request_id));
        sim_reply_done(reply);
        if (refusal->error) {
                service_write_error(published->service, &answer, refusal->error->status,
                                    refusal->error->code, refusal->error->message);
        } else {
                answer.request_id[0] = '\0';
                answer.status = refusal->foreign->status;
                answer.content_type = refusal->foreign->content_type;
                answer.body = xstrdup(refusal->foreign->body);
                answer.size = strlen(answer.body);
        }
        *reply = answer;
}

usec_t refusals_clear_since(struct refusals *refusals, usec_t now, const char *id)
{
        usec_t clear;

        forget_those_over(refusals, now);
        if (!id)
                return refusals->n ? USEC_INFINITY : refusals->ended;
        for (size_t i = 0; i < refusals->n; i++)
                /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): entries with a freed id are gone */
                if (!refusals->list[i].id || streq(refusals->list[i].id, id))
                        return USEC_INFINITY;
        clear = refusals->wide_until < now ? refusals->wide_until : now;
        for (size_t i = 0; i < PAST_REFUSALS; i++)
                if (streq(refusals->past[i].id, id) && refusals->past[i].ended > clear)
                        clear = refusals->past[i].ended;
        return clear;
}

/* ---- drawn from the tables ---- */

static const char *some_region(struct universe *universe)
{
        return universe->fleet.regions[dice_below(&universe->dice, universe->fleet.n_regions)];
}

static const char *some_action(struct universe *universe)
{
        const char *action = "AssumeRole";

        if (universe->fleet.role && dice_chance(&universe->dice, 0.2))
                return action; /* what all else depends on */
        while (streq(action, "AssumeRole"))
                action = asked_actions[dice_below(&universe->dice, n_asked_actions)];
        return action;
}

static const struct aws_error *some_error(struct universe *universe, const char *action)
{
        const struct aws_error *error;

        do
                error = &aws_errors[dice_below(&universe->dice, n_aws_errors)];
        while (!aws_error_fits(error, action));
        return error;
}

static void add(struct universe *universe, const struct refusal *refusal)
{
        usec_t lasts = refusal->until - universe->clock.now;

        trace_line(universe->trace, "! %s%s%s in %s: %s, HTTP %d%s, %llu times or %lld s",
                   refusal->action ? refusal->action : "everything", refusal->id ? " of " : "",
                   refusal->id ? refusal->id : "", refusal->region,
                   refusal->error ? refusal->error->code : "a foreign answer",
                   refusal->error ? refusal->error->status : refusal->foreign->status,
                   refusal->acted ? ", carried out" : "", (unsigned long long)refusal->count,
                   (long long)(lasts / USEC_PER_SEC));
        if (!refusal->id)
                happenings_hinder(universe);
        refusals_add(&universe->cloud.refusals, refusal);
}

static usec_t some_time(struct universe *universe)
{
        return dice_chance(&universe->dice, 0.5)   ? dice_wait(&universe->dice, 10 * MINUTE)
               : dice_chance(&universe->dice, 0.8) ? dice_wait(&universe->dice, 2 * HOUR)
                                                   : dice_wait(&universe->dice, 12 * HOUR);
}

static void refuse(struct universe *universe, uint64_t count, usec_t lasts)
{
        const char *action = some_action(universe);
        const struct aws_error *error = some_error(universe, action);

        add(universe,
            &(struct refusal){ .error = error,
                               .action = action,
                               .region = some_region(universe),
                               .acted = error->may_have_acted && dice_chance(&universe->dice, 0.5),
                               .count = count,
                               .until = universe->clock.now + lasts });
}

void refuse_once(struct universe *universe)
{
        refuse(universe,
               dice_chance(&universe->dice, 0.7) ? 1
                                                 : (uint64_t)dice_between(&universe->dice, 2, 6),
               6 * HOUR);
}

void refuse_for_long(struct universe *universe)
{
        refuse(universe, UINT64_MAX, some_time(universe));
}

void answer_without_keys(struct universe *universe)
{
        if (universe->fleet.role)
                add(universe,
                    &(struct refusal){ .foreign = &keyless_answers[dice_below(&universe->dice,
                                                                              n_keyless_answers)],
                                       .action = "AssumeRole",
                                       .region = universe->fleet.regions[0],
                                       .acted = true,
                                       .count = (uint64_t)dice_between(&universe->dice, 1, 6),
                                       .until = universe->clock.now + some_time(universe) });
}

void answer_foreign(struct universe *universe)
{
        bool one = dice_chance(&universe->dice, 0.5);

        add(universe,
            &(struct refusal){
                    .foreign = &foreign_answers[dice_below(&universe->dice, n_foreign_answers)],
                    .action = one ? some_action(universe) : NULL,
                    .region = some_region(universe),
                    .acted = dice_chance(&universe->dice, 0.5),
                    .count = dice_chance(&universe->dice, 0.5)
                                     ? (uint64_t)dice_between(&universe->dice, 1, 3)
                                     : UINT64_MAX,
                    .until = universe->clock.now + some_time(universe) / 4 });
}

static char *some_id(struct universe *universe, const char *region, enum kind kind)
{
        struct place *place = sim_place(universe->cloud.sim, DEFAULT_ACCOUNT, region);
        size_t n = HASH_COUNT(place->resources[kind]), at = dice_below(&universe->dice, n);

        FOREACH_RESOURCE(resource, place, kind)
        {
                if (at-- == 0)
                        return xstrdup(resource->id);
        }
        return NULL;
}

/* One thing that nobody may change for a while: a policy by tags, a protection, a bad state. */
void refuse_one_change(struct universe *universe)
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
        size_t what = dice_below(&universe->dice, ELEMENTS(changes));
        const char *region = some_region(universe);
        const struct aws_error *error = some_error(universe, changes[what].action);
        char *id = some_id(universe, region, changes[what].kind);

        if (id)
                add(universe,
                    &(struct refusal){ .error = error,
                                       .action = changes[what].action,
                                       .region = region,
                                       .id = id,
                                       .count = UINT64_MAX,
                                       .until = universe->clock.now + 4 * some_time(universe) });
}

void refuse_one_id(struct universe *universe)
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
        size_t what = dice_below(&universe->dice, ELEMENTS(unknown));
        const char *region = some_region(universe);
        char *id = some_id(universe, region, unknown[what].kind);

        if (!id)
                return;
        for (size_t i = 0; i < n_aws_errors; i++) {
                if (!streq(aws_errors[i].code, unknown[what].code))
                        continue;
                add(universe,
                    &(struct refusal){
                            .error = &aws_errors[i],
                            .region = region,
                            .id = id,
                            .count = dice_chance(&universe->dice, 0.4)
                                             ? (uint64_t)dice_between(&universe->dice, 1, 4)
                                             : UINT64_MAX,
                            .until = universe->clock.now + some_time(universe) });
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

void refuse_word_of_image(struct universe *universe)
{
        add(universe, &(struct refusal){ .error = error_of_code("InternalError"),
                                         .action = "CreateImage",
                                         .region = universe->fleet.regions[0],
                                         .acted = true,
                                         .count = 1,
                                         .until = USEC_INFINITY });
}

void refuse_lists_of_images(struct universe *universe)
{
        if (universe->lists_refused)
                return;
        universe->lists_refused = true;
        add(universe, &(struct refusal){ .error = error_of_code("UnauthorizedOperation"),
                                         .action = "DescribeImages",
                                         .region = universe->fleet.regions[0],
                                         .count = UINT64_MAX,
                                         .until = universe->clock.now + 45 * MINUTE });
}
