/* Frees settings, and finds schedules by name. */
#include "settings/settings.h"

#include <string.h>

#include "base/alloc.h"
#include "settings/draft.h"

/* ---- lifetime -------------------------------------------------------------------------------- */

static void tags_free(struct setting_tag *tags, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(tags[i].key);
                free(tags[i].value);
        }
        free(tags);
}

void setting_account_done(struct setting_account *account)
{
        free(account->name);
        strings_free(account->regions, account->n_regions);
        free(account->endpoint_url);
        free(account->profile);
        free(account->role_arn);
        free(account->external_id);
        free(account->session_name);
        free(account->expect_account);
        tags_free(account->session_tags, account->n_session_tags);
}

static void tag_matches_free(struct setting_tag_match *matches, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                free(matches[i].key);
                strings_free(matches[i].values, matches[i].n_values);
        }
        free(matches);
}

static void image_done(struct setting_image *image)
{
        free(image->name);
        free(image->description);
        tags_free(image->tags, image->n_tags);
        strings_free(image->exclude_devices, image->n_exclude_devices);
}

void setting_schedule_done(struct setting_schedule *schedule)
{
        free(schedule->name);
        free(schedule->expression_text);
        free(schedule->timezone);
        zone_unref(schedule->zone);
        strings_free(schedule->accounts, schedule->n_accounts);
        strings_free(schedule->regions, schedule->n_regions);
        tag_matches_free(schedule->targets.tags, schedule->targets.n_tags);
        tag_matches_free(schedule->targets.exclude_tags, schedule->targets.n_exclude_tags);
        strings_free(schedule->targets.instance_ids, schedule->targets.n_instance_ids);
        free(schedule->reboot.group_tag);
        strings_free(schedule->freeze.before, schedule->freeze.n_before);
        strings_free(schedule->freeze.after, schedule->freeze.n_after);
        image_done(&schedule->image);
}

struct settings *settings_ref(struct settings *settings)
{
        settings->references++;
        return settings;
}

struct settings *settings_unref(struct settings *settings)
{
        if (!settings || --settings->references > 0)
                return NULL;
        for (size_t i = 0; i < settings->n_accounts; i++)
                setting_account_done(&settings->accounts[i]);
        for (size_t i = 0; i < settings->n_schedules; i++)
                setting_schedule_done(&settings->schedules[i]);
        free(settings->accounts);
        free(settings->schedules);
        free(settings->owner);
        free(settings->file);
        free(settings);
        return NULL;
}

/* ---- lookup ---------------------------------------------------------------------------------- */

static int compare_schedule_name(const void *name, const void *schedule)
{
        return strcmp(name, ((const struct setting_schedule *)schedule)->name);
}

static int compare_account_name(const void *name, const void *account)
{
        return strcmp(name, ((const struct setting_account *)account)->name);
}

const struct setting_schedule *settings_schedule(const struct settings *settings, const char *name)
{
        return settings->n_schedules ? bsearch(name, settings->schedules, settings->n_schedules,
                                               sizeof(*settings->schedules), compare_schedule_name)
                                     : NULL;
}

const char *settings_closest_schedule(const struct settings *settings, const char *name)
{
        _cleanup_free_ const char **names = xcalloc(settings->n_schedules, sizeof(*names));

        for (size_t i = 0; i < settings->n_schedules; i++)
                names[i] = settings->schedules[i].name;
        return closest(name, names, settings->n_schedules);
}

char *settings_no_schedule(const struct settings *settings, const char *name)
{
        const char *near = settings_closest_schedule(settings, name);

        return near ? xasprintf("There is no schedule \"%s\" in the settings; did you mean \"%s\"?",
                                name, near)
                    : xasprintf("There is no schedule \"%s\" in the settings.", name);
}

const struct setting_account *settings_account(const struct settings *settings, const char *name)
{
        return bsearch(name, settings->accounts, settings->n_accounts, sizeof(*settings->accounts),
                       compare_account_name);
}
