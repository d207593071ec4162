/*
 * A draft: settings that are being read from YAML. load.c reads files into a draft along the key
 * tables of tables.c, check.c and clash.c check values against each other, and only a draft without
 * an error becomes struct settings. Private to settings/.
 */
#pragma once

#include <stddef.h>

#include "settings/settings.h"
#include "yaml/conf.h"

/* A schedule or an account of the draft. */
struct draft_schedule {
        struct setting_schedule schedule;
        struct layer own;
        struct position position; /* of its name */
        struct unread unread;     /* keys with errors: checks that need them are left out */
};
struct draft_account {
        struct setting_account account;
        struct position position; /* of its name */
};

struct draft {
        struct conf conf;
        struct zone **zones; /* each time zone is loaded once */
        size_t n_zones;
        char *owner;
        unsigned int api_share;
        struct layer defaults;
        struct draft_schedule *schedules;
        size_t n_schedules;
        struct draft_account *accounts;
        size_t n_accounts;
};

/* The draft around `conf`, for parsers of kinds, which only get the conf. */
static inline struct draft *draft_of(struct conf *conf)
{
        return (struct draft *)(void *)((char *)conf - offsetof(struct draft, conf));
}

/* ---- version.c ---- */
/* Whether the map has a version. Without it the missing version is the only error, and the rest of
 * the file is not read: messages quote keys and values, and the file may be any file, even one that
 * the caller of `sudo amictl -c FILE check` may not read. */
bool draft_check_version(struct conf *conf, const yaml_node_t *root);
extern const struct kind kind_version;

/* ---- regions.c, maps.c, script.c, tags.c, template.c, when.c: kinds ---- */
extern const struct kind kind_regions;
extern const struct kind kind_targets, kind_retain, kind_freeze, kind_accounts, kind_defaults,
        kind_schedules;
extern const struct kind kind_scripts;
extern const struct kind kind_tags, kind_tag_match;
extern const struct kind kind_group_by, kind_name_template, kind_text_template;
extern const struct kind kind_timezone, kind_expression, kind_instant;

/* ---- forms.c ---- */
extern const struct form form_name, form_region, form_instance, form_device, form_url, form_profile,
        form_regions, form_role, form_external_id, form_session, form_account;

/* ---- tables.c ---- */
extern const struct key root_keys[], conf_d_keys[], schedule_keys[], account_keys[];

/* ---- check.c ---- */
/* Sorts accounts by name; a duplicate name is an error. Adds the account "default" when there is
 * none. */
void draft_check_accounts(struct draft *draft);
/* Sorts schedules by name and checks each of them against the accounts. */
void draft_check_schedules(struct draft *draft);

/* ---- clash.c ---- */
/* Adds an error for schedules that can give an image the same name. Schedules have to be sorted. */
void draft_check_clashes(struct draft *draft);

/* ---- settings.c ---- */
void setting_account_done(struct setting_account *account);
void setting_schedule_done(struct setting_schedule *schedule);
