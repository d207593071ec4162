#include "settings/settings.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "settings/conf.h"

/* ---- life ------------------------------------------------------------------------------------ */

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

void conf_done(struct conf *conf)
{
        for (size_t i = 0; i < conf->n_files; i++) {
                free(conf->files[i].name);
                if (conf->files[i].loaded)
                        yaml_document_delete(&conf->files[i].document);
        }
        free(conf->files);
        for (size_t i = 0; i < conf->n_messages; i++)
                free(conf->messages[i].text);
        free(conf->messages);
        for (size_t i = 0; i < conf->n_forms; i++)
                regfree(&conf->forms[i]);
        for (size_t i = 0; i < conf->n_zones; i++)
                zone_unref(conf->zones[i]);
        free(conf->zones);
        for (size_t i = 0; i < conf->n_schedules; i++)
                setting_schedule_done(&conf->schedules[i].schedule);
        free(conf->schedules);
        for (size_t i = 0; i < conf->n_accounts; i++)
                setting_account_done(&conf->accounts[i].account);
        free(conf->accounts);
        free(conf->owner);
}

/* ---- loading --------------------------------------------------------------------------------- */

static bool has_version(struct conf *conf, const yaml_node_t *root)
{
        for (const yaml_node_pair_t *pair = root->data.mapping.pairs.start;
             pair < root->data.mapping.pairs.top; pair++) {
                const yaml_node_t *name = conf_node(conf, pair->key);

                if (name && name->type == YAML_SCALAR_NODE &&
                    streq((const char *)name->data.scalar.value, "version"))
                        return true;
        }
        return false;
}

/* Messages quote keys and values. A map without version is no settings file, maybe one that the
 * caller may not read himself (sudo amictl -c FILE check): nothing of it is quoted. */
static bool is_settings(struct conf *conf, const yaml_node_t *root)
{
        return has_version(conf, root) ||
               conf_error(conf, root,
                          "version is missing; a settings file of amid has \"version: 1\"");
}

static void read_root(struct conf *conf, size_t file)
{
        const yaml_node_t *root = conf_root(conf, file);
        bool main = !conf->files[file].in_conf_d;
        const struct key whole = { .name = "the file" };

        conf->file = file;
        if (!conf->files[file].loaded || (!root && !main)) /* conf.d may be all comments */
                return;
        if (!root)
                conf_error_at(conf, (struct position){ .file = file, .line = 1, .column = 1 },
                              "the file is empty; the least is \"version: 1\"");
        else if (conf_expect_map(conf, root, &whole) && (!main || is_settings(conf, root)))
                conf_read_table(conf, root, main ? root_keys : conf_d_keys, conf, NULL);
}

/* Moves what was read out of the drafts. */
static struct settings *hand_over(struct conf *conf)
{
        struct settings *settings = xnew(struct settings);

        settings->references = 1;
        settings->file = xstrdup(conf->files[0].name);
        settings->owner = steal(conf->owner);
        settings->api_share = conf->api_share;
        for (size_t i = 0; i < conf->n_accounts; i++)
                *append(settings->accounts, settings->n_accounts) = conf->accounts[i].account;
        for (size_t i = 0; i < conf->n_schedules; i++)
                *append(settings->schedules, settings->n_schedules) = conf->schedules[i].schedule;
        conf->n_accounts = 0;
        conf->n_schedules = 0;
        return settings;
}

static void read_everything(struct conf *conf)
{
        for (size_t file = 0; file < conf->n_files; file++)
                read_root(conf, file);
        conf_check_accounts(conf);
        conf_check_schedules(conf);
        conf_check_clashes(conf);
}

static int finish(struct conf *conf, struct settings **ret, struct text *messages)
{
        /* without the main file's accounts and defaults, what conf.d says would look wrong */
        if (conf->files[0].loaded)
                read_everything(conf);
        conf_print_messages(conf, messages);
        if (conf->n_errors)
                return -EINVAL;
        *ret = hand_over(conf);
        return 0;
}

int settings_load(const char *path, struct settings **ret, struct text *messages)
{
        _cleanup_(conf_done) struct conf conf = { .visits_max = CONF_VISITS_FREE };
        int r = conf_load_file(&conf, path, false);
        int error = conf_load_directory(&conf, path), result = finish(&conf, ret, messages);

        if (result == 0)
                return 0;
        return r < 0 ? r : error < 0 ? error : result;
}

int settings_parse(const char *name, const char *data, size_t size, struct settings **ret,
                   struct text *messages)
{
        _cleanup_(conf_done) struct conf conf = { .visits_max = CONF_VISITS_FREE };

        conf_load_data(&conf, name, false, data, size);
        return finish(&conf, ret, messages);
}

/* ---- finding --------------------------------------------------------------------------------- */

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
