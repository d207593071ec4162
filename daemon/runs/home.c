#include "runs/home.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"
#include "runs/account.h"

struct home {
        struct engine *engine;
        char *account, *error;
        char **regions;
        size_t n_regions;
        bool all; /* every open region, not the home alone */
        struct aws_account *aws;
        struct aws_region_slot *slot; /* NULL: not being looked for */
        struct aws_regions_slot *list_slot;
        struct timer *timer; /* the next search */
        struct home *next;   /* of engine->homes */
};

static void search_done(struct engine *engine)
{
        for (const struct home *home = engine->homes; home; home = home->next)
                if (home->slot || home->list_slot)
                        return;
        /* Not armed any more: all went on without the last of them. */
        if (timer_is_armed(engine->homes_done))
                timer_arm(engine->homes_done, 0);
}

/* What was known stays when nobody answers now. */
static void take(struct home *home, char *const *regions, size_t n, const char *error)
{
        if (n > 0) {
                strings_free(home->regions, home->n_regions);
                home->regions = NULL;
                home->n_regions = 0;
                for (size_t i = 0; i < n; i++)
                        *append(home->regions, home->n_regions) = xstrdup(regions[i]);
        }
        if (n > 0 || home->n_regions == 0)
                xreplace(&home->error, error);
        if (n == 0)
                timer_arm(home->timer, HOME_RETRY * USEC_PER_SEC);
        else if (home->all)
                timer_arm(home->timer, HOME_RENEW * USEC_PER_SEC);
        search_done(home->engine);
}

static void on_regions(char *const *regions, size_t n, const char *error, void *userdata)
{
        struct home *home = userdata;

        take(home, regions, n, error);
        home->list_slot = aws_regions_slot_free(home->list_slot);
        search_done(home->engine);
}

static void on_region(const char *region, const char *error, void *userdata)
{
        struct home *home = userdata;
        char *found = xstrdup(region);
        _cleanup_free_ char *why = xstrdup(error);

        home->slot = aws_region_slot_free(home->slot);
        /* Without a home the open ones can be asked for elsewhere. */
        if (home->all)
                home->list_slot = aws_list_regions(home->aws, on_regions, home);
        else
                take(home, &found, found ? 1 : 0, why);
        free(found);
}

static void on_timer(void *userdata)
{
        struct home *home = userdata;

        if (!home->slot && !home->list_slot)
                home->slot = aws_find_region(home->aws, on_region, home);
}

static struct home *home_of(struct engine *engine, const char *account)
{
        struct home *home;

        for (home = engine->homes; home; home = home->next)
                if (streq(home->account, account))
                        return home;
        home = xnew(struct home);
        home->engine = engine;
        home->account = xstrdup(account);
        home->timer = timer_new(engine->loop, on_timer, home);
        home->next = engine->homes;
        engine->homes = home;
        return home;
}

/* An account that nobody holds would forget its credentials and buckets between two runs. What was
 * found for other settings does not stay. */
static void home_search(struct engine *engine, const struct setting_account *account)
{
        struct home *home = home_of(engine, account->name);
        struct aws_account *before = home->aws;

        home->aws = account_open(engine->aws, account);
        aws_account_unref(before);
        if (account->n_regions > 0 || home->all != account->all_regions) {
                strings_free(home->regions, home->n_regions);
                home->regions = NULL;
                home->n_regions = 0;
        }
        home->all = account->all_regions;
        if (account->n_regions == 0)
                home->slot = aws_find_region(home->aws, on_region, home);
}

/* Those that the settings do not have any more. */
static void drop_others(struct engine *engine)
{
        for (struct home *home = engine->homes; home; home = home->next)
                if (!settings_account(engine->settings, home->account))
                        home->aws = aws_account_unref(home->aws);
}

void homes_search_end(struct engine *engine)
{
        for (struct home *home = engine->homes; home; home = home->next) {
                timer_disarm(home->timer);
                home->slot = aws_region_slot_free(home->slot);
                home->list_slot = aws_regions_slot_free(home->list_slot);
        }
        engine->homes_done = timer_free(engine->homes_done);
}

void homes_search(struct engine *engine, timer_fn *done, void *userdata)
{
        const struct settings *settings = engine->settings;

        homes_search_end(engine);
        engine->homes_done = timer_new(engine->loop, done, userdata);
        timer_arm(engine->homes_done, HOMES_PATIENCE * USEC_PER_SEC);
        for (size_t i = 0; i < settings->n_accounts; i++)
                home_search(engine, &settings->accounts[i]);
        drop_others(engine);
        search_done(engine);
}

void homes_free(struct engine *engine)
{
        homes_search_end(engine);
        while (engine->homes) {
                struct home *home = engine->homes;

                engine->homes = home->next;
                timer_free(home->timer);
                aws_account_unref(home->aws);
                strings_free(home->regions, home->n_regions);
                free(home->account);
                free(home->error);
                free(home);
        }
}

char *const *home_regions(const struct engine *engine, const char *account, size_t *ret_n,
                          const char **ret_error)
{
        *ret_error = "AWS has not answered yet";
        *ret_n = 0;
        for (const struct home *home = engine->homes; home; home = home->next) {
                if (!streq(home->account, account))
                        continue;
                if (home->error)
                        *ret_error = home->error;
                *ret_n = home->n_regions;
                return home->regions;
        }
        return NULL;
}
