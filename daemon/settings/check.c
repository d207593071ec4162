/* What no single value shows: names that refer to each other, times that exclude each other. */
#include "settings/conf.h"

#include <string.h>

#include "base/alloc.h"

enum {
        IMAGE_NAME_MAX = 128,        /* EC2's limit, characters */
        IMAGE_DESCRIPTION_MAX = 255, /* EC2's limit, characters */
};

/* The longest an instance id gets; every time has the same length. */
static const char longest_instance[] = "i-0123456789abcdef0";

static int compare_places(const struct place *a, const struct place *b)
{
        if (a->file != b->file)
                return a->file < b->file ? -1 : 1;
        if (a->line != b->line)
                return a->line < b->line ? -1 : 1;
        return a->column < b->column ? -1 : a->column > b->column;
}

static int compare_accounts(const void *a, const void *b)
{
        const struct draft_account *x = a, *y = b;
        int r = strcmp(x->account.name, y->account.name);

        return r ? r : compare_places(&x->place, &y->place);
}

static int compare_schedules(const void *a, const void *b)
{
        const struct draft_schedule *x = a, *y = b;
        int r = strcmp(x->schedule.name, y->schedule.name);

        return r ? r : compare_places(&x->place, &y->place);
}

static void twice(struct conf *conf, const char *what, const char *name, struct place first,
                  struct place again)
{
        conf_error_at(conf, again, "%s %s is given twice (first at %s:%zu:%zu)", what, name,
                      conf->files[first.file].name, first.line, first.column);
}

void conf_check_accounts(struct conf *conf)
{
        size_t n = 0; /* the last one that stays */

        if (conf->n_accounts == 0) {
                append(conf->accounts, conf->n_accounts)->account.name = xstrdup("default");
                return;
        }
        qsort(conf->accounts, conf->n_accounts, sizeof(*conf->accounts), compare_accounts);
        for (size_t i = 1; i < conf->n_accounts; i++) {
                struct draft_account *draft = &conf->accounts[i];

                if (!streq(draft->account.name, conf->accounts[n].account.name)) {
                        n++;
                        conf->accounts[n] = *draft;
                        continue;
                }
                twice(conf, "account", draft->account.name, conf->accounts[n].place, draft->place);
                setting_account_done(&draft->account);
        }
        conf->n_accounts = n + 1;
}

static const struct draft_account *find_account(const struct conf *conf, const char *name)
{
        for (size_t i = 0; i < conf->n_accounts; i++)
                if (streq(conf->accounts[i].account.name, name))
                        return &conf->accounts[i];
        return NULL;
}

static const char *closest_account(const struct conf *conf, const char *name)
{
        _cleanup_free_ const char **names = xcalloc(conf->n_accounts, sizeof(char *));

        for (size_t i = 0; i < conf->n_accounts; i++)
                names[i] = conf->accounts[i].account.name;
        return closest(name, names, conf->n_accounts);
}

static void default_account(struct conf *conf, struct draft_schedule *draft)
{
        const char *name = "default";

        if (conf->n_accounts == 1)
                name = conf->accounts[0].account.name;
        if (find_account(conf, name))
                *append(draft->schedule.accounts, draft->schedule.n_accounts) = xstrdup(name);
        else
                conf_error_at(conf, draft->place,
                              "schedule %s: account is missing; there are several (%s, %s%s)",
                              draft->schedule.name, conf->accounts[0].account.name,
                              conf->accounts[1].account.name, conf->n_accounts > 2 ? ", ..." : "");
}

static void check_account_names(struct conf *conf, struct draft_schedule *draft)
{
        struct place place = conf_place_of(conf, &draft->own, "account", draft->place);

        for (size_t i = 0; i < draft->schedule.n_accounts; i++) {
                const char *name = draft->schedule.accounts[i], *close;

                if (find_account(conf, name))
                        continue;
                close = closest_account(conf, name);
                conf_error_at(conf, place, "schedule %s: unknown account %s%s%s%s",
                              draft->schedule.name, name, close ? "; did you mean \"" : "",
                              close ? close : "", close ? "\"?" : "");
        }
        if (!draft->schedule.n_accounts)
                default_account(conf, draft);
}

static void check_times(struct conf *conf, const struct draft_schedule *draft)
{
        const struct schedule *schedule = &draft->schedule.schedule;
        struct place place;

        if (schedule->start != SEC_NONE && schedule->end != SEC_NONE &&
            schedule->end < schedule->start) {
                place = conf_place_of(conf, &draft->own, "end", draft->place);
                conf_error_at(conf, place, "schedule %s: end is before start",
                              draft->schedule.name);
                return;
        }
        place = conf_place_of(conf, &draft->own, "schedule", draft->place);
        /* the calendar of expressions begins in 1970 */
        if (schedule->expression.kind == EXPRESSION_CRON &&
            schedule_next(schedule, -SEC_PER_DAY) == SEC_NEVER)
                conf_warn_at(conf, place, "schedule %s never fires", draft->schedule.name);
}

static void check_reboot(struct conf *conf, const struct draft_schedule *draft)
{
        const struct setting_reboot *reboot = &draft->schedule.reboot;
        const struct place none = {};
        struct place own = conf_place_of(conf, &draft->own, "reboot", none);
        struct place place = own.line ? own : draft->place;

        switch (draft->schedule.consistency) {
        case CONSISTENCY_CRASH:
                if (own.line)
                        conf_warn_at(conf, own,
                                     "schedule %s: reboot means nothing with consistency: crash",
                                     draft->schedule.name);
                return;
        case CONSISTENCY_REBOOT:
                if (reboot->settle >= reboot->ready_timeout)
                        conf_error_at(conf, place,
                                      "schedule %s: settle must be shorter than ready_timeout, or "
                                      "no instance is ever ready",
                                      draft->schedule.name);
                return;
        }
}

static void check_template(struct conf *conf, const struct draft_schedule *draft, const char *what,
                           const char *template, size_t limit)
{
        _cleanup_free_ char *text = NULL;
        struct place place = conf_place_of(conf, &draft->own, "image", draft->place);

        if (!template)
                return;
        text = setting_expand(template, draft->schedule.name, longest_instance, 0);
        if (conf_length(text) > limit)
                conf_error_at(conf, place,
                              "schedule %s: image.%s can have %zu characters once filled in; EC2 "
                              "takes %zu",
                              draft->schedule.name, what, conf_length(text), limit);
}

static void check_schedule(struct conf *conf, struct draft_schedule *draft)
{
        const struct setting_image *image = &draft->schedule.image;

        check_account_names(conf, draft);
        check_times(conf, draft);
        check_reboot(conf, draft);
        check_template(conf, draft, "name", image->name, IMAGE_NAME_MAX);
        check_template(conf, draft, "description", image->description, IMAGE_DESCRIPTION_MAX);
}

void conf_check_schedules(struct conf *conf)
{
        if (conf->n_schedules)
                qsort(conf->schedules, conf->n_schedules, sizeof(*conf->schedules),
                      compare_schedules);
        for (size_t i = 0; i < conf->n_schedules; i++) {
                struct draft_schedule *draft = &conf->schedules[i];

                if (i && streq(draft->schedule.name, draft[-1].schedule.name))
                        twice(conf, "schedule", draft->schedule.name, draft[-1].place,
                              draft->place);
                if (!draft->broken)
                        check_schedule(conf, draft);
        }
}
