#include "runs/place.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/account.h"
#include "runs/home.h"

struct place *place_get(struct engine *engine, const struct settings *settings, const char *account,
                        const char *region)
{
        const struct setting_account *setting = settings_account(settings, account);
        _cleanup_(aws_account_unrefp) struct aws_account *aws = NULL;
        struct place *place;

        if (!setting)
                return NULL;
        aws = account_open(engine->aws, setting);
        for (place = engine->places; place; place = place->next)
                if (place->aws == aws && streq(place->region, region))
                        return place_ref(place);
        place = xnew(struct place);
        *place = (struct place){
                .engine = engine,
                .aws = steal(aws),
                .account = xstrdup(account),
                .region = xstrdup(region),
                .references = 1,
                .next = engine->places,
        };
        engine->places = place;
        return place;
}

struct place *place_ref(struct place *place)
{
        place->references++;
        return place;
}

struct place *place_unref(struct place *place)
{
        struct place **at;

        if (!place || --place->references > 0)
                return NULL;
        for (at = &place->engine->places; *at != place; at = &(*at)->next)
                ;
        *at = place->next;
        for (size_t i = 0; i < place->n_parts; i++)
                place->parts[i].free(place->parts[i].part);
        free(place->parts);
        for (size_t i = 0; i < place->n_types; i++)
                free(place->types[i].name);
        free(place->types);
        free(place->silent);
        aws_account_unref(place->aws);
        free(place->account);
        free(place->region);
        free(place);
        return NULL;
}

void place_keep(struct place *place, void (*free_part)(void *part), void *part)
{
        *append(place->parts, place->n_parts) = (struct place_part){ free_part, part };
}

/* ---- what AWS answers ---- */

static struct log_about about_call(const struct place *place, const struct action *action,
                                   const struct aws_reply *reply)
{
        return (struct log_about){
                .account = place->account,
                .region = place->region,
                .action = action->name,
                .error = reply->code,
                .request_id = reply->request_id,
        };
}

/* Notes whether a service is silent. True: that is news. */
static bool note_silent(struct place *place, const struct service *service, bool silent)
{
        size_t i = 0;

        while (i < place->n_silent && place->silent[i] != service)
                i++;
        if (silent == (i < place->n_silent))
                return false;
        if (silent)
                *append(place->silent, place->n_silent) = service;
        else
                place->silent[i] = place->silent[--place->n_silent];
        return true;
}

void place_heard(struct place *place, const struct action *action, const struct aws_reply *reply)
{
        struct log_about about = about_call(place, action, reply);
        _cleanup_free_ char *why = NULL;

        switch (reply->outcome) {
        case AWS_OK:
        case AWS_ERROR:
                if (note_silent(place, action->service, false))
                        log_line(LOG_NOTICE, &about, "AWS answers again in %s (%s).", place->region,
                                 action->service->name);
                return;
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
                if (!note_silent(place, action->service, true))
                        return;
                why = aws_describe_failure(reply, action, place->region);
                log_event(&events[EVENT_AWS_SILENT], &about,
                          "%s. It is tried again until it works.", why);
                return;
        case AWS_UNKNOWN:
                return; /* who sent it looks what became of it */
        }
        abort();
}

void place_polled(struct place *place, const struct action *action, const struct aws_reply *reply,
                  const struct action **told)
{
        struct log_about about = about_call(place, action, reply);
        _cleanup_free_ char *why = NULL;

        place_heard(place, action, reply);
        if (reply->outcome == AWS_OK && *told == action)
                *told = NULL;
        if (reply->outcome != AWS_ERROR || *told)
                return;
        *told = action;
        why = aws_describe_failure(reply, action, place->region);
        log_event(&events[EVENT_AWS_REFUSES], &about, "%s. It is asked again until it works.", why);
}

struct aws_slot *place_call(struct refusal *refusal, const struct action *action, const void *input,
                            aws_done_fn *done, void *userdata)
{
        const struct place *place = refusal->place;
        struct aws_slot *slot = aws_call(place->aws, place->region, action, input, done, userdata);

        refusal_watch(refusal, slot);
        return slot;
}

void place_called(struct refusal *refusal, const struct action *action,
                  const struct aws_reply *reply)
{
        place_polled(refusal->place, action, reply, &refusal->told);
        if (refusal_take(refusal, action, reply))
                refusal_report(refusal);
}

/* ---- the places of a schedule ---- */

static void place_visit(struct engine *engine, const struct settings *settings, const char *account,
                        const char *region, place_fn *callback, void *userdata)
{
        _cleanup_(place_unrefp) struct place *place = place_get(engine, settings, account, region);

        if (place)
                callback(place, userdata);
}

/* The regions of one account: the schedule's, else the account's, else the daemon's own. */
static char *places_of_account(struct engine *engine, const struct settings *settings,
                               const struct setting_schedule *schedule,
                               const struct setting_account *account, place_fn *callback,
                               void *userdata)
{
        bool own = schedule && schedule->n_regions > 0;
        char *const *regions = own ? schedule->regions : account->regions;
        size_t n = own ? schedule->n_regions : account->n_regions;
        const char *error = NULL;

        if (n == 0)
                regions = home_regions(engine, account->name, &n, &error);
        for (size_t i = 0; i < n; i++)
                place_visit(engine, settings, account->name, regions[i], callback, userdata);
        if (n > 0)
                return NULL;
        if (account->all_regions)
                return xasprintf("the regions of account %s are not known (%s)", account->name,
                                 error);
        return xasprintf("no region is set for account %s and none could be found (%s); "
                         "add 'regions' to it",
                         account->name, error);
}

char *places_of(struct engine *engine, const struct settings *settings,
                const struct setting_schedule *schedule, place_fn *callback, void *userdata)
{
        size_t n = schedule ? schedule->n_accounts : settings->n_accounts;
        char *error = NULL;

        for (size_t i = 0; i < n && !error; i++) {
                const struct setting_account *account =
                        schedule ? settings_account(settings, schedule->accounts[i])
                                 : &settings->accounts[i];

                error = places_of_account(engine, settings, schedule, account, callback, userdata);
        }
        return error;
}
