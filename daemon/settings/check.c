/* Checks a whole draft: names that refer to each other, and values that exclude each other. */
#include "settings/draft.h"

#include <string.h>

#include "base/alloc.h"

enum {
        IMAGE_NAME_MAX = 128,        /* EC2's limit, characters */
        IMAGE_DESCRIPTION_MAX = 255, /* EC2's limit, characters */
};

/* An instance id of the maximum length, for the length of names. All times have the same length. */
static const char longest_instance[] = "i-0123456789abcdef0";

static int compare_positions(const struct position *a, const struct position *b)
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

        return r ? r : compare_positions(&x->position, &y->position);
}

static int compare_schedules(const void *a, const void *b)
{
        const struct draft_schedule *x = a, *y = b;
        int r = strcmp(x->schedule.name, y->schedule.name);

        return r ? r : compare_positions(&x->position, &y->position);
}

static void twice(struct conf *conf, const char *what, const char *name, struct position first,
                  struct position again)
{
        conf_error_at(conf, again, "%s %s is given twice (first at %s:%zu:%zu)", what, name,
                      conf->files[first.file].name, first.line, first.column);
}

/* Credentials of a role are of the account in its ARN: arn:aws:iam::111122223333:role/amid. */
static void check_role(struct conf *conf, const struct draft_account *entry)
{
        const struct setting_account *account = &entry->account;
        const char *id = account->role_arn ? strstr(account->role_arn, ":iam::") : NULL;

        if (!id || !account->expect_account)
                return;
        id += strlen(":iam::");
        if (!startswith(id, account->expect_account))
                conf_error_at(conf, entry->position,
                              "account %s: role_arn is of account %.*s, expect_account says %s",
                              account->name, (int)strcspn(id, ":"), id, account->expect_account);
}

void draft_check_accounts(struct draft *draft)
{
        size_t n = 0; /* index of the last entry that stays */

        if (draft->n_accounts == 0) {
                append(draft->accounts, draft->n_accounts)->account.name = xstrdup("default");
                return;
        }
        qsort(draft->accounts, draft->n_accounts, sizeof(*draft->accounts), compare_accounts);
        for (size_t i = 1; i < draft->n_accounts; i++) {
                struct draft_account *entry = &draft->accounts[i];

                if (!streq(entry->account.name, draft->accounts[n].account.name)) {
                        n++;
                        draft->accounts[n] = *entry;
                        continue;
                }
                twice(&draft->conf, "account", entry->account.name, draft->accounts[n].position,
                      entry->position);
                setting_account_done(&entry->account);
        }
        draft->n_accounts = n + 1;
        for (size_t i = 0; i < draft->n_accounts; i++)
                check_role(&draft->conf, &draft->accounts[i]);
}

static const struct draft_account *find_account(const struct draft *draft, const char *name)
{
        for (size_t i = 0; i < draft->n_accounts; i++)
                if (streq(draft->accounts[i].account.name, name))
                        return &draft->accounts[i];
        return NULL;
}

static const char *closest_account(const struct draft *draft, const char *name)
{
        _cleanup_free_ const char **names = xcalloc(draft->n_accounts, sizeof(char *));

        for (size_t i = 0; i < draft->n_accounts; i++)
                names[i] = draft->accounts[i].account.name;
        return closest(name, names, draft->n_accounts);
}

static void default_account(struct draft *draft, struct draft_schedule *entry)
{
        const char *name = "default";

        if (draft->n_accounts == 1)
                name = draft->accounts[0].account.name;
        if (find_account(draft, name))
                *append(entry->schedule.accounts, entry->schedule.n_accounts) = xstrdup(name);
        else
                conf_error_at(&draft->conf, entry->position,
                              "schedule %s: account is missing; there are several (%s, %s%s)",
                              entry->schedule.name, draft->accounts[0].account.name,
                              draft->accounts[1].account.name,
                              draft->n_accounts > 2 ? ", ..." : "");
}

static void check_account_names(struct draft *draft, struct draft_schedule *entry)
{
        struct position position =
                conf_position_of(&draft->conf, &entry->own, "account", entry->position);

        if (!CONF_WERE_READ(&entry->unread, "account"))
                return;
        for (size_t i = 0; i < entry->schedule.n_accounts; i++) {
                const char *name = entry->schedule.accounts[i], *close;

                if (find_account(draft, name))
                        continue;
                close = closest_account(draft, name);
                conf_error_at(&draft->conf, position, "schedule %s: unknown account %s%s%s%s",
                              entry->schedule.name, name, close ? "; did you mean \"" : "",
                              close ? close : "", close ? "\"?" : "");
        }
        if (!entry->schedule.n_accounts)
                default_account(draft, entry);
}

static void check_times(struct conf *conf, const struct draft_schedule *entry)
{
        const struct schedule *schedule = &entry->schedule.schedule;
        struct position position;

        if (!CONF_WERE_READ(&entry->unread, "timezone", "start", "end"))
                return;
        if (schedule->start != SEC_NONE && schedule->end != SEC_NONE &&
            schedule->end < schedule->start) {
                position = conf_position_of(conf, &entry->own, "end", entry->position);
                conf_error_at(conf, position, "schedule %s: end is before start",
                              entry->schedule.name);
                return;
        }
        position = conf_position_of(conf, &entry->own, "schedule", entry->position);
        /* The years of expressions begin in 1970. */
        if (CONF_WERE_READ(&entry->unread, "schedule") &&
            schedule->expression.kind == EXPRESSION_CRON &&
            schedule_next(schedule, -SEC_PER_DAY) == SEC_NEVER)
                conf_warn_at(conf, position, "schedule %s never fires", entry->schedule.name);
}

