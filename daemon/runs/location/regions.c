/* The regions of accounts whose settings name none: found once, renewed each day. */
#include "runs/location/regions.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/location/account.h"

struct account_regions {
        struct locations *locations;
        char *account, *error;
        char **regions;
        size_t n_regions;
        bool all; /* all regions that are enabled for the account, not its home alone */
        struct aws_account *aws;
        struct aws_region_slot *slot; /* the search for the home; NULL: none is under way */
        struct aws_regions_slot *list_slot;
        struct timer *timer;          /* the next search */
        struct account_regions *next; /* of locations->accounts */
};

static void search_done(struct locations *locations)
{
        for (const struct account_regions *known = locations->accounts; known; known = known->next)
                if (known->slot || known->list_slot)
                        return;
        /* A timer that is not armed has fired: the search ended without the accounts that did not
         * answer. */
        if (timer_is_armed(locations->regions_found))
                timer_arm(locations->regions_found, 0);
}

/* Takes the regions of an account. Where AWS gave none (`n` 0), those found before stay. */
static void take(struct account_regions *known, char *const *regions, size_t n, const char *error)
{
        if (n > 0) {
                strings_free(known->regions, known->n_regions);
                known->regions = NULL;
                known->n_regions = 0;
                for (size_t i = 0; i < n; i++)
                        *append(known->regions, known->n_regions) = xstrdup(regions[i]);
        }
        if (n > 0 || known->n_regions == 0)
                xreplace(&known->error, error);
        if (n == 0)
                timer_arm(known->timer, REGIONS_RETRY * USEC_PER_SEC);
        else if (known->all)
                timer_arm(known->timer, REGIONS_RENEW * USEC_PER_SEC);
        search_done(known->locations);
}

static void on_regions(char *const *regions, size_t n, const char *error, void *userdata)
{
        struct account_regions *known = userdata;

        take(known, regions, n, error);
        known->list_slot = aws_regions_slot_free(known->list_slot);
        search_done(known->locations);
}

static void on_region(const char *region, const char *error, void *userdata)
{
        struct account_regions *known = userdata;
        char *found = xstrdup(region);
        _cleanup_free_ char *why = xstrdup(error);

        known->slot = aws_region_slot_free(known->slot);
        /* The list of all regions does not need the home: DescribeRegions is answered in any
         * region. */
        if (known->all)
                known->list_slot = aws_list_regions(known->aws, on_regions, known);
        else
                take(known, &found, found ? 1 : 0, why);
        free(found);
}

static void on_timer(void *userdata)
{
        struct account_regions *known = userdata;

        if (!known->slot && !known->list_slot)
                known->slot = aws_find_region(known->aws, on_region, known);
}

static struct account_regions *regions_for(struct locations *locations, const char *account)
{
        struct account_regions *known;

        for (known = locations->accounts; known; known = known->next)
                if (streq(known->account, account))
                        return known;
        known = xnew(struct account_regions);
        known->locations = locations;
        known->account = xstrdup(account);
        known->timer = timer_new(locations->loop, on_timer, known);
        known->next = locations->accounts;
        locations->accounts = known;
        return known;
}

/* Searches for the regions of an account, and holds a reference to it: without one its credentials
 * and rate limits would be lost between two runs. Regions that were found for other settings are
 * dropped. */
static void account_search(struct locations *locations, const struct setting_account *account)
{
        struct account_regions *known = regions_for(locations, account->name);
        struct aws_account *before = known->aws;

        known->aws = account_open(locations->aws, account);
        aws_account_unref(before);
        if (account->n_regions > 0 || known->all != account->all_regions) {
                strings_free(known->regions, known->n_regions);
                known->regions = NULL;
                known->n_regions = 0;
        }
        known->all = account->all_regions;
        if (account->n_regions == 0)
                known->slot = aws_find_region(known->aws, on_region, known);
}

/* Drops the accounts that are not in the settings any more. */
static void drop_others(struct locations *locations)
{
        for (struct account_regions *known = locations->accounts; known; known = known->next)
                if (!settings_account(locations->settings, known->account))
                        known->aws = aws_account_unref(known->aws);
}

void regions_search_end(struct locations *locations)
{
        for (struct account_regions *known = locations->accounts; known; known = known->next) {
                timer_disarm(known->timer);
                known->slot = aws_region_slot_free(known->slot);
                known->list_slot = aws_regions_slot_free(known->list_slot);
        }
        locations->regions_found = timer_free(locations->regions_found);
}

void regions_search(struct locations *locations, struct settings *settings, timer_fn *done,
                    void *userdata)
{
        regions_search_end(locations);
        settings_ref(settings);
        settings_unref(locations->settings);
        locations->settings = settings;
        locations->regions_found = timer_new(locations->loop, done, userdata);
        timer_arm(locations->regions_found, REGIONS_TIMEOUT * USEC_PER_SEC);
        for (size_t i = 0; i < settings->n_accounts; i++)
                account_search(locations, &settings->accounts[i]);
        drop_others(locations);
        search_done(locations);
}

void regions_forget(struct locations *locations)
{
        regions_search_end(locations);
        while (locations->accounts) {
                struct account_regions *known = locations->accounts;

                locations->accounts = known->next;
                timer_free(known->timer);
                aws_account_unref(known->aws);
                strings_free(known->regions, known->n_regions);
                free(known->account);
                free(known->error);
                free(known);
        }
}

char *const *regions_of(const struct locations *locations, const char *account, size_t *ret_n,
                        const char **ret_error)
{
        *ret_error = "AWS has not answered yet";
        *ret_n = 0;
        for (const struct account_regions *known = locations->accounts; known;
             known = known->next) {
                if (!streq(known->account, account))
                        continue;
                if (known->error)
                        *ret_error = known->error;
                *ret_n = known->n_regions;
                return known->regions;
        }
        return NULL;
}
