/* Loads settings: files are read into a draft along the key tables, the draft is checked as a
 * whole, and only a draft without an error becomes settings. */
#include "settings/draft.h"

#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"

static const struct grammar grammar = {
        .documents = "settings",
        .entries = "schedules",
        .manual = "amid.yaml(5)",
        .when_missing = "write one (see amid.yaml(5)), or name another with -c",
        .when_denied = "the user amid runs as must be able to read it",
        .instead_of_merge = "defaults, or an alias of a whole value",
        .file_max = SETTINGS_FILE_MAX,
};

static void read_root(struct draft *draft, size_t file)
{
        struct conf *conf = &draft->conf;
        const yaml_node_t *root = conf_root(conf, file);
        bool main = !conf->files[file].in_conf_d;
        const struct key whole = { .name = "the file" };

        conf->file = file;
        if (!conf->files[file].loaded || (!root && !main)) /* conf.d: only comments */
                return;
        if (!root)
                conf_error_at(conf, (struct position){ .file = file, .line = 1, .column = 1 },
                              "the file is empty; the least is \"version: 1\"");
        else if (conf_expect_map(conf, root, &whole) && (!main || draft_check_version(conf, root)))
                conf_read_table(conf, root, main ? root_keys : conf_d_keys, draft, NULL);
}

static void draft_done(struct draft *draft)
{
        for (size_t i = 0; i < draft->n_zones; i++)
                zone_unref(draft->zones[i]);
        free(draft->zones);
        for (size_t i = 0; i < draft->n_schedules; i++)
                setting_schedule_done(&draft->schedules[i].schedule);
        free(draft->schedules);
        for (size_t i = 0; i < draft->n_accounts; i++)
                setting_account_done(&draft->accounts[i].account);
        free(draft->accounts);
        free(draft->owner);
        conf_done(&draft->conf);
}

/* Moves the accounts and schedules out of the draft. */
static struct settings *hand_over(struct draft *draft)
{
        struct settings *settings = xnew(struct settings);

        settings->references = 1;
        settings->file = xstrdup(draft->conf.files[0].name);
        settings->owner = steal(draft->owner);
        settings->api_share = draft->api_share;
        for (size_t i = 0; i < draft->n_accounts; i++)
                *append(settings->accounts, settings->n_accounts) = draft->accounts[i].account;
        for (size_t i = 0; i < draft->n_schedules; i++)
                *append(settings->schedules, settings->n_schedules) = draft->schedules[i].schedule;
        draft->n_accounts = 0;
        draft->n_schedules = 0;
        return settings;
}

static void read_everything(struct draft *draft)
{
        for (size_t file = 0; file < draft->conf.n_files; file++)
                read_root(draft, file);
        draft_check_accounts(draft);
        draft_check_schedules(draft);
        draft_check_clashes(draft);
}

static int finish(struct draft *draft, struct settings **ret, struct text *messages)
{
        /* Without accounts and defaults of the main file, correct schedules of conf.d look wrong.
         */
        if (draft->conf.files[0].loaded)
                read_everything(draft);
        conf_print_messages(&draft->conf, messages);
        if (draft->conf.n_errors)
                return -EINVAL;
        *ret = hand_over(draft);
        return 0;
}

int settings_load(const char *path, struct settings **ret, struct text *messages)
{
        _cleanup_(draft_done) struct draft draft = {};
        int r, error, result;

        conf_init(&draft.conf, &grammar);
        r = conf_load_file(&draft.conf, path, false);
        error = conf_load_directory(&draft.conf, path);
        result = finish(&draft, ret, messages);
        if (result == 0)
                return 0;
        return r < 0 ? r : error < 0 ? error : result;
}

int settings_parse(const char *name, const char *data, size_t size, struct settings **ret,
                   struct text *messages)
{
        _cleanup_(draft_done) struct draft draft = {};

        conf_init(&draft.conf, &grammar);
        conf_load_data(&draft.conf, name, false, data, size);
        return finish(&draft, ret, messages);
}