/* The tables that a level reads, and the highest level that its images can achieve. */
static const struct level {
        bool reboot, stop, freeze;
        enum setting_consistency strongest;
} levels[] = {
        [CONSISTENCY_CRASH] = { .strongest = CONSISTENCY_CRASH },
        [CONSISTENCY_FREEZE] = { .freeze = true, .strongest = CONSISTENCY_FREEZE },
        [CONSISTENCY_REBOOT] = { .reboot = true, .strongest = CONSISTENCY_REBOOT },
        [CONSISTENCY_STOP] = { .reboot = true, .stop = true, .strongest = CONSISTENCY_STOP },
        [CONSISTENCY_AUTO] = { .reboot = true, .freeze = true, .strongest = CONSISTENCY_REBOOT },
};

static void check_reboot(struct conf *conf, const struct draft_schedule *entry)
{
        const struct setting_reboot *reboot = &entry->schedule.reboot;
        struct position position = conf_position_of(conf, &entry->own, "reboot", entry->position);

        if (reboot->settle >= reboot->ready_timeout)
                conf_error_at(conf, position,
                              "schedule %s: settle must be shorter than ready_timeout, or no "
                              "instance is ever ready",
                              entry->schedule.name);
        if (reboot->group_by == GROUP_TARGET_GROUP && reboot->target_groups == TARGET_GROUPS_IGNORE)
                conf_error_at(conf, position,
                              "schedule %s: group_by: target-group needs target_groups to be watch "
                              "or drain",
                              entry->schedule.name);
}

/* Refuses a table that the schedule's level does not read. Tables of `defaults` are not refused,
 * since other schedules may read them. */
static void check_unused(struct conf *conf, const struct draft_schedule *entry)
{
        const struct level *level = &levels[entry->schedule.consistency];
        const struct {
                const char *name;
                bool used;
        } tables[] = {
                { "reboot", level->reboot },
                { "stop", level->stop },
                { "freeze", level->freeze },
                { "reboot_max_age", entry->schedule.consistency == CONSISTENCY_AUTO },
        };

        for (size_t i = 0; i < ELEMENTS(tables); i++) {
                struct position position =
                        conf_position_of(conf, &entry->own, tables[i].name, (struct position){});

                if (position.line && !tables[i].used)
                        conf_warn_at(conf, position,
                                     "schedule %s: %s means nothing with consistency: %s",
                                     entry->schedule.name, tables[i].name,
                                     consistency_name(entry->schedule.consistency));
        }
}

static void check_consistency(struct conf *conf, const struct draft_schedule *entry)
{
        const struct setting_schedule *schedule = &entry->schedule;
        const struct level *level;
        struct position position =
                conf_position_of(conf, &entry->own, "consistency", entry->position);

        if (!CONF_WERE_READ(&entry->unread, "consistency"))
                return;
        level = &levels[schedule->consistency];
        check_unused(conf, entry);
        if (level->reboot && CONF_WERE_READ(&entry->unread, "reboot"))
                check_reboot(conf, entry);
        if (schedule->consistency == CONSISTENCY_FREEZE && !schedule->has_freeze &&
            CONF_WERE_READ(&entry->unread, "freeze"))
                conf_error_at(conf, position,
                              "schedule %s: consistency: freeze needs the key freeze, which says "
                              "what to run before and after",
                              schedule->name);
        if (CONF_WERE_READ(&entry->unread, "retain") &&
            schedule->retain_require > level->strongest + REQUIRE_CRASH)
                conf_error_at(conf, conf_position_of(conf, &entry->own, "retain", entry->position),
                              "schedule %s: retain.require: %s: with consistency: %s no image of a "
                              "running instance ever is",
                              schedule->name,
                              consistency_name(schedule->retain_require - REQUIRE_CRASH),
                              consistency_name(schedule->consistency));
}

static void check_template(struct conf *conf, const struct draft_schedule *entry, const char *what,
                           const char *template, size_t limit)
{
        _cleanup_free_ char *text = NULL;
        struct position position = conf_position_of(conf, &entry->own, "image", entry->position);

        if (!template)
                return;
        text = setting_expand(template, entry->schedule.name, longest_instance, 0);
        if (conf_length(text) > limit)
                conf_error_at(conf, position,
                              "schedule %s: image.%s can have %zu characters once filled in; EC2 "
                              "takes %zu",
                              entry->schedule.name, what, conf_length(text), limit);
}

static void check_schedule(struct draft *draft, struct draft_schedule *entry)
{
        const struct setting_image *image = &entry->schedule.image;

        check_account_names(draft, entry);
        check_times(&draft->conf, entry);
        check_consistency(&draft->conf, entry);
        if (!CONF_WERE_READ(&entry->unread, "image"))
                return;
        check_template(&draft->conf, entry, "name", image->name, IMAGE_NAME_MAX);
        check_template(&draft->conf, entry, "description", image->description,
                       IMAGE_DESCRIPTION_MAX);
}

void draft_check_schedules(struct draft *draft)
{
        if (draft->n_schedules)
                qsort(draft->schedules, draft->n_schedules, sizeof(*draft->schedules),
                      compare_schedules);
        for (size_t i = 0; i < draft->n_schedules; i++) {
                struct draft_schedule *entry = &draft->schedules[i];

                if (i && streq(entry->schedule.name, entry[-1].schedule.name))
                        twice(&draft->conf, "schedule", entry->schedule.name, entry[-1].position,
                              entry->position);
                check_schedule(draft, entry);
        }
}
