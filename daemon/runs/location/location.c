/* Locations: one object for an account's region, and what is known there of instance types. */
#include "runs/location/location.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/events/events.h"
#include "runs/location/account.h"
#include "runs/location/regions.h"

struct location *location_get(struct locations *locations, const struct settings *settings,
                              const char *account, const char *region)
{
        const struct setting_account *setting = settings_account(settings, account);
        _cleanup_(aws_account_unrefp) struct aws_account *aws = NULL;
        struct location *location;

        if (!setting)
                return NULL;
        aws = account_open(locations->aws, setting);
        for (location = locations->all; location; location = location->next)
                if (location->aws == aws && streq(location->region, region))
                        return location_ref(location);
        location = xnew(struct location);
        *location = (struct location){
                .locations = locations,
                .loop = locations->loop,
                .aws = steal(aws),
                .account = xstrdup(account),
                .region = xstrdup(region),
                .references = 1,
                .next = locations->all,
        };
        locations->all = location;
        return location;
}

struct location *location_ref(struct location *location)
{
        location->references++;
        return location;
}

struct location *location_unref(struct location *location)
{
        struct location **at;

        if (!location || --location->references > 0)
                return NULL;
        for (at = &location->locations->all; *at != location; at = &(*at)->next)
                ;
        *at = location->next;
        for (size_t i = 0; i < location->n_parts; i++)
                location->parts[i].free(location->parts[i].part);
        free(location->parts);
        for (size_t i = 0; i < location->n_types; i++)
                free(location->types[i].name);
        free(location->types);
        reported_done(&location->silent);
        reported_done(&location->remote_reported);
        aws_account_unref(location->aws);
        free(location->account);
        free(location->region);
        free(location);
        return NULL;
}

void location_keep(struct location *location, void (*free_part)(void *part), void *part)
{
        *append(location->parts, location->n_parts) = (struct location_part){ free_part, part };
}

/* ---- replies ---- */

static struct log_about about_call(const struct location *location, const struct action *action,
                                   const struct aws_reply *reply)
{
        return (struct log_about){
                .account = location->account,
                .region = location->region,
                .action = action->name,
                .error = reply->code,
                .request_id = reply->request_id,
        };
}

void location_heard(struct location *location, const struct action *action,
                    const struct aws_reply *reply)
{
        struct log_about about = about_call(location, action, reply);
        _cleanup_free_ char *why = NULL;

        switch (reply->outcome) {
        case AWS_OK:
                if (reported_drop(&location->silent, action->service))
                        log_line(LOG_NOTICE, &about, "AWS answers again in %s (%s).",
                                 location->region, action->service->name);
                return;
        case AWS_UNREACHABLE:
        case AWS_UNSIGNED:
                if (!reported_add(&location->silent, action->service, reply->code))
                        return;
                why = aws_describe_failure(reply, action, location->region);
                log_event(&events[EVENT_AWS_SILENT], &about,
                          "%s. It is tried again until it works.", why);
                return;
        case AWS_ERROR:   /* no success: calls without an answer may come between refusals */
        case AWS_UNKNOWN: /* the step that sent the call looks up its outcome */
                return;
        }
        abort();
}

void location_polled(struct location *location, const struct action *action,
                     const struct aws_reply *reply, struct reported *reported)
{
        struct log_about about = about_call(location, action, reply);
        _cleanup_free_ char *why = NULL;

        location_heard(location, action, reply);
        if (reply->outcome == AWS_OK)
                (void)reported_drop(reported, action);
        if (reply->outcome != AWS_ERROR || !reported_add(reported, action, reply->code))
                return;
        why = aws_describe_failure(reply, action, location->region);
        log_event(&events[EVENT_AWS_REFUSES], &about, "%s. It is asked again until it works.", why);
}

struct aws_slot *location_call(struct refusal *refusal, const struct action *action,
                               const void *input, aws_done_fn *done, void *userdata)
{
        const struct location *location = refusal->location;
        struct aws_slot *slot =
                aws_call(location->aws, location->region, action, input, done, userdata);

        refusal_watch(refusal, slot);
        return slot;
}

void location_called(struct refusal *refusal, const struct action *action,
                     const struct aws_reply *reply)
{
        location_polled(refusal->location, action, reply, &refusal->reported);
        if (refusal_take(refusal, action, reply))
                refusal_report(refusal);
}

/* ---- the locations of a schedule, or of all accounts ---- */

void locations_done(struct locations *locations)
{
        regions_forget(locations);
        settings_unref(locations->settings);
}

static void location_visit(struct locations *locations, const struct settings *settings,
                           const char *account, const char *region, location_fn *callback,
                           void *userdata)
{
        _cleanup_(location_unrefp) struct location *location =
                location_get(locations, settings, account, region);

        if (location)
                callback(location, userdata);
}

/* The regions of one account: the schedule's, else the account's, else the daemon's own. */
static char *locations_of_account(struct locations *locations, const struct settings *settings,
                                  const struct setting_schedule *schedule,
                                  const struct setting_account *account, location_fn *callback,
                                  void *userdata)
{
        bool own = schedule && schedule->n_regions > 0;
        char *const *regions = own ? schedule->regions : account->regions;
        size_t n = own ? schedule->n_regions : account->n_regions;
        const char *error = NULL;

        if (n == 0)
                regions = regions_of(locations, account->name, &n, &error);
        for (size_t i = 0; i < n; i++)
                location_visit(locations, settings, account->name, regions[i], callback, userdata);
        if (n > 0)
                return NULL;
        if (account->all_regions)
                return xasprintf("the regions of account %s are not known (%s)", account->name,
                                 error);
        return xasprintf("no region is set for account %s and none could be found (%s); "
                         "add 'regions' to it",
                         account->name, error);
}

char *locations_of(struct locations *locations, const struct settings *settings,
                   const struct setting_schedule *schedule, location_fn *callback, void *userdata)
{
        size_t n = schedule ? schedule->n_accounts : settings->n_accounts;
        char *error = NULL;

        for (size_t i = 0; i < n && !error; i++) {
                const struct setting_account *account =
                        schedule ? settings_account(settings, schedule->accounts[i])
                                 : &settings->accounts[i];

                error = locations_of_account(locations, settings, schedule, account, callback,
                                             userdata);
        }
        return error;
}
