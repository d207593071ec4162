#include "runs/home.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/text.h"

/* IMDS may not be there yet when the machine boots: a region nobody knows is looked for again. */
#define SEARCH_AGAIN (60 * USEC_PER_SEC)

struct home {
        struct engine *engine;
        char *account, *region, *error;
        struct aws_account *aws;
        struct aws_region_slot *slot; /* NULL: not being looked for */
        struct timer *again;          /* made when the first search found nothing */
        struct home *next;            /* of engine->homes */
};

static void search_done(struct engine *engine)
{
        for (const struct home *home = engine->homes; home; home = home->next)
                if (home->slot && !home->again)
                        return;
        timer_arm(engine->homes_done, 0);
}

static void on_region(const char *region, const char *error, void *userdata);

static void search_again(void *userdata)
{
        struct home *home = userdata;

        home->slot = aws_find_region(home->aws, on_region, home);
}

static void on_region(const char *region, const char *error, void *userdata)
{
        struct home *home = userdata;

        /* What was known stays when nobody answers now. */
        if (region || !home->region) {
                xreplace(&home->region, region);
                xreplace(&home->error, error);
        }
        home->slot = aws_region_slot_free(home->slot);
        if (!home->again)
                search_done(home->engine);
        if (home->region)
                return;
        if (!home->again)
                home->again = timer_new(home->engine->loop, search_again, home);
        timer_arm(home->again, SEARCH_AGAIN);
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
        home->next = engine->homes;
        engine->homes = home;
        return home;
}

static void home_search(struct engine *engine, const struct setting_account *account)
{
        struct home *home = home_of(engine, account->name);

        home->aws = aws_account(engine->aws, &(struct aws_account_options){
                                                     .name = account->name,
                                                     .endpoint_url = account->endpoint_url,
                                                     .profile = account->profile,
                                             });
        home->slot = aws_find_region(home->aws, on_region, home);
}

void homes_search_end(struct engine *engine)
{
        for (struct home *home = engine->homes; home; home = home->next) {
                home->slot = aws_region_slot_free(home->slot);
                home->aws = aws_account_unref(home->aws);
                home->again = timer_free(home->again);
        }
        engine->homes_done = timer_free(engine->homes_done);
}

void homes_search(struct engine *engine, timer_fn *done, void *userdata)
{
        const struct settings *settings = engine->settings;

        homes_search_end(engine);
        engine->homes_done = timer_new(engine->loop, done, userdata);
        for (size_t i = 0; i < settings->n_accounts; i++)
                if (settings->accounts[i].n_regions == 0)
                        home_search(engine, &settings->accounts[i]);
        search_done(engine);
}

void homes_free(struct engine *engine)
{
        homes_search_end(engine);
        while (engine->homes) {
                struct home *home = engine->homes;

                engine->homes = home->next;
                free(home->account);
                free(home->region);
                free(home->error);
                free(home);
        }
}

const char *home_region(const struct engine *engine, const char *account, const char **ret_error)
{
        *ret_error = "not looked for";
        for (const struct home *home = engine->homes; home; home = home->next) {
                if (!streq(home->account, account))
                        continue;
                *ret_error = home->error;
                return home->region;
        }
        return NULL;
}
